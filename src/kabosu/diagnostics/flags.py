"""Typed warnings of the certificate: a code, what it means here, a way out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from kabosu.explanation import Certificate


@dataclass(frozen=True)
class Flag:
    """One reason for care.

    code : one of ``FLAGS``.  message : what was found.  way_out : what to do about it.
    """

    code: str
    message: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}; {self.way_out}"


FLAGS: Mapping[str, str] = {
    "low-effective-sample-size": "widen kernel_width=, raise budget= (of neighborhood='observed': give more background rows), or draw from the local law (recipe='kabosu')",
    "kernel-underflow": "widen kernel_width=, or draw from the local law (recipe='kabosu')",
    "near-global-kernel": "this explains the model around the average of the data as much as around this row: give a smaller kernel_width=, such as 0.58 for a radius of half a standard deviation",
    "poor-fidelity": "a line does not describe the model here: try kernel_width='auto' or a smaller one (explainer.width_path(x) shows them), neighborhood='bins', or output='margin' for a probability near 0 or 1; or read the curves instead, surrogate='additive' and e.plot_curves()",
    "large-local-gap": "the model treats this row otherwise than the rows around it, and the coefficients are about those: check the row, or give a smaller kernel_width=",
    "saturated-probability": "the probability has no room to move: output='margin' explains the score before it is squashed, where the model has one",
    "unsettled-ranking": "features that close share a rank: raise budget=, lower confidence=, or read them as ties",
    "imprecise": "raise budget= (certificate.forecast: by about how many rows), or lower tolerance= where that ended the draws; a wider kernel_width= or fewer features= need fewer, neighborhood='observed' needs more background rows",
    "did-not-react": "the model gave one and the same answer almost everywhere: widen kernel_width=, or check that the model sees the columns in the right order",
    "constant-feature": "its coefficient is no effect: widen kernel_width=, raise budget=, or leave it out with features=",
    "ill-conditioned": "features move together in this neighborhood, and how they share their effect is arbitrary: explain fewer of them with features=, or draw each by itself (neighborhood='gaussian')",
    "outside-training-range": "the model extrapolates here, and so does the explanation: check the row, or add such rows to the background data",
    "coarse-parts": "read the long ones as a whole; for each by itself raise budget=, or explain a part of the instance",
    "few-parts": "ask for more: a larger n_segments=, another algorithm or its numbers for segments=, or a grid",
    "same-fill": "hiding parts shows the model nothing: choose another fill=, such as 0.0 or another color, 'blur' or 'noise', or larger parts (a smaller n_segments=)",
    "channels-first": "if the channels come first, say order='CT'; if these are several series, use explain_many",
    "many-parts": "fewer parts have smaller errors: a smaller n_segments=, larger units=, or a larger budget=",
    "unseen-level": "the background data never had this level; add rows that have it",
    "off-manifold": "the model was asked about rows unlike real ones, and may answer anything there: try neighborhood='copula', 'conditional', 'nearest' or 'observed'",
}


FEW = 30  # draws' worth below which a regression is a guess
STILL = 0.01  # share of draws at which the answer changed
POOR = 0.25  # held-out R2; at 0.5 every second classifier of the standard tables raised it (tests/bad_inputs/test_clean.py)
IMPRECISE = 0.2  # 95% half-width, relative to the largest coefficient: four times what the default recipe aims for
MANY, RANKED = 200, 0.1  # features, and the error beside the largest coefficient, from which the order is mostly chance
GLOBAL = 0.901  # radius in training standard deviations: the official default has 0.92 to 0.97
GAP = 3.0  # standard deviations of the answers around; sqrt(p / 2) where that is more: what p equal parabolas miss
SATURATED, SATURATED_SPREAD = 0.001, 0.02  # distance of a probability from 0 or 1, and how little it moves
STEEP = 1e8  # condition number that costs half of the digits


def enough(p: int) -> int:
    """Independent draws that p coefficients want at least."""
    return max(FEW, 2 * p)


@dataclass(frozen=True)
class Seen:
    """What decides about flags: numbers of one instance and output, or (B,) arrays of them.

    still : whether a feature kept one value in all draws.  prediction : the output at the instance.
    """

    fidelity: Any
    local_gap: Any
    monte_carlo_error: Any
    reacted: Any
    spread: Any
    effective_sample_size: Any
    condition_number: Any
    radius: Any
    prediction: Any
    still: Any


def raised(s: Seen, p: int, scale: str) -> dict[str, Any]:
    """Whether each flag that numbers decide is raised, of p features and an output of this scale."""
    room = np.minimum(s.prediction, 1 - s.prediction)
    with np.errstate(invalid="ignore"):
        return {
            "near-global-kernel": s.radius > GLOBAL,
            "low-effective-sample-size": s.effective_sample_size < enough(p),
            "imprecise": s.monte_carlo_error > IMPRECISE,
            "many-parts": (s.monte_carlo_error > RANKED) & (p > MANY),
            "constant-feature": s.still,
            "ill-conditioned": np.isfinite(s.condition_number) & (s.condition_number > STEEP),
            "did-not-react": s.reacted < STILL,
            "poor-fidelity": (s.fidelity < POOR) & np.logical_not(s.reacted < STILL),
            "large-local-gap": (s.local_gap > max(GAP, (p / 2) ** 0.5) * s.spread) & (s.local_gap > 1e-9 * np.maximum(np.abs(s.prediction), s.spread)),
            "saturated-probability": (room < SATURATED) & (s.spread < SATURATED_SPREAD) & (scale == "probability"),
        }


def flags_of(certificate: "Certificate", target: int, p: int, still: tuple[str, ...], scale: str = "", prediction: float = np.nan) -> tuple[Flag, ...]:
    """Flags for the evidence about one output.

    still : names of features that did not vary in the draws.  scale, prediction : what the output is, and its value at the instance.
    """
    of_output = {n: getattr(certificate, n)[target] for n in ("fidelity", "local_gap", "monte_carlo_error", "reacted", "spread")}
    of_draws = {n: getattr(certificate, n) for n in ("effective_sample_size", "condition_number", "radius")}
    seen = Seen(**of_output, **of_draws, prediction=prediction, still=bool(still))
    found = [(code, WORDS[code](seen, p, still)) for code, yes in raised(seen, p, scale).items() if yes]
    return tuple(Flag(code, message, FLAGS[code]) for code, message in (*found, *certificate.notes))


WORDS: Mapping[str, Callable[[Seen, int, tuple[str, ...]], str]] = {
    "near-global-kernel": lambda s, *_: f"the neighborhood reaches {s.radius:.2f} standard deviations of the training data",
    "low-effective-sample-size": lambda s, p, _: f"the draws count for {s.effective_sample_size:.1f} independent ones, for {p} coefficients",
    "imprecise": lambda s, *_: f"the 95% error is {s.monte_carlo_error:.0%} of the largest coefficient",
    "many-parts": lambda s, p, _: f"{p} parts are more than the draws can rank: the 95% error is {s.monte_carlo_error:.0%} of the largest coefficient",
    "constant-feature": lambda _s, _p, still: f"{', '.join(still[:5])} kept one value in all draws",
    "ill-conditioned": lambda s, *_: f"condition number {s.condition_number:.1e}",
    "did-not-react": lambda s, *_: f"the model's answer changed at {s.reacted:.1%} of the draws",
    "poor-fidelity": lambda s, *_: f"held-out R2 is {s.fidelity:.2f}",
    "large-local-gap": lambda s, *_: f"the surrogate misses the model at this row by {s.local_gap:.3g}, where its answers around vary by {s.spread:.3g}",
    "saturated-probability": lambda s, *_: f"the model answers {s.prediction:.6g}, and varies by {s.spread:.2g} around",
}
