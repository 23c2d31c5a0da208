"""kabosu.lime beside lime: the same seeds, rows and numbers, which are compared before the clock starts.

    python -m benchmarks.shim

Behind each ratio stands the highest that is possible: lime's time over what nobody can leave out whose rows are lime's bit for
bit. That is the old generator's stream, the logarithms of its polar method, scipy's normal quantiles, one order of words a text,
the images themselves, one Gram matrix and the model, each at the speed of numpy or scipy. (Those quantiles written out in numpy, with
scipy's constants, take 14.7 ns a number where scipy's own take 12.6, and miss last bits.)
"""

import contextlib
import io
from dataclasses import replace
from functools import partial

import lime.lime_image
import lime.lime_tabular
import lime.lime_text
import numpy as np
from scipy.special import ndtri_exp, xlogy

import kabosu.lime.lime_image
import kabosu.lime.lime_tabular
import kabosu.lime.lime_text
from benchmarks.clock import Row, faster, show, side_by_side, timed


def score(Z, w):
    p = 1 / (1 + np.exp(-Z @ w))
    return np.column_stack([1 - p, p])


def letters(texts):
    p = np.array([len(t) for t in texts]) / 3000
    return np.column_stack([1 - p, p])


def corner(images):
    p = images[:, :8, :8].mean(axis=(1, 2, 3)) / (255 if images.dtype == np.uint8 else 1)
    return np.column_stack([1 - p, p])


def binned(n, p):
    """Two uniform numbers a cell, and the quantile of one of them."""
    state, x = np.random.RandomState(0), np.empty(n)
    for _ in range(p):
        state.random_sample(n)
        np.log(state.random_sample(n), out=x)
        np.log1p(np.exp(x), out=np.empty(n))
        ndtri_exp(x, out=x)


def normal(n, p):
    """Points in the square until enough are in the disk, and a logarithm and a root for each of those: the polar method of the old normals."""
    square = np.random.RandomState(0).random_sample(int(n * p * 4 / np.pi))[: n * p // 2]
    np.sqrt(xlogy(-2.0, square), out=square)


def shuffled(n, p):
    """One order of the words a text, 250 texts at once."""
    state, orders = np.random.RandomState(0), np.tile(np.arange(p), (250, 1))
    state.randint(1, p + 1, n)
    generator = np.random.Generator(state._bit_generator)
    for _ in range(n // 250):
        generator.permuted(orders, axis=1)


def gram(n, p):
    A = np.ones((p, n))
    return lambda: A @ A.T


def copied(image):
    """A thousand images for the model, ten at once."""
    for _ in range(100):
        batch = np.empty((10, *image.shape), dtype=image.dtype)
        batch[:] = image
        corner(batch)


def floor(*parts):
    """All parts, one after the other."""
    return lambda: [part() for part in parts]


def compared(pair, ask, least, runs):
    """Medians of both and of the floor, in turns; lime once where it is slow. Their numbers are the same or nothing is printed."""
    a, b = (ask(explainer) for explainer in pair)
    for label, pairs in a.local_exp.items():
        mine = dict(b.local_exp[label])
        np.testing.assert_allclose([mine[i] for i, _ in pairs], [w for _, w in pairs], rtol=0, atol=1e-8)
    theirs, ours = (partial(ask, explainer) for explainer in pair)
    if runs:
        return side_by_side([theirs, ours, least], runs)
    return [timed(theirs), *side_by_side([ours, least], 7)]


def row(what: str, pair, ask, target, least, runs=9) -> Row:
    with contextlib.redirect_stderr(io.StringIO()):  # lime's progress bar
        theirs, ours, floor = compared(pair, ask, least, runs)
    made: Row = faster(what, theirs, ours, target)
    return replace(made, ratio=f"{theirs.cpu / ours.cpu:.1f}x (at most {theirs.cpu / floor.cpu:.1f}x)")


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
        draws = partial(binned, 5000, p) if discretize else partial(normal, 5000, p)
        least = floor(draws, gram(5000, p), partial(model, np.ones((5000, p))))
        made.append(row(f"shim, table, {'bins' if discretize else 'numbers'}, p = {p}, K = {K}, 5,000 samples", pair, ask, target, least, runs))
    return made


def texts() -> list[Row]:
    made = []
    for words, K, runs in ((20, 10, 5), (200, 10, 3), (200, 6, 0)):
        text = " ".join(f"word{i}" for i in range(words))
        pair = [m.LimeTextExplainer(random_state=0) for m in (lime.lime_text, kabosu.lime.lime_text)]
        least = floor(partial(shuffled, 5000, words), gram(5000, words), partial(letters, [text] * 5000))
        made.append(row(f"shim, text, {words} words, K = {K}, 5,000 samples", pair, lambda e, text=text, K=K: e.explain_instance(text, letters, num_features=K), 10, least, runs))
    return made


def images() -> list[Row]:
    pixels, made = np.random.default_rng(0).random((224, 224, 3)), []
    tiles = np.kron(np.arange(64).reshape(8, 8), np.ones((28, 28), dtype=int))
    for kind, image in (("bytes", (255 * pixels).astype(np.uint8)), ("float32", pixels.astype(np.float32)), ("float64", pixels)):
        pair = [m.LimeImageExplainer(random_state=0) for m in (lime.lime_image, kabosu.lime.lime_image)]
        ask = lambda e, image=image: e.explain_instance(image, corner, segmentation_fn=lambda _: tiles)  # noqa: E731
        made.append(row(f"shim, image 224 x 224 of {kind}, 64 superpixels, 1,000 samples", pair, ask, 10, floor(partial(copied, image), gram(1000, 64)), 3))
    return made


def rows() -> list[Row]:
    settled()
    return tables() + texts() + images()


if __name__ == "__main__":
    show(rows())
