"""The width path: one measured neighborhood, weighed for every width, against analytic answers; and the width that "auto" takes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from worlds import ask_numeric, numeric

import kabosu as kb
from kabosu.kernels import Exponential, log_normalizers, radius, width_for
from kabosu.recipes import AutoWidth

WIDTHS = [width_for(r) for r in (0.05, 0.2, 0.5, 0.8, 0.95)]


class Counted:
    def __init__(self, ask):
        self.ask, self.rows = ask, 0

    def __call__(self, X):
        self.rows += len(X)
        return self.ask(X)


def waves(X):
    return np.sin(2 * X[:, 0]) + 0.5 * np.sin(2 * X[:, 1])


def test_every_width_has_its_analytic_slope():
    """E_q of the slope: 2 cos(2 x) exp(-2 r^2) for sin(2 z) around x at radius r; 20 rows, a seed each, within nominal 95% intervals in 95 of 100.

    Errors of independent draws would cover all.
    """
    X = np.random.default_rng(0).normal(size=(400, 5))
    sd, inside = X.std(axis=0), []
    for seed, x in enumerate(X[:20]):
        path = kb.TabularExplainer(waves, X, random_state=seed).width_path(x, WIDTHS)
        slopes = np.zeros((5, 5))
        slopes[:, :2] = np.array([1.0, 0.5]) * 2 * np.cos(2 * x[:2]) * np.exp(-2 * (path.radius[:, None] * sd[:2]) ** 2)
        low, high = np.stack([e.interval()[..., 0] for e in path.explanations], axis=1)
        inside.append((low <= slopes) & (slopes <= high))
        assert path.fidelity[0, 0] > 0.85
    assert 0.92 < np.mean(inside) < 0.98
    assert (np.mean(inside, axis=(0, 2)) > 0.88).all()


def test_normalizers_are_those_of_the_normal_law():
    """E_D of the kernel around the center of a standard normal is radius^p."""
    rng = np.random.default_rng(0)
    kernels = [Exponential(w) for w in WIDTHS]
    Z = np.concatenate([radius(w) * rng.normal(size=(1, 4000, 3)) for w in WIDTHS], axis=1)
    found = np.array(log_normalizers(np.stack([k.log(Z, np.zeros((1, 3)))[0] for k in kernels])))
    wanted = np.array([3 * np.log(radius(w)) for w in WIDTHS])
    np.testing.assert_allclose(found, wanted - wanted[-1], atol=0.1)


def test_no_model_call_after_the_measuring():
    model = Counted(waves)
    explainer = kb.TabularExplainer(model, numeric(p=4))
    model.rows = 0
    path = explainer.width_path(numeric(p=4)[0])
    assert model.rows == path.n_model_calls <= 8192
    path.to_frame(), path.coef, path.fidelity, path.effective_sample_size
    assert model.rows == path.n_model_calls


def test_exact_engines_give_the_path_exact_coefficients():
    X, y = load_diabetes(return_X_y=True)
    model = RandomForestRegressor(10, random_state=0).fit(X, y)
    path = kb.TabularExplainer(model, X).width_path(X[0], WIDTHS)
    for e, width in zip(path.explanations, WIDTHS, strict=True):
        np.testing.assert_allclose(e.coef, kb.TabularExplainer(model, X, kernel_width=width).explain(X[0]).coef, rtol=1e-12)
        assert 0 < e.certificate.fidelity[0] < 1
    assert set(path.error.ravel()) == {0.0}


def test_a_frame_has_a_row_for_each_width_output_and_feature():
    data = load_breast_cancer(as_frame=True).data.iloc[:, :4]
    frame = kb.TabularExplainer(lambda X: X.to_numpy()[:, :2], data).width_path(data.iloc[0], [0.5, 1.0]).to_frame()
    assert frame.shape[0] == 2 * 2 * 4
    assert set(frame["feature"]) == set(data.columns)
    assert frame["kernel_width"].is_monotonic_increasing


@pytest.mark.parametrize(("widths", "words"), [([], "widths=.. is empty"), ([0.0], "widths=0.0; expected kernel widths"), ("wide", "expected a list"), ([1, np.nan], "expected kernel widths")])
def test_wrong_widths_are_refused(widths, words):
    with pytest.raises(kb.InputError, match=words):
        kb.TabularExplainer(waves, numeric(p=3)).width_path(numeric(p=3)[0], widths)


def test_auto_takes_the_widest_where_a_line_is_enough():
    e = kb.TabularExplainer(lambda X: X @ np.arange(1.0, 4.0), numeric(p=3), kernel_width="auto").explain(numeric(p=3)[0])
    assert e.certificate.radius == pytest.approx(0.9)
    assert not e.certificate.flags
    assert "widest at which held-out R2 reaches 0.92" in e.certificate.width_rule
    assert "widest at which" in str(e)
    assert kb.Explanation.from_json(e.to_json()).certificate.width_rule == e.certificate.width_rule


def test_auto_goes_as_near_as_a_curved_model_needs_within_the_budget():
    model = Counted(waves)
    explainer = kb.TabularExplainer(model, numeric(p=4), kernel_width="auto")
    x = numeric(p=4)[1]
    model.rows = 0
    es = explainer.explain_many(np.stack([x, x * 0, x]))
    assert model.rows == es.n_model_calls.sum()
    assert es.n_model_calls.max() <= 8192
    assert all(e.certificate.fidelity[0] > 0.9 for e in es)
    assert all(e.certificate.radius < 0.9 for e in es)
    assert (es.coef[0] == es.coef[2]).all()
    assert (explainer.explain(x).coef == es.coef[0]).all()


def test_auto_says_so_where_no_line_describes_the_model():
    e = kb.TabularExplainer(lambda X: np.sign(np.sin(200 * X[:, 0])), numeric(p=2), kernel_width="auto").explain(numeric(p=2)[0])
    assert "as none reaches 0.92" in e.certificate.width_rule


def test_the_rule_by_itself():
    def path(*pairs):
        certificate = lambda f, m, worth=1000.0: SimpleNamespace(fidelity=[f], monte_carlo_error=[m], effective_sample_size=worth, radius=0.5, spread=[0.1])  # noqa: E731
        return [type("E", (), {"target_index": 0, "prediction": [0.5], "certificate": certificate(*pair), "__len__": lambda self: 20})() for pair in pairs]

    rule = AutoWidth(fidelity=0.9, error=0.1)
    assert rule.choose(path((0.99, 0.01), (0.95, 0.01), (0.7, 0.01)))[0] == 1
    assert rule.choose(path((0.99, 0.01), (0.95, 0.5), (0.7, 0.01)))[0] == 0
    assert rule.choose(path((0.6, 0.01), (0.72, 0.01), (0.7, 0.01), (0.5, 0.01)))[0] == 2
    assert rule.choose(path((np.nan, np.nan), (np.nan, np.nan)))[0] == 1
    assert rule.choose(path((0.99, 0.0, 1.0), (0.99, 0.0, 39.0), (0.7, 0.2, 40.0), (0.6, 0.2, 300.0)))[0] == 2
    assert rule.choose(path((0.99, 0.0, 1.0), (0.5, 0.9, 30.0), (0.99, 0.0, 2.0)))[0] == 1


def test_a_line_through_rounding_is_no_reason_to_take_a_width():
    """A probability of 1 moves by 1e-16 nearby, and a line may follow that well."""
    X = np.random.default_rng(0).normal(size=(400, 4))
    model = lambda A: 1 / (1 + np.exp(-36 * (A[:, 0] + 1.0) - A[:, 1]))  # noqa: E731
    e = kb.TabularExplainer(model, X, kernel_width="auto").explain(np.zeros(4))
    assert e.prediction[0] > 1 - 1e-12
    assert e.certificate.spread[0] > 1e-3


def test_auto_counts_the_rows_of_an_observed_neighborhood():
    """One row that is near and a line through it fit each other: no reason to take its width."""
    X, y = load_diabetes(return_X_y=True, scaled=False)
    model = RandomForestRegressor(10, random_state=0).fit(X, y)
    explainer = kb.TabularExplainer(model, X, neighborhood="observed", kernel_width="auto")
    for x in X[:4]:
        e = explainer.explain(x)
        assert e.certificate.effective_sample_size > 30
        assert "low-effective-sample-size" not in {f.code for f in e.certificate.flags}


def test_the_picture_shows_what_is_surely_large_somewhere():
    """A level that never changes at narrow widths, where another column's error is large at all others."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({**{f"x{j}": rng.normal(size=500) for j in range(8)}, "level": rng.choice(["a", "b"], 500)})

    def model(A):
        x = A.iloc[:, :8].to_numpy(float)
        return 0.01 * x.sum(axis=1) + (A["level"] == "a") + np.where(np.abs(x[:, 0]) > 1.5, 30 * np.sign(np.sin(40 * x[:, 0])), 0.0)

    path = kb.TabularExplainer(model, data).width_path(data.iloc[0].replace({data["x0"][0]: 0.0}), [0.02, 0.05, 0.577, 0.75], budget=30000)
    assert "level" in [text.get_text() for text in path.plot()[0].get_legend().get_texts()]


