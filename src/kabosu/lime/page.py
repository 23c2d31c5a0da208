"""An explanation as static HTML: no script, every name escaped. The markup is in templates/lime.html."""

from functools import lru_cache
from typing import Any

import numpy as np

from kabosu.report.evidence import evidence
from kabosu.report.html import Bar
from kabosu.report.words import column, half_words, number, printable

OUTPUTS = 4  # classes shown, as lime has it


def page(e: Any, labels: list[Any], predict_proba: bool, show_predicted_value: bool, options: dict[str, Any]) -> str:
    """One static page."""
    return _template("page.html", part="lime.html", styled=False, title="Explanation", **_view(e, labels, predict_proba, show_predicted_value, options))


def fragment(e: Any, labels: list[Any], predict_proba: bool, show_predicted_value: bool, options: dict[str, Any]) -> str:
    """What a notebook shows."""
    return _template("lime.html", styled=True, **_view(e, labels, predict_proba, show_predicted_value, options))


def instance(shown: dict[str, Any]) -> str:
    """The instance alone."""
    return _template("instance.html", shown=shown).strip()


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loader = ChoiceLoader([PackageLoader("kabosu", "lime/templates"), PackageLoader("kabosu", "report/templates")])
    finalize = lambda value: printable(value) if type(value) is str else value  # noqa: E731
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=finalize)


def _template(name: str, **view: Any) -> str:
    from kabosu import __version__

    return _environment().get_template(name).render(version=__version__, **view)


def _view(e: Any, labels: list[Any], predict_proba: bool, show_predicted_value: bool, options: dict[str, Any]) -> dict[str, Any]:
    classes = e.mode == "classification"
    parts = [_part(e, label) for label in labels]
    shown = [e.domain_mapper.instance(e.local_exp[label], **options) for label in labels]
    return {
        "outputs": _outputs(e) if classes and predict_proba and e.predict_proba is not None else [],
        "value": _value(e) if not classes and show_predicted_value and e.predicted_value is not None else None,
        "parts": list(zip(parts, shown, strict=True)),
        "evidence": [] if e.found is None else _evidence(e, labels),
    }


def _outputs(e: Any) -> list[Bar]:
    """The most probable classes and what is left."""
    p = np.asarray(e.predict_proba, dtype=np.float64)
    order = np.argsort(-p, kind="stable")
    shown = order if len(p) <= OUTPUTS + 1 else order[:OUTPUTS]
    bars = [Bar(e.class_name(i), f"{p[i]:.2f}", "o", 0.0, _at(100 * float(np.clip(p[i], 0, 1)))) for i in shown]
    left = np.delete(p, shown).sum()
    return bars + ([Bar("Other", f"{left:.2f}", "o", 0.0, _at(100 * float(np.clip(left, 0, 1))))] if len(shown) < len(p) else [])


def _value(e: Any) -> Bar:
    """The predicted value between the lowest and the highest answer."""
    low, high = float(e.min_value), float(e.max_value)
    share = (float(e.predicted_value) - low) / (high - low or 1.0)
    return Bar(number(low, 4), number(float(e.predicted_value), 4), "o", 0.0, _at(100 * share), number(high, 4))


def _part(e: Any, label: Any) -> dict[str, Any]:
    """Bars of one label."""
    pairs = e.as_list(label=label)
    weights = np.array([weight for _, weight in pairs])
    errors = dict(e.std_error[label]) if e.found is not None else {}
    half = [1.96 * errors.get(int(i), np.nan) for i, _ in e.local_exp[label]]
    low, high = float(np.min(weights, initial=0.0)), float(np.max(weights, initial=0.0))
    at = lambda v: _at(2 + 96 * (v - low) / (high - low or 1.0))  # noqa: E731
    rows = []
    for (name, w), text, h in zip(pairs, column(weights), half, strict=True):
        x, stop = sorted((at(0.0), at(w)))
        rows.append(Bar(str(name), text.replace("-", "\N{MINUS SIGN}"), "p" if w >= 0 else "n", x, _at(stop - x), half_words(float(h), float(w)), zero=at(0.0)))
    caption = f"bars to the left: NOT {e.class_name(label)}; to the right: {e.class_name(label)}" if e.mode == "classification" else "bars to the left: negative; to the right: positive"
    return {"heading": e.class_name(label) if e.mode == "classification" else "Prediction", "rows": rows, "caption": caption}


def _evidence(e: Any, labels: list[Any]) -> list[tuple[str, str]]:
    full = e.to_kabosu()
    t = e.found.labels.index(labels[0]) if e.mode == "classification" and labels and labels[0] in e.found.labels else 0
    return [(name, words) for name, words in evidence(full, t) if name != "engine"]  # names a seed, which a stream of random numbers has not


def _at(x: float) -> float:
    return round(float(x), 2)
