"""Several inputs of one model: one mask, one draw, one surrogate; dicts and frames; what is refused."""

import numpy as np
import pytest

import kabosu as kb
from kabosu import kernels, testing
from kabosu.domains import Image, Inputs, Series, Tabular, Text
from kabosu.domains.mixed import part_of

COSINE = kernels.Exponential(0.25, kernels.cosine)
PRICES = np.array([10.0, 20.0, 60.0])
PHOTO = np.arange(64.0).reshape(8, 8) / 64
ALL = {"title": Text(), "price": Tabular(PRICES), "photo": Image("grid", 4, fill=0.0), "sales": Series(n_segments=2, fill=0.0)}
X = {"title": "a good film", "price": 100.0, "photo": PHOTO, "sales": np.arange(6.0)}


def model(batch):
    good = np.array(["good" in title for title in batch["title"]])
    return 5 * good + 0.1 * batch["price"] + batch["photo"].sum(axis=(1, 2)) - batch["sales"].sum(axis=1)


def test_every_input_has_its_own_effect():
    """Additive, so that each effect is known: a replaced price is one of three, on average 30."""
    e = kb.MixedExplainer(model, Inputs(**ALL), budget=8192).explain(X)
    blocks = [PHOTO[a : a + 4, b : b + 4].sum() for a in (0, 4) for b in (0, 4)]
    wanted = np.array([0, 5, 0, 7.0, *blocks, -3.0, -12.0])
    assert e.columns[:4] == ("title: a", "title: good", "title: film", "price = 100.0") and len(e) == 10
    assert e.engine == "sampled" and "changes from draw to draw" in e.refusals["masks"]
    assert np.abs((e.coef[:, 0] - wanted) / np.maximum(e.std_error[:, 0], 1e-9)).max() < 4.5
    np.testing.assert_allclose(e.coef[:, 0], wanted, atol=0.3)


def test_it_reads_as_it_is_written():
    inputs = Inputs(title=Text(), price=Tabular(PRICES), photo=Image())
    assert inputs.words == "inputs title=Text, price=Value, photo=Image"
    with pytest.raises(kb.InputError, match=r"expected Text\(\), Image\(\), Series\(\), Tabular\(data\)"):
        Inputs(price=Tabular)


def test_without_donors_it_is_exact():
    fields = {name: ALL[name] for name in ("title", "photo", "sales")}
    f = lambda b: model(b | {"price": np.zeros(len(b["title"]))})  # noqa: E731
    e = kb.MixedExplainer(f, Inputs(**fields)).explain({name: X[name] for name in fields})
    assert e.engine == "masks"
    np.testing.assert_allclose(e.coef[:2, 0], [0, 5], atol=1e-10)


def test_one_surrogate_over_all_inputs():
    """f = [good in title][price > 30]: the effect of each hangs on the other, enumerated here."""
    f = lambda b: np.array(["good" in t for t in b["title"]]) * (b["price"] > 30) * 1.0  # noqa: E731
    e = kb.MixedExplainer(f, Inputs(title=Text(), price=Tabular(PRICES)), budget=8192).explain({"title": "good", "price": 100.0})
    masks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    y, kept = np.array([0, 0, 1 / 3, 1]), masks.sum(axis=1)
    w = np.sqrt(np.exp(-0.5 * ((1 - np.sqrt(kept / 2)) / 0.25) ** 2) / 3 / np.array([1, 2, 2, 1]))
    wanted = np.linalg.lstsq(np.column_stack([np.ones(4), masks]) * w[:, None], y * w, rcond=None)[0][1:]
    assert np.abs((e.coef[:, 0] - wanted) / e.std_error[:, 0]).max() < 4.5


def test_the_domain_conforms():
    rows = [X | {"title": t, "price": p} for t, p in (("one", 1.0), ("two words", 2.0), ("three short words", 3.0))]
    testing.check_domain(Inputs(**ALL), rows, COSINE)
    table = Tabular([{"age": 30, "job": "cook"}, {"age": 50, "job": "nurse"}])
    testing.check_domain(Inputs(row=table, title=Text()), [{"row": {"age": 1, "job": "cook"}, "title": "a b"}, {"row": {"age": 2, "job": "nurse"}, "title": "c"}], COSINE)


