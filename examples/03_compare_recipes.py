"""Three recipes, one instance: they ask different questions, so they may give different answers.

kabosu : close around the instance, error bars, as many draws as the tolerance needs
lime   : the official package's law and defaults: quartile bins over the whole data, 5,000 draws, ridge
article: a wide Gaussian around the instance, 100 draws, ordinary least squares

All are asked to sample here, so that each shows its own draws; left alone, kabosu reads a forest and needs none.
"""

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

import kabosu as kb

X, y = load_wine(return_X_y=True, as_frame=True)
model = RandomForestClassifier(random_state=0).fit(X, y)
x = X.iloc[0]

print(f"{'recipe':8} {'calls':>6} {'reach':>6} {'fidelity':>9}   three largest effects (95% half-width)")
for recipe in ("kabosu", "lime", "article"):
    e = kb.TabularExplainer(model, X, recipe=recipe, engine="sampled").explain(x)
    t = e.target_index
    half = (e.interval()[1] - e.coef)[:, t] * abs(e.scale)
    best = ", ".join(f"{e.feature_names[j]} {e.coef_scaled[j, t]:+.3f} ({half[j]:.3f})" for j in e.order()[:3])
    print(f"{recipe:8} {e.n_model_calls:6} {e.certificate.radius:6.2f} {e.certificate.fidelity[t]:9.2f}   {best}")
    for flag in e.certificate.flags:
        print("         flag", flag)

# reach: standard deviation of the neighborhood, in training standard deviations; close to 1 means "nearly the whole data".
