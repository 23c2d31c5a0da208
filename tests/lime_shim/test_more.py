"""What lime refuses and the shim takes: frames, strings, missing values, pipelines, tensors, one column; pickles and pages."""

import copy
import pickle
import re

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from twins import Recorder, model_of

import kabosu as kb
from kabosu.lime.lime_image import LimeImageExplainer
from kabosu.lime.lime_tabular import LimeTabularExplainer, RecurrentTabularExplainer
from kabosu.lime.lime_text import LimeTextExplainer

pandas = pytest.importorskip("pandas")


def people(n=300, seed=0, missing=False):
    rng = np.random.default_rng(seed)
    frame = pandas.DataFrame(
        {"age": rng.integers(18, 80, n), "sex": rng.choice(["female", "male"], n), "income": rng.lognormal(10, 1, n), "city": pandas.Categorical(rng.choice(["Rome", "Oslo", "Lima"], n)), "member": rng.random(n) < 0.3}
    )
    if missing:
        frame["age"] = frame["age"].astype(float).where(rng.random(n) > 0.2)
        frame.loc[rng.random(n) < 0.2, "income"] = np.nan
    y = ((frame["sex"] == "female") & (frame["age"].fillna(50) > 40) | (frame["city"] == "Rome")).astype(int)
    return frame, y


def pipeline(frame, y, model=None):
    words = [c for c in frame if frame[c].dtype.kind not in "fiub"]
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), words), (StandardScaler() if model is None else "passthrough", [c for c in frame if c not in words]))
    return make_pipeline(encode, model or LogisticRegression(max_iter=1000)).fit(frame, y)


def test_frames_with_strings_and_pipelines():
    frame, y = people()
    model, seen = pipeline(frame, y), []
    ask = lambda rows: (seen.append(rows), model.predict_proba(rows))[1]  # noqa: E731
    explainer = LimeTabularExplainer(frame, random_state=0)
    assert explainer.feature_names == list(frame)
    assert explainer.categorical_features == list(range(5))
    assert explainer.categorical_names == {1: ["female", "male"], 3: ["Lima", "Oslo", "Rome"], 4: ["False", "True"]}
    for row in (frame.iloc[3], frame.iloc[[3]], frame.iloc[3].to_dict()):
        e = explainer.explain_instance(row, ask, num_samples=500, num_features=5)
    assert {name.split("=")[0] for name, _ in e.as_list() if "=" in name and "<" not in name} >= {"sex", "city"}
    assert list(seen[0].columns) == list(frame) and (seen[0].dtypes == frame.dtypes).all()
    pandas.testing.assert_frame_equal(seen[0].iloc[[0]].reset_index(drop=True), frame.iloc[[3]].reset_index(drop=True))
    direct = LimeTabularExplainer(frame, random_state=0).explain_instance(frame.iloc[3], model, num_samples=500, num_features=5)
    assert len(direct.as_list()) == 5
    with pytest.raises(ValueError, match="Paris"):
        explainer.explain_instance(frame.iloc[3].replace({"Lima": "Paris", "Oslo": "Paris", "Rome": "Paris"}), ask)


def test_the_order_of_the_columns_does_not_matter():
    frame, y = people()
    model = pipeline(frame, y)
    a, b = (LimeTabularExplainer(frame, random_state=0).explain_instance(row, model.predict_proba, num_samples=300).as_list() for row in (frame.iloc[0], frame.iloc[0][::-1]))
    assert a == b


def test_polars_and_strings_in_arrays():
    polars = pytest.importorskip("polars")
    frame, y = people()
    model = pipeline(frame, y)
    e = LimeTabularExplainer(polars.from_pandas(frame), random_state=0).explain_instance(polars.from_pandas(frame)[0], lambda rows: model.predict_proba(rows.to_pandas()), num_samples=200)
    assert e.to_kabosu().columns[0] == "age"
    array = frame.to_numpy(dtype=object)
    e = LimeTabularExplainer(array, feature_names=list(frame), random_state=0).explain_instance(array[0], lambda rows: model.predict_proba(pandas.DataFrame(rows, columns=list(frame)).astype(frame.dtypes)), num_samples=200)
    assert any(name.startswith("sex=") for name, _ in e.as_list())


@pytest.mark.parametrize("missing_in_row", [True, False])
def test_missing_values_are_a_state_of_their_own(missing_in_row):
    frame, y = people(missing=True)
    numbers = frame[["age", "income"]]
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(numbers.to_numpy(), y)
    row = int(np.flatnonzero(numbers["age"].isna().to_numpy() == missing_in_row)[0])
    for data, instance in ((numbers, numbers.iloc[row]), (numbers.to_numpy(), numbers.to_numpy()[row])):
        explainer, recorder = LimeTabularExplainer(data, feature_names=["age", "income"], random_state=0), Recorder(lambda rows: model.predict_proba(np.asarray(rows)))
        e = explainer.explain_instance(instance, recorder, num_samples=2000)
        assert ("age is missing" in dict(e.as_list())) == missing_in_row
        assert np.isnan(np.asarray(recorder.seen[0])[:, 0]).mean() == pytest.approx(numbers["age"].isna().mean(), abs=0.04)
        assert np.isfinite([w for _, w in e.as_list()]).all()


