"""Gaussian neighborhood around the instance, 20 features, 1,000 samples: 2,000 rows."""

import numpy as np
from lime.lime_tabular import LimeTabularExplainer

import kabosu as kb
from benchmarks.cheap import logistic
from benchmarks.clock import Row, show, side_by_side, timed

ROWS, LOOP = 2000, 100


def rows() -> list[Row]:
    X = np.random.default_rng(0).normal(size=(ROWS, 20)) @ np.diag(np.arange(1.0, 21.0))
    model = logistic(X)
    theirs = LimeTabularExplainer(X, discretize_continuous=False, sample_around_instance=True, feature_selection="none", random_state=0)
    ours = kb.TabularExplainer(model, X, recipe="article", budget=1001)
    loop = timed(lambda: [theirs.explain_instance(x, model, num_features=20, num_samples=1000) for x in X[:LOOP]])
    many = side_by_side([lambda: ours.explain_many(X)], 3)[0]
    lime, kabosu = LOOP / loop.cpu, ROWS / many.cpu
    what = f"Gaussian, p = 20, 1,000 samples, explain_many of {ROWS:,} rows, rows a CPU-second"
    return [Row(what, f"{lime:.0f} (loop over {LOOP})", f"{kabosu:.0f}", f"{kabosu / lime:.0f}x", ">= 1,000", kabosu >= 1000)]


if __name__ == "__main__":
    show(rows())
