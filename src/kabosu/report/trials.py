"""What the diagnostics found, as plain text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kabosu.report.words import line, number
from kabosu.types import Array

if TYPE_CHECKING:
    from kabosu.diagnostics.faithfulness import Faithfulness
    from kabosu.diagnostics.stability import NeighborsStability, Stability

FIRST = 5  # features that are named


def of_stability(s: "Stability") -> str:
    """What ``print(stability(...))`` shows."""
    names = s.explanations[0].columns
    rows = [f"{line(names[j])} {number(float(s.spread[j]), 2)} (stated {number(float(s.std_error[j]), 2)})" for j in s.explanations[0].order()[:FIRST]]
    return "\n".join(
        [
            f"{len(s.explanations)} explanations of one instance, {'the same bit for bit' if s.identical else 'with other numbers'}",
            f"first features in common (VSI): {number(s.vsi, 3)}%; intervals that overlap (CSI): {number(s.csi, 3)}%",
            f"agreement of the orders (Kendall's tau): {number(s.rank_agreement, 3)}; opposite signs: {number(100 * s.sign_flips, 2)}%",
            f"spread of the scaled coefficients: {', '.join(rows)}",
        ]
    )


def of_neighbors(s: "NeighborsStability") -> str:
    """What ``print(neighbors_stability(...))`` shows."""
    rows = [f"{line(s.feature_names[j])} {number(s.total[j], 2)}, of which the model {number(s.model[j], 2)}" for j in _largest(s.total)]
    return "\n".join(
        [
            f"{len(s.explanations)} explanations of rows close by; {number(100 * s.share, 3)}% of what differs is the model's doing, the rest the draws'",
            f"largest change a step (Lipschitz): {number(s.lipschitz, 3)}; largest relative change (max-sensitivity): {number(s.max_sensitivity, 3)}",
            f"spread of the scaled coefficients: {'; '.join(rows)}",
        ]
    )


def of_faithfulness(f: "Faithfulness") -> str:
    """What ``print(faithfulness(...))`` shows."""
    return "\n".join(
        [
            f"prediction {number(f.prediction, 3)}; taken away in this order: {', '.join(map(line, f.units[:FIRST]))}{', ...' if len(f.units) > FIRST else ''}",
            f"without the first {f.K} it loses {number(f.comprehensiveness, 3)} (comprehensiveness), with these alone {number(f.sufficiency, 3)} (sufficiency)",
            f"deletion:  {_course(f.deletion)}",
            f"insertion: {_course(f.insertion)}",
            f"model calls: {f.n_model_calls:,}",
        ]
    )


def _largest(values: Array) -> Sequence[int]:
    return [int(j) for j in np.argsort(-values, kind="stable")[:FIRST]]


def _course(values: Array) -> str:
    """The mean answer from none taken away to all."""
    return " ".join(number(float(v), 3) for v in values[: 2 * FIRST + 1]) + (" ..." if len(values) > 2 * FIRST + 1 else "")
