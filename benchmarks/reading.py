"""Seconds to read a forest of about 577,000 nodes into the internal tree (issue: at most 1 s), and boosters of 500 trees.

python benchmarks/reading.py
"""

import time

import numpy as np


def data(n, d):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return X, X[:, 0] + X[:, 1] * X[:, 2] + np.sin(2 * X[:, 3]) + rng.normal(size=n)


def models():
    from lightgbm import LGBMRegressor
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
    from xgboost import XGBRegressor

    X, y = data(1525, 40)
    yield RandomForestRegressor(300, random_state=0, n_jobs=2).fit(X, y)
    X, y = data(20_000, 14)
    yield XGBRegressor(n_estimators=500, max_depth=6, n_jobs=2).fit(X, y)
    yield LGBMRegressor(n_estimators=500, max_depth=6, num_leaves=63, n_jobs=2, verbose=-1).fit(X, y)
    yield HistGradientBoostingRegressor(max_iter=500, max_depth=6, early_stopping=False, random_state=0).fit(X, y)


def main():
    from kabosu.engines.readers import read

    for model in models():
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            trees = read(model)
            seconds.append(time.perf_counter() - start)
        print(f"{type(model).__name__:32} {len(trees.root):4} trees {len(trees.feature):8,} nodes  first {seconds[0]:.3f} s, median {np.median(seconds):.3f} s")


if __name__ == "__main__":
    main()
