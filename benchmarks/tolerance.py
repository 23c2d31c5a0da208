"""``explain`` with ``tolerance=0.05`` of a 20-feature forest pipeline: kabosu's own CPU time, that of the model left out, median of several rows.

The first row is what is done by default (the forest is read); the second samples it as it would any model, in rounds.
"""

import time
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kabosu as kb
from benchmarks.clock import Row, milli, show
from kabosu.recipes import TABLES

INSTANCES, TARGET = 7, 0.150


@dataclass
class Clocked:
    """A model that counts the CPU seconds it takes."""

    model: Any
    seconds: list[float] = field(default_factory=list)

    def __call__(self, X: np.ndarray) -> np.ndarray:
        began = time.process_time()
        answer = self.model.predict_proba(X)
        self.seconds.append(time.process_time() - began)
        return answer


def rows() -> list[Row]:
    X, y = make_classification(1000, 20, n_informative=8, random_state=0)
    model = make_pipeline(StandardScaler(), RandomForestClassifier(100, random_state=0)).fit(X, y)
    recipe = replace(TABLES["kabosu"], tolerance=0.05)
    read, clocked = kb.TabularExplainer(model, X, recipe=recipe), Clocked(model)
    sampled = kb.TabularExplainer(clocked, X, recipe=recipe, random_state=1)
    what = "tolerance=0.05, forest pipeline of 20 features, one row"
    whole = [_own(read, x, []) for x in X[:INSTANCES]]
    own = [_own(sampled, x, clocked.seconds) for x in X[:INSTANCES]]
    return [
        _row(f"{what}, by default ({whole[0][1]}, the model's {whole[0][3]} rows included)", whole),
        _row(f"{what}, any model (sampled, {int(median(one[3] for one in own)):,} calls at the median), own time", own),
    ]


def _own(explainer: kb.TabularExplainer, x: np.ndarray, seconds: list[float]) -> tuple[float, str, str, int]:
    """CPU seconds beside those of the model, the engine, what ended it, rows asked; after a run that is not counted."""
    explainer.explain(x)
    seconds.clear()
    began = time.process_time()
    e = explainer.explain(x)
    return time.process_time() - began - sum(seconds), e.engine, e.certificate.ended_by, int(e.n_model_calls)


def _row(what: str, measured: list[tuple[float, str, str, int]]) -> Row:
    seconds = median(one[0] for one in measured)
    return Row(what, "", milli(seconds), "", f"<= {milli(TARGET)}", seconds <= TARGET)


if __name__ == "__main__":
    show(rows())
