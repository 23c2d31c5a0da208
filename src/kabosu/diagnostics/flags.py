"""Typed warnings of the certificate: a code, what it means here, a way out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def flags_of(certificate: "Certificate", target: int, p: int, still: tuple[str, ...], scale: str = "", prediction: float = np.nan) -> tuple[Flag, ...]:
    """Flags for the evidence about one output.

    still : names of features that did not vary in the draws.  scale, prediction : what the output is, and its value at the instance.
    """
    found = (*_of_the_draws(certificate, target, p, still), *_of_the_model(certificate, target, p, scale, prediction), *certificate.notes)
    return tuple(Flag(code, message, FLAGS[code]) for code, message in found)


def _of_the_model(c: "Certificate", t: int, p: int, scale: str, prediction: float) -> Iterator[tuple[str, str]]:
    """What the answers around the instance say about a line."""
    gap, spread = c.local_gap[t], c.spread[t]
    if c.reacted[t] < STILL:
        yield "did-not-react", f"the model's answer changed at {c.reacted[t]:.1%} of the draws"
    elif c.fidelity[t] < POOR:
        yield "poor-fidelity", f"held-out R2 is {c.fidelity[t]:.2f}"
    if gap > max(GAP, (p / 2) ** 0.5) * spread and gap > 1e-9 * max(abs(prediction), spread):
        yield "large-local-gap", f"the surrogate misses the model at this row by {gap:.3g}, where its answers around vary by {spread:.3g}"
    if scale == "probability" and min(prediction, 1 - prediction) < SATURATED and spread < SATURATED_SPREAD:
        yield "saturated-probability", f"the model answers {prediction:.6g}, and varies by {spread:.2g} around"


def _of_the_draws(c: "Certificate", t: int, p: int, still: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What the neighborhood and the number of draws allow."""
    if c.radius > GLOBAL:
        yield "near-global-kernel", f"the neighborhood reaches {c.radius:.2f} standard deviations of the training data"
    if c.effective_sample_size < enough(p):
        yield "low-effective-sample-size", f"the draws count for {c.effective_sample_size:.1f} independent ones, for {p} coefficients"
    if c.monte_carlo_error[t] > IMPRECISE:
        yield "imprecise", f"the 95% error is {c.monte_carlo_error[t]:.0%} of the largest coefficient"
    if p > MANY and c.monte_carlo_error[t] > RANKED:
        yield "many-parts", f"{p} parts are more than the draws can rank: the 95% error is {c.monte_carlo_error[t]:.0%} of the largest coefficient"
    if still:
        yield "constant-feature", f"{', '.join(still[:5])} kept one value in all draws"
    if np.isfinite(c.condition_number) and c.condition_number > STEEP:
        yield "ill-conditioned", f"condition number {c.condition_number:.1e}"
