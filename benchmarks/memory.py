"""Peak memory of a process: 5,000 x 200 draws of one row, and 100,000 rows that stream; each in a fresh process."""

import json
import resource
import subprocess
import sys

import numpy as np

import kabosu as kb
from benchmarks.cheap import logistic
from benchmarks.clock import Row, show


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def wide() -> dict[str, float]:
    """5,000 draws of 200 columns."""
    X = np.random.default_rng(0).normal(size=(1000, 200))
    explainer = kb.TabularExplainer(logistic(X), X, budget=5001, engine="sampled")
    explainer.explain(X[0], budget=410)
    before = peak()
    explainer.explain(X[0], tolerance=1e-9)
    return {"before": before, "after": peak()}


def stream(rows: int) -> dict[str, float]:
    """Many rows of 10 columns, 200 draws each."""
    X = np.random.default_rng(0).normal(size=(rows, 10))
    explainer = kb.TabularExplainer(logistic(X), X[:1000], budget=201, engine="sampled")
    explainer.explain_many(X[:1000])
    before = peak()
    kept = explainer.explain_many(X).coef.nbytes / 2**20
    return {"before": before, "after": peak(), "kept": kept}


def fresh(*what: str) -> dict[str, float]:
    return json.loads(subprocess.run([sys.executable, "-m", "benchmarks.memory", *what], check=True, capture_output=True, text=True).stdout)


def rows() -> list[Row]:
    one, few, many = fresh("wide"), fresh("stream", "10000"), fresh("stream", "100000")
    grown = (many["after"] - many["before"]) - (few["after"] - few["before"])
    return [
        Row("5,000 x 200 draws, one row, peak memory", "", f"{one['after']:.0f} MB ({one['after'] - one['before']:.0f} MB for the call)", "", "bounded by a chunk", one["after"] - one["before"] < 200),
        Row("100,000 rows, 10 columns, 200 draws each", "", f"{many['after']:.0f} MB; {grown:.0f} MB more than 10,000 rows, answers kept", "", "streams", grown < 200),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["wide"]:
        sys.stdout.write(json.dumps(wide()))
    elif sys.argv[1:2] == ["stream"]:
        sys.stdout.write(json.dumps(stream(int(sys.argv[2]))))
    else:
        show(rows())
