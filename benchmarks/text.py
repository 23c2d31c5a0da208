"""Texts beside lime 0.2.0.1 with a model that costs next to nothing, in one run: time and memory."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from lime.lime_text import LimeTextExplainer

import kabosu as kb
from benchmarks.clock import Row, Seconds, faster, lean, milli, resident, show, side_by_side, timed
from kabosu.recipes import TEXTS
from kabosu.samplers import quasi

SAMPLES = 5000


@dataclass(frozen=True)
class Letters:
    """Two probabilities that grow with the length of the text: as cheap as a model of texts can be."""

    whole: int

    def __call__(self, texts: list[str]) -> np.ndarray:
        p = 1 / (1 + np.exp(2 - 4 * np.fromiter(map(len, texts), dtype=np.float64, count=len(texts)) / self.whole))
        return np.column_stack([1 - p, p])


def text(words: int) -> str:
    rng = np.random.default_rng(words)
    return " ".join(f"{''.join(rng.choice(list('abcdefghij'), 5))}{i}" for i in range(words))


def ours(words: int, seed: int = 0) -> Callable[[], Any]:
    t = text(words)
    recipe = replace(TEXTS["kabosu"], budget=SAMPLES, samples=SAMPLES - 1, tolerance=None)
    explainer = kb.TextExplainer(Letters(len(t)), recipe=recipe, random_state=seed)

    def call() -> Any:
        quasi._points.cache_clear(), quasi._shared.cache_clear()  # another text seldom has as many words
        return explainer.explain(t)

    return call


def theirs(words: int, features: int = 6) -> Callable[[], Any]:
    t = text(words)
    explainer = LimeTextExplainer(random_state=0)
    return lambda: explainer.explain_instance(t, Letters(len(t)), num_features=features, num_samples=SAMPLES)


def long(words: int, runs: int, target: float) -> list[Row]:
    """Its six best features, which it finds by forward selection, and ten, which it takes by their weights; ours has all either way."""
    peer, ten, own = side_by_side([theirs(words), theirs(words, 10), ours(words)], runs)
    what = f"text, {words} distinct words, {SAMPLES:,} samples"
    return [faster(what, peer, own, target), Row(f"{what}, lime's ten", str(ten), str(own), f"{ten.cpu / own.cpu:.1f}x", "", None)]


def very_long(words: int, most: float) -> Row:
    call = ours(words)
    call()
    own = timed(call)
    return Row(f"text, {words:,} distinct words, {SAMPLES:,} samples", "not in 150 s", str(own), "", f"<= {most:g} s", own.cpu <= most)


def batch(texts: int = 500, of_lime: int = 25) -> Row:
    """Short texts of 5 to 24 words; of lime's loop only some are run."""
    rng = np.random.default_rng(0)
    many = [" ".join(rng.choice(text(300).split(), rng.integers(5, 25))) for _ in range(texts)]
    model = Letters(200)
    explainer, peer = kb.TextExplainer(model), LimeTextExplainer(random_state=0)
    explainer.explain_many(many[:5])
    own = timed(lambda: explainer.explain_many(many))
    loop = timed(lambda: [peer.explain_instance(t, model, num_features=6, num_samples=SAMPLES) for t in many[:of_lime]])
    scaled = Seconds(loop.wall * texts / of_lime, loop.cpu * texts / of_lime)
    return faster(f"{texts} short texts (lime: {of_lime} of them, scaled)", scaled, own, 30)


def memory(words: int, most_of_lime: float | None = None) -> Row:
    return lean(f"memory, {words:,} words, {SAMPLES:,} samples", "benchmarks.text", str(words), most_of_lime)


def rows() -> list[Row]:
    return [*long(200, 3, 15), *long(600, 1, 20), very_long(2000, 3), batch(), memory(200, 1), memory(600, 1)]


if __name__ == "__main__":
    if sys.argv[1:]:
        make = {"ours": ours, "theirs": theirs}[sys.argv[1]]
        make(20)()  # imports
        print(resident(make(int(sys.argv[2]))))
    else:
        assert milli(1.0)
        show(rows())
