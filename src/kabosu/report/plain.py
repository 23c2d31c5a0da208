"""Explanations as plain text: tables for terminals, sentences for people."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from kabosu import checks
from kabosu.explanation import Explanation
from kabosu.explanations import Explanations
from kabosu.fits import t_quantile
from kabosu.report.evidence import evidence, fidelity_words
from kabosu.report.words import LEVEL, MISSING, PRESENT, TOGETHER, cell, column, condition, half_words, is_number, line, number, output_words, without_noise
from kabosu.widths import WidthPath

ROWS = 30  # more are a frame's business
SHOWN = 10  # rows of a collection
LONGEST = 60  # letters of a name or value


def table(e: Explanation) -> str:
    """What ``print(e)`` shows: the answer, the evidence, the coefficients with 95% half-widths, the flags."""
    t = e.target_index
    lines = [f"{line(output_words(e, e.target)).removeprefix('the ')}: {number(e.prediction[t], 3)}   surrogate: {number(e.local_prediction[t], 3)}"]
    if len(e.output_names) > 1:
        lines.append(f"outputs: {_outputs(e)}")
    lines += [f"{name}: {words}" for name, words in evidence(e, t)]
    return "\n".join([*lines, "", *_aligned(_rows(e, t)), *_more(e), *_pairs(e, t), *_flags(e)])


def _outputs(e: Explanation) -> str:
    order = np.argsort(-e.prediction, kind="stable")[:5]
    rest = len(e.output_names) - len(order)
    return ", ".join(f"{line(e.output_names[i])} {number(float(e.prediction[i]), 3)}" for i in order) + (f", {rest} more" if rest else "")


def _rows(e: Explanation, t: int) -> list[tuple[str, ...]]:
    """Cells of the coefficient table, the head first; ``scaled`` is per training standard deviation. Parts have no value but their name."""
    order = e.order()[:ROWS]
    q = t_quantile(np.array([e.dof]))[0]
    scaled, scaled_half = column(e.coef_scaled[order, t]), without_noise(q * e.std_error_scaled[:, t], e.coef_scaled[:, t])[order]
    half = np.where(scaled_half == 0, 0.0, q * e.std_error[order, t])
    rows = [("feature", "value", "coef", "± 95%", "scaled", "± 95%")]
    for j, s, h, sh in zip(order, scaled, half, scaled_half, strict=True):
        name, value = _named(e, int(j))
        rows.append((_short(line(name)), _short(line(value)), number(e.coef[j, t], 3, sign=True), half_words(h, e.coef[j, t]), s, half_words(sh, e.coef[j, t])))
    return [("feature", "coef", "± 95%"), *((name, *numbers) for name, _, _, _, *numbers in rows[1:])] if all(unit == PRESENT for unit in e.units) else rows


def _named(e: Explanation, j: int) -> tuple[str, str]:
    """Name and value of one feature; what has a value says what it would be if it had none."""
    if e.units[j] == MISSING:
        return condition(e, j), "yes" if e.values[j] else "present"
    return e.feature_names[j], cell(e.values[j])


def _short(text: str) -> str:
    """At most so long that a row stays on one line of most terminals; to_frame() has the whole."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 13]} … {text[-10:]}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Texts to the left, numbers to the right."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        texts = max(1, len(row) - 4)
        yield "  ".join(text.ljust(w) if i < texts else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True))).rstrip()


def _more(e: Explanation) -> list[str]:
    return [f"... and {len(e) - ROWS} more with smaller effects; to_frame() has all"] if len(e) > ROWS else []


def _pairs(e: Explanation, t: int) -> list[str]:
    """Interactions, where they were asked for: what one more of the one changes in the effect of the other."""
    if e.joint is None or not len(e.joint):
        return []
    scaled = column(e.joint.coef_scaled[:, t])
    rows = [("pair", "", "coef", "scaled", "of the variation", "")]
    rows += [(_short(f"{line(a)} x {line(b)}"), "", number(e.joint.coef[n, t], 3, sign=True), scaled[n], f"{number(100 * e.joint.share[n, t], 2)}%", "") for n, (a, b) in enumerate(e.joint.pairs)]
    return ["", *_aligned(rows)]


def _flags(e: Explanation) -> list[str]:
    return [""] + [f"! {line(f.code)}: {line(f.message)}\n  {line(f.way_out)}" for f in e.certificate.flags] if e.certificate.flags else []


def table_of_many(es: Explanations) -> str:
    """What ``print(es)`` shows: each row's answer, fidelity and largest effects."""
    done = len(es.positions)
    head = f"{done} explanation{'s' * (done != 1)}" + (f", {len(es.errors)} could not be made" if es.errors else "")
    shown = [(int(i), es[int(i)]) for i in es.positions[:SHOWN]]
    flags = [", ".join(flag.code for flag in e.certificate.flags) for _, e in shown]
    rows: list[tuple[str, ...]] = [("row", "target", "prediction", "fidelity", "largest effects", "flags" if any(flags) else "")]
    rows += [(str(i), *_summary(e), words) for (i, e), words in zip(shown, flags, strict=True)]
    lines = _left(rows) if shown else []
    more = [f"... and {done - SHOWN} more; to_frame() has all"] if done > SHOWN else []
    failed = [f"row {i}: {line(text)}" for i, text in list(es.errors.items())[:3]]
    return "\n".join([head, *lines, *more, *failed])


