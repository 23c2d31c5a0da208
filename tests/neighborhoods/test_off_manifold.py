"""What is told apart from real rows, and what is not."""

import numpy as np
import pandas as pd
import pytest
from neighbors import DATA, adult
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score

import kabosu as kb
from kabosu.diagnostics import FLAGS, OffManifold, off_manifold
from kabosu.diagnostics.manifold import encoded, level_codes, one_draw_each
from kabosu.kernels import width_for

GLOBAL = 1 - 1e-9
DIABETES, PROGRESS = load_diabetes(return_X_y=True)
MODEL = LinearRegression().fit(DIABETES, PROGRESS)


def silent(rows):
    raise AssertionError("the model was asked")


def told(data, neighborhood, radius=0.5, fresh=None, **options) -> OffManifold:
    explainer = kb.TabularExplainer(silent, data, neighborhood=neighborhood, kernel_width=width_for(radius))
    fresh = data if fresh is None else fresh
    return off_manifold(explainer, fresh[:1], fresh, **options)


def of_a_copula(n, seed=0):
    """Numbers, integers and a category from one Gaussian copula."""
    rng = np.random.default_rng(seed)
    root = np.random.default_rng(9).normal(size=(5, 5))
    v = rng.normal(size=(n, 5)) @ root.T
    v /= np.sqrt((root**2).sum(axis=1))
    return pd.DataFrame({"a": v[:, 0], "b": np.exp(v[:, 1]), "c": np.rint(3 * v[:, 2]), "d": v[:, 3] ** 3, "e": np.where(v[:, 4] > 0.4, "u", "w")})


def test_a_copula_of_data_of_a_copula_is_not_told_apart_and_independent_columns_are():
    data, fresh = of_a_copula(4000), of_a_copula(2000, 1)
    assert told(data, "conditional", GLOBAL, fresh, rows=2000).auc == pytest.approx(0.5, abs=0.03)
    for radius in (0.5, GLOBAL):
        assert told(data, "copula", radius, fresh, rows=2000).auc == pytest.approx(0.5, abs=0.05)
    assert told(data, "gaussian-global", GLOBAL, fresh, rows=2000).auc > 0.85


def test_the_draws_are_those_of_the_explanation_law_and_the_classifier_is_as_good_as_one_by_hand():
    data, fresh = of_a_copula(1500), of_a_copula(1500, 1)
    explainer = kb.TabularExplainer(silent, data, kernel_width=width_for(0.5))
    real = kb.frames.rows_like(fresh, explainer.domain.table, "rows")
    tables, columns = [real, one_draw_each(explainer, real)], explainer.domain.columns
    A, B = (encoded(t, columns, level_codes(tables, columns)) for t in tables)
    away = (B[:, :3] - A[:, :3]) / data[["a", "b", "c"]].to_numpy().std(axis=0)
    assert away.std(axis=0) == pytest.approx(0.5, rel=0.1)
    assert np.corrcoef(away.T)[0, 1] == pytest.approx(0, abs=0.1)
    train = np.arange(1500) < 1200
    trees = HistGradientBoostingClassifier(random_state=1).fit(np.concatenate([A[train], B[train]]), np.repeat([0, 1], 1200))
    by_hand = roc_auc_score(np.repeat([0, 1], 300), trees.predict_proba(np.concatenate([A[~train], B[~train]]))[:, 1])
    assert off_manifold(explainer, fresh[:1], fresh, rows=1500).auc == pytest.approx(by_hand, abs=0.06)


def test_real_rows_are_not_told_apart_however_often_they_are_drawn():
    data, fresh = of_a_copula(1000), of_a_copula(1000, 1)
    explainer = kb.TabularExplainer(lambda X: X["a"].to_numpy(), data, neighborhood="observed", kernel_width=1.0)
    found = off_manifold(explainer, fresh[:1], fresh)
    assert found.auc == pytest.approx(0.5, abs=0.06)
    assert found.share < 0.5
    assert not found.flags


def test_it_repeats_itself_and_says_how_many():
    data = of_a_copula(300)
    assert told(data, "copula") == told(data, "copula")
    assert told(data, "copula", rows=100).rows == 100
    with pytest.raises(kb.InputError, match="at least 50"):
        told(data, "copula", rows=3)
    with pytest.raises(kb.InputError, match="lacks|missing|columns"):
        off_manifold(kb.TabularExplainer(silent, data), data[:1], data[["a", "b"]])


