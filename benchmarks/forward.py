"""Forward selection: 200 features, 5,000 samples, 6 kept."""

from dataclasses import replace

import numpy as np
from lime.lime_tabular import LimeTabularExplainer

import kabosu as kb
from benchmarks.cheap import logistic
from benchmarks.clock import Row, faster, show, side_by_side, timed
from kabosu.recipes import TABLES

K = 6


def rows() -> list[Row]:
    X = np.random.default_rng(0).normal(size=(1000, 200))
    model, lime = logistic(X), TABLES["lime"]
    theirs = LimeTabularExplainer(X, random_state=0)
    ours = kb.TabularExplainer(model, X, recipe=replace(lime, surrogate=replace(lime.surrogate, K=K)))
    once = timed(lambda: theirs.explain_instance(X[0], model, num_features=K, num_samples=5000))
    return [faster(f"K = {K} (forward selection), p = 200, 5,000 samples, one row", once, side_by_side([lambda: ours.explain(X[0])], 7)[0], 100)]


if __name__ == "__main__":
    show(rows())
