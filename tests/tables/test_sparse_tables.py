"""Sparse tables: rows stay sparse, of the user's own class, format and dtype; a linear model gives back its own coefficients."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import SVC, LinearSVC

import kabosu as kb
from kabosu.errors import InputError, RaggedError, RowError

rng = np.random.default_rng(0)
D = 400
CSR = sparse.random(120, D, density=0.03, format="csr", random_state=0, data_rvs=lambda n: rng.integers(1, 9, n)).astype(float)
SLOPE = rng.normal(size=D)
Y = np.asarray(CSR @ SLOPE > 0)
KINDS = [(maker, dtype) for maker in ("csr_matrix", "csc_matrix", "coo_matrix", "csr_array", "csc_array", "coo_array") for dtype in ("f8", "f4", "i8", "u1", "?")]


class Linear:
    """Keeps what it is handed."""

    def __init__(self):
        self.got = []

    def __call__(self, rows):
        self.got.append(rows)
        return np.asarray(rows.astype(float) @ SLOPE).reshape(-1)


def explained(model, data, x, **options):
    return kb.TabularExplainer(model, data, budget=600, **options).explain(x)


@pytest.mark.parametrize(("maker", "dtype"), KINDS, ids=["-".join(k) for k in KINDS])
def test_rows_are_never_dense_and_of_the_users_kind(maker, dtype):
    data = getattr(sparse, maker)(CSR.astype(dtype))
    model, row = Linear(), CSR[[3]].astype(dtype)
    e = explained(model, data, getattr(sparse, maker)(row))
    for rows in model.got:
        assert type(rows) is type(data)
        assert (rows.format, rows.dtype, rows.shape[1]) == (data.format, data.dtype, D)
        assert rows.nnz <= rows.shape[0] * row.nnz
    assert (model.got[0] != data.tocsr()[[3]]).nnz == 0
    drawn = sparse.csr_matrix(sparse.vstack(model.got[1:]))
    assert set(drawn.indices) == set(row.indices)
    for j, v in zip(row.indices, row.data, strict=True):
        assert set(drawn[:, j].data) == {v}
    assert e.columns == tuple(f"x{j}" for j in row.indices)
    assert np.allclose(e.coef[:, 0], SLOPE[row.indices], atol=1e-9)
    assert np.allclose(e.coef_scaled[:, 0], SLOPE[row.indices] * row.data, atol=1e-9)


FORMS = {
    "row": lambda: CSR[[3]],
    "row of a matrix": lambda: CSR[3],
    "1-D array": lambda: sparse.csr_array(CSR)[3],
    "other format": lambda: CSR[[3]].tocoo(),
    "lil": lambda: CSR[[3]].tolil(),
    "dense": lambda: CSR[[3]].toarray()[0],
    "dense 2-D": lambda: CSR[[3]].toarray(),
    "list": lambda: CSR[[3]].toarray()[0].tolist(),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_instance_in_every_form(form):
    want = explained(Linear(), CSR, CSR[[3]])
    assert np.array_equal(explained(Linear(), CSR, FORMS[form]()).coef, want.coef)


@pytest.mark.parametrize("model", [LogisticRegression(), LinearSVC(), SVC(kernel="linear"), MultinomialNB(), RandomForestClassifier(10, random_state=0)], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("maker", [sparse.csr_matrix, sparse.csr_array], ids=["matrix", "array"])
def test_real_models(model, maker):
    data = maker(CSR)
    model.fit(data, np.where(Y, "yes", "no"))
    output = "margin" if hasattr(model, "decision_function") else "auto"
    e = explained(model, data, data[[3]], output=output)
    entries = CSR[[3]].indices
    assert e.target == ("yes" if output == "margin" else str(model.predict(data[[3]])[0]))
    if output == "margin":
        slope = model.coef_.toarray() if sparse.issparse(model.coef_) else model.coef_
        assert np.allclose(e.coef[:, 0], slope[0, entries], atol=1e-8)


def test_regression_and_boosters():
    model = LinearRegression().fit(CSR, CSR @ SLOPE)
    assert np.allclose(explained(model, CSR, CSR[[5]]).coef[:, 0], model.coef_[CSR[[5]].indices], atol=1e-6)
    xgboost, lightgbm = pytest.importorskip("xgboost"), pytest.importorskip("lightgbm")
    for model in (xgboost.XGBClassifier(n_estimators=5, n_jobs=1), lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1)):
        model.fit(CSR, Y.astype(int))
        assert np.allclose(explained(model, CSR, CSR[[3]]).prediction, model.predict_proba(CSR[[3]])[0], atol=1e-6)


@pytest.mark.parametrize("recipe", ["kabosu", "article", "lime"])
def test_every_recipe(recipe):
    e = kb.TabularExplainer(Linear(), CSR, recipe=recipe, budget=600).explain(CSR[[3]])
    tolerance = 0.6 if recipe == "lime" else 1e-8  # lime's ridge and its selection of ten pull on the coefficients
    kept = e.coef[:, 0] != 0
    assert np.allclose(e.coef[kept, 0], SLOPE[CSR[[3]].indices][kept], atol=tolerance)


def test_many_rows_are_ragged():
    es = kb.TabularExplainer(Linear(), CSR, budget=600).explain_many(CSR[:7])
    assert len(es) == 7
    assert [len(e) for e in es] == [CSR[[i]].nnz for i in range(7)]
    with pytest.raises(RaggedError, match="do not share their features"):
        es.coef  # noqa: B018
    assert len(es.to_frame()) == CSR[:7].nnz
    assert np.array_equal(es[4].coef, explained(Linear(), CSR, CSR[[4]]).coef)


def test_features_keeps_the_other_entries():
    entries = CSR[[3]].indices
    model = Linear()
    e = kb.TabularExplainer(model, CSR, budget=600).explain(CSR[[3]], features=[int(entries[0]), f"x{entries[2]}"])
    assert e.columns == (f"x{entries[0]}", f"x{entries[2]}")
    assert (np.diff(model.got[1].indptr) >= len(entries) - 2).all()


def test_the_users_arrays_stay_as_they_are():
    """Duplicate and unsorted entries are summed in a copy; arrays that cannot be written are read."""
    twice = sparse.csr_matrix((np.array([1.0, 2.0, 4.0, 3.0, 1.0]), np.array([5, 2, 5, 1, 0]), np.array([0, 3, 5])), shape=(2, D))
    for array in (twice.data, twice.indices, twice.indptr):
        array.flags.writeable = False
    e = explained(Linear(), twice, twice[[0]])
    assert e.columns == ("x2", "x5")
    assert e.values == (2.0, 5.0)
    es = kb.TabularExplainer(Linear(), twice, budget=600).explain_many(twice)
    assert [e.columns for e in es] == [("x2", "x5"), ("x0", "x1")]
    assert twice.data.tolist() == [1.0, 2.0, 4.0, 3.0, 1.0]
    assert twice.indices.tolist() == [5, 2, 5, 1, 0]


def test_what_a_sparse_table_cannot_do():
    with pytest.raises(RowError, match="no non-zero entries"):
        explained(Linear(), CSR, sparse.csr_matrix((1, D)))
    bad = CSR[[3]].copy()
    bad.data[0] = np.nan
    with pytest.raises(RowError, match="missing or infinite"):
        explained(Linear(), CSR, bad)
    with pytest.raises(InputError, match="has 9 columns; the background data has 400"):
        explained(Linear(), CSR, sparse.csr_matrix((1, 9)))
    with pytest.raises(InputError, match="do not apply to sparse tables"):
        explained(Linear(), CSR, CSR[[3]], categorical=[1])
    with pytest.raises(RowError, match="entry 2.5, which the dtype int64"):
        explained(Linear(), CSR.astype(int), sparse.csr_matrix(([2.5, 3.0], ([0, 0], [4, 7])), shape=(1, D)))
    es = kb.TabularExplainer(Linear(), CSR, budget=600).explain_many(sparse.vstack([CSR[:2], sparse.csr_matrix((1, D))]).tocsr(), on_error="record")
    assert list(es.errors) == [2]
