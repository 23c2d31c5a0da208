"""Limit explanations by summing over a grid of every column's local law, written from MATH section 2 with scipy.stats alone.

A law is a list of (probability, coordinates z, cell): points, and quadrature nodes where it is continuous.
"""


import numpy as np
import pandas as pd
from scipy import stats

NODES = 240  # of a normal, by the trapezoidal rule, which converges geometrically
PANEL = 16  # Gauss-Legendre nodes between two ends or kinks
REACH = 8.6


def normal_nodes(mean, sd, n=NODES):
    t = np.linspace(-REACH, REACH, n)
    return mean + sd * t, stats.norm.pdf(t) * (t[1] - t[0])


def kinked_nodes(mean, sd, kinks):
    """Gauss-Legendre between kinks, for functions that are smooth only there."""
    t, w = np.polynomial.legendre.leggauss(PANEL)
    at = np.clip((np.asarray(kinks) - mean) / sd, -REACH, REACH)
    ends = np.unique(np.concatenate([np.linspace(-REACH, REACH, 12), at]))
    u = ((ends[:-1] + ends[1:]) / 2)[:, None] + (np.diff(ends) / 2)[:, None] * t
    return mean + sd * u.ravel(), ((np.diff(ends) / 2)[:, None] * w).ravel() * stats.norm.pdf(u.ravel())


def numeric_law(column, x, center, tau, kinks=None):
    """Gaussian neighborhoods, MATH 2b: (p, z, value)."""
    kept = column.dropna().to_numpy(dtype=float)
    distinct, counts = np.unique(kept, return_counts=True)
    two = len(distinct) == 2
    scale = distinct[1] - distinct[0] if two else kept.std()
    c = kept.mean() if center == "mean" or np.isnan(x) else x
    whole, lost, here = bool((kept % 1 == 0).all()), column.isna().mean(), np.isnan(x)
    own = 0.0 if here else (x - c) / scale
    info = np.iinfo(column.dtype) if column.dtype.kind in "iu" else None
    low, high = (info.min, info.max) if info is not None else (-np.inf, np.inf)
    points = []  # (draw probability, z, value)
    if two:
        points = [(k / len(column), (v - c) / scale, v) for v, k in zip(distinct, counts, strict=True)]
    elif whole and scale < 20:
        k = np.arange(round(c) - 250, round(c) + 251)
        k = k[(k >= low) & (k <= high)]
        mass = stats.norm.cdf(k + 0.5, c, scale) - stats.norm.cdf(k - 0.5, c, scale)
        points = [(m / mass.sum() * (1 - lost), (v - c) / scale, v) for m, v in zip(mass, k, strict=True)]
    elif len(distinct) >= 10:
        points = [(k / len(column), (v - c) / scale, v) for v, k in zip(distinct, counts, strict=True) if k / len(kept) >= 0.2]
    rest = 1 - lost - sum(p for p, _, _ in points) if not (two or (whole and scale < 20)) else 0.0
    law = [(p * np.exp(-tau / 2 * ((z - own) ** 2 + here)), (z, 0.0), v) for p, z, v in points]
    if rest > 1e-12:
        mu, sd = own * tau / (1 + tau), np.sqrt(1 / (1 + tau))
        weight = rest * sd * np.exp(-tau * own**2 / (2 * (1 + tau)) - tau / 2 * here)
        law += rounded(c, scale, mu, sd, weight, low, high) if whole else [(weight * w, (z, 0.0), c + scale * z) for z, w in zip(*smooth_or_kinked(mu, sd, c, scale, kinks), strict=True)]
    if lost:
        law.append((lost * np.exp(-tau / 2 * (not here)), (own, 1.0), np.nan))
    total = sum(p for p, _, _ in law)
    return [(p / total, z if lost else z[:1], v) for p, z, v in law]


def smooth_or_kinked(mu, sd, c, scale, kinks):
    return normal_nodes(mu, sd) if kinks is None else kinked_nodes(mu, sd, (np.asarray(kinks) - c) / scale)


def rounded(c, scale, mu, sd, weight, low, high):
    """Whole numbers k, each with the mass of the normal between k - 1/2 and k + 1/2; the dtype's ends take all beyond."""
    k = np.arange(np.floor(c + scale * (mu - 9 * sd)), np.ceil(c + scale * (mu + 9 * sd)) + 1)
    k = np.unique(np.clip(k, low, high))
    a, b = np.where(k == low, -np.inf, k - 0.5), np.where(k == high, np.inf, k + 0.5)
    mass = stats.norm.cdf(b, c + scale * mu, scale * sd) - stats.norm.cdf(a, c + scale * mu, scale * sd)
    return [(weight * m, ((v - c) / scale, 0.0), v) for m, v in zip(mass, k, strict=True)]