def test_entries_of_a_sparse_row_have_no_manifold():
    from scipy.sparse import csr_array

    from kabosu.plots.neighborhood import neighborhood

    rows = csr_array(np.eye(60))
    explainer = kb.TabularExplainer(silent, rows)
    with pytest.raises(kb.InputError, match="off_manifold needs numeric columns of a dense table"):
        off_manifold(explainer, rows[:1], rows)
    with pytest.raises(kb.InputError, match="plots.neighborhood needs numeric columns of a dense table"):
        neighborhood(explainer, rows, ["x0", "x1"])


def housing(n=2000, seed=0):
    return pd.read_csv(DATA / "california_housing.csv.gz").drop(columns="MedHouseVal").sample(n, random_state=seed)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real tables are not here")
@pytest.mark.parametrize("table", [lambda: adult(3000)[0], housing], ids=["adult", "California housing"])
def test_copula_draws_are_less_separable_than_independent_ones(table):
    """The numbers of docs/neighborhoods.md, here with fewer rows."""
    data = table()
    half = len(data) // 2
    found = {n: told(data[:half], n, 0.5, data[half:]) for n in ("gaussian", "copula", "conditional", "nearest")}
    assert found["gaussian"].auc > 0.95
    assert all(found[n].auc < found["gaussian"].auc - 0.15 for n in ("copula", "conditional", "nearest"))
    (flag,) = found["gaussian"].flags
    assert flag.code == "off-manifold"
    assert flag.way_out == FLAGS["off-manifold"]
    assert not found["copula"].flags


@pytest.mark.parametrize("engine", ["auto", "sampled"])
def test_the_certificate_has_the_share_where_it_is_asked_for(engine):
    asked = kb.TabularExplainer(MODEL, DIABETES, engine=engine, kernel_width=3.0, off_manifold=True)
    es = asked.explain_many(DIABETES[:3])
    for x, e in zip(DIABETES, es, strict=False):
        found = off_manifold(asked, x, DIABETES)
        assert e.certificate.off_manifold == found.share == asked.explain(x).certificate.off_manifold
        assert [f for f in e.certificate.flags if f.code == "off-manifold"] == list(found.flags)
        assert kb.Explanation.from_json(e.to_json()).certificate.off_manifold == found.share
    again = kb.Explanations.from_json(es.to_json())
    assert [e.certificate.flags for e in again] == [e.certificate.flags for e in es]
    usual = kb.TabularExplainer(MODEL, DIABETES, engine=engine, kernel_width=3.0).explain(DIABETES[0])
    assert np.isnan(usual.certificate.off_manifold)
    assert (usual.coef == es[0].coef).all()


def test_strict_refuses_what_is_off_the_manifold():
    rng = np.random.default_rng(0)
    line = np.outer(rng.normal(size=500), np.ones(4)) + 0.05 * rng.normal(size=(500, 4))
    with pytest.raises(kb.errors.CertificateError, match="off-manifold"):
        kb.TabularExplainer(lambda A: A.sum(axis=1), line, off_manifold=True, strict=True).explain(line[0])
    assert not kb.TabularExplainer(lambda A: A.sum(axis=1), line, neighborhood="copula", off_manifold=True, strict=True).explain(line[0]).certificate.flags


def test_rows_that_fail_are_passed_over():
    asked = kb.TabularExplainer(MODEL, DIABETES, off_manifold=True)
    rows = DIABETES[:3].copy()
    rows[1, 0] = np.inf
    es = asked.explain_many(rows, on_error="record")
    assert list(es.errors) == [1]
    assert [e.certificate.off_manifold for e in es] == [asked.explain(DIABETES[i]).certificate.off_manifold for i in (0, 2)]


def test_a_sparse_table_has_no_such_share():
    from scipy import sparse

    with pytest.raises(kb.InputError, match="off_manifold needs numeric columns of a dense table"):
        kb.TabularExplainer(lambda A: A.toarray().sum(axis=1), sparse.csr_array(np.eye(5)), off_manifold=True)