def table_of_widths(path: WidthPath) -> str:
    """What ``print(explainer.width_path(x))`` shows: fidelity, error and largest effects at each width, and which one is taken."""
    rows = [("width", "radius", "fidelity", "error", "largest effects")]
    for e, error in zip(path.explanations, path.error, strict=True):
        _, _, fidelity, effects = _summary(e)
        rows.append((number(e.kernel_width, 3), number(e.certificate.radius, 2), fidelity, f"{number(100 * float(error[e.target_index]), 2)}%", effects))
    return "\n".join([*_left(rows), f"auto takes width {number(float(path.widths[path.taken]), 3)}: {path.rule}"])


def _left(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns of text, to the left."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _summary(e: Explanation) -> tuple[str, str, str, str]:
    t, top = e.target_index, e.order()[:3]
    effects = ", ".join(f"{_short(line(condition(e, int(j))))} {text}" for j, text in zip(top, column(e.coef_scaled[top, t], 2), strict=True))
    return line(e.target), number(e.prediction[t], 3), number(e.certificate.fidelity[t], 2), effects


def describe(e: Explanation, max_features: int = 5) -> str:
    """The explanation in sentences, largest effects first, then how far to believe it."""
    t = e.target_index
    what = output_words(e, e.target)
    low, high = e.interval()
    most = checks.whole("max_features", max_features, 1, "a number of features to describe")
    kept = [int(j) for j in e.order()[:most] if e.coef[j, t] != 0]
    sentences = [f"{_capital(what)} is {number(e.prediction[t], 3)} for this instance."]
    sentences += [_sentence(e, j, t, what, low[j, t], high[j, t]) for j in kept]
    if not kept:
        sentences.append("No feature has an effect here.")
    rest = len(e) - len(kept)
    if kept and rest:
        sentences.append(f"The other {rest} feature{'s have' if rest > 1 else ' has'} smaller effects.")
    return "\n".join(map(line, [*sentences, *_belief(e, t)]))


def _sentence(e: Explanation, j: int, t: int, what: str, low: float, high: float) -> str:
    coef = float(e.coef[j, t])
    if low <= 0 <= high and low < high:
        return f"{_cause(e, j)} has no clear effect on {what} ({number(coef, 3, sign=True)}, 95% interval {number(low, 3)} to {number(high, 3)})."
    verb = "raises" if coef > 0 else "lowers"
    size = f"{number(abs(coef), 3)}{_interval(low, high)}"
    scaled = f": {number(abs(float(e.coef_scaled[j, t])), 3)} per standard deviation of {number(float(abs(e.scale[j])), 3)}" if is_number(e, j) else ""
    return f"{_cause(e, j)} {verb} {what} by {size}{scaled}."


def _interval(low: float, high: float) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return " (its error is not known)"
    if low == high:
        return " (exact)"
    ends = sorted((abs(low), abs(high)))
    return f" (95% interval {number(ends[0], 3)} to {number(ends[1], 3)})"


def _cause(e: Explanation, j: int) -> str:
    """The subject of a sentence about feature j."""
    if e.units[j] == MISSING:
        return f"Having no value of {e.columns[j].removesuffix(' is missing')} instead of one"
    if e.units[j] == LEVEL and e.feature_names[j] == f"{e.columns[j]} is missing":
        return f"Having no value of {e.columns[j]} instead of one"
    if e.units[j] == PRESENT:
        return f"The presence of {e.feature_names[j]!r}"
    if e.units[j] == TOGETHER:
        return f"Having {e.feature_names[j]} instead of another row's {e.columns[j]}"
    if e.units[j] == LEVEL:
        return f"Having {e.feature_names[j]} instead of {_elsewhere(e, j)}"
    unit = "One more unit" if e.units[j] == "unit" else f"One more {e.units[j]}"
    return f"{unit} of {e.columns[j]} (here {cell(e.values[j])})"


def _elsewhere(e: Explanation, j: int) -> str:
    """What is not the level of feature j."""
    if condition(e, j) != e.feature_names[j]:
        return "another range"
    return f"{e.columns[j]} = {not e.values[j]}" if isinstance(e.values[j], bool | np.bool_) else f"another {e.columns[j]}"


def _belief(e: Explanation, t: int) -> list[str]:
    """How far to believe it, in sentences."""
    c = e.certificate
    fidelity = float(c.fidelity[t])
    share = "" if math.isnan(fidelity) else f" (fidelity {number(fidelity, 2)}: the share of the model's variation around the instance that it explains on fresh draws)"
    lines = [f"How far to believe this: {fidelity_words(fidelity)}{share}."]
    lines.append(f"The surrogate says {number(e.local_prediction[t], 3)} at the instance, the model {number(e.prediction[t], 3)}.")
    return lines + [f"Take care: {f.message}; {f.way_out}." for f in c.flags]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