def test_missing_where_the_training_data_has_none():
    X, _, _ = model_of("iris")
    row = X[0].copy()
    row[1] = np.nan
    ask = lambda rows: np.column_stack([1 - (p := np.isnan(rows[:, 1]) * 0.5 + 0.2), p])  # noqa: E731
    names = dict(LimeTabularExplainer(X, random_state=0).explain_instance(row, ask, num_samples=100).as_list())
    assert "1 is missing" in names
    with pytest.raises(ValueError, match="missing"):
        LimeTabularExplainer(X, random_state=0, discretize_continuous=False).explain_instance(row, ask)


def test_one_column_and_one_dimension():
    X, y, _ = model_of("iris")
    model = LogisticRegression(max_iter=500).fit(X, y == 1)
    expected = LimeTabularExplainer(X, random_state=0).explain_instance(X[60], model.predict_proba).as_list()
    for ask in (lambda rows: model.predict_proba(rows)[:, 1], lambda rows: model.predict_proba(rows)[:, 1:], lambda rows: model.predict_proba(rows)[:, 1].tolist()):
        got = LimeTabularExplainer(X, random_state=0).explain_instance(X[60], ask).as_list()
        np.testing.assert_allclose([w for _, w in got], [w for _, w in expected], atol=1e-12)
    with pytest.raises(NotImplementedError):
        LimeTabularExplainer(X, random_state=0).explain_instance(X[60], lambda rows: 3 * rows[:, 0])
    with pytest.raises(NotImplementedError):
        LimeTabularExplainer(X, random_state=0, bug_compatible=True).explain_instance(X[60], lambda rows: model.predict_proba(rows)[:, 1])


def test_tensors():
    torch = pytest.importorskip("torch")
    X, y, _ = model_of("iris")
    data = torch.tensor(X, dtype=torch.float32)
    weights = torch.tensor([[1.0, -1.0, 0.5, 2.0], [0.0, 1.0, 0.0, -1.0]])

    def ask(rows):
        assert rows.dtype == torch.float32
        return torch.softmax(rows @ weights.T, dim=1)

    e = LimeTabularExplainer(data, random_state=0).explain_instance(data[3], ask, num_samples=300)
    assert len(e.as_list()) == 4


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickles(protocol):
    X, y, ask = model_of("iris")
    texts = lambda texts: np.column_stack([1 - (p := np.array(["good" in t for t in texts]) * 0.8), p])  # noqa: E731
    quarters = np.kron([[0, 1], [2, 3]], np.ones((4, 4), dtype=int))
    explainers = [
        (LimeTabularExplainer(X, random_state=0), (X[0], ask), {}),
        (LimeTabularExplainer(X, random_state=0, discretizer="entropy", training_labels=y), (X[0], ask), {}),
        (LimeTextExplainer(random_state=0), ("a good film", texts), {}),
        (LimeImageExplainer(random_state=0), (np.random.default_rng(0).random((8, 8, 3)), lambda images: np.column_stack([1 - (p := images[:, 0, 0, 0]), p])), {"segmentation_fn": lambda image: quarters}),
        (RecurrentTabularExplainer(np.random.default_rng(0).normal(size=(50, 3, 2)), random_state=0), (np.zeros((3, 2)), lambda rows: np.column_stack([1 - (p := 1 / (1 + np.exp(-rows[:, 0, 0]))), p])), {}),
    ]
    for explainer, arguments, options in explainers:
        twin, third = pickle.loads(pickle.dumps(explainer, protocol)), copy.deepcopy(explainer)
        first = explainer.explain_instance(*arguments, num_samples=100, **options)
        for other in (twin, third):
            assert other.explain_instance(*arguments, num_samples=100, **options).local_exp == first.local_exp
        again = pickle.loads(pickle.dumps(first, protocol))
        assert again.local_exp == first.local_exp and again.score == first.score
        assert again.certificate.effective_sample_size == first.certificate.effective_sample_size


def test_errors_and_evidence():
    """Standard errors against the spread of many explanations with other seeds."""
    X, _, ask = model_of("wine")
    found = [LimeTabularExplainer(X, random_state=seed).explain_instance(X[7], ask, labels=(0,), num_features=13, num_samples=1000) for seed in range(40)]
    spread = {j: np.std([dict(e.local_exp[0])[j] for e in found]) for j in range(13)}
    said = {j: np.mean([dict(e.std_error[0])[j] for e in found]) for j in range(13)}
    assert np.median([said[j] / spread[j] for j in range(13)]) == pytest.approx(1, abs=0.25)
    e = found[0]
    assert [j for j, _ in e.std_error[0]] == [j for j, _ in e.local_exp[0]]
    assert 0 < e.certificate.fidelity[0] <= e.score + 0.05
    k = e.to_kabosu()
    assert isinstance(k, kb.Explanation) and k.n_model_calls == 1000
    np.testing.assert_allclose(k.coef[:, 0], [dict(e.local_exp[0])[j] for j in range(13)])
    assert k.local_prediction[0] == pytest.approx(float(e.local_pred[0][0]))
    assert "fidelity" in k.describe() or k.describe()


