"""SubmodularPick: lime's picks from the same explanations, seeded, in parallel."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import lime.lime_tabular
import lime.lime_text
import lime.submodular_pick
import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestRegressor
from twins import assert_same, model_of

import kabosu.lime.lime_image
import kabosu.lime.lime_tabular
import kabosu.lime.lime_text
import kabosu.lime.submodular_pick
from kabosu.lime.submodular_pick import SubmodularPick, greedy


class Ready:
    """An explainer that has its explanations already."""

    def __init__(self, explanations):
        self.explanations, self.mode = list(explanations), "classification"

    def explain_instance(self, row, predict_fn, **options):
        return self.explanations[row]


class Words:
    mode = "classification"

    def __init__(self, pairs):
        self.pairs = pairs

    def as_list(self, label=0):
        return self.pairs

    def available_labels(self):
        return [0]


def both(explanations, k):
    picks = []
    for module in (lime.submodular_pick, kabosu.lime.submodular_pick):
        sp = module.SubmodularPick(Ready(explanations), list(range(len(explanations))), None, method="full", num_exps_desired=k)
        picks.append([int(i) for i in sp.V])
    return picks


@pytest.mark.parametrize("seed", range(30))
def test_limes_picks(seed):
    """Sparse whole-number weights make many ties."""
    rng = np.random.default_rng(seed)
    n, f = int(rng.integers(6, 60)), int(rng.integers(3, 20))
    W = rng.integers(-2, 3, size=(n, f)) * (rng.random((n, f)) < 0.3) if seed % 2 else rng.normal(size=(n, f)) * (rng.random((n, f)) < 0.2)
    explanations = [Words([(f"w{j}", float(w)) for j, w in enumerate(row) if w]) for row in W]
    theirs, ours = both(explanations, min(n, 6))
    assert ours == theirs


def test_lazy_is_greedy():
    """Against a plain search of all rows in every step."""
    rng = np.random.default_rng(0)
    W = rng.normal(size=(300, 80)) * (rng.random((300, 80)) < 0.05)
    importance, chosen = np.sqrt(np.abs(W).sum(axis=0)), []
    for _ in range(20):
        reached = [(float(np.dot((np.abs(W)[[*chosen, i]].sum(axis=0) > 0), importance)), i) for i in range(300) if i not in chosen]
        chosen.append(max(reached)[1])
    assert greedy(W, 20) == chosen


@pytest.mark.parametrize("world", ["iris", "wine"])
def test_whole_run_on_tables(world):
    X, _, ask = model_of(world)
    found = []
    for tabular, pick in ((lime.lime_tabular, lime.submodular_pick), (kabosu.lime.lime_tabular, kabosu.lime.submodular_pick)):
        explainer = tabular.LimeTabularExplainer(X[:30], random_state=1)
        found.append(pick.SubmodularPick(explainer, X[:30], ask, method="full", num_exps_desired=4, num_features=4, num_samples=200))
    theirs, ours = found
    assert ours.V == theirs.V
    for a, b in zip(theirs.sp_explanations, ours.sp_explanations, strict=True):
        assert_same(a, b)
    assert ours.sp_indices == ours.V
    assert len(ours.explanations) == 30


def test_lime_shuffles_with_the_global_generator():
    X, _, ask = model_of("iris")
    V = []
    for tabular, pick, extra in ((lime.lime_tabular, lime.submodular_pick, {}), (kabosu.lime.lime_tabular, kabosu.lime.submodular_pick, {"bug_compatible": True})):
        np.random.seed(3)  # noqa: NPY002  what lime listens to
        explainer = tabular.LimeTabularExplainer(X, random_state=1, **extra)
        V.append(pick.SubmodularPick(explainer, X, ask, sample_size=20, num_exps_desired=3, num_samples=100).V)
    assert V[0] == V[1]


def test_seeded_whatever_the_global_generator():
    X, _, ask = model_of("iris")
    picks = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002  what lime listens to
        sp = SubmodularPick(kabosu.lime.lime_tabular.LimeTabularExplainer(X, random_state=5), X, ask, sample_size=15, num_exps_desired=3, num_samples=100)
        picks.append((sp.indices, sp.sp_indices))
    assert picks[0] == picks[1]
    assert set(picks[0][1]) <= set(picks[0][0])


def test_workers_change_nothing():
    X, _, ask = model_of("wine")
    found = []
    for workers in (1, 4):
        with ThreadPoolExecutor(workers) as runner:
            sp = SubmodularPick(kabosu.lime.lime_tabular.LimeTabularExplainer(X, random_state=5), X, ask, sample_size=25, num_exps_desired=5, num_samples=150, runner=runner)
        found.append((sp.V, sp.sp_indices, [e.as_map() for e in sp.explanations]))
    assert found[0] == found[1]


def test_regression_texts_and_images():
    X, y = load_diabetes(return_X_y=True)
    explainer = kabosu.lime.lime_tabular.LimeTabularExplainer(X, mode="regression", random_state=0)
    assert len(SubmodularPick(explainer, X[:12], RandomForestRegressor(5, random_state=0).fit(X, y).predict, method="full", num_exps_desired=3, num_samples=80).sp_explanations) == 3
    texts = ["a good film", "a bad film", "good fun", "bad actors"]
    good = lambda texts: np.column_stack([1 - (p := np.array(["good" in t for t in texts]) * 0.8 + 0.1), p])  # noqa: E731
    assert SubmodularPick(kabosu.lime.lime_text.LimeTextExplainer(random_state=0), texts, good, method="full", num_exps_desired=2, num_samples=80).V
    images = np.random.default_rng(0).random((4, 8, 8, 3))
    quarters = np.kron([[0, 1], [2, 3]], np.ones((4, 4), dtype=int))
    bright = lambda images: np.column_stack([1 - (p := images[:, :4, :4].mean(axis=(1, 2, 3))), p])  # noqa: E731
    sp = SubmodularPick(kabosu.lime.lime_image.LimeImageExplainer(random_state=0), images, bright, method="full", num_exps_desired=2, num_samples=60, segmentation_fn=lambda image: quarters, progress_bar=False)
    assert len(sp.V) == 2


def test_frames_and_too_many():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(load_iris().data, columns=["sl", "sw", "pl", "pw"])
    X, _, ask = model_of("iris")
    explainer = kabosu.lime.lime_tabular.LimeTabularExplainer(frame, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="all 10 rows"):
            SubmodularPick(explainer, frame[:10], lambda rows: ask(rows.to_numpy()), sample_size=11)
    assert len(SubmodularPick(explainer, frame[40:60], lambda rows: ask(rows.to_numpy()), method="full", num_exps_desired=2, num_samples=50).V) == 2
    with pytest.raises(ValueError, match="method"):
        SubmodularPick(explainer, frame, ask, method="some")
