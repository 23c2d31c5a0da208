"""Constraints on the rows that the model is asked about: bounds, directions, what cannot change, a predicate of yours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from kabosu import checks, frames
from kabosu.domains.joint import AS_GAUSSIAN, Cells, JointBlock, JointLaw, Product, held, known_names, some_vary
from kabosu.domains.laws import Key
from kabosu.domains.tabular import TabularBlock
from kabosu.domains.units import Number, Unit
from kabosu.errors import InputError, KabosuError, RowError
from kabosu.protocols import Joint
from kabosu.types import Array, Batch, Bool, Float, Rows

LEAST = 1e-3  # share of draws that must pass
MOST = 1 << 15  # fresh points tried for one draw
TOGETHER = 4096  # fresh points tried at once


@dataclass(frozen=True)
class Constrained:
    """Any neighborhood of rows, without those that cannot be: draws that break a rule are drawn again.

    The law is the neighborhood's own, given the rules (rejection): the draw law D, and the local law q as well. What
    is redrawn depends on the draw alone, so that the same call gives the same numbers in any batch.

    neighborhood : a neighborhood object.
    bounds : {column: (low, high)}, both included; None on a side: no bound.
    monotone : {column: +1 or -1}: the number only goes up, or down, from the instance's.
    immutable : columns that stay as they are in the instance; a copula is conditioned on them.
    keep : ``keep(rows) -> (n,) booleans``, of a table of the background's kind.

    Bounds and directions are for numbers; missing cells pass. Where fewer than one draw in a thousand passes, an error says so.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> import kabosu as kb
    >>> X, y = load_iris(return_X_y=True)
    >>> longer = Constrained(kb.domains.Copula(), monotone={"x0": +1}, immutable=["x3"], keep=lambda rows: rows[:, 0] > rows[:, 1])
    >>> kb.TabularExplainer(LogisticRegression(max_iter=1000).fit(X, y), X, neighborhood=longer).explain(X[0]).feature_names
    ('x0', 'x1', 'x2')

    """

    neighborhood: Any = AS_GAUSSIAN
    bounds: Mapping[Any, tuple[float | None, float | None]] | None = None
    monotone: Mapping[Any, int] | None = None
    immutable: Sequence[Any] = ()
    keep: Callable[[Batch], Any] | None = None

    def __post_init__(self) -> None:
        checks.has("neighborhood", self.neighborhood, "unit", "a neighborhood object, such as domains.Copula()")
        for column, given in dict(self.bounds or {}).items():
            _check_bounds(column, given)
        for column, given in dict(self.monotone or {}).items():
            if isinstance(given, bool) or given not in (1, -1):
                raise InputError(f"monotone={{{column!r}: {given!r}}}; expected +1 (only up) or -1 (only down)")
        object.__setattr__(self, "immutable", tuple(checks.listed("immutable", self.immutable)))
        if self.keep is not None:
            checks.has("keep", self.keep, "__call__", "a function of rows that gives a boolean for each")

    @property
    def columns(self) -> tuple[Any, ...]:
        """Columns that the neighborhood names itself."""
        return tuple(getattr(self.neighborhood, "columns", ()))

    def unit(self, column: frames.Column, values: Float[Array, "n"]) -> Unit:
        """As the neighborhood has it."""
        return self.neighborhood.unit(column, values)

    def joint(self, table: frames.Table, units: Sequence[Unit]) -> "FittedConstrained":
        """Fit the neighborhood; match the rules to the columns."""
        immutable = known_names("immutable", self.immutable, table, units)
        some_vary("immutable", units, immutable)
        limits = {}
        for option, given in (("bounds", self.bounds or {}), ("monotone", self.monotone or {})):
            for name, rule in zip(known_names(option, list(given), table, units), given.values(), strict=True):
                limits[option, name] = rule
                _numeric(option, name, units)
        inner = self.neighborhood.joint(table, units) if isinstance(self.neighborhood, Joint) else None
        return FittedConstrained(inner, immutable, limits, self.keep)


def _check_bounds(column: Any, given: Any) -> None:
    low, high = given if isinstance(given, Sequence) and len(given) == 2 else (1.0, 0.0)
    if any(v is not None and not isinstance(v, (int, float, np.number)) for v in (low, high)) or not _low(low) <= _high(high):
        raise InputError(f"bounds={{{column!r}: {given!r}}}; expected (low, high), numbers with low <= high, None on a side without a bound")


def _low(low: Any) -> float:
    return -np.inf if low is None else float(low)


def _high(high: Any) -> float:
    return np.inf if high is None else float(high)


def _numeric(option: str, name: str, units: Sequence[Unit]) -> None:
    unit = next((u for u in units if name in {u.name, *map(str, u.columns)}), None)
    if unit is not None and not isinstance(unit, Number) and unit.inside is None:
        raise InputError(f"{option}= names {name!r}, a category; it is for numbers: use keep= for categories")


@dataclass(frozen=True, eq=False)
class FittedConstrained:
    """A fitted neighborhood (None: independent columns) with its rules."""

    inner: Any
    immutable: tuple[str, ...]
    limits: Mapping[tuple[str, str], Any]
    keep: Callable[[Batch], Any] | None

    def around(self, block: TabularBlock) -> JointBlock:
        """The law of the rows that pass."""
        block = held(block, self.immutable)
        joint = JointBlock(block, Product(block.laws)) if self.inner is None else self.inner.around(block)
        bounds = tuple(self._bounds(unit, law.at()) for unit, law in zip(joint.block.units, joint.block.laws, strict=True))
        return JointBlock(joint.block, ConstrainedLaw(joint, joint.law, bounds, self.keep))

    def _bounds(self, unit: Unit, x: Array) -> tuple[Float[Array, "B"], Float[Array, "B"]] | None:
        """Least and largest cell for each instance."""
        names = {unit.name, *map(str, unit.columns)}
        rules = [(option, rule) for (option, name), rule in self.limits.items() if name in names]
        if not rules:
            return None
        low, high = np.full(len(x), -np.inf), np.full(len(x), np.inf)
        for option, rule in rules:
            low = np.maximum(low, _low(rule[0]) if option == "bounds" else np.where(np.isnan(x) | (rule < 0), -np.inf, x))
            high = np.minimum(high, _high(rule[1]) if option == "bounds" else np.where(np.isnan(x) | (rule > 0), np.inf, x))
        return low, high


@dataclass(frozen=True, eq=False)
class ConstrainedLaw:
    """A joint law given that the rows pass.

    joint : the block whose rows the predicate sees.  law : of that block, tilted.  bounds : of each unit, None where free.
    """

    joint: JointBlock
    law: JointLaw
    bounds: tuple[tuple[Float[Array, "B"], Float[Array, "B"]] | None, ...]
    keep: Callable[[Batch], Any] | None

    @property
    def m(self) -> int:
        """As the law."""
        return self.law.m

    def tilt(self, precision: float) -> "ConstrainedLaw | None":
        """The rules do not depend on the kernel: q is the law's own q, given the rules."""
        law = self.law.tilt(precision)
        return None if law is None else replace(self, law=law)

    def take(self, rows: Rows) -> "ConstrainedLaw":
        """Some of the instances."""
        bounds = tuple(None if b is None else (b[0][rows], b[1][rows]) for b in self.bounds)
        return ConstrainedLaw(self.joint.take(rows), self.law.take(rows), bounds, self.keep)

    def cells(self, u: Float[Array, "1 s m"]) -> Cells:
        """Cells of draws that pass, an instance after the other."""
        drawn = [one.law.cells(v[None]) for one, v in self._each(u)]
        return [np.concatenate(c) for c in zip(*drawn, strict=True)]

    def places(self, u: Float[Array, "1 s m"]) -> Float[Array, "B s p"] | None:
        """Where these draws lie."""
        found = [places for one, v in self._each(u) if (places := one.law.places(v[None])) is not None]
        return np.concatenate(found) if found else None

    def _each(self, u: Float[Array, "1 s m"]) -> Iterator[tuple["ConstrainedLaw", Float[Array, "s m"]]]:
        """Each instance by itself, with its points."""
        frozen = not (u if u.base is None else u.base).flags.writeable
        points = _remembered(self, Key(u)) if frozen else _points(self, u)
        return zip((self.take([b]) for b in range(self.joint.size)), points, strict=True)

    def passing(self, u: Float[Array, "1 s m"]) -> Float[Array, "s m"]:
        """For one instance: the points, those that break a rule replaced by the first fresh one that does not."""
        out, waiting, tried, passed, attempt = np.array(u[0]), np.arange(u.shape[1]), 0, 0, 0
        while len(waiting) and attempt < MOST:
            more = max(1, TOGETHER // len(waiting)) if attempt else 1
            points = fresh(u[0, waiting], range(attempt, attempt + more)) if attempt else u[:, waiting]
            ok = self._ok(points.reshape(1, -1, u.shape[2])).reshape(more, -1)
            here = ok.any(axis=0)
            out[waiting[here]] = points[ok.argmax(axis=0)[here], np.flatnonzero(here)]
            tried, passed, waiting, attempt = tried + ok.size, passed + int(ok.sum()), waiting[~here], attempt + more
            if tried > 2 / LEAST and passed < LEAST * tried:
                break
        if len(waiting):
            raise RowError(f"{passed} of {tried} draws keep to the bounds, directions and keep= of this neighborhood; loosen them, or use a wider kernel_width=")
        return out

    def _ok(self, u: Float[Array, "1 s m"]) -> Bool[Array, "s"]:
        cells = self.law.cells(u)
        ok = np.ones(u.shape[1], dtype=bool)
        for c, b in zip(cells, self.bounds, strict=True):
            if b is not None:
                ok &= ~((c[0] < b[0][0]) | (c[0] > b[1][0]))
        return ok if self.keep is None else ok & self._kept([c[:, ok] for c in cells], ok)

    def _kept(self, cells: Cells, ok: Bool[Array, "s"]) -> Bool[Array, "s"]:
        """What the predicate says of the rows that the other rules leave."""
        out = np.zeros(len(ok), dtype=bool)
        if ok.any():
            out[ok] = _asked(self.keep, self.joint.block.rows(cells), int(ok.sum()))
        return out


def _points(law: ConstrainedLaw, u: Float[Array, "1 s m"]) -> list[Float[Array, "s m"]]:
    """Points that pass, for each instance."""
    return [law.take([b]).passing(u) for b in range(law.joint.size)]


@lru_cache(maxsize=2)
def _remembered(law: ConstrainedLaw, u: Key) -> list[Float[Array, "s m"]]:
    """The same for the next reading of the same draws."""
    return _points(law, u.array)


def _asked(keep: Any, rows: Batch, n: int) -> Bool[Array, "n"]:
    try:
        answer = np.asarray(keep(rows))
    except KabosuError:
        raise
    except Exception as e:
        raise InputError(f"keep={keep!r} failed on {n} row(s): {type(e).__name__}: {e}; it must give a boolean for each row of a table like the background data") from e
    if answer.shape != (n,) or answer.dtype.kind not in "bO":
        raise InputError(f"keep={keep!r} gave shape {answer.shape} and dtype {answer.dtype} for {n} row(s); expected {n} booleans")
    return answer.astype(bool)


def fresh(u: Float[Array, "s m"], attempts: Sequence[int]) -> Float[Array, "t s m"]:
    """New points of the unit cube, each from its own old one alone: the bits of all its coordinates, mixed (SplitMix64).

    Examples
    --------
    >>> u = np.random.default_rng(0).random((10_000, 2))
    >>> v = fresh(u, [1])[0]
    >>> bool(abs(np.corrcoef(u.T, v.T)[:2, 2:]).max() < 0.03), bool((fresh(u[5:6], [3, 1])[1] == v[5:6]).all())
    (True, True)

    """
    state = np.repeat(np.array(attempts, dtype=np.uint64)[:, None] + np.uint64(1), len(u), axis=1)
    for j in range(u.shape[1]):
        state = _mixed(state ^ np.ascontiguousarray(u[:, j]).view(np.uint64))
    steps = np.arange(1, u.shape[1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (_mixed(state[..., None] + steps) >> np.uint64(11)) * 2.0**-53 + 2.0**-54


def _mixed(x: Array) -> Array:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
