"""Measure once, fit many: the model is asked one time, then kernel widths and surrogates are free."""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor

import kabosu as kb
from kabosu.kernels import Exponential, radius, width_for
from kabosu.surrogates import Ridge, Select

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
model = RandomForestRegressor(n_estimators=50, random_state=0).fit(X, y)
explainer = kb.TabularExplainer(model, X)

# The expensive half: 4,096 rows around one patient, kept as a value.
(patient,) = explainer.domain.represent(X.iloc[[3]])
sampler = kb.samplers.Sobol()
hood = kb.measure(explainer.model, patient, sampler, 0, 4096)

# The free half. How local should the answer be? Look at several widths before you believe one.
names = patient.labels().columns
print(f"{'reach':>6} {'R2':>5} {'draws count for':>16}   effect of one standard deviation")
for reach in (0.95, 0.7, 0.5, 0.35):
    fitted = kb.fit(hood, Exponential(width_for(reach)), Ridge(), sampler.replicates)
    top = np.argsort(-np.abs(fitted.coef[0, :, 0]))[:3]
    effects = ", ".join(f"{names[j]} {fitted.coef[0, j, 0]:+.1f} ± {fitted.half_width()[0, j, 0]:.1f}" for j in top)
    print(f"{reach:6.2f} {fitted.fidelity[0, 0]:5.2f} {fitted.effective_sample_size[0]:16.0f}   {effects}")

# Which features would be enough?
for K in (1, 2, 3):
    fitted = kb.fit(hood, Exponential(width_for(0.7)), Select(K, "forward_selection"), sampler.replicates)
    kept = [names[j] for j in np.flatnonzero(fitted.coef[0, :, 0])]
    print(f"best {K}: R2 {fitted.fidelity[0, 0]:.2f} with {kept}")

# A narrow kernel wastes draws of a wide law. Draw from the local law itself instead: every draw counts.
narrow = Exponential(width_for(0.35))
local = kb.measure(explainer.model, patient, sampler, 0, 4096, tilt=narrow)
fitted = kb.fit(local, narrow, Ridge(), sampler.replicates)
print(f"reach {radius(narrow.at(X.shape[1])):.2f}, drawn from the local law: draws count for {fitted.effective_sample_size[0]:.0f}, R2 {fitted.fidelity[0, 0]:.2f}")
