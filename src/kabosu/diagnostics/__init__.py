"""Is it any good? Functions of explanations."""

from kabosu.diagnostics.faithfulness import Faithfulness, Randomization, faithfulness, gold_recall, infidelity, randomization
from kabosu.diagnostics.flags import FLAGS, Flag, flags_of
from kabosu.diagnostics.manifold import OffManifold, off_manifold
from kabosu.diagnostics.ranking import rank_confidence
from kabosu.diagnostics.stability import NeighborsStability, Stability, compared, neighbors_stability, stability

__all__ = [
    "FLAGS",
    "Faithfulness",
    "Flag",
    "NeighborsStability",
    "OffManifold",
    "Randomization",
    "Stability",
    "compared",
    "faithfulness",
    "flags_of",
    "gold_recall",
    "infidelity",
    "neighbors_stability",
    "off_manifold",
    "randomization",
    "rank_confidence",
    "stability",
]
