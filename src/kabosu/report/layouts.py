"""Where the features lie, as JSON: one entry a medium."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from kabosu.domains.image import Regions
from kabosu.domains.mixed import Mixture
from kabosu.domains.series import Course
from kabosu.domains.text import Spans
from kabosu.errors import InputError
from kabosu.report.codec import Reader
from kabosu.report.places import course_in, course_out, regions_in, regions_out


def _spans_out(layout: Spans) -> dict[str, Any]:
    return {"text": layout.text, "spans": [[list(span) for span in feature] for feature in layout.spans]}


def _spans_in(read: Reader, p: int) -> Spans:
    text, spans = read.text("text"), read.items("spans", p)
    try:
        made = tuple(tuple((a, b) for a, b in feature) for feature in spans)
    except (TypeError, ValueError) as e:
        raise InputError(f"the layout's spans are {spans!r:.80}; expected pairs of positions for each feature") from e
    if not all(type(a) is int and type(b) is int and 0 <= a <= b <= len(text) for feature in made for a, b in feature):
        raise InputError(f"the layout's spans do not lie in its text of {len(text)} characters; the text was changed")
    return Spans(text, made)


def _mixture_out(layout: Mixture) -> dict[str, Any]:
    return {"fields": [{"name": name, "layout": layout_out(part), "start": start, "stop": stop} for name, part, start, stop in layout.fields]}


def _mixture_in(read: Reader, p: int) -> Mixture:
    fields = []
    for part in (Reader(d, "layout's input") for d in read.items("fields")):
        start, stop = part.whole("start"), part.whole("stop")
        if not 0 <= start <= stop <= p:
            raise InputError(f"the layout's input {part.text('name')!r} has the features {start} to {stop} of {p}; the text was changed")
        fields.append((part.text("name"), layout_in(part.part("layout"), stop - start), start, stop))
    return Mixture(tuple(fields))


LAYOUTS: Mapping[str, tuple[type, Callable[[Any], dict[str, Any]], Callable[[Reader, int], Any]]] = MappingProxyType(
    {"text": (Spans, _spans_out, _spans_in), "regions": (Regions, regions_out, regions_in), "course": (Course, course_out, course_in), "mixture": (Mixture, _mixture_out, _mixture_in)}
)
"""Kind -> its class, how it is written, how it is read for p features."""


def layout_out(layout: Any) -> dict[str, Any] | None:
    """A layout with its kind; None for tables, and for layouts of domains of the user's own, which JSON has no words for."""
    for kind, (made, write, _) in LAYOUTS.items():
        if isinstance(layout, made):
            return {"kind": kind, **write(layout)}
    return None


def layout_in(d: Any, p: int) -> Any:
    """Read what ``layout_out`` made."""
    if d is None:
        return None
    read = Reader(d, "layout")
    kind = read.text("kind")
    if kind not in LAYOUTS:
        raise InputError(f"the layout is of the kind {kind!r}, which is not known here; known are {', '.join(LAYOUTS)}")
    return LAYOUTS[kind][2](read, p)
