"""Additive models: every number by moving one column of the model at a time over its law, kinks and steps placed where they are."""

import numpy as np
import pytest
from brute_force import NEIGHBORHOODS, alone, compare, joint, laws_of, origin, random_table
from scipy.special import expit
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, PowerTransformer, SplineTransformer, StandardScaler

import kabosu as kb

WIDTH = 0.8
KINDS = ("real", "skewed", "count", "byte", "large", "spend")


def explainer(model, data, **options):
    return kb.TabularExplainer(model, data, kernel_width=WIDTH, engine="exact", **options)


def pipeline(data, step, final):
    words = [c for c in data if data[c].dtype.kind not in "iuf"]
    return make_pipeline(make_column_transformer((make_pipeline(StandardScaler(), step), [c for c in data if c not in words]), (OneHotEncoder(), words)), final)


def kinks(model, data):
    """Raw values at which a fitted step bends, by column."""
    scaler, step = model[0].named_transformers_["pipeline"]
    numbers = [c for c in data if data[c].dtype.kind in "iuf"]
    if isinstance(step, SplineTransformer):
        at = [spline.t for spline in step.bsplines_]
    elif isinstance(step, KBinsDiscretizer):
        at = [edges[1:-1] for edges in step.bin_edges_]
    else:
        at = [np.concatenate([-(2.0 ** np.arange(-9, 6)), [0.0], 2.0 ** np.arange(-9, 6)])] * len(numbers)
    return {c: t * s + m for c, t, s, m in zip(numbers, at, scaler.scale_, scaler.mean_, strict=True)}


STEPS = (
    SplineTransformer(n_knots=4, degree=3),
    SplineTransformer(n_knots=6, degree=2, extrapolation="linear", include_bias=False),
    SplineTransformer(n_knots=3, degree=1, knots="quantile", sparse_output=True, extrapolation="continue"),
    KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"),
    KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
    PowerTransformer(),
    FunctionTransformer(np.square),
    FunctionTransformer(np.tanh),
)


@pytest.mark.filterwarnings("ignore:Bins whose width are too small:UserWarning")  # scikit-learn's, of columns that repeat values
@pytest.mark.parametrize("seed", [*range(16), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(16, 80))])
def test_bent_columns_equal_sums(seed):
    data, y, x = random_table(seed, (*np.random.default_rng(seed).choice(KINDS, 3), "level"))
    model = pipeline(data, STEPS[seed % len(STEPS)], Ridge(0.1)).fit(data, y)
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood).explain(x)
        assert e.engine == "additive"
        compare(e, alone(model.predict, data, laws_of(data, x, neighborhood, WIDTH, kinks(model, data)), x), origin(data, x, neighborhood))


@pytest.mark.parametrize("seed", range(4))
def test_probabilities_of_bent_columns(seed):
    data, y, x = random_table(seed, ("real", "count", "level"))
    model = pipeline(data, STEPS[seed], LogisticRegression()).fit(data, y > np.median(y))
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood).explain(x)
        assert e.engine == "single-index"
        compare(e, joint(model.predict_proba, data, laws_of(data, x, neighborhood, WIDTH, kinks(model, data))), origin(data, x, neighborhood))


def test_margins_of_bent_columns():
    data, y, x = random_table(2, ("real", "count", "level"))
    model = pipeline(data, STEPS[0], LogisticRegression()).fit(data, np.digitize(y, np.quantile(y, [0.3, 0.6])))
    e = explainer(model, data, output="margin").explain(x)
    assert e.engine == "additive"
    compare(e, alone(model.decision_function, data, laws_of(data, x, "gaussian", WIDTH, kinks(model, data)), x), origin(data, x, "gaussian"))


class ExplainableBoostingRegressor:
    """The attributes of interpret's machines that the reader uses, and nothing else.

    term_features_ : columns of each term.  term_scores_ : its scores by bin, first missing, last unknown.
    bins_ : of each column, cuts (the upper bin begins at a cut) or category numbers, first for single terms, then for pairs.
    """

    def __init__(self, seed, names, classes=1, pairs=True, link_="identity"):
        rng = np.random.default_rng(seed)
        self.names, self.link_, k = names, link_, () if classes == 1 else (classes,)
        self.bins_ = [[np.sort(rng.normal(2, 2, 6)), np.sort(rng.normal(2, 2, 2))], [np.array([1.0, 2.0, 4.0]), np.array([2.0])], [{"a": 1, "b": 2, "c": 3}]]
        self.term_features_ = [(0,), (1,), (2,), *([(0, 2), (1, 0)] if pairs else [])]
        sizes = [(9,), (6,), (5,), (5, 5), (4, 5)]
        self.term_scores_ = [rng.normal(size=(*size, *k)) for size, _ in zip(sizes, self.term_features_, strict=False)]
        self.intercept_ = rng.normal(size=classes) if classes > 1 else 0.3

    def _bin(self, X, j, level):
        cells, bins = X[self.names[j]], self.bins_[j][min(level, len(self.bins_[j]) - 1)]
        if isinstance(bins, dict):
            return np.array([bins.get(v, len(bins) + 1) for v in cells])
        v = cells.to_numpy(dtype=float)
        return np.where(np.isnan(v), 0, 1 + np.searchsorted(bins, v, side="right"))

    def score(self, X):
        return self.intercept_ + sum(s[tuple(self._bin(X, j, len(f) > 1) for j in f)] for f, s in zip(self.term_features_, self.term_scores_, strict=True))