def test_numbers_in_their_own_units():
    X, y, _ = model_of("iris")
    e = LimeTabularExplainer(X, mode="regression", discretize_continuous=False, random_state=0).explain_instance(X[0], lambda rows: 3 * rows[:, 2] - rows[:, 0] + 2)
    k = e.to_kabosu()
    np.testing.assert_allclose(k.coef[:, 0], [-1, 0, 3, 0], atol=6e-3)  # lime's ridge shrinks
    np.testing.assert_allclose(k.coef_scaled[:, 0], [dict(e.local_exp[1])[j] for j in range(4)])


PAGES = {
    "tabular": lambda: LimeTabularExplainer(model_of("wine")[0], class_names=["<b>one", "two", "three"], feature_names=[f"f&{j}" for j in range(13)], random_state=0).explain_instance(model_of("wine")[0][0], model_of("wine")[2], top_labels=3),
    "regression": lambda: LimeTabularExplainer(model_of("diabetes")[0], mode="regression", random_state=0).explain_instance(model_of("diabetes")[0][0], model_of("diabetes")[2]),
    "text": lambda: LimeTextExplainer(random_state=0).explain_instance("3 < 5 & <script>alert(1)</script> AT&T good", lambda texts: np.column_stack([1 - (p := np.array(["good" in t for t in texts]) * 0.8), p]), num_samples=200),
}


@pytest.mark.parametrize("kind", PAGES)
def test_pages(kind, tmp_path):
    e = PAGES[kind]()
    html = e.as_html()
    assert len(html.encode()) <= 30_000
    assert "<script" not in html and "javascript:" not in html and "http" not in re.sub(r"http-equiv", "", html)
    for name, _ in e.as_list():
        assert name.split(" ")[0].replace("&", "&amp;").replace("<", "&lt;") in html
    if e.mode == "classification":
        assert "Prediction probabilities" in html
        assert "Prediction probabilities" not in e.as_html(predict_proba=False)
    else:
        assert "Predicted value" in html and "Predicted value" not in e.as_html(show_predicted_value=False)
    if kind == "tabular":
        assert html.count("Feature") > e.as_html(show_table=False).count("Feature")
        assert e.as_html(labels=[0], show_all=True).count("<tr>") > e.as_html(labels=[0]).count("<tr>")
        assert "&lt;b&gt;one" in html
    if kind == "text":
        assert "3 &lt; 5 &amp; &lt;script&gt;alert(1)&lt;/script&gt; AT&amp;T good" in re.sub(r"</?mark[^>]*>", "", html) and "<mark" in html
        assert "<mark" not in e.as_html(text=False)
    e.save_to_file(tmp_path / "e.html")
    assert (tmp_path / "e.html").read_text(encoding="utf-8") == html


def test_notebooks(monkeypatch):
    """IPython's own classes stand in where it is not installed."""
    import sys
    from types import ModuleType, SimpleNamespace

    shown, display = [], ModuleType("IPython.display")
    display.HTML, display.display = (lambda text: SimpleNamespace(data=text)), shown.append
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    PAGES["text"]().show_in_notebook()
    assert "Prediction probabilities" in shown[0].data and "<html" not in shown[0].data


def test_figures():
    plt = pytest.importorskip("matplotlib.pyplot")
    e = PAGES["tabular"]()
    figure = e.as_pyplot_figure(label=0, figsize=(6, 3))
    assert tuple(figure.get_size_inches()) == (6, 3)
    axes = figure.axes[0]
    pairs = e.as_list(label=0)
    assert [t.get_text() for t in axes.get_yticklabels()] == [name for name, _ in pairs][::-1]
    np.testing.assert_allclose([bar.get_width() for bar in axes.patches], [w for _, w in pairs][::-1])
    assert axes.get_title() == "Local explanation for class <b>one"
    assert tuple(PAGES["regression"]().as_pyplot_figure().get_size_inches()) == (4, 4)
    plt.close("all")


def test_kernels_that_weigh_nothing():
    X, _, ask = model_of("iris")
    for options in ({"kernel_width": 0}, {"kernel": lambda d, kernel_width: 0 * d}):
        with np.errstate(divide="ignore", invalid="ignore"), pytest.raises(ValueError, match="kernel"):
            LimeTabularExplainer(X, random_state=0, **options).explain_instance(X[0], ask)


def test_too_few_names():
    """lime ends in an IndexError of its page."""
    X, _, ask = model_of("iris")
    e = LimeTabularExplainer(X, class_names=["only"], random_state=0).explain_instance(X[0], ask, top_labels=3, num_samples=100)
    assert "NOT only" in e.as_html() and "NOT 2" in e.as_html()
    assert e.to_kabosu().output_names == tuple(e.class_name(label) for label in e.found.labels)
