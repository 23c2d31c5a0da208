"""Texts beside lime 0.2.0.1 with a model that costs next to nothing, in one run: time and memory."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from lime.lime_text import LimeTextExplainer

import kabosu as kb
from benchmarks.clock import Row, Seconds, faster, milli, show, side_by_side, timed
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


def memory(words: int = 600) -> Row:
    """Highest resident size beyond what the imports take, each in a process of its own."""
    sizes = [int(subprocess.run([sys.executable, "-m", "benchmarks.text", who, str(words)], capture_output=True, text=True, check=True).stdout) for who in ("theirs", "ours")]
    return Row(f"memory, {words} words, {SAMPLES:,} samples", f"{sizes[0] / 1024:.0f} MB", f"{sizes[1] / 1024:.0f} MB", f"{sizes[0] / max(sizes[1], 1):.1f}x", "", None)


def resident(call: Callable[[], Any]) -> int:
    """Highest resident size while it runs, beyond that before it, in kB; the kernel's mark is set back first."""
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    call()
    return _status("VmHWM") - before


def _status(name: str) -> int:
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))


def rows() -> list[Row]:
    return [*long(200, 3, 15), *long(600, 1, 20), very_long(2000, 3), batch(), memory()]


if __name__ == "__main__":
    if sys.argv[1:]:
        print(resident({"ours": ours, "theirs": theirs}[sys.argv[1]](int(sys.argv[2]))))
    else:
        assert milli(1.0)
        show(rows())
