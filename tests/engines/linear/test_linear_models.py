"""Linear models: every number by summing the model itself over each column's law, and by the model's own coefficients."""

from dataclasses import replace

import numpy as np
import pytest
from brute_force import NEIGHBORHOODS, alone, compare, draw_kinds, laws_of, origin, random_table
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNetCV,
    HuberRegressor,
    Lars,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    RANSACRegressor,
    Ridge,
    RidgeClassifier,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PolynomialFeatures, RobustScaler, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVR

import kabosu as kb
from kabosu.surrogates import Ridge as RidgeSurrogate
from kabosu.surrogates import Select

WIDTH = 0.8
REGRESSORS = (LinearRegression(), Ridge(), RidgeCV(), Lasso(0.01), LassoCV(cv=3), ElasticNetCV(cv=3), Lars(), BayesianRidge(), HuberRegressor(max_iter=1000), SGDRegressor(random_state=0), RANSACRegressor(random_state=0), LinearSVR(max_iter=20000, random_state=0), SVR(kernel="linear"), NuSVR(kernel="linear"), KernelRidge(), PLSRegression(2), MLPRegressor(hidden_layer_sizes=(3, 2), activation="identity", max_iter=50, random_state=0))  # fmt: skip
CLASSIFIERS = (LogisticRegression(), SGDClassifier(random_state=0), LinearSVC(random_state=0), RidgeClassifier(), Perceptron(), SVC(kernel="linear"), SVC(kernel="linear", decision_function_shape="ovo"), LinearDiscriminantAnalysis())  # fmt: skip
SCALERS = (StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler(), "passthrough")


def explainer(model, data, **options):
    return kb.TabularExplainer(model, data, kernel_width=WIDTH, engine="exact", **options)


def pipeline(data, seed, final):
    """Imputers and scalers for numbers, encoders for categories."""
    words = [c for c in data if data[c].dtype == object or data[c].dtype.kind not in "iuf"]
    encoder = (OneHotEncoder(drop="first"), OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder())[seed % 3]
    numbers = make_pipeline(SimpleImputer(strategy=("mean", "median")[seed % 2], add_indicator=seed % 4 == 1), SCALERS[seed % 5] if seed % 4 != 1 else "passthrough")
    return make_pipeline(make_column_transformer((numbers, [c for c in data if c not in words]), (encoder, words)), final)


def asked(model):
    """Predictions; products with all training rows, which lose the digits that are compared where columns are large, are summed first."""
    final = model[-1]
    if not isinstance(final, (SVR, NuSVR, KernelRidge)):
        return model.predict
    weight = final.X_fit_.T @ final.dual_coef_ if isinstance(final, KernelRidge) else final.coef_[0]
    return lambda rows: model[:-1].transform(rows) @ weight + getattr(final, "intercept_", 0.0)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", [*range(34), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(34, 200))])
def test_regression_equals_sums(seed):
    data, y, x = random_table(seed, draw_kinds(seed, 3 + seed % 5))
    model = pipeline(data, seed, REGRESSORS[seed % len(REGRESSORS)]).fit(data, y)
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood).explain(x)
        assert e.engine == "linear"
        compare(e, alone(asked(model), data, laws_of(data, x, neighborhood, WIDTH), x), origin(data, x, neighborhood))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", range(24))
def test_margins_equal_sums(seed):
    data, y, x = random_table(seed, draw_kinds(50 + seed, 4))
    final = CLASSIFIERS[seed % len(CLASSIFIERS)]
    many = seed % 2 and not (isinstance(final, SVC) and final.decision_function_shape == "ovr")
    model = pipeline(data, seed, final).fit(data, np.digitize(y, np.quantile(y, [0.3, 0.6])) if many else y > np.median(y))
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood, output="margin").explain(x)
        assert e.engine == "linear"
        compare(e, alone(model.decision_function, data, laws_of(data, x, neighborhood, WIDTH), x), origin(data, x, neighborhood))


def test_several_targets_and_a_scaled_target():
    data, y, x = random_table(3, ("real", "count", "level"))
    for model in (pipeline(data, 0, LinearRegression()).fit(data, np.column_stack([y, y**2])), TransformedTargetRegressor(pipeline(data, 0, Ridge()), transformer=StandardScaler()).fit(data, y)):
        e = explainer(model, data).explain(x)
        assert e.engine == "linear"
        compare(e, alone(model.predict, data, laws_of(data, x, "gaussian", WIDTH), x), origin(data, x, "gaussian"))


def test_steps_that_mix_columns():
    data, y, x = random_table(5, ("real", "skewed", "count", "large"))
    for mixing in ((PCA(3, whiten=True),), (TruncatedSVD(2), PCA(2))):
        model = make_pipeline(StandardScaler(), *mixing, Ridge()).fit(data, y)
        e = explainer(model, data).explain(x)
        assert e.engine == "linear"
        compare(e, alone(model.predict, data, laws_of(data, x, "gaussian", WIDTH), x), origin(data, x, "gaussian"))


def test_a_search_is_its_best_estimator():
    data, y, x = random_table(5, ("real", "skewed", "count"))
    model = GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 10.0]}, cv=2).fit(data, y)
    e = explainer(model, data).explain(x)
    np.testing.assert_allclose(e.coef[:, 0], model.best_estimator_[-1].coef_ / model.best_estimator_[0].scale_, rtol=1e-10)


