"""lime at 100 seeds is a cloud; the exact answer is the point in its middle, without a single draw.

    python 07_a_cloud_around_a_point.py cloud.png
"""

import sys
import time

import matplotlib.pyplot as plt
import numpy as np
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

import kabosu as kb

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
names = list(X)
model = RandomForestClassifier(n_estimators=50, random_state=0).fit(X.to_numpy(), y)
x, SEEDS = X.to_numpy()[8], 100

# lime's own law and penalty, read off the trees: no samples, no seed.
explainer = kb.TabularExplainer(model, X.to_numpy(), recipe="lime", engine="exact")
explainer.explain(x)  # the first call compiles
began = time.process_time()
e = explainer.explain(x, max_features=len(names))
exact, ours = e.coef[:, 1], time.process_time() - began

began = time.process_time()
clouds = np.empty((SEEDS, len(names)))
for seed in range(SEEDS):
    lime = LimeTabularExplainer(X.to_numpy(), random_state=seed).explain_instance(x, model.predict_proba, num_features=len(names))
    clouds[seed] = [weight for _, weight in sorted(lime.local_exp[1])]
theirs = (time.process_time() - began) / SEEDS

order = np.argsort(-np.abs(exact))
swapped = np.mean([list(np.argsort(-np.abs(c))[:5]) != list(order[:5]) for c in clouds])
signs = np.mean(np.sign(clouds) != np.sign(exact))
z = (clouds.mean(axis=0) - exact) / (clouds.std(axis=0, ddof=1) / np.sqrt(SEEDS))
print(f"one answer: lime {theirs * 1e3:.0f} ms and another one at each seed, kabosu {ours * 1e3:.0f} ms with its check of fidelity, always the same")
print(f"lime's first five features or their order differ from the exact ones in {swapped:.0%} of its runs, its signs in {signs:.0%} of all")
print(f"the mean of lime's runs is the exact answer: largest |z| over {len(names)} features {np.abs(z).max():.1f}")

shown = order[:12]
fig, ax = plt.subplots(figsize=(8, 5.2), layout="constrained")
rows = np.arange(len(shown))
jitter = np.random.default_rng(0).uniform(-0.3, 0.3, clouds.shape)
ax.scatter(clouds[:, shown], rows + jitter[:, shown], s=9, alpha=0.35, lw=0, color="#1f6fb2", label=f"lime, {SEEDS} seeds, 5,000 samples each")
ax.scatter(exact[shown], rows, marker="D", s=42, color="#1f2328", zorder=3, label="kabosu, exact")
ax.axvline(0, color="#8c959f", lw=0.8)
ax.set_yticks(rows, [names[j] for j in shown])
ax.invert_yaxis()
ax.set_xlabel(f"effect on the probability of 'benign' of being in this row's bin (prediction {e.prediction[1]:.2f})")
ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, markerscale=1.5)
ax.spines[["top", "right"]].set_visible(False)
if len(sys.argv) > 1:
    plt.savefig(sys.argv[1], dpi=100)
