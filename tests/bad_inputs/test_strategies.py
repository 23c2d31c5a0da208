"""Recipes, kernels, samplers, surrogates and bins: parts of the wrong kind, and parts that answer wrong things."""

from dataclasses import dataclass, replace

import numpy as np
from outcomes import LINE, Case, Outcome, Value, X, catalogue, explain, finite, flags, shown, wrong
from sklearn.linear_model import Ridge as SkRidge

from kabosu import kernels, samplers, surrogates
from kabosu.domains import Bins, Gaussian
from kabosu.recipes import TABLES

KABOSU, ARTICLE = TABLES["kabosu"], TABLES["article"]
LINEAR = Value(LINE)
RNG = np.random.default_rng(2)
nan, inf = float("nan"), float("inf")


@dataclass(frozen=True)
class Draws:
    """A sampler of one's own."""

    points: object
    replicates: int = 0

    def draw(self, space, start, stop, seed):
        return self.points(stop - start, space.m)


def recipe(base=KABOSU, **parts):
    return lambda: explain(recipe=replace(base, **parts))


def kernel(weights):
    return recipe(ARTICLE, kernel=weights)


def sampler(points):
    return recipe(ARTICLE, sampler=Draws(points))


def bins(edges, labels=None):
    return lambda: explain(neighborhood=Bins(edges, labels))


def each(name, make, words, *values):
    return [(f"{name} {shown(v)}", lambda v=v: make(v), wrong(words)) for v in values]


RECIPES: list[Case] = [
    *each("samples", lambda v: recipe(samples=v)(), "samples=.*expected a number of draws, an integer of at least 1", 0, -5, "1", 100.5, True, None, nan),
    *each("budget", lambda v: recipe(budget=v)(), "budget=.*expected a number of model rows, an integer", 0, -1, "9", 1.5, None),
    *each("tolerance", lambda v: recipe(tolerance=v)(), "tolerance=.*expected None or a number above 0", 0, -1.0, "a", nan),
    *each("time_limit", lambda v: recipe(time_limit=v)(), "time_limit=.*expected None or a number above 0", 0, -1.0, "a", nan),
    *each("seed", lambda v: recipe(seed=v)(), "seed=.*expected a seed", -1, "a", None, 1.5),
    *each("draws_from", lambda v: recipe(draws_from=v)(), "draws_from=.* is not known; use one of 'q', 'balanced', 'D', 'half'", "Q", None, 1),
    *each("engine", lambda v: recipe(engine=v)(), "engine=.* is not known; use one of 'auto', 'exact', 'sampled'", "turbo", None),
    *each("engines", lambda v: recipe(engines=v)(), "engines=.*expected a tuple of engines", ("sampled",), (None,)),
    *each("kernel", lambda v: recipe(kernel=v)(), "kernel=.*expected a kernel such as kernels.Exponential", None, "exp", 0.75, kernels.Exponential),
    *each("sampler", lambda v: recipe(sampler=v)(), "sampler=.*expected a sampler such as samplers.Sobol", None, "sobol", samplers.Sobol, np.random.default_rng(0)),
    *each("surrogate", lambda v: recipe(surrogate=v)(), "surrogate=.*(expected a surrogate such as surrogates.Ridge|is a scikit-learn estimator; wrap it)", None, "ridge", surrogates.Ridge, SkRidge()),
    *each("neighborhood", lambda v: recipe(neighborhood=v)(), "neighborhood=.*expected a name .* or an object such as domains.", None, "bins", 3),
    ("a budget below the samples", recipe(ARTICLE, budget=50, samples=100), Value(lambda e: e.n_model_calls == 50)),
    ("a budget of one row", recipe(budget=1), wrong("gives 0 draws after the instance itself.*give budget= at least 11")),
]

