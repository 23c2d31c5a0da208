"""Logistic regression, GLMs and one-hidden-layer networks: every number by summing the model itself over all joint states."""

import numpy as np
import pytest
from brute_force import NEIGHBORHOODS, compare, draw_kinds, joint, laws_of, origin, random_table
from scipy import stats
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.linear_model import GammaRegressor, LinearRegression, LogisticRegression, LogisticRegressionCV, PoissonRegressor, Ridge, SGDClassifier, TweedieRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

import kabosu as kb
from kabosu.engines.waves import SERIES, period

WIDTH = 0.7
FEW = ("count", "flag", "two", "level", "spend", "holed")
PROBABILITIES = (LogisticRegression(C=3.0), LogisticRegressionCV(Cs=3, cv=2, l1_ratios=(0,), use_legacy_attributes=False, scoring="neg_log_loss"), SGDClassifier(loss="log_loss", alpha=0.01, random_state=0), LinearDiscriminantAnalysis(), CalibratedClassifierCV(LinearSVC(random_state=0), cv=2), MLPClassifier(hidden_layer_sizes=(), max_iter=50, random_state=0))  # fmt: skip
POSITIVE = (PoissonRegressor(), GammaRegressor(), TweedieRegressor(power=1.5), TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp), TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1))  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def explainer(model, data, **options):
    return kb.TabularExplainer(model, data, kernel_width=WIDTH, engine="exact", **options)


def pipeline(data, final):
    words = [c for c in data if data[c].dtype.kind not in "iuf"]
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return make_pipeline(make_column_transformer((numbers, [c for c in data if c not in words]), (OneHotEncoder(), words)), final)


def small_table(seed):
    """One normal column and two of other kinds: few enough joint states to sum over."""
    return random_table(seed, ("real", *draw_kinds(seed, 2, FEW)))


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 72))])
def test_probabilities_equal_sums(seed):
    data, y, x = small_table(seed)
    model = pipeline(data, PROBABILITIES[seed % len(PROBABILITIES)]).fit(data, y > np.median(y))
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood).explain(x)
        assert e.engine == "single-index"
        compare(e, joint(model.predict_proba, data, laws_of(data, x, neighborhood, WIDTH)), origin(data, x, neighborhood))


@pytest.mark.parametrize("seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 72))])
def test_generalized_linear_models_equal_sums(seed):
    data, y, x = small_table(seed)
    model = pipeline(data, POSITIVE[seed % len(POSITIVE)]).fit(data, np.exp(0.3 * y))
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood).explain(x)
        assert e.engine == "single-index"
        compare(e, joint(model.predict, data, laws_of(data, x, neighborhood, WIDTH)), origin(data, x, neighborhood))


@pytest.mark.parametrize("activation", ["tanh", "logistic"])
@pytest.mark.parametrize("seed", range(3))
def test_networks_of_one_hidden_layer_equal_sums(seed, activation):
    data, y, x = small_table(seed)
    model = pipeline(data, MLPRegressor(hidden_layer_sizes=(5,), activation=activation, max_iter=300, random_state=seed)).fit(data, np.column_stack([y, y**2]))
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood).explain(x)
        assert e.engine == "single-index"
        compare(e, joint(model.predict, data, laws_of(data, x, neighborhood, WIDTH)), origin(data, x, neighborhood))


