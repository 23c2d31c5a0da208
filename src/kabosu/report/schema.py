"""Explanations as strict JSON with a versioned schema; arrays come back bit-equal. See codec.py for what JSON has no word for."""

import json
from typing import Any

import numpy as np

from kabosu.curves import Curve, Curves
from kabosu.diagnostics.flags import Flag
from kabosu.errors import InputError
from kabosu.explanation import Certificate, Explanation
from kabosu.explanations import Block, Explanations
from kabosu.labels import Labels
from kabosu.report.codec import Reader, array_out, cell_in, cell_out, number_out, objects, parsed, sized, strings
from kabosu.report.layouts import layout_in, layout_out
from kabosu.report.pairs import pairs_in, pairs_out

ONE, MANY = "kabosu.explanation/1", "kabosu.explanations/1"

# name -> shape in letters: B instances (1 where shared: "b"), p features, k outputs
ARRAYS = {"coef": "pk", "std_error": "pk", "intercept": "k", "scale": "p", "z": "p", "reference": "p", "prediction": "k", "local_prediction": "k", "r2": "k"}
EVIDENCE: dict[str, str] = dict.fromkeys(("fidelity", "local_gap", "monte_carlo_error", "reacted", "spread", "rank_confidence"), "k")
STACKED = {
    **dict.fromkeys(("coef", "std_error"), "Bpk"),
    **dict.fromkeys(("intercept", "prediction", "local_prediction", "r2", "fidelity", "monte_carlo_error", "reacted", "spread", "rank_confidence"), "Bk"),
    **dict.fromkeys(("dof", "condition_number", "effective_sample_size", "forecast", "radius", "off_manifold"), "B"),
    "z": "Bp",
}
CURVE = {"edges": "T", "effect": "ck", "mass": "c", "missing": "k", "error": "ck"}  # c: cells, T: thresholds
SHARED = {"scale": "bp", "center": "bp", "reference": "bp"}
MEASURED = ("effective_sample_size", "condition_number", "radius", "forecast", "off_manifold")
TEXTS, NUMBERS, WHOLES = ("target", "output_scale", "engine", "recipe"), ("dof", "kernel_width"), ("n_model_calls", "random_state")


def _checked(d: Any, schema: str) -> Any:
    """The dict of one schema; anything else is refused with what it is."""
    found = d.get("schema") if isinstance(d, dict) else None
    if found == schema:
        return d
    if found in (ONE, MANY):
        reader = "Explanation.from_json" if found == ONE else "Explanations.from_json"
        raise InputError(f"this text holds the schema {found!r}, expected {schema!r}; read it with {reader}")
    if isinstance(found, str) and found.startswith("kabosu."):
        raise InputError(f"the schema {found!r} is not known here; this version reads {schema!r}: read it with the version of kabosu that wrote it")
    raise InputError(f"this is not an explanation: expected an object with schema={schema!r}, found {found!r} in a {type(d).__name__}")


def to_dict(e: Explanation) -> dict[str, Any]:
    """Plain dicts, lists, strings and finite numbers."""
    c = e.certificate
    return {
        "schema": ONE,
        **{name: list(getattr(e, name)) for name in ("feature_names", "columns", "units", "output_names")},
        "values": [cell_out(v) for v in e.values],
        **{name: getattr(e, name) for name in TEXTS},
        **{name: number_out(getattr(e, name)) for name in NUMBERS},
        **{name: int(getattr(e, name)) for name in WHOLES},
        "refusals": dict(e.refusals),
        **{name: array_out(getattr(e, name)) for name in ARRAYS},
        "certificate": {
            **{name: array_out(getattr(c, name)) for name in EVIDENCE},
            **{name: number_out(getattr(c, name)) for name in MEASURED},
            "top_k": int(c.top_k),
            **{name: getattr(c, name) for name in ("ended_by", "width_rule", "adjusted_by", "design")},
            "notes": [list(note) for note in c.notes],
            "flags": [{"code": f.code, "message": f.message, "way_out": f.way_out} for f in c.flags],
        },
        "curves": _curves_out(e.effects),
        "interactions": pairs_out(e.joint),
        "layout": layout_out(e.layout),
    }