KERNELS: list[Case] = [
    *each("width", kernels.Exponential, "kernel_width=.*expected a number above 0, or None", 0, -1.0, nan, "a", True, 1j, [1.0]),
    *each("distance", lambda v: kernels.Exponential(1.0, v), "distance=.*expected a function of .Z, origin.", "euclidean", None, 3),
    *each("radius", kernels.width_for, r"radius=.*expected a number in \(0, 1\]", 0, 2, -1.0, nan, "a"),
    ("a metric that is not known", kernel(kernels.Exponential(1.0, kernels.Metric("eucl"))), wrong("the metric 'eucl' cannot be used .*expected a name that scipy.spatial.distance.cdist knows")),
    ("a metric that is no name", lambda: kernel(kernels.Exponential(1.0, kernels.Metric(3)))(), wrong("the metric 3 cannot be used")),
    ("a metric that divides by zero", kernel(kernels.Exponential(1.0, kernels.Metric("correlation"))), wrong("not all finite")),
    ("weights all zero", kernel(lambda Z, o: np.zeros(Z.shape[:2])), wrong("gives every draw weight 0.*widen kernel_width=")),
    ("weights negative", kernel(lambda Z, o: -np.ones(Z.shape[:2])), wrong(r"gave weights of shape \(1, 100\) that are not all finite numbers >= 0")),
    ("weights NaN", kernel(lambda Z, o: np.full(Z.shape[:2], nan)), wrong("not all finite numbers >= 0")),
    ("weights infinite", kernel(lambda Z, o: np.full(Z.shape[:2], inf)), wrong("not all finite numbers >= 0")),
    ("weights of another shape", kernel(lambda Z, o: np.ones(3)), wrong(r"gave weights of shape \(3,\).*expected shape \(1, 100\)")),
    ("weights a number", kernel(lambda Z, o: 1.0), wrong(r"gave weights of shape \(\)")),
    ("weights text", kernel(lambda Z, o: "a"), wrong("failed: ValueError.*a kernel must take points .B, s, p. and origins")),
    ("weights None", kernel(lambda Z, o: None), wrong("not all finite|failed")),
    ("a kernel of distances, as lime has it", kernel(lambda d: np.sqrt(np.exp(-(d**2)))), wrong("failed: TypeError.*takes 1 positional argument.*a kernel must take points")),
    ("a kernel that raises", kernel(lambda Z, o: 1 / 0), wrong("failed: ZeroDivisionError")),
    ("one draw with all the weight", kernel(lambda Z, o: (np.arange(Z.shape[1])[None] == 0) * 1.0), flags("low-effective-sample-size", "constant-feature", and_=lambda e: np.isnan(e.certificate.fidelity[0]))),
    ("weights of 1e-320", kernel(lambda Z, o: np.full(Z.shape[:2], 1e-320)), LINEAR),
    ("weights of 1e300", kernel(lambda Z, o: np.full(Z.shape[:2], 1e300)), LINEAR),
    ("integer weights", kernel(lambda Z, o: np.ones(Z.shape[:2], dtype=int)), LINEAR),
    ("float32 weights", kernel(lambda Z, o: np.ones(Z.shape[:2], dtype="f4")), LINEAR),
]

SAMPLERS: list[Case] = [
    *each("replicates", samplers.Sobol, "replicates=.*expected a number of scrambles, an integer of at least 2", 0, 1, -1, 2.5, "8", True, None, 10**6),
    ("seven scrambles", recipe(sampler=samplers.Sobol(7)), LINEAR),
    ("a space that is none", lambda: samplers.Plain().draw("cube", 0, 3, 0), wrong("plain points fill the unit cube or masks; got the space cube")),
    ("draws NaN", sampler(lambda n, m: np.full((1, n, m), nan)), wrong("gave draws outside Cube.m=4.; expected numbers strictly between 0 and 1")),
    ("draws 0 and 1", sampler(lambda n, m: (RNG.random((1, n, m)) > 0.5) * 1.0), wrong("gave draws outside Cube")),
    ("draws of 2", sampler(lambda n, m: np.full((1, n, m), 2.0)), wrong("gave draws outside Cube")),
    ("draws without batch axis", sampler(lambda n, m: np.full((n, m), 0.5)), wrong(r"gave draws of shape \(100, 4\).*expected numbers of shape \(1, 100, 4\)")),
    ("too few draws", sampler(lambda n, m: np.full((1, 3, m), 0.5)), wrong(r"gave draws of shape \(1, 3, 4\)")),
    ("too wide draws", sampler(lambda n, m: RNG.random((1, n, m + 1))), wrong(r"gave draws of shape \(1, 100, 5\)")),
    ("draws of text", sampler(lambda n, m: np.full((1, n, m), "a")), wrong("dtype .U1; expected numbers")),
    ("one and the same draw", sampler(lambda n, m: np.full((1, n, m), 0.5)), flags("did-not-react", "constant-feature")),
    ("draws in a line", sampler(lambda n, m: np.repeat(RNG.random((1, n, 1)) * 0.98 + 0.01, m, axis=2)), Value(lambda e: "ill-conditioned" in {f.code for f in e.certificate.flags} and finite(e))),
    ("draws of one's own", sampler(lambda n, m: RNG.random((1, n, m))), LINEAR),
]

