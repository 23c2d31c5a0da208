"""Tables and models that the laws are tried on. Every model answers a row by elementwise operations only: its bits do not depend on the batch."""

import hashlib

import numpy as np
import pandas as pd

ARRAYS = ("coef", "std_error", "intercept", "local_prediction", "prediction", "r2")


def mixed(n=120, seed=0):
    """One column of each kind that a table can have."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "number": rng.normal(size=n),
            "small": rng.integers(0, 6, n),
            "large": rng.integers(0, 1000, n),
            "two": rng.choice([2.0, 7.0], n),
            "color": rng.choice(list("xyz"), n),
            "holed": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "zeros": np.where(rng.random(n) < 0.5, 0.0, rng.exponential(size=n)),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "flag": rng.random(n) < 0.3,
            "kind": pd.Categorical(rng.choice(["p", "q"], n)),
        }
    )


def numeric(n=120, p=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, p))


def ask_mixed(frame):
    """A curved response to every column, with steps and interactions."""
    number, zeros, holed = (np.asarray(frame[c], dtype=np.float64) for c in ("number", "zeros", "holed"))
    days = (frame["day"] - pd.Timestamp("2024-01-01")) / pd.Timedelta(days=1)
    return (
        number * np.abs(number)
        + 0.3 * frame["small"].to_numpy() * number
        + 0.1 * frame["two"].to_numpy()
        + 2.0 * (frame["color"] == "x").to_numpy()
        + np.nan_to_num(holed, nan=3.0)
        + np.sqrt(np.abs(zeros))
        + frame["large"].to_numpy() / 1000 * (frame["kind"] == "p").to_numpy()
        + days.to_numpy() / 300
        + frame["flag"].to_numpy()
    )


def ask_numeric(X):
    out = (X[:, 0] > 0.3).astype(np.float64)
    for j in range(X.shape[1]):
        out = out + (j + 1) * X[:, j] * np.abs(X[:, (j + 1) % X.shape[1]])
    return out


def ask_three(X):
    """Three outputs."""
    y = ask_numeric(X)
    return np.stack([y, y / (1 + np.abs(y)), 1 / (1 + y * y)], axis=1)


def digest(e):
    """One fingerprint of an explanation's numbers, to the bit."""
    c = e.certificate
    arrays = [getattr(e, name) for name in ARRAYS] + [c.fidelity, c.monte_carlo_error, c.reacted, np.array([c.condition_number, c.effective_sample_size, e.n_model_calls])]
    return hashlib.sha256(b"".join(np.ascontiguousarray(a, dtype=np.float64).tobytes() for a in arrays)).hexdigest()


def digests(es):
    return [digest(e) for e in es]
