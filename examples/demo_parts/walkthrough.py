"""The walk-through: two moons, a random forest, one instance, five pictures; then the same question at 20 seeds."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import make_moons
from sklearn.ensemble import RandomForestClassifier

import kabosu as kb
from demo_parts import seeds
from demo_parts.answers import INSTANCE, REFERENCE, SEEDS, Answers, answers
from demo_parts.page import Picture, Progress, Section, picture, signed

NAMES = ("x0", "x1")

STEPS = (
    ("1. The model's surface", ("model",), "The color is the forest's probability of class 1 at every point: blue where it is likely, orange where it is not. The dots are the 200 points that it learned from."),
    ("2. The instance", ("model", "instance"), "The marked point is the one to explain. The question is not how the forest works everywhere, but what moves its answer near this point."),
    ("3. One hundred draws", ("model", "instance", "draws"), "These are 100 random points around the instance, and the forest is asked about each of them. Another seed would put them elsewhere."),
    ("4. Nearer counts more", ("model", "instance", "weights"), "A point's size is its weight: near ones count more, far ones less. With the article's wide kernel even distant points still count."),
    ("5. The line", ("model", "instance", "weights", "line"), "A straight line is fitted to the answers by weighted least squares; the picture shows where it crosses one half. Its two slopes are the explanation."),
)
SLOPES = ("… and its two slopes", "Each bar is what one standard deviation more of a feature adds to the probability of class 1, in this one run. The whisker is the 95% error that kabosu adds; the article had none.")


def pictures(out: Path, explainer: kb.TabularExplainer, X: np.ndarray, y: np.ndarray, e: kb.Explanation) -> tuple[Picture, ...]:
    """The five pictures, each with one thing more, and the slopes as bars."""
    from kabosu import plots

    x = X[INSTANCE]
    land = plots.landscape(explainer, x, features=NAMES, output=1, draws=100)

    def draw(figure: Any, show: tuple[str, ...]) -> None:
        ax = plots.layers(land, ax=figure.subplots(), show=show)
        if show == ("model",):
            for label, marker in enumerate("ov"):
                ax.scatter(*X[y == label].T, s=20, marker=marker, facecolor=["#f5a04a", "#58b3f0"][label], edgecolor="#1f2328", linewidth=0.5, label=f"class {label}")
            ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize="small")

    five = [picture(out, f"moons-{n}", title, words, f"The two moons, with: {', '.join(show)}.", partial(draw, show=show)) for n, (title, show, words) in enumerate(STEPS, start=1)]
    bars = picture(out, "moons-6", *SLOPES, "Bars of the two slopes with error whiskers.", lambda f: plots.bars(e, ax=f.subplots()))
    return (*five, bars)


def facts(a: Answers) -> tuple[tuple[str, str], ...]:
    """How the numbers stand to the reference."""
    inside = np.abs(a.ours.value - a.limit) <= a.ours.half
    covered = np.abs(a.article.value - a.limit) <= a.article.half
    low, high = a.article.value.min(axis=0), a.article.value.max(axis=0)
    return (
        (f"smallest and largest answer of the article's scheme over {SEEDS} seeds", "; ".join(f"{n} {signed(lo, 3)} to {signed(hi, 3)}" for n, lo, hi in zip(NAMES, low, high, strict=True))),
        ("is the reference inside kabosu's interval in the picture?", "; ".join(f"{n}: {'yes' if ok else 'no'}" for n, ok in zip(NAMES, inside[0], strict=True))),
        (f"95% intervals that hold the reference, over {SEEDS} seeds and both features", f"kabosu as it comes {inside.sum()} of {inside.size}; those that kabosu gives to the article's scheme {covered.sum()} of {covered.size}"),
        ("what kabosu uses when no engine is asked for", f"the engine {a.auto.engine}" + "".join(f"; {name} refused: {why}" for name, why in a.auto.refusals.items())),
        ("fidelity: how much of the forest's variation here a line describes", f"{a.ours.first.certificate.fidelity[0]:.2f} of 1 (held-out R2)"),
    )


def table(a: Answers) -> tuple[tuple[str, ...], ...]:
    """Every scheme with its cost, its first answer and its spread."""
    rows = [("scheme", "model calls", *(f"{n}, 95%" for n in NAMES), *(f"{n}, spread" for n in NAMES))]
    rows += [(r.words, f"{r.calls:,}", *_pairs(r.value[0], r.half[0]), *(f"{s:.4f}" for s in r.spread)) for r in (a.article, a.frugal, a.ours)]
    if a.auto.engine != "sampled":
        rows.append((f"kabosu by its exact engine ({a.auto.engine}); the calls only measure fidelity", f"{a.auto.n_model_calls:,}", *(f"{signed(v, 4)} exactly" for v in a.auto.coef_scaled[:, 0]), "0", "0"))
    return (*rows, ("reference: the article's scheme in numpy and scikit-learn alone", f"{REFERENCE:,}", *_pairs(a.limit, a.limit_half), "", ""))


def _pairs(value: np.ndarray, half: np.ndarray) -> list[str]:
    return [f"{signed(v, 4)} ± {h:.4f}" for v, h in zip(value, half, strict=True)]


def section(out: Path, say: Progress) -> Section:
    """Everything about the two moons."""
    X, y = make_moons(noise=0.05, random_state=0, n_samples=200)
    model = RandomForestClassifier(random_state=0).fit(X, y)
    x = X[INSTANCE]
    explainer = kb.TabularExplainer(model, X, recipe="article", engine="sampled")
    e = explainer.explain(x)[1]
    a = answers(model, X, say)
    say("walk-through: pictures")
    low, high = (signed(v, 2) for v in (a.article.value[:, 0].min(), a.article.value[:, 0].max()))
    last = picture(
        out,
        "moons-seeds",
        "The same question at 20 seeds, and one answer that holds",
        f"Every orange row is the walk-through once more with another seed: the effect of x0 comes out anywhere from {low} to {high}, so one run of 100 draws cannot be trusted by itself. "
        f"The blue row is kabosu's one answer with its 95% error bar, and below it kabosu's own 20 seeds; the dashed line is the reference with {REFERENCE:,} draws.",
        "Two panels of estimates with 95% intervals: 20 seeds with 100 draws scatter widely around the reference, kabosu's interval is narrow and holds it.",
        lambda f: seeds.draw(f, a, NAMES),
        (4.8, 5.6),
        wide=True,
    )
    return Section(
        "moons",
        "The walk-through: two moons",
        (
            f"200 points on two moons, a random forest, and point {INSTANCE}: the forest says class 1 with probability {e.prediction[0]:.2f}. The article explains it with 100 random draws; here are its five steps.",
            "Its weak spot is the last step: 100 random draws give another line for every seed. The last picture shows that, and the way out: say how far the answer can be off, and draw until that is small.",
        ),
        (*pictures(out, explainer, X, y, e), last),
        facts(a),
        table(a),
        code='explainer = kb.TabularExplainer(model, X, kernel_width=0.75 * 2**0.5)  # the article\'s question\ne = explainer.explain(X[103])\ne[1].coef_scaled, e[1].std_error_scaled',
        outro=("Both schemes estimate the same two numbers, the slopes that endless draws would give. The article draws widely and weighs; kabosu draws straight from the weighted law with evenly spread points, so that no draw is wasted, and repeats that eight times to measure its own error. For trees there is a shorter way still: the exact engine reads the forest and needs no draws.",
            f"The table has each scheme's first answer with its 95% error, and its spread: the standard deviation over {SEEDS} seeds.",),
    )
