"""Radial machines: every number by summing the model itself over all joint states."""

import numpy as np
import pytest
from brute_force import NEIGHBORHOODS, compare, draw_kinds, joint, laws_of, origin, random_table
from sklearn.compose import make_column_transformer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, NuSVR, OneClassSVM

import kabosu as kb

WIDTH = 0.7
FEW = ("count", "flag", "two", "level", "holed")


def explainer(model, data, **options):
    return kb.TabularExplainer(model, data, kernel_width=WIDTH, engine="exact", **options)


def pipeline(data, final):
    words = [c for c in data if data[c].dtype.kind not in "iuf"]
    return make_pipeline(make_column_transformer((make_pipeline(SimpleImputer(), StandardScaler()), [c for c in data if c not in words]), (OneHotEncoder(), words)), final)


def processes(d):
    return (GaussianProcessRegressor(ConstantKernel(2.0) * RBF(np.linspace(1, 2, d)) + WhiteKernel(0.1) + 0.5 * RBF(3.0) * RBF(2.0), optimizer=None, normalize_y=True),)


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 72))])
def test_machines_equal_sums(seed):
    data, y, x = random_table(seed, ("real", *draw_kinds(seed, 2, FEW)), n=60)
    wide = pipeline(data, "passthrough").fit_transform(data).shape[1]
    finals = (SVR(), NuSVR(gamma=0.3), KernelRidge(kernel="rbf"), KernelRidge(kernel="rbf", gamma=0.7, alpha=0.1), *processes(wide))
    model = pipeline(data, finals[seed % len(finals)]).fit(data, y)
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood).explain(x)
        assert e.engine == "radial"
        compare(e, joint(model.predict, data, laws_of(data, x, neighborhood, WIDTH)), origin(data, x, neighborhood))


@pytest.mark.parametrize("classes", [2, 4])
def test_margins_equal_sums(classes):
    data, y, x = random_table(classes, ("real", "count", "level"), n=80)
    model = pipeline(data, SVC(decision_function_shape="ovo", gamma=0.4)).fit(data, np.digitize(y, np.quantile(y, np.arange(1, classes) / classes)))
    for neighborhood in NEIGHBORHOODS:
        e = explainer(model, data, neighborhood=neighborhood, output="margin").explain(x)
        assert e.engine == "radial"
        compare(e, joint(model.decision_function, data, laws_of(data, x, neighborhood, WIDTH)), origin(data, x, neighborhood))


def test_scores_of_one_class():
    data, _, x = random_table(0, ("real", "skewed"), n=80)
    model = pipeline(data, OneClassSVM(gamma=0.4)).fit(data)
    e = explainer(model, data).explain(x)
    compare(e, joint(model.decision_function, data, laws_of(data, x, "gaussian", WIDTH)), origin(data, x, "gaussian"))


def test_columns_that_are_kept_weigh_the_machines():
    data, y, x = random_table(1, ("real", "skewed", "level"), n=80)
    model = pipeline(data, SVR()).fit(data, y)
    e = explainer(model, data).explain(x, features=["real0"])
    ask = lambda rows: model.predict(rows.assign(skewed1=x["skewed1"], level2=x["level2"])[list(data)])  # noqa: E731
    compare(e, joint(ask, data[["real0"]], laws_of(data[["real0"]], x, "gaussian", WIDTH)), origin(data[["real0"]], x, "gaussian"))


def test_what_is_not_radial_is_refused():
    data, y, x = random_table(1, ("real", "skewed"), n=80)
    reason = lambda model, **o: kb.TabularExplainer(model, data, budget=600, **o).explain(x).refusals["radial"]  # noqa: E731
    assert "kernel='poly' is not radial" in reason(pipeline(data, SVR(kernel="poly")).fit(data, y))
    assert "Matern is not read" in reason(pipeline(data, GaussianProcessRegressor(Matern(), optimizer=None)).fit(data, y))
    assert "votes of its pairs" in reason(pipeline(data, SVC()).fit(data, np.digitize(y, np.quantile(y, [0.3, 0.6]))))


def test_the_numbers_do_not_depend_on_the_block():
    data, y, _ = random_table(9, ("real", "holed", "level", "count"), n=80)
    for neighborhood in ("gaussian", "bins"):
        made = explainer(pipeline(data, SVR()).fit(data, y), data, neighborhood=neighborhood)
        together = made.explain_many(data.iloc[:12])
        alone = np.array([made.explain(data.iloc[i]).coef for i in range(12)])
        assert together.coef.tobytes() == alone.tobytes()
