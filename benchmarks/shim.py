"""kabosu.lime beside lime: the same seeds, rows and numbers, which are compared before the clock starts.

    python -m benchmarks.shim
"""

import contextlib
import io
from functools import partial

import lime.lime_image
import lime.lime_tabular
import lime.lime_text
import numpy as np

import kabosu.lime.lime_image
import kabosu.lime.lime_tabular
import kabosu.lime.lime_text
from benchmarks.clock import Row, Seconds, faster, show, side_by_side, timed


def score(Z, w):
    p = 1 / (1 + np.exp(-Z @ w))
    return np.column_stack([1 - p, p])


def letters(texts):
    p = np.array([len(t) for t in texts]) / 3000
    return np.column_stack([1 - p, p])


def corner(images):
    p = images[:, :8, :8].mean(axis=(1, 2, 3)) / (255 if images.dtype == np.uint8 else 1)
    return np.column_stack([1 - p, p])


def compared(pair, ask, runs):
    """Medians of both, in turns; lime once where it is slow. Their numbers are the same or nothing is printed."""
    a, b = (ask(explainer) for explainer in pair)
    for label, pairs in a.local_exp.items():
        mine = dict(b.local_exp[label])
        np.testing.assert_allclose([mine[i] for i, _ in pairs], [w for _, w in pairs], rtol=0, atol=1e-8)
    theirs, ours = (partial(ask, explainer) for explainer in pair)
    if runs:
        return side_by_side([theirs, ours], runs)
    return [timed(theirs), side_by_side([ours], 7)[0]]


def row(what: str, pair, ask, target, runs=9) -> Row:
    with contextlib.redirect_stderr(io.StringIO()):  # lime's progress bar
        found: list[Seconds] = compared(pair, ask, runs)
    return faster(what, *found, target)


def settled() -> None:
    """The allocator as it is in any process that has held a large table: it keeps memory instead of giving it back after every call."""
    np.empty(30_000_000, dtype=np.uint8)[::4096] = 0


def tables() -> list[Row]:
    made = []
    for p, K, discretize, runs, target in ((10, 10, True, 15, 5), (10, 10, False, 15, 5), (30, 10, True, 9, 5), (200, 10, True, 5, 5), (200, 6, True, 0, 50)):
        rng = np.random.default_rng(0)
        X, model = rng.normal(size=(1000, p)), partial(score, w=rng.normal(size=p))
        pair = [m.LimeTabularExplainer(X, random_state=0, discretize_continuous=discretize) for m in (lime.lime_tabular, kabosu.lime.lime_tabular)]
        ask = lambda e, X=X, model=model, K=K: e.explain_instance(X[0], model, num_features=K)  # noqa: E731
        made.append(row(f"shim, table, {'bins' if discretize else 'numbers'}, p = {p}, K = {K}, 5,000 samples", pair, ask, target, runs))
    return made


def texts() -> list[Row]:
    made = []
    for words, K, runs in ((20, 10, 5), (200, 10, 3), (200, 6, 0)):
        text = " ".join(f"word{i}" for i in range(words))
        pair = [m.LimeTextExplainer(random_state=0) for m in (lime.lime_text, kabosu.lime.lime_text)]
        made.append(row(f"shim, text, {words} words, K = {K}, 5,000 samples", pair, lambda e, text=text, K=K: e.explain_instance(text, letters, num_features=K), 10, runs))
    return made


def images() -> list[Row]:
    pixels, made = np.random.default_rng(0).random((224, 224, 3)), []
    tiles = np.kron(np.arange(64).reshape(8, 8), np.ones((28, 28), dtype=int))
    for kind, image in (("bytes", (255 * pixels).astype(np.uint8)), ("float32", pixels.astype(np.float32)), ("float64", pixels)):
        pair = [m.LimeImageExplainer(random_state=0) for m in (lime.lime_image, kabosu.lime.lime_image)]
        ask = lambda e, image=image: e.explain_instance(image, corner, segmentation_fn=lambda _: tiles)  # noqa: E731
        made.append(row(f"shim, image 224 x 224 of {kind}, 64 superpixels, 1,000 samples", pair, ask, 10, 3))
    return made


def rows() -> list[Row]:
    settled()
    return tables() + texts() + images()


if __name__ == "__main__":
    show(rows())
