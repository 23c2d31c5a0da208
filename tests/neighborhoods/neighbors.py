"""Tables and neighborhoods that the tests of this folder share."""

from pathlib import Path

import numpy as np
import pandas as pd

from kabosu.domains import Constrained, Copula, Gaussian, Generator, Nearest, Observed

DATA = Path(__file__).parents[3] / "shared" / "data" / "tabular"
ADULT = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"]


def every_kind(n=120, seed=0):
    """A column of each kind, several of them moving together."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    return pd.DataFrame(
        {
            "number": common + 0.4 * rng.normal(size=n),
            "small": np.clip(np.rint(2 + common + 0.5 * rng.normal(size=n)), 0, 5).astype("int8"),
            "two": np.where(common + rng.normal(size=n) > 0, 7.0, 2.0),
            "color": np.choose(np.clip(np.rint(1 + common), 0, 2).astype(int), ["x", "z", "y"]),
            "holed": np.where(rng.random(n) < 0.2, np.nan, -common + rng.normal(size=n)),
            "zeros": np.where(rng.random(n) < 0.5, 0.0, rng.exponential(size=n)),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "flag": rng.random(n) < 0.3,
            "kind": pd.Categorical(rng.choice(["p", "q"], n)),
            "always": 1.5,
        }
    )


def ask(frame):
    """A curved answer, from elementwise operations only: its bits do not depend on the batch."""
    number, holed, zeros = (np.asarray(frame[c], dtype=np.float64) for c in ("number", "holed", "zeros"))
    small, two = (np.asarray(frame[c], dtype=np.float64) for c in ("small", "two"))
    return number * np.abs(number) + 0.3 * small * number + 0.1 * two + (np.asarray(frame["color"]) == "x") + np.where(np.isnan(holed), 3.0, holed) + np.sqrt(np.abs(zeros))


def adult(n=700, seed=0):
    table = pd.read_csv(DATA / "adult.csv.gz", header=None, names=ADULT, skipinitialspace=True, na_values="?").sample(n, random_state=seed).reset_index(drop=True)
    return table.drop(columns="income"), table.income


def titanic():
    table = pd.read_csv(DATA / "titanic3.csv")
    return table[["pclass", "sex", "age", "sibsp", "parch", "fare", "embarked"]], np.where(table.survived, "survived", "died")


def shuffled(x, n, rng):
    """Copies of the instance with another number and another color."""
    rows = pd.concat([x] * n, ignore_index=True)
    rows["number"] = rows["number"] + rng.normal(size=n)
    rows["color"] = rng.choice(list("xyz"), n)
    return rows


def copies(x, n, rng):
    """Copies of an instance of any table, its first numbers moved."""
    rows = pd.concat([x] * n, ignore_index=True)
    for name in rows.select_dtypes("float"):
        rows[name] = rows[name] + rng.normal(size=n)
    return rows


def not_both(rows):
    """A rule over two columns."""
    return ~((np.asarray(rows["number"]) > 1) & (np.asarray(rows["small"]) > 3))


DRAWN = {
    "copula": Copula(),
    "conditional": Copula("mean"),
    "given": Copula("mean", given=["color", "small"]),
    "nearest": Nearest(),
    "close": Nearest(k=15, jitter=0.0),
    "constrained": Constrained(Copula(), bounds={"number": (-1.5, 2.5)}, monotone={"small": 1}, immutable=["color"], keep=not_both),
    "constrained gaussian": Constrained(Gaussian(), bounds={"zeros": (0.0, None)}, monotone={"number": -1}),
    "constrained nearest": Constrained(Nearest(), keep=not_both),
}
LISTED = {"observed": Observed(), "few": Observed(rows=50), "generator": Generator(shuffled)}
ALL = DRAWN | LISTED
