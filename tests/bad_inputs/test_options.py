"""Every option of TabularExplainer, explain and explain_many with wrong types and values."""

import numpy as np
import pandas as pd
from outcomes import LINE, Case, Error, Outcome, Value, X, catalogue, explain, finite, flags, linear, shown, wrong
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor

import kabosu as kb
from kabosu.domains import Bins
from kabosu.surrogates import Ridge, Select, Tree

LINES = kb.TabularExplainer(linear, X)
CLASSES = kb.TabularExplainer(LogisticRegression().fit(X, X[:, 0] > 0), X)
LINEAR = Value(LINE)
FINITE = Value(lambda e: finite(e))
RNG = np.random.default_rng(0)


def given(**options):
    """Options of the explainer."""
    return lambda: explain(**options)


def asked(**options):
    """Options of one call."""
    return lambda: LINES.explain(X[0], **options)


def table(option, allowed, make, *cases):
    """Values that are not known, each an error that lists those that are."""
    return [(f"{option} {value!r}", make(**{option: value}), wrong(f"{option}={value!r} is not known; use one of {allowed}")) for value in cases]


def refused(option, expected, make, *cases):
    """Values of the wrong kind, each an error that says what was expected."""
    where = "" if make is given else "explain "
    return [(f"{where}{option} {shown(value)}", make(**{option: value}), wrong(f"(?s){option}=.*expected .*{expected}")) for value in cases]


EXPLAINER: list[Case] = [
    *table("recipe", "'kabosu', 'lime', 'article'", given, "Lime", "", "gaussian"),
    *refused("recipe", "a name .kabosu, lime, article. or a Recipe", given, None, 5, ["lime"], b"lime", kb.Recipe),
    *table("neighborhood", "'gaussian', 'gaussian-global', 'bins'", given, "gauss", "", "quartile"),
    *refused("neighborhood", "or an object such as domains.", given, 3, True, [], Bins),
    *refused("kernel_width", "a number above 0", given, 0, -1.0, float("nan"), -np.inf, "wide", "0.75", True, 1j, [1.0], np.array([1.0, 2.0]), 10**400),
    ("kernel_width 1e-200", given(kernel_width=1e-200), wrong("out of range; expected 1e-100 to 1e100")),
    ("kernel_width 1e200", given(kernel_width=1e200), wrong("out of range; expected 1e-100 to 1e100")),
    ("kernel_width inf", given(kernel_width=np.inf), flags("near-global-kernel", and_=lambda e: np.allclose(e.coef[:, 0], LINE))),
    ("kernel_width of numpy", given(kernel_width=np.float32(1)), LINEAR),
    ("kernel_width an integer", given(kernel_width=2), LINEAR),
    *table("surrogate", "'ordinary', 'ridge'", given, "huber", ""),
    *refused("surrogate", "a kabosu surrogate or an unfitted regressor with coef_", given, 5, True, Lasso, Ridge, linear, object()),
    ("surrogate without coef_", given(surrogate=KNeighborsRegressor()), wrong(r"KNeighborsRegressor\(\) needs fit\(X, y, sample_weight=\), coef_ and intercept_")),
    ("surrogate of scikit-learn", given(surrogate=LinearRegression()), LINEAR),
    ("surrogate a tree", given(surrogate=Tree(2)), FINITE),
    *table("engine", "'auto', 'exact', 'sampled'", given, "tree", "", None, True, 3),
    ("engine exact for a function", given(engine="exact"), Error(kb.EngineError, "engine='exact' cannot explain this model .*use engine='auto' or 'sampled'")),
    *table("output", "'auto', 'probability', 'margin', 'prediction', 'score', 'label'", given, "proba", "", None, True, 3),
    ("output in a list", given(output=["probability"]), wrong("output=.'probability'. is not known; use one of")),
    *refused("categorical", "a list of names", given, "x0", 0, 1.5, True),
    *((f"categorical {v!r}", given(categorical=v), wrong(r"categorical= names \[.*which the background data lacks; its columns are \['x0'")) for v in (["a"], [4], [-1], [[0]], [None], [True], [{}])),
    ("categorical empty", given(categorical=[]), LINEAR),
    ("categorical of positions", given(categorical=np.array([0]), model=lambda A: A[:, 1]), Value(lambda e: e.feature_names[0].startswith("x0 = ") and abs(e.coef[1, 0] - 1) < 1e-6)),
    *refused("groups", "a dict of lists", given, ["x0", "x1"], "g", 3, [("g", ["x0"])]),
    ("groups that name nothing", given(groups={"g": []}), wrong("name no columns; give each group at least one")),
    ("groups of a name that is no column", given(groups={"g": ["x0", "x9"]}), wrong(r"groups\['g'\]= names \['x9'\], which the background data lacks")),
    ("groups of one name, not in a list", given(groups={"g": "x0"}), wrong(r"groups\['g'\]='x0'; expected a list of names")),
    ("groups of None", given(groups={"g": None}), wrong("expected a list of names")),
    ("groups that share a column", given(groups={"g": ["x0", "x1"], "h": ["x1", "x2"]}), wrong(r"groups= uses column\(s\) \['x1'\] more than once")),
    ("groups with a column twice", given(groups={"g": ["x0", "x0"]}), wrong(r"groups= uses column\(s\) \['x0'\] more than once")),
    ("groups named like another column", given(groups={"x2": ["x0", "x1"]}), wrong(r"several features are named \['x2'\]; rename")),
    ("groups empty", given(groups={}), LINEAR),
    *refused("budget", "a number of model rows, an integer of at least 4", given, 0, -1, 3, 1.5, "100", True, float("nan"), 10**30, [100]),
    *refused("random_state", "a seed", given, -1, 1.5, "0", None, True, [1], RNG, float("nan")),
    ("random_state of numpy", given(random_state=np.int64(3)), LINEAR),
    ("random_state of 70 bits", given(random_state=2**70), LINEAR),
    *refused("strict", "True or False", given, "yes", 1, None),
    ("an option that is not there", given(kernelwidth=0.75), Error(TypeError, "unexpected keyword argument 'kernelwidth'")),
]

