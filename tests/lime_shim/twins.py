"""lime and its shim side by side: same seeds, what the models saw and what came out."""

from contextlib import suppress

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

LOGISTIC = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
FOREST = RandomForestClassifier(10, random_state=0)


def codes(n=300, p=6, seed=0):
    """Integer codes, as lime wants categories."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.choice(int(rng.integers(2, 6)), n) for _ in range(p)]).astype(float)
    return X, ((X[:, 0] == 1) ^ (X[:, 1] > 1)).astype(int)


def mixed(n=300, seed=1):
    """Two columns of codes among numbers."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=n), rng.choice(4, n), rng.exponential(size=n), rng.choice(3, n), rng.normal(5, 2, size=n)])
    return X, (X[:, 0] + (X[:, 1] == 2) + X[:, 2] > 1).astype(int)


def load(world):
    loaders = {"iris": load_iris, "wine": load_wine, "cancer": load_breast_cancer, "diabetes": load_diabetes}
    return loaders[world](return_X_y=True) if world in loaders else codes() if world == "codes" else mixed()


def model_of(world):
    X, y = load(world)
    if world == "diabetes":
        return X, y, RandomForestRegressor(10, random_state=0).fit(X, y).predict
    return X, y, clone(LOGISTIC if world in ("iris", "wine") else FOREST).fit(X, y).predict_proba


class Recorder:
    """A model that keeps what it is asked."""

    def __init__(self, ask):
        self.ask, self.seen = ask, []

    def __call__(self, rows):
        self.seen.append(rows.copy() if hasattr(rows, "copy") else list(rows))
        return self.ask(rows)


def run(module, ask, X, row, init, explain, seed=7):
    """One explanation of a module's explainer, with a fresh generator."""
    recorder = Recorder(ask)
    explainer = module.LimeTabularExplainer(X, random_state=np.random.RandomState(seed), **init)
    return explainer, explainer.explain_instance(X[row], recorder, **explain), recorder.seen


def assert_same(theirs, ours, size=1.0):
    """Equal numbers, names, keys and order; exact ties may stand in any order."""
    assert list(ours.local_exp) == list(theirs.local_exp)
    for label, pairs in theirs.local_exp.items():
        mine = ours.local_exp[label]
        assert isinstance(mine[0][0], (int, np.integer))
        assert type(mine[0][1]) is type(pairs[0][1])
        np.testing.assert_allclose([w for _, w in mine], [w for _, w in pairs], rtol=0, atol=1e-8 * size)
        a, b = dict(pairs), dict(mine)
        assert set(a) == set(b)
        np.testing.assert_allclose([b[i] for i in a], list(a.values()), rtol=0, atol=1e-8 * size)
        with suppress(NotImplementedError):
            assert ours.available_labels() == list(theirs.available_labels())
        names = dict(theirs.as_list(label=label))
        assert set(names) == set(dict(ours.as_list(label=label)))
    for label, value in theirs.intercept.items():
        np.testing.assert_allclose(ours.intercept[label], value, rtol=0, atol=1e-8 * size)
    np.testing.assert_allclose(float(ours.score), theirs.score, rtol=0, atol=1e-8)
    np.testing.assert_allclose(np.asarray(ours.local_pred), theirs.local_pred, rtol=0, atol=1e-8 * size)
    assert ours.local_pred.shape == theirs.local_pred.shape == (1,)
    if theirs.mode == "classification":
        np.testing.assert_array_equal(ours.predict_proba, theirs.predict_proba)
        assert ours.top_labels == theirs.top_labels
        assert ours.class_names == theirs.class_names
    else:
        assert (ours.predicted_value, ours.min_value, ours.max_value) == (theirs.predicted_value, theirs.min_value, theirs.max_value)