SURROGATES: list[Case] = [
    *each("alpha", surrogates.Ridge, "alpha=.*expected a finite number of at least 0", -1.0, nan, inf, "1", True, None, 1j),
    ("alpha 1e300", lambda: explain(surrogate=surrogates.Ridge(1e300)), flags("poor-fidelity", and_=lambda e: np.abs(e.coef).max() < 1e-290)),
    ("alpha 0 and 1e-300 are one", lambda: explain(surrogate=surrogates.Ridge(1e-300)), LINEAR),
    *each("per", lambda v: surrogates.Ridge(1.0, v), "per=.* is not known; use one of 'weight', 'fit'", "draw", None, 1),
    *each("K", surrogates.Select, "K=.*expected a number of features, an integer of at least 1", 0, -1, 2.5, "3", True, None),
    *each("by", lambda v: surrogates.Select(3, v), "by=.* is not known; use one of 'auto', 'forward_selection'", "lasso", None, 3),
    *each("then", lambda v: surrogates.Select(3, then=v), r"then=.*expected surrogates.Ridge\(...\)", "ridge", None, surrogates.Tree()),
    *each("max_depth", surrogates.Tree, "max_depth=.*expected a depth of the tree, an integer of at least 1", 0, -1, "3", None, 2.5, True),
    *each("regressor", surrogates.Estimator, "regressor=.*expected (an unfitted regressor|a scikit-learn estimator)", SkRidge, 5, None, "ridge", RNG),
]

EDGES: list[Case] = [
    *each("edges", Bins, "edges=.* is not known; use one of 'quartile', 'decile', 'entropy'", "quintile", 5, None, [0.0, 1.0], True),
    *((f"edges of x0 {v}", bins({"x0": v}), wrong("edges of 'x0' are .*expected a list of finite numbers")) for v in ([], [nan], [inf], "abc", 3.0, [[1, 0], [2, 3]], None, ["a"])),
    ("edges of a column that is not there", bins({"zz": [0.0]}), wrong(r"edges= names \['zz'\], which the background data lacks")),
    ("edges in any order", bins({"x0": [1.0, 0.0, -1.0, 0.0]}), Value(lambda e: e.feature_names[0] == "0 < x0 <= 1" and finite(e))),
    ("edges beyond the data", bins({"x0": [1e6]}), Value(lambda e: e.coef[0, 0] == 0 and finite(e))),
    ("entropy without labels", bins("entropy"), wrong("edges='entropy' needs labels=")),
    ("entropy with too few labels", bins("entropy", [0, 1]), wrong("labels= has 2 labels for 120 rows of background data; give one for each row")),
    ("entropy with numbers", bins("entropy", X[:, 0]), wrong("labels= holds fractions or missing values; .*use 'quartile' or 'decile'")),
    ("entropy with missing labels", bins("entropy", np.full(120, nan)), wrong("labels= holds fractions or missing values")),
    ("entropy with None labels", bins("entropy", np.array(["a", None] * 60, dtype=object)), wrong("labels= holds fractions or missing values")),
    ("entropy with a table of labels", bins("entropy", X > 0), wrong("needs labels=, the .n,. training labels")),
    ("entropy with one label", bins("entropy", np.zeros(120)), Value(lambda e: finite(e))),
    ("entropy with labels of text", bins("entropy", np.where(X[:, 0] > 0, "yes", "no")), Value(lambda e: finite(e) and "x0" in e.feature_names[0])),
    *each("center", Gaussian, "center=.* is not known; use one of 'instance', 'mean'", "median", None, 0.5),
]


@catalogue(RECIPES + KERNELS + SAMPLERS + SURROGATES + EDGES)
def test_strategy(make, outcome: Outcome):
    outcome.check(make)


CASES = RECIPES + KERNELS + SAMPLERS + SURROGATES + EDGES
