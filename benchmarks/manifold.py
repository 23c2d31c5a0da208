"""How unlike real rows are the rows that the model is asked about? ``python -m benchmarks.manifold``; no model is asked.
``python -m benchmarks.manifold cost``: what ``off_manifold=True`` takes, and which share of rows it flags.
``python -m benchmarks.manifold density``: what a check without a classifier would see and take, the distance of normal scores.

Gradient boosted trees, cross-fitted, tell draws (one around each real row, the kernel's local law at two widths) from rows
that the explainer was not given: area under the curve, mean of 3 seeds. 0.5: cannot be told apart. The adult and California
tables come from shared/data; breast cancer and diabetes ship with scikit-learn.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import roc_auc_score

import kabosu as kb
from kabosu import frames
from kabosu.diagnostics import off_manifold
from kabosu.diagnostics.manifold import draws_of, one_draw_each
from kabosu.domains import Copula
from kabosu.domains.joint import training_cells
from kabosu.domains.tabular import dense
from kabosu.kernels import width_for

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular"
ADULT = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"]
NEIGHBORHOODS = ("gaussian", "gaussian-global", "bins", "copula", "conditional", "nearest", "observed")
RADII = (0.5, 0.97)
SEEDS = 3


def adult() -> pd.DataFrame:
    table = pd.read_csv(DATA / "adult.csv.gz", header=None, names=ADULT, skipinitialspace=True, na_values="?")
    return table.drop(columns="income")


def california() -> pd.DataFrame:
    return pd.read_csv(DATA / "california_housing.csv.gz").drop(columns="MedHouseVal")


def breast_cancer() -> pd.DataFrame:
    return load_breast_cancer(as_frame=True).data


def diabetes() -> pd.DataFrame:
    return load_diabetes(as_frame=True, scaled=False).data


TABLES = {"adult": adult, "California housing": california, "breast cancer": breast_cancer, "diabetes": diabetes}


def halves(table: pd.DataFrame, n: int = 4000) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Background, and real rows that it lacks."""
    some = table.sample(min(n, len(table)), random_state=0)
    return some[: len(some) // 2], some[len(some) // 2 :]


def auc(table: pd.DataFrame, neighborhood: Any, radius: float, seed: int, rows: int = 1000) -> float:
    background, fresh = halves(table)
    explainer = kb.TabularExplainer(lambda X: np.zeros(len(X)), background, neighborhood=neighborhood, kernel_width=width_for(radius), random_state=seed)
    explainer.recipe = replace(explainer.recipe, seed=seed)
    return off_manifold(explainer, fresh[:1], fresh, rows=rows).auc


def rows() -> Iterator[str]:
    yield f"{'table':20}{'radius':>7} " + "".join(f"{n:>17}" for n in NEIGHBORHOODS)
    for name, make in TABLES.items():
        if name in ("adult", "California housing") and not DATA.is_dir():
            continue
        table = make()
        for radius in RADII:
            yield f"{name:20}{radius:7.2f} " + "".join(f"{np.mean([auc(table, n, radius, s) for s in range(SEEDS)]):17.3f}" for n in NEIGHBORHOODS)


def costs(explained: int = 50) -> Iterator[str]:
    """CPU time of the classifiers, fitted once, and of each row; how many of the rows raise the flag."""
    yield f"{'table':20}{'neighborhood':>14}{'fit, s':>9}{'ms a row':>10}{'flagged':>9}"
    for name, make in TABLES.items():
        if name in ("adult", "California housing") and not DATA.is_dir():
            continue
        background, fresh = halves(make())
        for neighborhood in ("gaussian", "copula"):
            yield f"{name:20}{neighborhood:>14}" + _cost(background, fresh.iloc[:explained], neighborhood)


def _cost(background: pd.DataFrame, fresh: pd.DataFrame, neighborhood: str) -> str:
    began = time.process_time()
    explainer = kb.TabularExplainer(lambda X: np.zeros(len(X)), background, neighborhood=neighborhood, off_manifold=True)
    fitted, detector = time.process_time(), explainer.detector
    assert detector is not None
    found = [detector.words(detector.share(explainer.recipe, explainer.domain, fresh.iloc[i : i + 1])) for i in range(len(fresh))]
    ended = time.process_time()
    return f"{fitted - began:9.2f}{1000 * (ended - fitted) / len(fresh):10.1f}{np.mean([w != '' for w in found]):9.0%}"


def densities(n: int = 1000) -> Iterator[str]:
    """Mahalanobis distance of the copula's normal scores, draws around real rows against these, beside the classifiers; its CPU time a row."""
    yield f"{'table':20}{'neighborhood':>14}{'classifier':>12}{'distance':>10}{'draws, ms':>11}{'distance, ms':>14}"
    for name, make in TABLES.items():
        if name in ("adult", "California housing") and not DATA.is_dir():
            continue
        background, fresh = halves(make())
        words = background.select_dtypes(exclude="number")
        fresh = fresh[np.all([fresh[c].isin(words[c]) for c in words] or [np.ones(len(fresh), dtype=bool)], axis=0)].iloc[:n]
        for neighborhood in ("gaussian", "copula", "conditional", "nearest"):
            yield f"{name:20}{neighborhood:>14}" + _density(background, fresh, neighborhood)


def _density(background: pd.DataFrame, fresh: pd.DataFrame, neighborhood: str, repeats: int = 10) -> str:
    explainer = kb.TabularExplainer(lambda X: np.zeros(len(X)), background, neighborhood=neighborhood)
    domain = dense(explainer.domain, "a density")
    table, units = domain.table, domain.units
    like = lambda frame: frames.rows_like(frame, table, "rows")  # noqa: E731
    margins = Copula().joint(like(background), units).margins
    scores = lambda rows: np.nan_to_num(np.concatenate([m.scores(c) for m, c in zip(margins, training_cells(rows, units), strict=True)], axis=1))  # noqa: E731
    known = scores(like(background))
    inverse = np.linalg.inv(np.cov(known.T) + 0.01 * np.eye(known.shape[1]))
    distance = lambda rows: np.einsum("nm,mk,nk->n", v := scores(rows), inverse, v, optimize=True)  # noqa: E731
    real = like(fresh)
    away = [distance(rows) for rows in (real, one_draw_each(explainer, real))]
    area = roc_auc_score(np.repeat([0, 1], [len(a) for a in away]), np.concatenate(away))
    times = []
    for _ in range(repeats):
        began = time.process_time()
        draws = draws_of(explainer, fresh.iloc[:1])
        made = time.process_time()
        distance(draws)
        times.append((made - began, time.process_time() - made))
    drawn, scored = 1000 * np.median(times, axis=0)
    return f"{off_manifold(explainer, fresh[:1], fresh).auc:12.2f}{area:10.2f}{drawn:11.1f}{scored:14.1f}"


if __name__ == "__main__":
    began = time.process_time()
    for line in {"cost": costs, "density": densities}.get("".join(sys.argv[1:]), rows)():
        print(line, flush=True)
    print(f"{time.process_time() - began:.0f} CPU-s")
