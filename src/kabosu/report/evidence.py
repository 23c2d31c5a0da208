"""How far an explanation can be believed, in words: the same in print, describe and pages."""

import math
from collections.abc import Mapping

from kabosu.explanation import Explanation
from kabosu.report.words import NOISE, number

GOOD, FAIR = 0.9, 0.5


def fidelity_words(fidelity: float) -> str:
    """What a held-out R2 means.

    Examples
    --------
    >>> fidelity_words(0.95), fidelity_words(float("nan"))
    ('a line describes the model closely here', "the model's answer does not vary here")

    """
    if math.isnan(fidelity):
        return "the model's answer does not vary here"
    if fidelity >= GOOD:
        return "a line describes the model closely here"
    return "a line describes the main part of what the model does here" if fidelity >= FAIR else "a line does not describe the model well here"


def ended_words(e: Explanation) -> str:
    """Calls and what ended them."""
    by, rule = e.certificate.adjusted_by, e.certificate.ended_by
    return f"{e.n_model_calls:,}, {'exact' if rule == 'exact' else f'ended by {rule}'}" + (f", error lowered by a proxy ({by})" if by else "")


def error_words(error: float) -> str:
    """Sampling error relative to the largest coefficient.

    Examples
    --------
    >>> error_words(0.0), error_words(0.034), error_words(float("nan"))
    ('none', '3.4% of the largest coefficient (95%)', 'not known')

    """
    if math.isnan(error):
        return "not known"
    return "none" if error <= NOISE else f"{number(100 * error, 2)}% of the largest coefficient (95%)"


def worth_words(size: float) -> str:
    """What the draws count for after weighting.

    Examples
    --------
    >>> worth_words(2048.0), worth_words(float("inf"))
    ('2048 independent ones', 'exact, drawn only to check')

    """
    return "exact, drawn only to check" if math.isinf(size) else f"{number(size, 4)} independent ones"


def kernel_words(e: Explanation) -> str:
    """Width, and the radius that it means."""
    if math.isnan(e.kernel_width):
        return "own kernel"
    radius = e.certificate.radius
    width = "unbounded" if math.isinf(e.kernel_width) else number(e.kernel_width, 3)
    known = width if math.isnan(radius) else f"{width}, radius {number(radius, 2)} standard deviations"
    return f"{known}: {e.certificate.width_rule}" if e.certificate.width_rule else known


def engine_words(e: Explanation) -> str:
    """Who computed it, by which recipe and seed."""
    return f"{e.engine}, recipe {e.recipe}, random_state {e.random_state}"


def evidence(e: Explanation, t: int) -> list[tuple[str, str]]:
    """The certificate of one output, as names and words."""
    c = e.certificate
    fidelity = float(c.fidelity[t])
    rows = [
        ("fidelity", f"{number(fidelity, 2)}: {fidelity_words(fidelity)}" if not math.isnan(fidelity) else fidelity_words(fidelity)),
        ("gap to the model", f"{number(float(c.local_gap[t]), 2)} (model {number(float(e.prediction[t]), 3)}, surrogate {number(float(e.local_prediction[t]), 3)})"),
        ("sampling error", error_words(float(c.monte_carlo_error[t]))),
        ("model calls", ended_words(e)),
        ("kernel width", kernel_words(e)),
        ("draws' worth", f"{worth_words(c.effective_sample_size)}; the model reacted to {number(100 * float(c.reacted[t]), 3)}%"),
        ("engine", engine_words(e)),
    ]
    if c.design:
        rows.insert(-1, ("draws", c.design))
    if not math.isnan(c.off_manifold):
        rows.append(("off the manifold", f"{number(100 * c.off_manifold, 3)}% of the draws are told from real rows"))
    if e.effects is not None:
        rows.insert(1, ("additive fidelity", f"{number(float(e.effects.fidelity[t]), 2)}: what one curve a feature would describe"))
    return rows + refused(e.refusals)


def refused(refusals: Mapping[str, str]) -> list[tuple[str, str]]:
    """The engines that were not used, each reason once.

    Examples
    --------
    >>> refused({"tree": "a function cannot be read", "linear": "a function cannot be read", "enumerate": "age: drawn from a continuum"})
    [('not tree', 'a function cannot be read (nor linear)'), ('not enumerate', 'age: drawn from a continuum')]

    """
    names: dict[str, list[str]] = {}
    for name, reason in refusals.items():
        names.setdefault(reason, []).append(name)
    return [(f"not {first}", f"{reason} (nor {', '.join(others)})" if others else reason) for reason, (first, *others) in names.items()]