def to_json(e: Explanation) -> str:
    """JSON text without NaN."""
    return json.dumps(to_dict(e), allow_nan=False)


def from_json(text: str | bytes) -> Explanation:
    """Read what ``to_json`` wrote."""
    return from_dict(parsed(text))


def from_dict(d: Any) -> Explanation:
    """Read what ``to_dict`` made."""
    read = Reader(_checked(d, ONE), "explanation")
    names, outputs = read.texts("feature_names"), read.texts("output_names")
    sizes = {"p": len(names), "k": len(outputs)}
    c = Reader(read.part("certificate"), "certificate")
    target = read.text("target")
    if target not in outputs:
        raise InputError(f"the explanation's target {target!r} is not among its outputs {list(outputs)}")
    certificate = Certificate(
        **c.arrays(EVIDENCE, sizes),
        **c.each(c.number, MEASURED),
        top_k=c.whole("top_k"),
        **c.each(c.text, ("ended_by", "width_rule", "adjusted_by", "design")),
        notes=tuple((code, text) for code, text in (strings(note, 2, "notes") for note in c.items("notes"))),
        flags=tuple(Flag(*(Reader(f, "flag").text(n) for n in ("code", "message", "way_out"))) for f in c.items("flags")),
    )
    return Explanation(
        feature_names=names,
        columns=read.texts("columns", sizes["p"]),
        values=tuple(cell_in(v) for v in read.items("values", sizes["p"])),
        units=read.texts("units", sizes["p"]),
        output_names=outputs,
        **read.each(read.text, TEXTS),
        **read.each(read.number, NUMBERS),
        **read.each(read.whole, WHOLES),
        refusals=read.mapping("refusals"),
        **read.arrays(ARRAYS, sizes),
        certificate=certificate,
        effects=_curves_in(read.part("curves"), sizes["k"]),
        joint=pairs_in(read.part("interactions"), outputs),
        layout=layout_in(read.part("layout"), sizes["p"]),
    )


def many_to_dict(es: Explanations) -> dict[str, Any]:
    """A collection, block by block; ragged ones too."""
    return {"schema": MANY, "total": es.total, "positions": es.positions.tolist(), "errors": {str(i): text for i, text in es.errors.items()}, "blocks": [_block_out(b) for b in es.blocks]}


def many_to_json(es: Explanations) -> str:
    """JSON text without NaN."""
    return json.dumps(many_to_dict(es), allow_nan=False)


def many_from_json(text: str | bytes) -> Explanations:
    """Read what ``many_to_json`` wrote."""
    read = Reader(_checked(parsed(text), MANY), "collection")
    blocks = tuple(_block_in(b) for b in read.items("blocks"))
    total = read.whole("total")
    positions = read.wholes("positions", sum(map(len, blocks)))
    errors = {_position(i): text for i, text in read.mapping("errors").items()}
    if sorted([*positions.tolist(), *errors]) != list(range(total)):
        raise InputError(f"the collection's positions and errors do not make up its {total} row(s); the text was changed")
    return Explanations(blocks, positions, total, errors)


