"""Explanations as a tidy table, one row an instance, output and feature; built by arrays, not row by row."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.explanation import Explanation
from kabosu.explanations import Block, Explanations
from kabosu.fits import t_quantile
from kabosu.report.words import MISSING, cell
from kabosu.types import Array, Float, Int


def frame_of(e: Explanation) -> Any:
    """One explanation; the background's own kind of frame, else pandas."""
    columns = _columns(
        names=np.array([e.feature_names], dtype=object),
        columns=e.columns,
        values=[list(e.values)],
        units=e.units,
        output_names=e.output_names,
        targets=np.array([e.target_index]),
        coef=e.coef[None],
        std_error=e.std_error[None],
        scale=e.scale[None],
        z=e.z[None],
        reference=e.reference[None],
        dof=np.array([e.dof]),
        whole={"fidelity": e.certificate.fidelity[None], "prediction": e.prediction[None], "local_prediction": e.local_prediction[None]},
        flags=[tuple(flag.code for flag in e.certificate.flags)],
    )
    return frames.native(columns, e.frame)


def frame_of_many(es: Explanations) -> Any:
    """All rows that could be explained; ``row`` is their position in the data."""
    ends = np.cumsum([0, *(len(block) for block in es.blocks)])
    parts = [_of_block(block, es.positions[a:b]) for block, a, b in zip(es.blocks, ends[:-1], ends[1:], strict=True)]
    if not parts:
        return frames.native({}, None)
    joined = {name: _joined([part[name] for part in parts]) for name in parts[0]}
    return frames.native(joined, es.blocks[0].labels.frame)


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], list):
        return [v for part in parts for v in part]
    return np.concatenate(parts)


def _of_block(block: Block, rows: Int[Array, "B"]) -> dict[str, Any]:
    p, k = block.coef.shape[1:]
    whole = {"fidelity": block.fidelity, "prediction": block.prediction, "local_prediction": block.local_prediction}
    labels = block.labels
    columns = _columns(
        labels.names, labels.columns, labels.values, labels.units, block.output_names, block.targets, block.coef, block.std_error, labels.scale, block.z, labels.reference, block.dof, whole, block.flags
    )
    return {"row": np.repeat(rows, k * p), **columns}


def _columns(
    names: Array,
    columns: tuple[str, ...],
    values: Any,
    units: tuple[str, ...],
    output_names: tuple[str, ...],
    targets: Int[Array, "B"],
    coef: Float[Array, "B p k"],
    std_error: Float[Array, "B p k"],
    scale: Float[Array, "#B p"],
    z: Float[Array, "B p"],
    reference: Float[Array, "#B p"],
    dof: Float[Array, "B"],
    whole: dict[str, Float[Array, "B k"]],
    flags: list[tuple[str, ...]],
) -> dict[str, Any]:
    """Flat columns in the order row, output, feature. whole : what a whole explanation has, one number an output.  flags : codes, about the target."""
    B, p, k = coef.shape
    half = t_quantile(dof)[:, None, None] * std_error
    scaled = coef * scale[..., None]
    rank = np.argsort(np.argsort(-np.abs(scaled), axis=1, kind="stable"), axis=1) + 1
    flat = lambda a: np.broadcast_to(a, (B, p, k)).transpose(0, 2, 1).reshape(-1)  # noqa: E731
    by_feature = lambda rows: [v for row in rows for v in list(row) * k]  # noqa: E731
    texts = by_feature(_texts(row, units) for row in values)
    return {
        "output": [name for name in output_names for _ in range(p)] * B,
        "is_target": flat(np.arange(k) == targets[:, None, None]),
        "feature": by_feature(names),
        "column": list(columns) * (B * k),
        "value": texts,
        "z": flat(z[..., None]),
        "unit": list(units) * (B * k),
        "coef": flat(coef),
        "std_error": flat(std_error),
        "low": flat(coef - half),
        "high": flat(coef + half),
        "coef_scaled": flat(scaled),
        "std_error_scaled": flat(std_error * np.abs(scale)[..., None]),
        "contribution": flat(coef * (z - reference)[..., None]),
        "rank": flat(rank),
        **{name: flat(a[:, None]) for name, a in whole.items()},
        "flagged": [text for codes in flags for text in [", ".join(codes)] * (k * p)],
    }


def _texts(row: Iterable[Any], units: Iterable[str]) -> list[str | None]:
    """Values of any kind as text, which every kind of frame can hold; None where missing."""
    return [None if frames.is_missing(v) else ("yes" if v else "no") if unit == MISSING else cell(v) for v, unit in zip(row, units, strict=True)]
