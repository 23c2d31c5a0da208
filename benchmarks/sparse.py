"""A sparse table of 2,000 rows and 50,000 columns, 100 non-zeros a row: CPU seconds of the library and peak memory for one row, in a fresh process.

``python -m benchmarks.sparse`` prints the row of the table; the model's own time is taken away, imports are counted.
"""

import json
import resource
import subprocess
import sys
import time

import numpy as np

from benchmarks.clock import Row, milli, show

ROWS, COLUMNS, ENTRIES = 2_000, 50_000, 100


def measure() -> dict[str, float]:
    """Explain one row, and a second one when everything is imported."""
    from scipy import sparse

    import kabosu as kb

    rng = np.random.default_rng(0)
    columns = np.concatenate([rng.choice(COLUMNS, ENTRIES, replace=False) for _ in range(ROWS)])
    table = sparse.csr_matrix((rng.random(ROWS * ENTRIES), columns, np.arange(0, ROWS * ENTRIES + 1, ENTRIES)), shape=(ROWS, COLUMNS))
    slope, asked = rng.normal(size=COLUMNS), [0.0]

    def model(rows: sparse.csr_matrix) -> np.ndarray:
        began = time.process_time()
        one = 1 / (1 + np.exp(-(rows @ slope)))
        asked[0] += time.process_time() - began
        return np.stack([1 - one, one], axis=1)

    before = time.process_time()
    explainer = kb.TabularExplainer(model, table)
    e = explainer.explain(table[0])
    first, model_first = time.process_time() - before, asked[0]
    before = time.process_time()
    explainer.explain(table[1])
    second = time.process_time() - before - (asked[0] - model_first)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"first": first - model_first, "second": second, "megabytes": peak, "calls": e.n_model_calls, "features": len(e)}


def rows() -> list[Row]:
    found = json.loads(subprocess.run([sys.executable, "-m", "benchmarks.sparse", "measure"], check=True, capture_output=True, text=True).stdout)
    what = f"sparse {ROWS:,} x {COLUMNS:,}, {found['features']} entries, one row ({found['calls']:,} model rows)"
    return [
        Row(f"{what}, CPU seconds", "not run", f"{milli(found['first'])} with imports, {milli(found['second'])} after", "", "< 1 s", found["first"] < 1),
        Row(f"{what}, peak memory of the process", "not run", f"{found['megabytes']:.0f} MB", "", "< 300 MB", found["megabytes"] < 300),
    ]


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        sys.stdout.write(json.dumps(measure()))
    else:
        show(rows())
