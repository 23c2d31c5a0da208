"""Many explanations: arrays inside, a sequence outside."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, overload

import numpy as np

from kabosu.curves import Curves
from kabosu.diagnostics.flags import Seen, raised
from kabosu.errors import InputError, RaggedError, RowError
from kabosu.explanation import Certificate, Explanation
from kabosu.interactions import Interactions
from kabosu.labels import Labels
from kabosu.types import Array, Float

EVIDENCE = ("fidelity", "monte_carlo_error", "reacted", "spread", "rank_confidence")
STACKED = ("coef", "std_error", "intercept", "prediction", "local_prediction", "r2")
ALONE = ("targets", "z", "dof", "condition_number", "effective_sample_size", "n_model_calls", "radius", "off_manifold", "forecast")
SAID = ("ended_by", "adjusted_by", "design")


@dataclass(frozen=True, eq=False)
class Block:
    """B explanations that share p: the arrays of ``Explanation`` with a leading B."""

    labels: Labels
    output_names: tuple[str, ...]
    output_scale: str
    targets: Array
    coef: Float[Array, "B p k"]
    std_error: Float[Array, "B p k"]
    intercept: Float[Array, "B k"]
    prediction: Float[Array, "B k"]
    local_prediction: Float[Array, "B k"]
    r2: Float[Array, "B k"]
    fidelity: Float[Array, "B k"]
    monte_carlo_error: Float[Array, "B k"]
    reacted: Float[Array, "B k"]
    z: Float[Array, "B p"]
    dof: Float[Array, "B"]
    condition_number: Float[Array, "B"]
    effective_sample_size: Float[Array, "B"]
    n_model_calls: Array
    ended_by: tuple[str, ...]
    engine: str
    refusals: Mapping[str, str]
    recipe: str
    kernel_width: float
    radius: Float[Array, "B"]
    random_state: int
    curves: Curves | None
    spread: Float[Array, "B k"]
    rank_confidence: Float[Array, "B k"]
    off_manifold: Float[Array, "B"]
    top_k: int
    forecast: Float[Array, "B"]
    found: Mapping[str, tuple[str, ...]]
    width_rule: str
    adjusted_by: tuple[str, ...]
    design: tuple[str, ...]
    interactions: Interactions | None = None

    def __len__(self) -> int:
        return len(self.coef)

    def only(self, outputs: list[int]) -> "Block":
        """Some of the outputs; rows whose target goes get the first that is left."""
        part = {n: getattr(self, n)[..., outputs] for n in (*STACKED, *EVIDENCE)}
        targets = np.array([outputs.index(t) if t in outputs else 0 for t in self.targets])
        curves = None if self.curves is None else self.curves.only(outputs)
        pairs = None if self.interactions is None else self.interactions.only(outputs)
        return replace(self, output_names=tuple(self.output_names[i] for i in outputs), targets=targets, curves=curves, interactions=pairs, **part)

    def take(self, rows: list[int]) -> "Block":
        """Some of the explanations."""
        arrays = {n: getattr(self, n)[rows] for n in (*STACKED, *EVIDENCE, *ALONE)}
        words = {n: tuple(getattr(self, n)[i] for i in rows) for n in SAID}
        return replace(self, labels=self.labels.take(rows), found={code: tuple(text[i] for i in rows) for code, text in self.found.items()}, **arrays, **words)

    @property
    def flags(self) -> list[tuple[str, ...]]:
        """Codes of each explanation's flags about its target, all at once."""
        rows, t = np.arange(len(self)), self.targets
        about = {n: getattr(self, n)[rows, t] for n in ("fidelity", "monte_carlo_error", "reacted", "spread", "prediction")}
        about |= {n: getattr(self, n) for n in ("effective_sample_size", "condition_number", "radius")}
        gap, still = np.abs(about["prediction"] - self.local_prediction[rows, t]), np.isinf(self.std_error[rows, :, t]).any(axis=1)
        of_numbers = raised(Seen(**about, local_gap=gap, still=still), self.coef.shape[1], self.output_scale)
        noted = [(code, [bool(text[i]) for i in rows]) for code, text in (*self.labels.notes.items(), *self.found.items())]
        found = [(code, np.flatnonzero(yes).tolist()) for code, yes in (*of_numbers.items(), *noted)]
        out: list[tuple[str, ...]] = [()] * len(self)
        for code, i in ((code, i) for code, marked in found for i in marked):
            out[i] += (code,)
        return out

    def one(self, i: int) -> Explanation:
        """Explanation number i."""
        at = lambda a: a[i] if len(a) > 1 else a[0]  # noqa: E731  rows that all instances share
        notes = [(code, f"{text[i]} of this instance") for code, text in self.labels.notes.items() if text[i]]
        found = [(code, text[i]) for code, text in self.found.items() if text[i]]
        certificate = Certificate(
            **{name: getattr(self, name)[i] for name in EVIDENCE},
            local_gap=np.abs(self.prediction[i] - self.local_prediction[i]),
            effective_sample_size=float(self.effective_sample_size[i]),
            condition_number=float(self.condition_number[i]),
            forecast=float(self.forecast[i]),
            off_manifold=float(self.off_manifold[i]),
            top_k=self.top_k,
            ended_by=self.ended_by[i],
            radius=float(self.radius[i]),
            width_rule=self.width_rule,
            adjusted_by=self.adjusted_by[i],
            design=self.design[i],
            notes=(*notes, *found),
        )
        e = Explanation(
            feature_names=tuple(self.labels.names[i]),
            columns=self.labels.columns,
            values=tuple(self.labels.values[i]),
            units=self.labels.units,
            output_names=self.output_names,
            target=self.output_names[int(self.targets[i])],
            output_scale=self.output_scale,
            scale=at(self.labels.scale),
            z=self.z[i],
            reference=at(self.labels.reference),
            dof=float(self.dof[i]),
            n_model_calls=int(self.n_model_calls[i]),
            engine=self.engine,
            refusals=self.refusals,
            recipe=self.recipe,
            kernel_width=self.kernel_width,
            random_state=self.random_state,
            certificate=certificate,
            frame=self.labels.frame,
            layout=self.labels.layout,
            effects=self.curves,
            joint=self.interactions,
            **{name: getattr(self, name)[i] for name in STACKED},
        )
        return e.only(list(range(len(self.output_names))))