def _block_out(b: Block) -> dict[str, Any]:
    labels = b.labels
    return {
        **{name: list(getattr(labels, name)) for name in ("columns", "units")},
        "names": [list(row) for row in labels.names],
        "values": [[cell_out(v) for v in row] for row in labels.values],
        "notes": {code: list(texts) for code, texts in labels.notes.items()},
        **{name: array_out(np.asarray(getattr(labels, name))) for name in SHARED},
        "output_names": list(b.output_names),
        "targets": [int(t) for t in b.targets],
        "n_model_calls": [int(n) for n in b.n_model_calls],
        **{name: list(getattr(b, name)) for name in ("ended_by", "adjusted_by", "design")},
        **{name: getattr(b, name) for name in ("output_scale", "engine", "recipe", "width_rule")},
        "refusals": dict(b.refusals),
        **{name: number_out(getattr(b, name)) for name in ("kernel_width",)},
        **{name: int(getattr(b, name)) for name in ("random_state", "top_k")},
        "found": {code: list(texts) for code, texts in b.found.items()},
        **{name: array_out(getattr(b, name)) for name in STACKED},
        "curves": _curves_out(b.curves),
        "interactions": pairs_out(b.interactions),
        "layout": layout_out(labels.layout),
    }


def _block_in(d: Any) -> Block:
    read = Reader(d, "block")
    columns, outputs, ended = read.texts("columns"), read.texts("output_names"), read.texts("ended_by")
    B, p, k = len(ended), len(columns), len(outputs)
    sizes = {"B": B, "p": p, "k": k}
    targets = read.wholes("targets", B)
    if not ((targets >= 0) & (targets < k)).all():
        raise InputError(f"the block's targets {targets.tolist()[:10]} are not positions among {k} output(s)")
    labels = Labels(
        columns=columns,
        names=objects([strings(row, p, "names") for row in read.items("names", B)], (B, p)),
        values=objects([[cell_in(v) for v in sized(row, p, "values")] for row in read.items("values", B)], (B, p)),
        units=read.texts("units", p),
        notes={code: objects(strings(texts, B, "notes"), (B,)) for code, texts in Reader(read.part("notes"), "block's notes").data.items()},
        **read.arrays(SHARED, sizes),
        layout=layout_in(read.part("layout"), p),
    )
    return Block(
        labels=labels,
        output_names=outputs,
        targets=targets,
        n_model_calls=read.wholes("n_model_calls", B),
        ended_by=ended,
        adjusted_by=read.texts("adjusted_by", B),
        design=read.texts("design", B),
        **read.each(read.text, ("output_scale", "engine", "recipe", "width_rule")),
        refusals=read.mapping("refusals"),
        **read.each(read.number, ("kernel_width",)),
        **read.each(read.whole, ("random_state", "top_k")),
        found={code: tuple(strings(texts, B, "found")) for code, texts in Reader(read.part("found"), "block's findings").data.items()},
        **read.arrays(STACKED, sizes),
        curves=_curves_in(read.part("curves"), k),
        interactions=pairs_in(read.part("interactions"), outputs),
    )


def _curves_out(curves: Curves | None) -> dict[str, Any] | None:
    """Local effect curves, where there are some."""
    if curves is None:
        return None
    return {
        "mean": array_out(curves.mean),
        "fidelity": array_out(curves.fidelity),
        "curves": [
            {
                "name": c.name,
                "levels": list(c.levels),
                "own": int(c.own),
                **{name: number_out(getattr(c, name)) for name in ("missing_mass", "x")},
                **{name: array_out(getattr(c, name)) for name in CURVE},
            }
            for c in curves.curves
        ],
    }


def _curves_in(d: Any, k: int) -> Curves | None:
    if d is None:
        return None
    read = Reader(d, "curves")
    return Curves(tuple(_curve_in(Reader(c, "curve"), k) for c in read.items("curves")), *(read.array(name, "k", {"k": k}) for name in ("mean", "fidelity")))


def _curve_in(read: Reader, k: int) -> Curve:
    sizes = {"k": k, "T": len(read.items("edges")), "c": len(read.items("mass"))}
    return Curve(name=read.text("name"), levels=read.texts("levels"), own=read.whole("own"), missing_mass=read.number("missing_mass"), x=read.number("x"), **read.arrays(CURVE, sizes))


def _position(text: str) -> int:
    if not text.isdecimal():
        raise InputError(f"the collection's errors are by position, found {text!r}")
    return int(text)
