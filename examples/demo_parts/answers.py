"""What the walk-through's last picture compares: one instance explained at 20 seeds by the article's recipe and by ours, and a reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

import kabosu as kb

INSTANCE = 103
SEEDS = 20
WIDTH = 0.75 * np.sqrt(2)  # the article's kernel width, 0.75 sqrt(p) for two features
REFERENCE = 2**17


@dataclass(frozen=True)
class Runs:
    """One scheme at every seed: effects of one standard deviation on P(class 1), (runs, 2), and half-widths of their 95% intervals."""

    words: str
    calls: int
    value: np.ndarray
    half: np.ndarray
    first: kb.Explanation

    @classmethod
    def of(cls, words: str, runs: list[kb.Explanation]) -> Runs:
        """Read explanations."""
        value = np.array([e.coef_scaled[:, 0] for e in runs])
        high = np.array([e.interval()[1, :, 0] * e.scale for e in runs])
        return cls(words, runs[0].n_model_calls, value, high - value, runs[0])

    @property
    def spread(self) -> np.ndarray:
        """Standard deviation over the seeds."""
        return self.value.std(axis=0, ddof=1)


@dataclass(frozen=True)
class Answers:
    """Three schemes, and what all of them estimate: (2,) effects with half-widths of their 95% intervals.

    auto : what kabosu answers by the first engine that applies; exact where the tree engine is installed.
    """

    article: Runs
    frugal: Runs
    ours: Runs
    limit: np.ndarray
    limit_half: np.ndarray
    auto: kb.Explanation


def limit(model: Any, X: np.ndarray, x: np.ndarray, draws: int = REFERENCE) -> tuple[np.ndarray, np.ndarray]:
    """The article's answer with very many draws, in numpy and scikit-learn only: what every run is an estimate of."""
    U = np.random.default_rng(0).normal(size=(draws, 2))
    w = np.exp(-0.5 * (U**2).sum(axis=1) / WIDTH**2)
    f = model.predict_proba(x + U * X.std(axis=0))[:, 1]
    line = LinearRegression().fit(U, f, sample_weight=w)
    A = np.column_stack([np.ones(draws), U])
    bread = np.linalg.inv(A.T @ (w[:, None] * A))
    meat = A * (w * (f - line.predict(U)))[:, None]
    return line.coef_, np.sqrt(np.diag(bread @ (meat.T @ meat) @ bread))[1:]


def ask(model: Any, X: np.ndarray, say: Callable[[str], None], words: str, **options: Any) -> Runs:
    """Explain the instance once a seed, from the beginning."""
    say(f"walk-through: {words}, {SEEDS} seeds")
    runs = [kb.TabularExplainer(model, X, engine="sampled", random_state=seed, **options).explain(X[INSTANCE])[1] for seed in range(SEEDS)]
    return Runs.of(words, runs)


def answers(model: Any, X: np.ndarray, say: Callable[[str], None]) -> Answers:
    """Everything that the last picture shows."""
    article = ask(model, X, say, "the article's scheme, 100 draws", recipe="article")
    frugal = ask(model, X, say, "kabosu with no more calls than that", kernel_width=WIDTH, budget=article.calls)
    ours = ask(model, X, say, "kabosu as it comes", kernel_width=WIDTH)
    say(f"walk-through: reference with {REFERENCE:,} draws")
    value, error = limit(model, X, X[INSTANCE])
    say("walk-through: the exact engine (it compiles once)")
    auto = kb.TabularExplainer(model, X, kernel_width=WIDTH).explain(X[INSTANCE])[1]
    return Answers(article, frugal, ours, value, 1.96 * error, auto)
