"""Put your own piece in place of one of ours: a function, a small object, or a scikit-learn estimator."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import HuberRegressor

import kabosu as kb
from kabosu.domains import Bins
from kabosu.recipes import TABLES

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X = X[["age", "bmi", "bp", "s5"]]
model = RandomForestRegressor(n_estimators=50, random_state=0).fit(X, y)
x = X.iloc[3]


def box(Z, origin):
    """A kernel is any function of draws and instance: here all points within one standard deviation count alike."""
    return (np.abs(Z - origin[:, None]) <= 1).all(axis=-1).astype(float)


@dataclass(frozen=True)
class Halton:
    """A sampler fills the unit cube; the rest of the line turns its points into rows. Asking for more continues the sequence."""

    replicates: int = 0  # no independent replicates: error bars as for independent draws

    def draw(self, space, start, stop, seed):
        from scipy.stats import qmc

        return qmc.Halton(space.m, rng=np.random.default_rng(seed)).random(stop)[None, start:stop]


def show(title, e):
    effects = ", ".join(f"{e.feature_names[j]} {e.coef_scaled[j, 0]:+.1f}" for j in e.order())
    print(f"{title:22} fidelity {e.certificate.fidelity[0]:.2f}   {effects}")


ours = TABLES["kabosu"]
show("ours, exact", kb.TabularExplainer(model, X).explain(x))
show("a kernel function", kb.TabularExplainer(model, X, recipe=replace(ours, name="box", kernel=box)).explain(x))
show("a Halton sampler", kb.TabularExplainer(model, X, recipe=replace(ours, name="halton", sampler=Halton()), engine="sampled").explain(x))
show("a robust surrogate", kb.TabularExplainer(model, X, surrogate=HuberRegressor(max_iter=1000), budget=1025).explain(x))
show("a tree surrogate", kb.TabularExplainer(model, X, surrogate=kb.surrogates.Tree(max_depth=3), budget=1025).explain(x))
show("a neighborhood object", kb.TabularExplainer(model, X, neighborhood=Bins("decile")).explain(x))