def rectified_sum(model, data, x, laws):
    """E f and E z f of a network with rectified units, the column ``real0`` in closed form, the others by summing."""
    scaler, net = model[0].named_transformers_["pipeline"][-1], model[-1]
    others = [[state for state in law if state[0] > 1e-16] for law in laws[1:]]
    index = np.indices([len(law) for law in others]).reshape(len(others), -1)
    p = np.prod([np.array([q for q, _, _ in law])[at] for law, at in zip(others, index, strict=True)], axis=0)
    frame = data.iloc[[0] * len(p)].assign(**{c: np.array([v for _, _, v in law], dtype=object)[at] for c, law, at in zip(list(data)[1:], others, index, strict=True)})
    frame = frame.astype({c: float for c in data if data[c].dtype.kind in "iuf"}).assign(real0=x["real0"])
    S = model[:-1].transform(frame) @ net.coefs_[0] + net.intercepts_[0]
    scale, sd = data["real0"].std(ddof=0), np.sqrt(WIDTH**2 / (1 + WIDTH**2))
    slope = net.coefs_[0][0] * scale / scaler.scale_[0]
    t = np.abs(slope) * sd
    mean = S * stats.norm.cdf(S / t) + t * stats.norm.pdf(S / t)
    f = mean @ net.coefs_[1] + net.intercepts_[1]
    first = p @ (stats.norm.cdf(S / t) * slope) @ net.coefs_[1]
    Z = np.concatenate([np.array([z for _, z, _ in law])[at] for law, at in zip(others, index, strict=True)], axis=1)
    return first, p @ f, (Z - p @ Z).T @ (p[:, None] * f), (Z - p @ Z).T @ (p[:, None] * (Z - p @ Z))


@pytest.mark.parametrize("seed", range(4))
def test_rectified_networks_equal_sums(seed):
    data, y, x = random_table(seed, ("real", "count", "level"))
    model = pipeline(data, MLPRegressor(hidden_layer_sizes=(6,), max_iter=300, random_state=seed)).fit(data, y)
    e = explainer(model, data).explain(x)
    first, mean, cross, covariance = rectified_sum(model, data, x, laws_of(data, x, "gaussian", WIDTH))
    np.testing.assert_allclose(e.coef_scaled[0], first, rtol=1e-9)
    np.testing.assert_allclose(e.coef_scaled[1:], np.linalg.solve(covariance, cross), rtol=1e-8, atol=1e-10)