def test_hidden_columns_come_from_one_row():
    rng = np.random.default_rng(0)
    table = np.column_stack([np.arange(50.0), -np.arange(50.0)])
    parts = Tabular(table).parts(np.array([99.0, 99.0]))
    rows = parts.mixed(np.zeros((200, 2), dtype=bool), rng.random(200))
    assert np.array_equal(rows[:, 0], -rows[:, 1]) and len(np.unique(rows[:, 0])) > 40
    assert np.array_equal(parts.whole(), [[99.0, 99.0]])


def frames(library):
    pd = pytest.importorskip(library, reason=f"frames of {library}")
    titles = ["good film", "bad film", "good plot", "bad plot", "good", "bad", "good good", "dull bad film"] * 10
    price = np.tile(np.arange(10.0), 8)
    label = np.array(["good" in t for t in titles]) ^ (price > 8)
    return pd.DataFrame({"title": titles, "price": price}), label


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_pipeline_on_a_frame(library):
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    X, y = frames(library)
    pipe = make_pipeline(ColumnTransformer([("title", CountVectorizer(), "title"), ("price", "passthrough", ["price"])]), LogisticRegression()).fit(X, y)
    explainer = kb.MixedExplainer(pipe, Inputs(title=Text(), price=Tabular(X["price"])), output="margin")
    e = explainer.explain(X[:1])
    words = dict(zip(pipe[0].named_transformers_["title"].get_feature_names_out(), pipe[-1].coef_[0], strict=False))
    assert e.columns == ("title: good", "title: film", "price = 0.0")
    np.testing.assert_allclose(e.coef[:2, 0], [words["good"], words["film"]], atol=4.5 * e.std_error[:2, 0].max() + 1e-9)
    assert e.coef[2, 0] == pytest.approx(-4.5 * pipe[-1].coef_[0, -1], abs=4.5 * e.std_error[2, 0])
    es = explainer.explain_many(X[:3])
    assert len(es) == 3 and np.array_equal(es[0].coef, e.coef)


def test_a_row_of_pandas():
    X, _ = frames("pandas")
    f = lambda frame: frame["price"].to_numpy(dtype=float) + frame["title"].str.contains("good").to_numpy(dtype=float)  # noqa: E731
    e = kb.MixedExplainer(f, Inputs(title=Text(), price=Tabular(X["price"]))).explain(X.iloc[0])
    assert e.columns == ("title: good", "title: film", "price = 0.0") and e.coef[0, 0] == pytest.approx(1.0, abs=0.05)


def test_some_inputs_only():
    explainer = kb.MixedExplainer(model, Inputs(**ALL))
    e = explainer.explain(X, features=["photo", "title: good"])
    assert e.columns == ("title: good", *(f"photo: segment {i}" for i in range(4))) and e.engine == "masks"  # no donors: exact
    assert e.coef[0, 0] == pytest.approx(5, abs=1e-6)
    assert explainer.explain(X, features=["price", "title"]).engine == "sampled"


def test_pictures_and_json(tmp_path):
    e = kb.MixedExplainer(model, Inputs(**ALL)).explain(X)
    back = kb.Explanation.from_json(e.to_json())
    page = e.to_html()
    assert back.to_html() == page and page.count("data:image/png") == 2 and "<path d=" in page and "<script" not in page
    photo = part_of(e, "photo")
    assert photo.columns == tuple(f"photo: segment {i}" for i in range(4)) and photo.layout.picture.shape == (8, 8, 3)
    Figure = pytest.importorskip("matplotlib.figure", reason="pictures are drawn by matplotlib").Figure
    from kabosu.plots import image, plot

    assert len(image(photo, ax=Figure().subplots()).images) == 1
    assert len(plot(e, ax=Figure().subplots()).get_yticklabels()) == 10
    panels = plot(e, ax=Figure())
    assert [len(ax.images) for ax in panels] == [0, 1, 0] and len(panels[2].lines) == 1 and len(panels[0].get_yticklabels()) == 10
    assert e.save(tmp_path / "all.png").stat().st_size > 10_000
    with pytest.raises(kb.InputError, match="input 'sound'"):
        part_of(e, "sound")