def bins_law(column, x, tau, kinks=None):
    """Quartile bins, MATH 2a: (p, z, value), the value a truncated normal within its bin."""
    kept = column.dropna().to_numpy(dtype=float)
    two = np.unique(kept)
    edges = two[:1] if len(two) == 2 else np.unique(np.percentile(kept, (25, 50, 75)))
    bin_of = np.searchsorted(edges, kept, side="left")
    lost = column.isna().mean()
    own = len(edges) + 1 if np.isnan(x) else np.searchsorted(edges, x, side="left")
    law = []
    for b in range(len(edges) + 1):
        part = kept[bin_of == b]
        if len(part):
            ends = (edges[b - 1] if b else kept.min(), edges[b] if b < len(edges) else kept.max())
            for value, w in within_bin(part, ends, column.dtype.kind in "iu", () if kinks is None else kinks):
                law.append((len(part) / len(column) * w * np.exp(-tau / 2 * (b != own)), (float(b == own),), value))
    if lost:
        law.append((lost * np.exp(-tau / 2 * (not np.isnan(x))), (float(np.isnan(x)),), np.nan))
    total = sum(p for p, _, _ in law)
    return [(p / total, z, v) for p, z, v in law]


def within_bin(part, ends, whole, kinks):
    """A normal between the bin's ends; whole numbers keep to those that were seen."""
    mean, sd = part.mean(), part.std()
    low, high = (part.min(), part.max()) if whole else ends
    if part.min() == part.max():
        return [(part.min(), 1.0)]
    law = stats.truncnorm((low - mean) / sd, (high - mean) / sd, mean, sd)
    if whole:
        k = np.arange(low, high + 1)
        return list(zip(k, law.cdf(np.minimum(k + 0.5, high)) - law.cdf(np.maximum(k - 0.5, low)), strict=True))
    low, high = max(low, mean - REACH * sd), min(high, mean + REACH * sd)  # a few close values in a wide bin
    t, w = np.polynomial.legendre.leggauss(PANEL)
    ends = np.unique(np.concatenate([np.linspace(low, high, 5), [k for k in kinks if low < k < high]]))
    return [(v, q) for a, b in zip(ends, ends[1:], strict=False) for v, q in zip((a + b) / 2 + (b - a) / 2 * t, (b - a) / 2 * w * law.pdf((a + b) / 2 + (b - a) / 2 * t), strict=True)]


def level_law(column, x, tau):
    rates = column.value_counts(normalize=True)
    weights = {v: r * (1.0 if v == x else np.exp(-tau / 2)) for v, r in rates.items()}
    return [(w / sum(weights.values()), (float(v == x),), v) for v, w in weights.items()]


def laws_of(data, x, neighborhood, width, kinks=None):
    """The local law of every column of a table. kinks : of each column, where the model is not smooth in it."""
    tau, kinks = width**-2, kinks or {}
    center = "mean" if neighborhood == "gaussian-global" else "instance"
    numeric = lambda c: bins_law(data[c], float(x[c]), tau, kinks.get(c)) if neighborhood == "bins" else numeric_law(data[c], float(x[c]), center, tau, kinks.get(c))  # noqa: E731
    return [numeric(c) if data[c].dtype.kind in "iuf" else level_law(data[c], x[c], tau) for c in data]


def moments(law):
    p, Z = np.array([p for p, _, _ in law]), np.array([z for _, z, _ in law])
    mean = p @ Z
    return mean, (Z - mean).T @ (p[:, None] * (Z - mean))


def solve(laws, c):
    """Cov(z)^-1 c, the covariance zero between columns."""
    parts, j = [], 0
    for law in laws:
        _, cov = moments(law)
        parts.append(np.linalg.pinv(cov, hermitian=True) @ c[j : j + len(cov)])
        j += len(cov)
    return np.concatenate(parts)


def dtypes(data):
    return {c: (float if data[c].dtype.kind in "iuf" else data[c].dtype) for c in data}


