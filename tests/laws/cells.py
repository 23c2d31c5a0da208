"""Cells in which intervals and orders are tried: tables, models, radii; the limit explanations of some rows, and how often intervals hold them.

Limits come from exact engines where there is one for the model, else from 2^16 draws of another seed. Rows of one call share their draws.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import kabosu as kb
from kabosu.errors import EngineError
from kabosu.kernels import Exponential, width_for
from kabosu.recipes import KABOSU_RADIUS, TABLES

ADULT = Path(__file__).parents[3] / "shared" / "data" / "tabular" / "adult.csv.gz"
LONG, OTHER, ROWS = 2**16, 10_000, 8
MODELS = {
    "forest": lambda: RandomForestClassifier(20, max_leaf_nodes=64, random_state=0),
    "network": lambda: MLPClassifier((32,), solver="lbfgs", alpha=0.1, max_iter=10_000, random_state=0),
    "logistic": lambda: LogisticRegression(max_iter=3000),
}


def _levels():
    """Numbers, and columns of levels some of which are rare."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    cut = {f"level {j}": pd.qcut(X.iloc[:, j], [0, 0.03, 0.3, 0.6, 0.95, 1], labels=list("abcde")).astype(str) for j in (10, 13, 20, 27)}
    return pd.concat([X.iloc[:, :6], pd.DataFrame(cut)], axis=1), y.to_numpy()


def _adult():
    table = pd.read_csv(ADULT, header=None, skipinitialspace=True, na_values="?").dropna().sample(2000, random_state=0).reset_index(drop=True)
    table.columns = [f"c{j}" for j in range(table.shape[1])]
    return table.iloc[:, :-1], table.iloc[:, -1].str.startswith(">").to_numpy().astype(int)


def _three():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return X.iloc[:, [1, 7, 24]], y.to_numpy()


DATA = {
    "breast cancer": lambda: load_breast_cancer(return_X_y=True, as_frame=True),
    "wine": lambda: load_wine(return_X_y=True, as_frame=True),
    "three columns": _three,
    "levels": _levels,
} | ({"adult": _adult} if ADULT.exists() else {})


@cache
def world(data: str, name: str, count: int = ROWS) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """A fitted model, its table, and so many rows to explain."""
    X, y = DATA[data]()
    coded = make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")), remainder=StandardScaler())
    model = make_pipeline(coded, MODELS[name]()).fit(X, y)
    return model, X, X.iloc[np.random.default_rng(1).choice(len(X), count, replace=False)]


def explained(data: str, name: str, radius: float, rows: slice = slice(None), count: int = ROWS, **changes: Any) -> kb.Explanations:
    """The rows explained by the default recipe but for these changes; sampled, one round, unless they say otherwise."""
    model, X, these = world(data, name, count)
    recipe = replace(TABLES["kabosu"], **{"tolerance": None, "engine": "sampled", "kernel": Exponential(width_for(radius)), "samples": 1024, "budget": 1025, **changes})
    return kb.TabularExplainer(model, X, recipe=recipe, random_state=recipe.seed).explain_many(these.iloc[rows])


@cache
def limits(data: str, name: str, radius: float = KABOSU_RADIUS, count: int = ROWS) -> tuple[kb.Explanation, ...]:
    """The limit explanation of the target of each row."""
    try:
        es = list(explained(data, name, radius, count=count, engine="exact"))
    except EngineError:
        es = [explained(data, name, radius, slice(i, i + 1), count, samples=LONG, budget=LONG + 1, seed=OTHER)[0] for i in range(count)]
    return tuple(e[e.target] for e in es)


def described(e: kb.Explanation) -> bool:
    """Whether the certificate raises no doubt that the draws have seen what the model does here."""
    return not {"poor-fidelity", "did-not-react"} & {f.code for f in e.certificate.flags}


def pairs(data: str, name: str, seeds: int, radius: float = KABOSU_RADIUS, count: int = ROWS, **changes: Any) -> Iterator[tuple[kb.Explanation, kb.Explanation]]:
    """Explanations of so many rows by each seed, and their limits."""
    for seed in range(seeds):
        for e, limit in zip(explained(data, name, radius, count=count, seed=seed, **changes), limits(data, name, radius, count), strict=True):
            yield e[e.target], limit


@dataclass(frozen=True)
class Covered:
    """Of pairs of a row and a seed: whether the interval of each feature held the limit; of those that are described, and of the others."""

    hits: np.ndarray
    others: np.ndarray

    @property
    def worst(self) -> float:
        """Of the feature that is covered least."""
        return float(self.hits.mean(axis=0).min())

    def __str__(self) -> str:
        flagged = f"; flagged: {self.others.mean():.3f} of {len(self.others):,}" if len(self.others) else ""
        return f"{self.hits.mean():.3f} of {len(self.hits):,}, worst feature {self.worst:.3f}{flagged}" if len(self.hits) else f"none described{flagged}"


def covered(data: str, name: str, seeds: int, radius: float = KABOSU_RADIUS, **changes: Any) -> Covered:
    """How often the nominal 95% intervals hold the limit."""
    hits, sure = [], []
    for e, limit in pairs(data, name, seeds, radius, **changes):
        low, high = e.interval()[..., 0]
        hits.append((low <= limit.coef[:, 0]) & (limit.coef[:, 0] <= high))
        sure.append(described(e))
    return Covered(np.array(hits)[np.array(sure)], np.array(hits)[~np.array(sure)])