@dataclass(frozen=True, eq=False)
class Explanations(Sequence):  # bare: a run-time checker of Sequence[Explanation] draws an item at random, and it may be a row that failed
    """A sequence of Explanation with stacked arrays, ``coef (n, p, k)`` and the like, where all share their features.

    Ragged collections (sparse rows, texts) have no stacked arrays and say so; everything else works.
    errors : position -> message of rows that could not be explained (``on_error="record"``); their arrays are NaN.
    """

    blocks: tuple[Block, ...]
    positions: Array
    total: int
    errors: Mapping[int, str]

    @classmethod
    def gather(cls, pieces: Iterable[Sequence[Block | str]]) -> "Explanations":
        """Blocks in order; a message stands for one row that could not be explained."""
        blocks, positions, errors, n = [], [], {}, 0
        for part in (part for piece in pieces for part in piece):
            if isinstance(part, str):
                errors[n] = part
                n += 1
            else:
                blocks.append(part)
                positions.append(np.arange(n, n + len(part)))
                n += len(part)
        return cls(tuple(blocks), np.concatenate([np.zeros(0, dtype=np.int64), *positions]).astype(np.int64), n, errors)

    def only(self, outputs: Sequence[Any]) -> "Explanations":
        """Some of the outputs, by name."""
        if not self.blocks:
            return self
        known = self.blocks[0].output_names
        odd = [o for o in outputs if str(o) not in known]
        if odd or not len(outputs):
            raise InputError(f"outputs={list(outputs)} are not all explained; the outputs are {list(known)}")
        index = [known.index(str(o)) for o in outputs]
        return replace(self, blocks=tuple(block.only(index) for block in self.blocks))

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, i: int) -> Explanation: ...
    @overload
    def __getitem__(self, i: slice) -> list[Explanation]: ...
    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        i = i + len(self) if i < 0 else i
        if not 0 <= i < len(self):
            raise IndexError(f"explanation {i} of {len(self)}")
        if i in self.errors:
            raise RowError(f"row {i} could not be explained: {self.errors[i]}")
        where = int(np.searchsorted(self.positions, i))
        for block in self.blocks:
            if where < len(block):
                return block.one(where)
            where -= len(block)
        raise IndexError(f"explanation {i} of {len(self)}")

    def __iter__(self) -> Iterator[Explanation]:
        """The rows that could be explained, in order."""
        return (block.one(i) for block in self.blocks for i in range(len(block)))

    def _stack(self, name: str) -> Array:
        if not self.blocks:
            why = f"none of the {self.total} row(s) could be explained, the first because: {self.errors[0]}" if self.errors else "no rows were given"
            raise RaggedError(f"{why}; a stacked {name} needs at least one explanation")
        if len({(block.coef.shape[1:], block.labels.columns, block.output_names) for block in self.blocks}) > 1:
            raise RaggedError(f"these {len(self)} explanations do not share their features, so there is no stacked {name}; take them one by one, or use to_frame()")
        parts = np.concatenate([getattr(block, name) for block in self.blocks])
        if not self.errors:
            return parts
        out = np.full((self.total, *parts.shape[1:]), np.nan)
        out[self.positions] = parts
        return out

    @property
    def coef(self) -> Float[Array, "n p k"]:
        """Coefficients per own unit."""
        return self._stack("coef")

    @property
    def scale(self) -> Float[Array, "p"]:
        """Own units in one training standard deviation."""
        self._stack("coef")
        return self.blocks[0].labels.scale[0]

    @property
    def coef_scaled(self) -> Float[Array, "n p k"]:
        """Coefficients per training standard deviation."""
        return self.coef * np.concatenate([np.broadcast_to(b.labels.scale, b.coef.shape[:2]) for b in self.blocks])[:, :, None] if not self.errors else self.coef * self.scale[:, None]

    @property
    def std_error(self) -> Float[Array, "n p k"]:
        """Standard errors of ``coef``."""
        return self._stack("std_error")

    @property
    def intercept(self) -> Float[Array, "n k"]:
        """Intercepts."""
        return self._stack("intercept")

    @property
    def prediction(self) -> Float[Array, "n k"]:
        """The model at the instances."""
        return self._stack("prediction")

    @property
    def local_prediction(self) -> Float[Array, "n k"]:
        """The surrogates at the instances."""
        return self._stack("local_prediction")

    @property
    def fidelity(self) -> Float[Array, "n k"]:
        """Held-out weighted R2."""
        return self._stack("fidelity")

    @property
    def n_model_calls(self) -> Array:
        """(n,) rows asked of the model for each; draws that rows share, as under bins, are asked once and counted for each."""
        return self._stack("n_model_calls")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """(p,) names that hold for every row."""
        self._stack("coef")
        return self.blocks[0].labels.columns

    @property
    def output_names(self) -> tuple[str, ...]:
        """(k,) names of the outputs."""
        return self.blocks[0].output_names if self.blocks else ()

    @property
    def target(self) -> tuple[str | None, ...]:
        """(n,) target of each row; None where it could not be explained."""
        found = iter(block.output_names[t] for block in self.blocks for t in block.targets)
        return tuple(None if i in self.errors else next(found) for i in range(self.total))

    @property
    def flags(self) -> tuple[tuple[str, ...] | None, ...]:
        """(n,) codes of the flags of each row, about its target: () where it raises none, None where it could not be explained.

        ``[i for i, codes in enumerate(es.flags) if codes == ()]`` are the rows that can be believed; the words are in ``es[i].certificate.flags``.
        """
        found = iter(codes for block in self.blocks for codes in block.flags)
        return tuple(None if i in self.errors else next(found) for i in range(self.total))

    def refused(self, errors: Mapping[int, str]) -> "Explanations":
        """The same with some rows among those that could not be explained, position -> message."""
        ends = np.cumsum([0, *map(len, self.blocks)])
        kept = [np.flatnonzero([i not in errors for i in self.positions[a:b].tolist()]).tolist() for a, b in pairwise(ends)]
        blocks = tuple(block if len(rows) == len(block) else block.take(rows) for block, rows in zip(self.blocks, kept, strict=True) if rows)
        return replace(self, blocks=blocks, positions=np.setdiff1d(self.positions, list(errors)), errors=dict(sorted({**self.errors, **errors}.items())))

    def to_frame(self) -> Any:
        """A tidy table, one row an instance, output and feature: the background's own kind of frame, else pandas."""
        from kabosu.report.tidy import frame_of_many

        return frame_of_many(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers, with the schema's version."""
        from kabosu.report.schema import many_to_dict

        return many_to_dict(self)

    def to_json(self) -> str:
        """JSON text; ``from_json`` gives bit-equal arrays back."""
        from kabosu.report.schema import many_to_json

        return many_to_json(self)

    @staticmethod
    def from_json(text: str | bytes) -> "Explanations":
        """Read what ``to_json`` wrote."""
        from kabosu.report.schema import many_from_json

        return many_from_json(text)

    def summary(self) -> Any:
        """Per feature: mean |coef_scaled|, share of positive signs, spread; about each row's target."""
        from kabosu.pick.aggregate import summary

        return summary(self)

    def pick(self, k: int = 5) -> list[int]:
        """Positions of k diverse explanations that cover the important features (SP-LIME)."""
        from kabosu.pick.submodular import pick

        return pick(self, k)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Rows by features, colored by coefficient; returns the Axes."""
        from kabosu.plots import matrix

        return matrix(self, ax=ax, **options)

    def to_html(self) -> str:
        """One static page, no script."""
        from kabosu.report.html import page_of_many

        return page_of_many(self)

    def save(self, path: str | Path) -> Path:
        """Write them as .html, .json, .png, .svg, .pdf, .csv or .parquet, by the file's extension."""
        from kabosu.report.save import save

        return save(self, path)

    def _repr_html_(self) -> str:
        from kabosu.report.html import fragment_of_many

        return fragment_of_many(self)

    def __str__(self) -> str:
        from kabosu.report.plain import table_of_many

        return table_of_many(self)

    def __repr__(self) -> str:
        return f"<Explanations: {len(self)} row(s), {len(self.errors)} failed>"
