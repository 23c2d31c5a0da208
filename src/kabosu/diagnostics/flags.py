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
    "low-effective-sample-size": "widen kernel_width=, raise budget=, or draw from the local law (recipe='kabosu')",
    "poor-fidelity": "a line does not describe the model here: try a smaller kernel_width=, output='margin' for a probability near 0 or 1, neighborhood='bins', or a tree surrogate",
    "imprecise": "raise budget= or lower tolerance=",
    "did-not-react": "the model gave one and the same answer almost everywhere: widen kernel_width=, or check that the model sees the columns in the right order",
    "feature-did-not-vary": "its coefficient is not an effect: widen kernel_width=, raise budget=, or leave it out with features=",
    "ill-conditioned": "features move together in this neighborhood: group them with groups=, or add a ridge penalty (surrogate='ridge')",
    "outside-training-range": "the model extrapolates here, and so does the explanation: check the row, or add such rows to the background data",
    "unseen-level": "the background data never had this level; add rows that have it",
}


FEW = 30  # draws' worth below which a regression is a guess
STILL = 0.01  # share of draws at which the answer changed
POOR = 0.25  # held-out R2; at 0.5 every second classifier of the standard tables raised it (tests/bad_inputs/test_clean.py)
IMPRECISE = 0.2  # 95% half-width, relative to the largest coefficient: four times what the default recipe aims for
STEEP = 1e8  # condition number that costs half of the digits


def flags_of(certificate: "Certificate", target: int, p: int, still: tuple[str, ...]) -> tuple[Flag, ...]:
    """Flags for the evidence about one output.

    still : names of features that did not vary in the draws.
    """
    return tuple(Flag(code, message, FLAGS[code]) for code, message in _found(certificate, target, p, still))


def _found(c: "Certificate", t: int, p: int, still: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if c.effective_sample_size < max(FEW, 2 * p):
        yield "low-effective-sample-size", f"the draws count for {c.effective_sample_size:.1f} independent ones, for {p} coefficients"
    if c.reacted[t] < STILL:
        yield "did-not-react", f"the model's answer changed at {c.reacted[t]:.1%} of the draws"
    elif c.fidelity[t] < POOR:
        yield "poor-fidelity", f"held-out R2 is {c.fidelity[t]:.2f}"
    if c.monte_carlo_error[t] > IMPRECISE:
        yield "imprecise", f"the 95% error is {c.monte_carlo_error[t]:.0%} of the largest coefficient"
    if still:
        yield "feature-did-not-vary", f"{', '.join(still[:5])} kept one value in all draws"
    if np.isfinite(c.condition_number) and c.condition_number > STEEP:
        yield "ill-conditioned", f"condition number {c.condition_number:.1e}"
    yield from c.notes