def test_normal_columns_by_dense_integration():
    """All columns normal: one integral over the index, by scipy."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 8)) * np.arange(1, 9)
    for final, h in ((LogisticRegression(), expit), (MLPRegressor(hidden_layer_sizes=(4,), max_iter=100, random_state=0), lambda s: np.maximum(s, 0))):
        model = final.fit(X, X @ rng.normal(size=8) > 0)
        W = model.coef_.T if h is expit else model.coefs_[0]
        b, V = (model.intercept_, np.ones((1, 1))) if h is expit else (model.intercepts_[0], model.coefs_[1])
        e = explainer(model, X).explain(X[0])
        slope = X.std(axis=0)[:, None] * W
        sd = np.sqrt(WIDTH**2 / (1 + WIDTH**2))
        wanted = np.zeros(8)
        for u in range(W.shape[1]):
            t, m = np.linalg.norm(slope[:, u]) * sd, X[0] @ W[:, u] + b[u]
            z = np.linspace(-9, 9, 400_001)
            derivative = np.trapezoid(z * h(m + t * z) * stats.norm.pdf(z), z) / t
            wanted += slope[:, u] * derivative * V[u, 0]
        np.testing.assert_allclose(e.coef_scaled[:, -1], wanted, rtol=1e-7)


def test_breast_cancer_equals_a_million_draws():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    e = kb.TabularExplainer(model, X, engine="exact").explain(X[20])
    rng = np.random.default_rng(0)
    width = e.kernel_width
    sd = X.std(axis=0)
    n, parts = 1 << 16, []
    for _ in range(16):
        Z = rng.normal(size=(n, 30)) * np.sqrt(width**2 / (1 + width**2))
        f = model.predict_proba(X[20] + Z * sd)[:, 1]
        parts.append(Z.T @ f / n / (width**2 / (1 + width**2)))
    mean, error = np.mean(parts, axis=0), np.std(parts, axis=0, ddof=1) / 4
    z = (e.coef_scaled[:, 1] - mean) / error
    assert np.abs(z).max() < 4.5
    assert 0.4 < z.std() < 1.8


def test_modified_huber_is_two_hinges():
    data, y, x = random_table(2, ("real", "real", "real"))
    model = pipeline(data, SGDClassifier(loss="modified_huber", random_state=0)).fit(data, y > 0)
    e = explainer(model, data).explain(x)
    assert e.engine == "single-index"
    sampled = kb.TabularExplainer(model, data, kernel_width=WIDTH, engine="sampled", budget=1 << 15).explain(x)
    assert np.abs(e.coef - sampled.coef).max() < 0.05 * np.abs(sampled.coef).max()


@pytest.mark.parametrize("link", ["logistic", "relu"])
def test_series_are_their_links(link):
    s = np.linspace(-26, 26, 1001)
    series = SERIES[link](float(period(np.array(26.0), link)), 0.7)
    if link == "logistic":
        np.testing.assert_allclose(series(s), expit(s), atol=1e-14)
    else:
        for m in (-9.0, 0.0, 3.0):
            smooth = series.constant + series.slope * m + (np.exp(series.kappa * m + 0.5 * (0.7 * series.kappa) ** 2) @ series.a).real
            np.testing.assert_allclose(smooth, m * stats.norm.cdf(m / 0.7) + 0.7 * stats.norm.pdf(m / 0.7), atol=1e-13)


def test_many_classes_are_refused_with_the_margin_as_way_out():
    data, y, x = random_table(0, ("real", "count"))
    model = pipeline(data, LogisticRegression()).fit(data, np.digitize(y, np.quantile(y, [0.3, 0.6])))
    refusals = kb.TabularExplainer(model, data, budget=900).explain(x).refusals
    assert "output='margin' is exact" in refusals["single-index"]
    assert kb.TabularExplainer(model, data, output="margin").explain(x).engine == "linear"
    with pytest.raises(kb.EngineError, match="share a denominator"):
        explainer(model, data).explain(x)


def test_networks_that_are_no_sum_are_refused():
    data, y, x = random_table(0, ("real", "count"))
    two = pipeline(data, MLPRegressor(hidden_layer_sizes=(4, 4), max_iter=30)).fit(data, y)
    classes = pipeline(data, MLPClassifier(hidden_layer_sizes=(4,), max_iter=30)).fit(data, y > 0)
    reason = lambda model: kb.TabularExplainer(model, data, budget=900).explain(x).refusals["single-index"]  # noqa: E731
    assert "2 hidden layers" in reason(two)
    assert "no sum over its hidden units" in reason(classes)
    assert "no link" in kb.TabularExplainer(pipeline(data, MLPRegressor(hidden_layer_sizes=(4,), activation="identity", max_iter=30)).fit(data, y), data, surrogate="ordinary").explain(x).refusals.get("single-index", "no link")


def test_rectified_sums_without_a_normal_column_are_refused():
    data, y, x = random_table(0, ("count", "spend", "level"))
    model = pipeline(data, MLPRegressor(hidden_layer_sizes=(4,), max_iter=30)).fit(data, y)
    assert "no normal column" in kb.TabularExplainer(model, data, budget=900).explain(x).refusals["single-index"]


def test_the_numbers_do_not_depend_on_the_block():
    data, y, _ = random_table(9, ("real", "holed", "level", "count", "large", "spend"))
    data["large4"] *= 40
    for neighborhood in ("gaussian", "gaussian-global", "bins"):
        made = explainer(pipeline(data, LogisticRegression(C=50.0)).fit(data, y > 0), data, neighborhood=neighborhood)
        together = made.explain_many(data.iloc[:14])
        alone = np.array([made.explain(data.iloc[i]).coef for i in range(14)])
        assert together.coef.tobytes() == alone.tobytes()


def test_a_saturated_model_keeps_its_small_slopes():
    X = np.random.default_rng(0).normal(size=(200, 3))
    model = LinearRegression().fit(X, X[:, 0])
    steep = LogisticRegression().fit(X, X[:, 0] > 0)
    steep.coef_, steep.intercept_ = 400 * model.coef_[None], np.array([0.0])
    e = kb.TabularExplainer(steep, X, engine="exact", kernel_width=1.0).explain([0.4, 0.0, 0.0])
    sd = X.std(axis=0)[0] / np.sqrt(2)
    np.testing.assert_allclose(e.coef[0, 1], stats.norm.pdf(0.4 / sd) / sd, rtol=1e-4)