BUDGETS: list[Case] = [
    ("a budget of 4 rows", asked(budget=4), wrong(r"a budget of 4 rows .*gives 2 draws after the instance itself, in rounds of 2; 4 feature\(s\) and the intercept need at least 10: give budget= at least 11")),
    ("a budget of 10 rows", asked(budget=10), wrong("gives 8 draws .*give budget= at least 11")),
    ("a budget of 17 rows", asked(budget=17), flags("low-effective-sample-size", and_=lambda e: np.allclose(e.coef[:, 0], LINE, atol=1e-6) and e.n_model_calls == 17)),
    ("a budget of 10 rows, article", given(recipe="article", budget=10), wrong("a budget of 10 rows .*gives 9 draws after the instance itself; 4 .* need at least 10: give budget= at least 11")),
    ("a budget of 11 rows, article", given(recipe="article", budget=11), Value(lambda e: e.n_model_calls == 11 and "low-effective-sample-size" in {f.code for f in e.certificate.flags})),
    ("a budget of 10 rows, lime", given(recipe="lime", budget=10), wrong("gives 9 draws .*give budget= at least 11")),
    ("a budget for fewer features", asked(budget=9, features=["x0", "x1"]), Value(lambda e: len(e) == 2 and e.n_model_calls == 9)),
    ("a budget of a billion rows", asked(budget=10**9), wrong("an integer of at least 4 and at most 100,000,000")),
]

