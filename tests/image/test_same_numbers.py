"""Same picture and settings, same numbers: whatever the batch, the order, the workers; counted and within the budget."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from pictures import Keeper, photo

import kabosu as kb


def wavy(X):
    """Neither linear nor additive; each image by itself."""
    return np.stack([np.sin(6 * X[i].astype(float).mean() / 255) * X[i, :8].mean() for i in range(len(X))])


@pytest.fixture(scope="module")
def whole():
    return kb.ImageExplainer(wavy, segments="grid", n_segments=36).explain(photo())


@pytest.mark.parametrize("batch_size", [1, 7, 64, 5000])
def test_whatever_the_batch(whole, batch_size):
    e = kb.ImageExplainer(wavy, segments="grid", n_segments=36, batch_size=batch_size).explain(photo())
    assert np.array_equal(e.coef, whole.coef) and np.array_equal(e.std_error, whole.std_error) and e.n_model_calls == whole.n_model_calls


def test_whatever_the_order_and_the_workers():
    images = [photo(seed=i) for i in range(4)]
    explainer = kb.ImageExplainer(wavy, segments="grid", n_segments=9, budget=200)
    wanted = [explainer.explain(x).coef for x in images]
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        for runner in (threads, processes):
            es = explainer.explain_many(images[::-1], runner=runner)
            assert all(np.array_equal(e.coef, w) for e, w in zip(es, wanted[::-1], strict=True))


@pytest.mark.parametrize("budget", [41, 129, 500, 4096])
def test_rows_are_counted_and_within_the_budget(budget):
    model = Keeper(wavy)
    e = kb.ImageExplainer(model, segments="grid", n_segments=16, budget=budget).explain(photo())
    assert sum(map(len, model.batches)) == e.n_model_calls <= budget


def test_the_caller_may_write_into_what_it_was_given():
    """A model that preprocesses in place spoils neither the picture nor the next batch."""

    def careless(X):
        answer = wavy(X)
        X[...] = 0
        return answer

    x = photo()
    a, b = (kb.ImageExplainer(f, segments="grid", n_segments=9, budget=200).explain(x) for f in (careless, wavy))
    assert np.array_equal(a.coef, b.coef) and np.array_equal(x, photo())


def test_collections_round_trip():
    es = kb.ImageExplainer(wavy, segments="grid", n_segments=4).explain_many([photo(), photo(20, 16, 0)])
    back = kb.Explanations.from_json(es.to_json())
    assert all(np.array_equal(a.layout.atoms, b.layout.atoms) and np.array_equal(a.coef, b.coef) for a, b in zip(es, back, strict=True))
