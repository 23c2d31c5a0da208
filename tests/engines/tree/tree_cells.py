"""Limit explanations of trees by summing over all joint cells of the columns' local laws, from MATH section 2 with scipy.stats.

A column's law is cut at the trees' thresholds: of each cell its probability, E[z; cell] and a value to ask the trees about.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

LEAST = 1e-22  # probability of cells that are left out


@dataclass(frozen=True)
class Cells:
    """p : (c,) probabilities.  first : (c, w) E[z; cell].  values : one of each cell.  covariance : (w, w) of z."""

    p: np.ndarray
    first: np.ndarray
    values: list[Any]
    covariance: np.ndarray


def last_left(threshold: float, goes_left) -> float:
    """The largest number that goes left, by bisection between floats."""
    step = 1e-3 * (1 + abs(threshold))
    left, right = threshold - step, threshold + step
    while np.nextafter(left, np.inf) < right:
        middle = left + (right - left) / 2
        left, right = (middle, right) if goes_left(middle) else (left, middle)
    return left


def gathered(parts, values, cuts, lost) -> Cells:
    """Points (weight, z, value) and intervals put together by the cell they lie in; z has a second coordinate where values go missing."""
    total = sum(p for p, _, _ in parts) + (lost[0] if lost else 0.0)
    groups: dict[int, list] = {}
    for (p, pz, _), v in zip(parts, values, strict=True):
        groups.setdefault(int(np.searchsorted(cuts, v, side="left")), []).append((p, pz, v))
    rows = [(sum(a for a, _, _ in g), sum(b for _, b, _ in g), max((v for a, _, v in g if a > 0), default=g[0][2])) for _, g in sorted(groups.items())]
    p, first = np.array([a for a, _, _ in rows]), np.array([[b, 0.0] for _, b, _ in rows])
    out, square = [v for _, _, v in rows], sum(s for _, _, s in parts)
    if lost:
        p, first, square = np.append(p, lost[0]), np.vstack([first, [lost[0] * lost[1], lost[0]]]), square + lost[0] * lost[1] ** 2
        out.append(np.nan)
    p, first, square = p / total, first / total, square / total
    mean = first.sum(axis=0)
    own = lost[0] / total if lost else 0.0
    both = np.array([[square, own * (lost[1] if lost else 0.0)], [own * (lost[1] if lost else 0.0), own]]) - np.outer(mean, mean)
    w = 2 if lost else 1
    kept = p > LEAST
    return Cells(p[kept], first[kept, :w], [v for v, k in zip(out, kept, strict=True) if k], both[:w, :w])


def number_cells(column: pd.Series, x: float, center: str, tau: float, cuts: np.ndarray) -> Cells:
    """MATH 2b with points: repeated values, two values, whole numbers, missing."""
    kept = column.dropna().to_numpy(dtype=float)
    distinct, counts = np.unique(kept, return_counts=True)
    here, two, whole, lost = np.isnan(x), len(distinct) == 2, bool((kept % 1 == 0).all()), column.isna().mean()
    scale = distinct[1] - distinct[0] if two else kept.std()
    c = kept.mean() if center == "mean" or here else x
    own = 0.0 if here else (x - c) / scale
    if two:
        points = [(k / len(column), v) for v, k in zip(distinct, counts, strict=True)]
    elif whole:
        k = np.arange(round(c) - 300, round(c) + 301)
        mass = stats.norm.cdf(k + 0.5, c, scale) - stats.norm.cdf(k - 0.5, c, scale)
        points = list(zip(mass * (1 - lost), k.astype(float), strict=True))
    else:
        points = [(k / len(column), v) for v, k in zip(distinct, counts, strict=True) if len(distinct) >= 10 and k / len(kept) >= 0.2]
    tilt = lambda z: np.exp(-tau / 2 * ((z - own) ** 2 + here))  # noqa: E731
    parts = [(q * tilt((v - c) / scale), q * tilt((v - c) / scale) * (v - c) / scale, q * tilt((v - c) / scale) * ((v - c) / scale) ** 2) for q, v in points]
    values = [v for _, v in points]
    if not (two or whole):
        more = normal_cells(1 - lost - sum(q for q, _ in points), own, here, tau, (cuts - c) / scale)
        parts += more
        values += [c + scale * m for m in middles((cuts - c) / scale)]
    return gathered(parts, values, cuts, (lost * np.exp(-tau / 2 * (not here)), own) if lost else None)


def normal_cells(rate: float, own: float, here: bool, tau: float, cuts: np.ndarray) -> list[tuple[float, float, float]]:
    """(weight, E[z; cell], E[z^2; cell]) of MATH (6) between the cuts; the second moment is put on the last."""
    mu, s = own * tau / (1 + tau), np.sqrt(1 / (1 + tau))
    weight = rate * s * np.exp(-tau * own**2 / (2 * (1 + tau)) - tau / 2 * here)
    edges = (np.concatenate([[-np.inf], cuts, [np.inf]]) - mu) / s
    mass = np.where(edges[:-1] > 0, stats.norm.sf(edges[:-1]) - stats.norm.sf(edges[1:]), stats.norm.cdf(edges[1:]) - stats.norm.cdf(edges[:-1]))
    first = mu * mass + s * (stats.norm.pdf(edges[:-1]) - stats.norm.pdf(edges[1:]))
    second = np.zeros(len(mass))
    second[-1] = mu**2 + s**2
    return list(zip(weight * mass, weight * first, weight * second, strict=True))


def middles(cuts: np.ndarray) -> np.ndarray:
    """A number inside each interval between sorted cuts."""
    if not len(cuts):
        return np.zeros(1)
    return np.concatenate([[cuts[0] - 1], (cuts[:-1] + cuts[1:]) / 2, [cuts[-1] + 1]])


def bin_cells(column: pd.Series, x: float, tau: float, cuts: np.ndarray) -> Cells:
    """MATH 2a: quartile bins, truncated normals or whole numbers within them."""
    kept, lost, whole = column.dropna().to_numpy(dtype=float), column.isna().mean(), column.dtype.kind in "iu"
    two = np.unique(kept)
    edges = two[:1] if len(two) == 2 else np.unique(np.percentile(kept, (25, 50, 75)))
    bin_of, ends = np.searchsorted(edges, kept, side="left"), np.concatenate([[kept.min()], edges, [kept.max()]])
    own = -1 if np.isnan(x) else int(np.searchsorted(edges, x, side="left"))
    parts, values = [], []
    for b in range(len(edges) + 1):
        inside = kept[bin_of == b]
        weight = len(inside) / len(column) * np.exp(-tau / 2 * (b != own)) if len(inside) else 0.0
        for share, v in within(inside, (ends[b], ends[b + 1]), whole, cuts):
            parts.append((weight * share, weight * share * (b == own), weight * share * (b == own)))
            values.append(v)
    here = float(np.isnan(x))
    gone = lost * np.exp(-tau / 2 * (1 - here))
    cells = gathered(parts, values, cuts, (gone, 0.0) if lost else None)
    first = cells.first.sum(axis=1) if here else cells.first[:, 0]
    mean = first.sum()
    return Cells(cells.p, first[:, None], cells.values, np.array([[mean * (1 - mean)]]))


def within(part: np.ndarray, ends: tuple[float, float], whole: bool, cuts: np.ndarray) -> list[tuple[float, float]]:
    """(share, value) of the cells of one bin."""
    if not len(part):
        return []
    if part.min() == part.max():
        return [(1.0, float(part[0]))]
    low, high = (part.min(), part.max()) if whole else ends
    law = stats.norm(part.mean(), part.std())
    span = law.cdf(high) - law.cdf(low)
    if whole:
        k = np.arange(low, high + 1)
        return list(zip((law.cdf(np.minimum(k + 0.5, high)) - law.cdf(np.maximum(k - 0.5, low))) / span, k, strict=True))
    at = np.concatenate([[low], cuts[(cuts > low) & (cuts < high)], [high]])
    return list(zip(np.diff(law.cdf(at)) / span, (at[:-1] + at[1:]) / 2, strict=True))


def level_cells(column: pd.Series, x: Any, tau: float) -> Cells:
    """Categories at training rates, missing one of them."""
    keys = column.astype(object).where(column.notna(), None)
    rates = keys.value_counts(normalize=True, dropna=False)
    levels = [None if pd.isna(v) else v for v in rates.index]
    own = np.array([v == x or (v is None and pd.isna(x)) for v in levels])
    p = rates.to_numpy() * np.where(own, 1.0, np.exp(-tau / 2))
    p /= p.sum()
    mean = p @ own
    return Cells(p, (p * own)[:, None], levels, np.array([[mean * (1 - mean)]]))


def cells_of(data: pd.DataFrame, x: pd.Series, neighborhood: str, width: float, cuts: dict[str, np.ndarray]) -> list[Cells]:
    """The cells of every column."""
    tau, center = width**-2, "mean" if neighborhood == "gaussian-global" else "instance"
    out = []
    for name in data:
        t = np.unique(cuts.get(name, np.zeros(0)))
        if data[name].dtype.kind not in "iuf":
            out.append(level_cells(data[name], x[name], tau))
        elif neighborhood == "bins":
            out.append(bin_cells(data[name], float(x[name]), tau, t))
        else:
            out.append(number_cells(data[name], float(x[name]), center, tau, t))
    return out


def joint(data: pd.DataFrame, cells: list[Cells]) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows (s,) of all joint cells, their probabilities (s,), and E[z | cell] (s, p)."""
    index = np.indices([len(c.p) for c in cells]).reshape(len(cells), -1)
    p = np.prod([c.p[i] for c, i in zip(cells, index, strict=True)], axis=0)
    Z = np.concatenate([(c.first / c.p[:, None])[i] for c, i in zip(cells, index, strict=True)], axis=1)
    frame = pd.DataFrame(
        {name: pd.Series(c.values, dtype=data[name].dtype if data[name].dtype.kind not in "iu" else float).iloc[i].reset_index(drop=True) for name, c, i in zip(data, cells, index, strict=True)}
    )
    return frame.astype(data.dtypes.to_dict()), p, Z


def limit(cells: list[Cells], p: np.ndarray, Z: np.ndarray, f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(p, k) Cov(z)^-1 Cov(z, f), and E f, of all joint cells."""
    mean = np.concatenate([c.first.sum(axis=0) for c in cells])
    level = p @ f
    cross, out, j = (Z - mean).T @ (p[:, None] * (f - level)), [], 0
    for c in cells:
        w = len(c.covariance)
        out.append(np.linalg.pinv(c.covariance, rcond=1e-12, hermitian=True) @ cross[j : j + w])
        j += w
    return np.concatenate(out), level