CALL: list[Case] = [
    *refused("outputs", "a list of names", asked, "prediction", 0, True),
    *((f"outputs {v!r}", asked(outputs=v), wrong(r"outputs=.* are not all explained; the outputs are \['prediction'\]")) for v in ([], ["nope"], [0], [None])),
    *refused("features", "a list of names", asked, "x0", 0, True),
    *((f"features {v!r}", asked(features=v), wrong(r"features=\[.*\] do not vary in the background data; choose among \['x0'")) for v in (["x9"], [9], [-1], [None], [True])),
    ("features empty", asked(features=[]), wrong("features=.. is empty; name at least one")),
    ("features by position", asked(features=[0]), Value([1.0])),
    ("features twice", asked(features=["x0", "x0"]), Value([1.0])),
    ("features in a set", asked(features={"x0"}), Value([1.0])),
    ("features that are constant", lambda: kb.TabularExplainer(linear, np.column_stack([X[:, :3], np.ones(len(X))])).explain(X[0], features=["x3"]), wrong("features=.'x3'. do not vary")),
    *refused("max_features", "a number of features, an integer of at least 1", asked, 0, -1, 1.5, 2.0, "2", True, float("nan"), [2]),
    ("max_features more than there are", asked(max_features=1000), LINEAR),
    ("max_features of numpy", asked(max_features=np.int64(1)), Value(lambda e: np.flatnonzero(e.coef[:, 0]).tolist() == [1])),
    ("max_features of a tree surrogate", lambda: kb.TabularExplainer(linear, X, surrogate=Tree(2)).explain(X[0], max_features=2), wrong("max_features=2 needs a ridge or ordinary surrogate")),
    *refused("tolerance", "above 0, such as 0.05", asked, 0, -1.0, "0.1", True, float("nan"), [0.1]),
    ("tolerance 1e-300", asked(tolerance=1e-300), Value(lambda e: finite(e) and e.n_model_calls <= 8192)),
    ("tolerance inf", asked(tolerance=np.inf), LINEAR),
    *refused("time_limit", "seconds above 0", asked, 0, -1.0, "1", True, float("nan"), [1]),
    ("time_limit of a nanosecond", lambda: kb.TabularExplainer(lambda A: np.sin(50 * A[:, 0]), X).explain(X[0], time_limit=1e-9), Value(lambda e: e.certificate.ended_by == "time limit" and e.n_model_calls == 1025)),
    *refused("progress", "True, or a function of", asked, 3, "yes", [1]),
    ("progress False", asked(progress=False), LINEAR),
    *refused("budget", "a number of model rows", asked, 0, 3, 1.5, "9", True),
]

GETTING: list[Case] = [
    ("an output that is not there", lambda: CLASSES.explain(X[0])["maybe"], wrong(r"output 'maybe' is not explained; the outputs are \['False', 'True'\]")),
    ("a position for an output", lambda: CLASSES.explain(X[0])[0], wrong("output 0 is not explained; the outputs are")),
    ("None for an output", lambda: CLASSES.explain(X[0])[None], Value(lambda e: len(e.output_names) == 1)),
    ("a label for an output", lambda: CLASSES.explain(X[0])[True], Value(lambda e: e.target == "True")),
    ("the order of an output that is not there", lambda: CLASSES.explain(X[0]).order("maybe"), wrong("output 'maybe' is not explained")),
    ("a file without extension", lambda: LINES.explain(X[0]).save("explanation"), wrong("ends in .*; use one of .html, .json")),
    ("a file of another kind", lambda: LINES.explain(X[0]).save("explanation.docx"), wrong("ends in .*docx.*; use one of")),
    ("JSON that is none", lambda: kb.Explanation.from_json("not json"), wrong("JSON|json")),
    ("JSON of something else", lambda: kb.Explanation.from_json('{"a": 1}'), wrong("schema|version")),
]


@catalogue(EXPLAINER + BUDGETS + CALL + GETTING)
def test_option(make, outcome: Outcome):
    outcome.check(make)


def test_a_recipes_own_engine_and_seed_hold():
    recipe = kb.Recipe("mine", kb.domains.Gaussian(), kb.samplers.Plain(), kb.kernels.Exponential(1.0), Select(2), samples=100, budget=101, engine="sampled", seed=5)
    e, other = (kb.TabularExplainer(linear, X, recipe=recipe, **o).explain(X[0]) for o in ({}, {"random_state": 6}))
    assert (e.random_state, other.random_state) == (5, 6)
    with_engine = kb.TabularExplainer(linear, pd.DataFrame(X), recipe=recipe)
    assert with_engine.recipe.engine == "sampled"


CASES = EXPLAINER + BUDGETS + CALL + GETTING
