"""Many explanations, feature by feature."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.explanations import Explanations
from kabosu.pick.effects import effects
from kabosu.types import Array, Float, Int


@dataclass(frozen=True)
class Aggregate:
    """Per feature over the rows that have it, the largest mean effect first.

    mean_abs : mean of |coef_scaled| of each row's own target.  mean, spread : mean and standard deviation with signs.
    share_positive : rows with an effect above 0.  mean_std_error : over the rows where it is known.  rows : how many have the feature.
    """

    feature: tuple[str, ...]
    mean_abs: Float[Array, "p"]
    mean: Float[Array, "p"]
    spread: Float[Array, "p"]
    share_positive: Float[Array, "p"]
    mean_std_error: Float[Array, "p"]
    rows: Int[Array, "p"]


def aggregate(es: Explanations) -> Aggregate:
    """Means over rows."""
    part = effects(es)
    coef, has = part.coef_scaled, ~np.isnan(part.coef_scaled)
    rows = has.sum(axis=0)
    total = np.maximum(rows, 1)
    mean_abs, mean = (np.where(has, a, 0.0).sum(axis=0) / total for a in (np.abs(coef), coef))
    spread = np.sqrt(np.where(has, (coef - mean) ** 2, 0.0).sum(axis=0) / total)
    known = np.isfinite(part.std_error_scaled)
    error = np.where(known, part.std_error_scaled, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    error = np.where(known.any(axis=0), error, np.nan)
    o = np.argsort(-mean_abs, kind="stable")
    return Aggregate(tuple(part.columns[j] for j in o), mean_abs[o], mean[o], spread[o], ((coef > 0).sum(axis=0) / total)[o], error[o], rows[o])


def summary(es: Explanations) -> Any:
    """``aggregate`` as the background's own kind of frame, else pandas."""
    a = aggregate(es)
    columns = {name: getattr(a, name) for name in ("mean_abs", "mean", "spread", "share_positive", "mean_std_error", "rows")}
    return frames.native({"feature": list(a.feature), **columns}, es.blocks[0].labels.frame if es.blocks else None)