BAD = {
    "no dict": ([1, 2], "expected a dict of inputs"),
    "a text": ("good", "expected a dict of inputs"),
    "a missing input": ({k: v for k, v in X.items() if k != "photo"}, r"\['photo'\] are missing"),
    "another input": (X | {"sound": 1}, r"\['sound'\] are not known"),
    "a number for a text": (X | {"title": 3}, "input 'title'"),
    "a word for a price": (X | {"price": "cheap"}, "input 'price'"),
    "a list for a price": (X | {"price": [1.0]}, "input 'price'"),
    "an empty title": (X | {"title": ""}, "input 'title'"),
    "NaN in the photo": (X | {"photo": PHOTO * np.nan}, "input 'photo'.*NaN"),
    "no series": (X | {"sales": None}, "input 'sales'"),
}


@pytest.mark.parametrize("x, words", BAD.values(), ids=BAD)
def test_bad_instances(x, words):
    explainer = kb.MixedExplainer(model, Inputs(**ALL))
    with pytest.raises(kb.InputError, match=words):
        explainer.explain(x)
    es = explainer.explain_many([X, x], on_error="record")
    assert list(es.errors) == [1]


def test_bad_inputs():
    for fields, words in (({}, "no inputs"), ({"a": Text}, "input 'a'"), ({"a": "text"}, "input 'a'"), ({"a": 3}, "input 'a'")):
        with pytest.raises(kb.InputError, match=words):
            Inputs(**fields)
    with pytest.raises(kb.InputError, match="expected Inputs"):
        kb.MixedExplainer(model, {"title": Text()})
    with pytest.raises(kb.InputError, match="no value"):
        Tabular(np.zeros(0))
    with pytest.raises(kb.InputError, match="list of dicts or a frame"):
        kb.MixedExplainer(model, Inputs(**ALL)).explain_many(X)
    with pytest.raises(kb.InputError, match="neither inputs"):
        kb.MixedExplainer(model, Inputs(**ALL)).explain(X, features=["titel"])
    with pytest.raises(kb.EngineError, match="changes from draw to draw"):
        kb.MixedExplainer(model, Inputs(**ALL), engine="exact").explain(X)
    X2, _ = frames("pandas")
    with pytest.raises(kb.InputError, match="an input of its own"):
        kb.MixedExplainer(model, Inputs(title=Text(), price=Tabular(X2[["price"]]))).explain(X2[:1])
    with pytest.raises(kb.InputError, match="explain_many"):
        kb.MixedExplainer(model, Inputs(title=Text(), price=Tabular(X2["price"]))).explain(X2[:2])


def test_memory_errors_halve_dicts_too():
    def tight(batch):
        if len(batch["title"]) > 3:
            raise MemoryError
        return model(batch)

    a, b = (kb.MixedExplainer(f, Inputs(**ALL), budget=200).explain(X) for f in (tight, model))
    assert np.array_equal(a.coef, b.coef)


def test_hostile_names_do_nothing():
    """Inputs, values and words come from the user; a page shows them as they are."""
    evil = "<script>alert(1)</script>"
    f = lambda b: np.array([len(t) for t in b[evil]]) + np.array([p == evil for p in b["p"]])  # noqa: E731
    e = kb.MixedExplainer(f, Inputs(**{evil: Text(), "p": Tabular(["a", "b"])})).explain({evil: "a <img src=x onerror=alert(1)> b", "p": evil})
    assert "<script" not in e.to_html() and "<img src=x" not in e.to_html() and "&lt;script&gt;" in e.to_html()
    assert kb.Explanation.from_json(e.to_json()).columns == e.columns
    pytest.importorskip("pandas", reason="tables of explanations are pandas where the user brought no frame")
    assert len(e.to_frame()) == len(e) and evil in str(e)
