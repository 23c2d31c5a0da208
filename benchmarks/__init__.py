"""kabosu beside lime 0.2.0.1: speed, error at equal calls, imports, memory. ``python -m benchmarks`` runs all; each module runs by itself.

One thread for the linear algebra of both, so that CPU seconds compare; it must be said before numpy is loaded.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
