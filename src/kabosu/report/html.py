"""Explanations as static HTML: one file, no script, every name escaped. The markup is in templates/; here are its numbers and words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from kabosu.explanation import Explanation
from kabosu.explanations import Explanations
from kabosu.fits import t_quantile
from kabosu.pick.aggregate import aggregate
from kabosu.report.evidence import evidence
from kabosu.report.pictures import picture
from kabosu.report.words import column, half_words, is_number, name_and_value, number, output_words, printable, scaled_words, without_noise
from kabosu.types import Array, Float

TOP, REST, OUTPUTS, ROWS = 10, 90, 5, 100
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Bar:
    """One row of a chart, in hundredths of the chart's width; None: not drawn.

    label, tail : name and value.  kind : "p" positive, "n" negative, "o" neither.  x, width : of the bar.  low, high : of the whisker.  zero : of the axis.
    """

    label: str
    text: str
    kind: str
    x: float | None
    width: float | None
    half: str = ""
    note: str = ""
    low: float | None = None
    high: float | None = None
    zero: float | None = None
    tail: str = ""
    target: bool = False


def page(e: Explanation) -> str:
    """One static page."""
    return _render("page.html", part="fragment.html", styled=False, title=f"{e.target} explained", **_view(e))


def fragment(e: Explanation) -> str:
    """What a notebook shows: no ids, all styles below its own class, the ground and ink of the notebook."""
    return _render("fragment.html", styled=True, **_view(e))


def page_of_many(es: Explanations) -> str:
    """One static page about many rows."""
    return _render("page.html", part="many.html", styled=False, title=_counted(es), **_view_of_many(es))


def fragment_of_many(es: Explanations) -> str:
    """What a notebook shows of many rows."""
    return _render("many.html", styled=True, **_view_of_many(es))


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("kabosu", "report/templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_printable)


def _render(template: str, **view: Any) -> str:
    from kabosu import __version__

    return _environment().get_template(template).render(version=__version__, **view)


def _printable(value: Any) -> Any:
    """What a template prints; text that is markup already is the template's own."""
    return printable(value) if type(value) is str else value


def _view(e: Explanation) -> dict[str, Any]:
    t = e.target_index
    order = e.order()
    in_use = order[e.coef[order, t] != 0]
    top = in_use[:TOP] if len(in_use) else order[:TOP]
    rest = order[~np.isin(order, top)]
    bars = list(_effects(e, t, np.concatenate([top, rest[:REST]])))
    what = output_words(e, e.target)
    return {
        "heading": f"{what[:1].upper()}{what[1:]}",
        "model": _minus(number(e.prediction[t], 3)),
        "surrogate": _minus(number(e.local_prediction[t], 3)),
        "scale": e.output_scale,
        "outputs": list(_outputs(e)) if len(e.output_names) > 1 else [],
        "picture": picture(e, t),
        "caption": f"effect of {scaled_words(e)} on {what}, with 95% intervals",
        "rows": bars[: len(top)],
        "rest": bars[len(top) :],
        "hidden": max(0, len(rest) - REST),
        "pairs": list(_pairs(e, t)),
        "flags": e.certificate.flags,
        "evidence": evidence(e, t),
    }


def _outputs(e: Explanation) -> Iterator[Bar]:
    """The largest outputs, the target among them."""
    order = np.argsort(-e.prediction, kind="stable")
    shown = [i for i in order if i in order[:OUTPUTS] or i == e.target_index]
    for i in shown:
        p = float(e.prediction[i])
        width = _at(100 * min(max(p, 0.0), 1.0)) if e.output_scale == "probability" else None
        yield Bar(e.output_names[i], _minus(number(p, 3)), "o", 0.0, width, _minus(number(float(e.local_prediction[i]), 3)), target=i == e.target_index)
    if len(order) > len(shown):
        yield Bar(f"other ({len(order) - len(shown)})", _minus(number(float(np.delete(e.prediction, shown).sum()), 3)), "o", 0.0, None, _minus(number(float(np.delete(e.local_prediction, shown).sum()), 3)))