def joint(predict, data, laws, least=1e-19):
    """(p, k) coefficients, (k,) E f and E z by asking the model at all joint states, but those that are improbable."""
    laws = [[state for state in law if state[0] > least] for law in laws]
    index = np.indices([len(law) for law in laws]).reshape(len(laws), -1)
    p = np.prod([np.array([q for q, _, _ in law])[at] for law, at in zip(laws, index, strict=True)], axis=0)
    index, p = index[:, p > least], p[p > least]
    Z = np.concatenate([np.array([z for _, z, _ in law])[at] for law, at in zip(laws, index, strict=True)], axis=1)
    frame = pd.DataFrame({c: np.array([v for _, _, v in law], dtype=object)[at] for c, law, at in zip(data, laws, index, strict=True)}).astype(dtypes(data))
    f = np.asarray(predict(frame), dtype=float).reshape(len(p), -1)
    mean = np.concatenate([moments(law)[0] for law in laws])
    return solve(laws, (Z - mean).T @ (p[:, None] * f)), p @ f, mean


def alone(predict, data, laws, x):
    """The same for a model that is a sum over columns: one column varies at a time, the others stay at the instance."""
    here = pd.DataFrame([x])[list(data)].astype(dtypes(data))
    f0 = np.asarray(predict(here), dtype=float).reshape(1, -1)
    coefs, total = [], f0[0].copy()
    for c, law in zip(data, laws, strict=True):
        rows = pd.DataFrame([x] * len(law))[list(data)].assign(**{c: [v for _, _, v in law]}).astype(dtypes(data))
        f = np.asarray(predict(rows), dtype=float).reshape(len(law), -1) - f0
        p, Z = np.array([q for q, _, _ in law]), np.array([z for _, z, _ in law])
        coefs.append((Z - p @ Z).T @ (p[:, None] * f))
        total = total + p @ f
    return solve(laws, np.concatenate(coefs)), total, np.concatenate([moments(law)[0] for law in laws])


def origin(data, x, neighborhood):
    """The instance's own coordinates."""
    out = []
    for c in data:
        if neighborhood == "bins" or data[c].dtype.kind not in "iuf":
            out.append([1.0])
            continue
        kept = data[c].dropna().to_numpy(dtype=float)
        distinct = np.unique(kept)
        scale = distinct[1] - distinct[0] if len(distinct) == 2 else kept.std()
        own = 0.0 if neighborhood == "gaussian" or np.isnan(x[c]) else (x[c] - kept.mean()) / scale
        out.append([own, float(np.isnan(x[c]))][: 1 + data[c].isna().any()])
    return np.concatenate(out)


def compare(e, answer, at):
    """Coefficients and the surrogate at the instance, to 1e-10 of the largest coefficient."""
    coef, mean, center = answer
    size = np.abs(coef).max() + 1e-3
    np.testing.assert_allclose(e.coef_scaled, coef, rtol=0, atol=1e-10 * size)
    np.testing.assert_allclose(e.local_prediction, mean + (at - center) @ coef, rtol=1e-10, atol=1e-10 * size)


def random_table(seed, kinds, n=150):
    """Columns of the named kinds, and a response to all of them."""
    rng = np.random.default_rng(seed)
    make = {
        "real": lambda: rng.normal(rng.uniform(-5, 5), rng.uniform(0.5, 4), n),
        "skewed": lambda: rng.gamma(1.5, 2, n),
        "count": lambda: rng.poisson(3, n),
        "large": lambda: rng.integers(0, 900, n),
        "byte": lambda: rng.integers(0, 256, n).astype("uint8"),
        "spend": lambda: np.where(rng.random(n) < 0.5, 0.0, rng.gamma(2, 2, n)),
        "flag": lambda: rng.integers(0, 2, n),
        "two": lambda: rng.choice([2.0, 7.5], n),
        "level": lambda: rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2]),
        "holed": lambda: np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
    }
    data = pd.DataFrame({f"{kind}{j}": make[kind]() for j, kind in enumerate(kinds)})
    part = lambda v: v.fillna(0.5) / (v.std() or 1.0) if v.dtype.kind in "iuf" else (v == "a") * 1.0  # noqa: E731
    y = sum(rng.normal() * part(data[c]) for c in data) + 0.3 * rng.normal(size=n)
    return data, np.asarray(y, dtype=float), data.iloc[int(rng.integers(n))]


ALL_KINDS = ("real", "skewed", "count", "large", "byte", "spend", "flag", "two", "level", "holed")
NEIGHBORHOODS = ("gaussian", "gaussian-global", "bins")


def draw_kinds(seed, count, among=ALL_KINDS):
    return tuple(np.random.default_rng(1000 + seed).choice(among, count))