def test_masks_have_a_path_too():
    words = kb.TextExplainer(lambda texts: np.array([[len(t), "good" in t] for t in texts], dtype=float))
    path = words.width_path("a good book with a bad end and a good start, all in all", budget=4000)
    assert path.coef.shape[0] == len(path.widths) == 11
    assert np.isfinite(path.coef).all()


def test_the_picture_names_what_it_draws():
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    upper, lower = kb.TabularExplainer(waves, numeric(p=4)).width_path(numeric(p=4)[0]).plot()
    assert [t.get_text() for t in upper.get_legend().get_texts()][:2] in (["x0", "x1"], ["x1", "x0"])
    assert "radius" in lower.get_xlabel()
    plt.close(upper.figure)


def test_ask_numeric_is_explained_along_the_path():
    path = kb.TabularExplainer(ask_numeric, numeric()).width_path(numeric()[0])
    assert path.coef.shape == (12, 12, 1)
    assert path.fidelity[path.taken, 0] >= 0.92 > path.fidelity[path.taken + 1, 0]


def test_a_path_prints_a_line_for_each_width():
    path = kb.TabularExplainer(waves, numeric(p=4)).width_path(numeric(p=4)[0], [0.2, 1.0])
    head, *lines, end = str(path).splitlines()
    assert head.split()[:4] == ["width", "radius", "fidelity", "error"]
    assert [text.split()[0] for text in lines] == ["0.2", "1"] and all("x0" in text or "x1" in text for text in lines)
    assert end.endswith(path.rule) and len(repr(path)) < 100