@pytest.mark.parametrize("width", [0.3, 1.0, 30.0])
def test_coefficients_are_the_models_own_at_any_width(width):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 12)) * np.logspace(-3, 3, 12)
    model = LinearRegression().fit(X, X @ rng.normal(size=12) + rng.normal(size=200))
    e = kb.TabularExplainer(model, X, kernel_width=width).explain(X[0])
    np.testing.assert_allclose(e.coef[:, 0], model.coef_, rtol=1e-10)
    assert e.certificate.local_gap[0] < 1e-9
    assert e.certificate.fidelity[0] > 1 - 1e-12
    assert (e.std_error == 0).all()


def test_columns_that_are_kept_move_only_the_level():
    data, y, x = random_table(8, ("real", "level", "count", "spend"))
    model = pipeline(data, 1, Ridge()).fit(data, y)
    whole = explainer(model, data).explain(x)
    some = explainer(model, data).explain(x, features=["real0", "count2"])
    np.testing.assert_allclose(some.coef_scaled[:, 0], whole.coef_scaled[[0, 2], 0], rtol=1e-10)
    laws = laws_of(data[["real0", "count2"]], x, "gaussian", WIDTH)
    ask = lambda rows: model.predict(rows.assign(level1=x["level1"], spend3=x["spend3"])[list(data)])  # noqa: E731
    compare(some, alone(ask, data[["real0", "count2"]], laws, x), origin(data[["real0", "count2"]], x, "gaussian"))


def test_groups_of_one_hot_columns():
    rng = np.random.default_rng(2)
    hot = np.eye(3)[rng.integers(0, 3, 200)]
    X = np.column_stack([rng.normal(size=200), hot])
    model = Ridge(0.1).fit(X, X @ [1.0, 2.0, -1.0, 0.5])
    e = explainer(model, X).explain(X[0])
    own = int(hot[0].argmax())
    rates = hot.mean(axis=0)
    others = [j for j in range(3) if j != own]
    assert len(e) == 2
    np.testing.assert_allclose(e.coef[:, 0], [model.coef_[0], model.coef_[1 + own] - rates[others] @ model.coef_[1:][others] / rates[others].sum()], rtol=1e-10)


def test_penalty_and_selection_use_the_same_moments():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(300, 5))
    model = LinearRegression().fit(X, X @ [3.0, -2.0, 1.0, 0.1, 0.0])
    variance = WIDTH**2 / (1 + WIDTH**2)
    e = explainer(model, X, surrogate=RidgeSurrogate(0.5)).explain(X[0])
    sd = X.std(axis=0)
    np.testing.assert_allclose(e.coef_scaled[:, 0], model.coef_ * sd * variance / (variance + 0.5), rtol=1e-10)
    e = explainer(model, X, surrogate=Select(2)).explain(X[0])
    np.testing.assert_allclose(e.coef[:, 0], np.where(np.arange(5) < 2, model.coef_, 0.0), rtol=1e-10, atol=1e-12)


def test_what_cannot_be_read_is_refused_with_its_reason():
    data, y, x = random_table(1, ("real", "real", "count"))
    X = data.to_numpy()

    class Shifted(LinearRegression):
        def predict(self, X):
            return super().predict(X) + 1.0

    reason = lambda model, **options: kb.TabularExplainer(model, X, budget=600, **options).explain(X[0]).refusals["linear"]  # noqa: E731
    assert "predict of its own" in reason(Shifted().fit(X, y))
    assert "PolynomialFeatures" in reason(make_pipeline(PolynomialFeatures(), Ridge()).fit(X, y))
    assert "kernel='rbf' is not linear" in reason(SVR(kernel="rbf").fit(X, y))
    assert "cannot be read" in reason(lambda rows: rows[:, 0])
    with pytest.raises(kb.EngineError, match="linear: the surrogate"):
        explainer(Ridge().fit(X, y), X, surrogate=Lasso(0.1)).explain(X[0])


def test_missing_values_that_reach_the_model_are_refused():
    data, y, x = random_table(1, ("real", "holed"))

    class Forgiving(LinearRegression):
        pass

    filled = data.fillna(0.0)
    model = Forgiving().fit(filled, y)
    e = kb.TabularExplainer(lambda rows: model.predict(rows.fillna(0.0)), data, budget=600).explain(x)
    assert e.engine == "index-proxy"
    piped = make_pipeline(SimpleImputer(), model).fit(data, y)
    assert explainer(piped, data).explain(x).engine == "linear"


def test_the_numbers_do_not_depend_on_the_block():
    data, y, _ = random_table(9, ("real", "holed", "level", "count", "large", "spend"))
    for neighborhood in ("gaussian", "bins"):
        made = explainer(pipeline(data, 0, Ridge()).fit(data, y), data, neighborhood=neighborhood)
        together = made.explain_many(data.iloc[:10])
        alone_ = np.array([made.explain(data.iloc[i]).coef for i in range(10)])
        assert together.coef.tobytes() == alone_.tobytes()


def test_a_model_that_answers_otherwise_is_caught():
    X = np.random.default_rng(0).normal(size=(50, 3))
    model = LinearRegression().fit(X, X[:, 0])
    made = explainer(model, X)
    made.model = replace(made.model, ask=replace(made.model.ask, combine=None, estimator=LinearRegression().fit(X, 1 + X[:, 0])))
    with pytest.raises(kb.EngineError, match="as read predicts"):
        made.explain(X[0])