def _effects(e: Explanation, t: int, order: Array) -> Iterator[Bar]:
    """Bars of the features on one scale."""
    value = e.coef_scaled[order, t]
    raw = without_noise(t_quantile(np.array([e.dof]))[0] * e.std_error_scaled[:, t], e.coef_scaled[:, t])[order]
    half = np.where(np.isfinite(raw), raw, 0.0)
    low, high = float(np.min(value - half, initial=0.0)), float(np.max(value + half, initial=0.0))
    at = lambda v: _at(2 + 96 * (v - low) / (high - low or 1.0))  # noqa: E731
    for j, v, h, r, text in zip(order, value, half, raw, column(value), strict=True):
        x, stop = sorted((at(0.0), at(v)))
        name, tail = name_and_value(e, int(j))
        yield Bar(
            name,
            _minus(text),
            "p" if v >= 0 else "n",
            x,
            _at(stop - x),
            half_words(float(r), float(v)),
            _per_unit(e, int(j), t),
            at(v - h) if h else None,
            at(v + h) if h else None,
            at(0.0),
            tail,
        )


def _pairs(e: Explanation, t: int) -> Iterator[tuple[str, str, str, str]]:
    """Interactions, where they were asked for: names, the change, its share of the variation."""
    if e.joint is not None and len(e.joint):
        for (one, other), text, share in zip(e.joint.pairs, column(e.joint.coef_scaled[:, t]), e.joint.share[:, t], strict=True):
            yield one, other, _minus(text), f"{number(100 * float(share), 2)}%"


def _per_unit(e: Explanation, j: int, t: int) -> str:
    """The coefficient of a number in its own unit."""
    return f"{_minus(number(float(e.coef[j, t]), 3, sign=True))} per {e.units[j]}" if is_number(e, j) else ""


def _at(x: float) -> float:
    """Two decimals are enough to draw."""
    return round(float(x), 2)


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def _counted(es: Explanations) -> str:
    done = len(es.positions)
    return f"{done} explanation{'s' * (done != 1)}" + (f", {len(es.errors)} could not be made" if es.errors else "")


def _view_of_many(es: Explanations) -> dict[str, Any]:
    shown = [int(i) for i in es.positions[:ROWS]]
    return {
        "heading": _counted(es),
        "features": list(_means(es)) if shown else [],
        "rows": [_row(es[i], i) for i in shown],
        "more": len(es.positions) - len(shown),
        "failed": [(str(i), text) for i, text in list(es.errors.items())[:ROWS]],
    }


def _means(es: Explanations) -> Iterator[Bar]:
    a = aggregate(es)
    largest = float(a.mean_abs[0]) or 1.0
    for name, mean, share, text in zip(a.feature[:TOP], a.mean_abs, a.share_positive, _unsigned(a.mean_abs[:TOP]), strict=False):
        yield Bar(name, text, "o", 0.0, _at(100 * float(mean) / largest), f"raises in {100 * share:.0f}%")
    if len(a.feature) > TOP:
        yield Bar(f"other ({len(a.feature) - TOP})", "", "o", 0.0, 0.0, f"each up to {number(float(a.mean_abs[TOP]), 2)}")


def _unsigned(values: Sequence[float] | Float[Array, "n"]) -> list[str]:
    return [text.removeprefix("+") for text in column(values)]


def _row(e: Explanation, position: int) -> dict[str, Any]:
    t, top = e.target_index, e.order()[:3]
    return {
        "position": position,
        "target": e.target,
        "prediction": _minus(number(e.prediction[t], 3)),
        "fidelity": number(e.certificate.fidelity[t], 2),
        "flags": ", ".join(flag.code for flag in e.certificate.flags),
        "effects": [(*name_and_value(e, int(j)), _minus(text)) for j, text in zip(top, column(e.coef_scaled[top, t], 2), strict=True)],
    }