def test_levels_have_intervals_that_hold_at_every_width():
    """Rare levels are drawn more often than they are, at every width at once; beside the exact engine, over 12 rows and seeds."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({**{f"x{j}": rng.normal(size=1500) for j in range(3)}, **{f"c{j}": rng.choice(list("abcd"), 1500, p=[0.9, 0.05, 0.03, 0.02]) for j in range(5)}})
    y = data["x0"] + 2.0 * (data["c0"] == "a") - 1.5 * (data["c1"] == "b") + (data["c2"] == "c") - data["x1"] > 1.5
    model = make_pipeline(make_column_transformer((OneHotEncoder(), [f"c{j}" for j in range(5)]), remainder="passthrough"), LogisticRegression()).fit(data, y)
    inside, far, widths = [], [], [width_for(r) for r in (0.2, 0.3, 0.5, 0.8)]
    for seed in range(12):
        exact = kb.TabularExplainer(model, data).width_path(data.iloc[seed], widths)
        path = kb.TabularExplainer(lambda A: model.predict_proba(A), data, random_state=seed).width_path(data.iloc[seed], widths)
        low, high = np.stack([e.interval()[..., 0] for e in path.explanations], axis=1)
        inside.append((low <= exact.coef[..., 0]) & (exact.coef[..., 0] <= high))
        far.append((np.abs(path.coef - exact.coef) / np.abs(exact.coef).max(axis=1, keepdims=True))[0, :, 0])
    assert 0.9 < np.mean(inside) < 0.99
    assert np.mean(far) < 0.03
