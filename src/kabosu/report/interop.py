"""Hand over to other libraries."""

from typing import Any

import numpy as np

from kabosu.errors import MissingExtra
from kabosu.explanation import Explanation
from kabosu.frames import is_missing


def to_shap(e: Explanation) -> Any:
    """A ``shap.Explanation`` of the contributions from the average row: values (p, k), or (p,) where there is one output.

    They sum to ``local_prediction``, not to the model's prediction: the gap between the two is in the certificate.
    One output is drawn by ``shap.plots.waterfall(e.to_shap()[:, e.target])``.
    """
    try:
        import shap
    except ImportError as error:
        raise MissingExtra("this needs shap; install it with: pip install shap") from error
    values, base, names = e.contributions, e.base_value, list(e.output_names)
    if len(names) == 1:
        values, base = values[:, 0], float(base[0])
    shown = np.empty(len(e), dtype=object)
    shown[:] = ["missing" if is_missing(v) else v for v in e.values]
    return shap.Explanation(values=values, base_values=base, data=e.z, display_data=shown, feature_names=list(e.columns), output_names=names if len(names) > 1 else None)