class Regressor(ExplainableBoostingRegressor):
    def predict(self, X):
        return self.score(X)


class Classifier(ExplainableBoostingRegressor):
    @property
    def classes_(self):
        return [False, True] if np.ndim(self.intercept_) == 0 else list(range(len(self.intercept_)))

    def decision_function(self, X):
        return self.score(X)

    def predict_proba(self, X):
        p = expit(self.score(X))
        return np.column_stack([1 - p, p])


Regressor.__name__, Classifier.__name__ = "ExplainableBoostingRegressor", "ExplainableBoostingClassifier"


def machine_table(seed):
    data, _, x = random_table(seed, ("real", "holed", "level"))
    data["holed1"] = np.where(data["holed1"].isna(), np.nan, np.round(2 + data["holed1"], 1))
    x = data.iloc[int(np.flatnonzero(data["holed1"].isna())[0])] if seed % 2 else data.iloc[3]
    cuts = lambda m: {"real0": np.concatenate(m.bins_[0]), "holed1": np.concatenate(m.bins_[1])}  # noqa: E731
    return data, x, cuts


@pytest.mark.parametrize("seed", range(4))
def test_explainable_boosting_machines_equal_sums(seed):
    data, x, cuts = machine_table(seed)
    names = list(data)
    for neighborhood in NEIGHBORHOODS:
        for model, options, ask, engine in (
            (m := Regressor(seed, names), {}, m.predict, "additive"),
            (m := Classifier(seed, names, 3), {"output": "margin"}, m.decision_function, "additive"),
            (m := Classifier(seed, names, pairs=False, link_="logit"), {}, m.predict_proba, "single-index"),
        ):
            e = explainer(model, data, neighborhood=neighborhood, **options).explain(x)
            assert e.engine == engine
            laws = [tidy(law) for law in laws_of(data, x, neighborhood, WIDTH, cuts(model))]
            compare(e, joint(ask, data, laws), origin(data, x, neighborhood))


def tidy(law):
    return [state for state in law if state[0] > 1e-17]


def test_pairs_under_a_link_are_refused_with_the_margin_as_way_out():
    data, x, _ = machine_table(0)
    model = Classifier(0, list(data), link_="logit")
    refusals = kb.TabularExplainer(model, data, budget=900).explain(x).refusals
    assert "2 pairs of columns are joined under the link: output='margin' is exact" in refusals["single-index"]
    assert kb.TabularExplainer(model, data, output="margin").explain(x).engine == "additive"


def test_interprets_own_machines():
    glassbox = pytest.importorskip("interpret.glassbox", reason="interpret is not installed; the stand-in has its attributes")
    data, y, x = random_table(4, ("real", "count", "level"))
    model = glassbox.ExplainableBoostingRegressor(interactions=2, outer_bags=1, max_rounds=60, n_jobs=1, max_bins=16).fit(data, y)
    cuts = {c: np.unique(np.concatenate([np.asarray(b, dtype=float) for b in bins if not isinstance(b, dict)] or [np.zeros(1)])) for c, bins in zip(data, model.bins_, strict=True)}
    e = explainer(model, data).explain(x)
    assert e.engine == "additive"
    compare(e, joint(model.predict, data, [tidy(law) for law in laws_of(data, x, "gaussian", WIDTH, cuts)]), origin(data, x, "gaussian"))


def test_steps_that_cannot_be_read_are_refused():
    data, y, x = random_table(0, ("real", "skewed"))
    reason = lambda step: kb.TabularExplainer(make_pipeline(StandardScaler(), step, Ridge()).fit(data, y), data, budget=600).explain(x).refusals["additive"]  # noqa: E731
    assert "extrapolation='periodic'" in reason(SplineTransformer(extrapolation="periodic", degree=2))
    assert "numpy's own" in reason(FunctionTransformer(lambda v: v**2))


def test_the_numbers_do_not_depend_on_the_block():
    data, y, _ = random_table(9, ("real", "level", "count", "large", "spend"))
    for neighborhood in ("gaussian", "bins"):
        for step in STEPS[:5:2]:
            made = explainer(pipeline(data, step, Ridge()).fit(data, y), data, neighborhood=neighborhood)
            together = made.explain_many(data.iloc[:10])
            single = np.array([made.explain(data.iloc[i]).coef for i in range(10)])
            assert together.coef.tobytes() == single.tobytes()
