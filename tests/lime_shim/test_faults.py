"""The faults of lime on tables that meet them: as lime on request, mended otherwise."""

import lime.lime_tabular
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from twins import Recorder, model_of

import kabosu.lime.lime_tabular
from kabosu.lime.lime_tabular import LimeTabularExplainer


def samples(X, module=kabosu.lime.lime_tabular, row=0, **init):
    recorder = Recorder(lambda rows: np.column_stack([1 - (p := 1 / (1 + np.exp(-rows[:, 0]))), p]))
    module.LimeTabularExplainer(X, random_state=3, **init).explain_instance(X[row], recorder, num_samples=2000)
    return recorder.seen[0]


def test_bins_of_one_value():
    """60% of the column is 7: lime sends 0, which no row ever held."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=500), np.where(rng.random(500) < 0.6, 7.0, 7 + rng.exponential(size=500))])
    theirs, alike, mended = samples(X, lime.lime_tabular), samples(X, bug_compatible=True), samples(X)
    np.testing.assert_array_equal(alike, theirs)
    assert (theirs[:, 1] == 0).mean() > 0.5
    assert mended[:, 1].min() >= 7
    assert (mended[:, 1] == 7).mean() == pytest.approx(0.6, abs=0.05)
    same = theirs[:, 1] != 0
    np.testing.assert_array_equal(mended[same], theirs[same])  # every other number is lime's


def test_sparse_columns_are_divided_by_their_scale():
    """The slope of a linear model per standard deviation, whatever the unit of its column."""
    X = np.abs(np.random.default_rng(0).normal(size=(300, 3))) * [0.1, 1, 100]
    e = LimeTabularExplainer(csr_matrix(X), mode="regression", random_state=0).explain_instance(csr_matrix(X)[0], lambda rows: np.asarray(rows.multiply([[10, 1, 0.01]]).sum(axis=1)).ravel())
    np.testing.assert_allclose([w for _, w in sorted(e.as_map()[1])], X.std(axis=0) * [10, 1, 0.01], rtol=0.01)


def test_latin_hypercubes_fill_every_interval():
    X, _, ask = model_of("iris")
    recorder = Recorder(ask)
    LimeTabularExplainer(X, discretize_continuous=False, random_state=0).explain_instance(X[0], recorder, sampling_method="lhs", num_samples=400)
    from scipy.special import ndtr

    u = ndtr((recorder.seen[0][1:] - X.mean(axis=0)) / X.std(axis=0))
    assert all(len(set(np.floor(400 * column).astype(int))) == 399 for column in u.T)


def test_names_of_small_numbers():
    X = np.random.default_rng(0).random((200, 1)) * 1e-6
    lime_names, ours = (LimeTabularExplainer(X, feature_names=["a"], bug_compatible=b).discretizer.names[0] for b in (True, False))
    assert len(set(lime_names)) < 4 == len(set(ours))


def test_all_labels_that_were_not_explained():
    X, _, ask = model_of("iris")
    e = LimeTabularExplainer(X, random_state=0).explain_instance(X[0], ask, labels=(2, 0), num_samples=100)
    assert e.as_list() == e.as_list(label=2)
    with pytest.raises(KeyError, match="were"):
        e.as_list(label=1)
    assert e.as_pyplot_figure(label=2) is not None
    import matplotlib.pyplot as plt

    plt.close("all")


def test_truncated_normals_are_scipys():
    """Bit for bit, for bins of every kind; with another scipy that computes another way, scipy itself is asked."""
    from scipy.stats import truncnorm

    from kabosu.lime.truncated import Truncated, _agrees

    rng = np.random.default_rng(1)
    low = np.concatenate([-rng.exponential(size=30), rng.normal(size=20), [-40.0, 8.0]])
    laws = Truncated(low, low + rng.exponential(size=52) + 1e-9, rng.normal(size=52), rng.exponential(size=52))
    bins = rng.integers(52, size=20_000)
    expected = truncnorm.rvs(laws.low[bins], laws.high[bins], loc=laws.loc[bins], scale=laws.scale[bins], random_state=np.random.RandomState(2))
    np.testing.assert_array_equal(laws.draw(np.random.RandomState(2), bins), expected)
    assert _agrees()
