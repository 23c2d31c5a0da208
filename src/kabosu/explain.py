"""LIME in the order of the paper. Read this file first.

A draw is read twice, once as interpretable features and once as model inputs; everything after that is weighted regression.

    measure : draw, read twice, ask the model     -> Neighborhood   (the expensive half, a value one can keep)
    fit     : weigh and regress                   -> Fit            (free; repeat it with another kernel or surrogate)
    explain : both, for blocks of instances, by the first engine that applies
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from kabosu.blocks import blocks_of, choose
from kabosu.errors import KabosuError, ModelError
from kabosu.explanations import Block, Explanations
from kabosu.fits import Fit, tamed
from kabosu.kernels import Balanced, Halfway
from kabosu.kernels.logs import log_weights
from kabosu.protocols import Alike, Binary, Domain, Heavy, Kernel, Placed, Ratioed, Repeating, Representation, Runner, Sampler, Surrogate, Tilts
from kabosu.recipes import Recipe
from kabosu.respond import ANY, Model
from kabosu.runners import Progress, Serial, draw_size, pieces_of, reported
from kabosu.spaces import checked
from kabosu.surrogates import Ridge, Select
from kabosu.types import Array, Float, Int, Points, Rows

BLOCK = 2_000_000  # floats drawn at once: instances x draws x columns
ASKED = 65_536  # rows in one call of a model that names no number: its pipeline may make hundreds of columns of each
ALIGNED = 32  # draws: matrix products cut such numbers of rows alike in any company
FAINT = 1e-70  # weight beside the largest below which a draw is left out: it decides nothing, and its fourth power leaves floating point
CERTIFICATE = 256  # draws with which an exact engine measures the fidelity; the coefficients need none


@dataclass(frozen=True)
class Neighborhood:
    """What was asked and what the model said, for B instances.

    Z : coordinates of the draws.  Y : the model's answers.  origin, prediction : the instances and the model there.
    tilt : the kernel that the draws already contain; None where they come from the draw law.
    places : where the draws lie for the kernel, counted from the instance; None: by their coordinates.
    log_ratio : logarithm of what draws weigh whose law is another than that of the tilt; None: it is the same.
    asked : rows that the model was asked about, of draws that are the same row the first; None: each draw is a row of its own.
    """

    Z: Points
    Y: Float[Array, "B s k"]
    origin: Float[Array, "#B p"]
    prediction: Float[Array, "B k"]
    tilt: Kernel | None = None
    places: Float[Array, "#B s p"] | None = None
    log_ratio: Float[Array, "B s"] | None = None
    asked: Int[Array, "B"] | None = None

    @property
    def rows_asked(self) -> Int[Array, "B"]:
        """Of each instance, beside itself; rows that instances share count for each."""
        return np.full(len(self.Y), self.Y.shape[1]) if self.asked is None else self.asked

    @property
    def seen(self) -> tuple[Points, Float[Array, "#B p"]]:
        """Draws and origin as the kernel sees them."""
        return (self.Z, self.origin) if self.places is None else (self.places, np.zeros((1, self.places.shape[2])))

    def __add__(self, more: "Neighborhood") -> "Neighborhood":
        """More draws of the same instances."""
        return replace(self, **{n: _joined([getattr(self, n), getattr(more, n)]) for n in ("Z", "Y", "places", "log_ratio")}, asked=self.rows_asked + more.rows_asked)

    def take(self, rows: Rows) -> "Neighborhood":
        """Some of the instances."""
        some = lambda a: a if len(a) == 1 and len(self.Y) > 1 else a[rows]  # noqa: E731  arrays that all instances share stay
        shared = {n: None if getattr(self, n) is None else some(getattr(self, n)) for n in ("Z", "origin", "places", "log_ratio", "asked")}
        return replace(self, **shared, Y=self.Y[rows], prediction=self.prediction[rows])

    def with_instance(self) -> "Neighborhood":
        """The instance itself as the first draw, as lime has it."""
        Z = np.empty((len(self.Z), self.Z.shape[2], 1 + self.Z.shape[1]), dtype=self.Z.dtype).swapaxes(1, 2)  # feature by feature in memory
        Z[:, 0], Z[:, 1:] = self.origin, self.Z
        places = None if self.places is None else np.concatenate([np.zeros_like(self.places[:, :1]), self.places], axis=1)
        ratio = None if self.log_ratio is None else np.concatenate([np.zeros_like(self.log_ratio[:, :1]), self.log_ratio], axis=1)
        return replace(self, Z=Z, Y=np.concatenate([self.prediction[:, None], self.Y], axis=1), places=places, log_ratio=ratio)


def source_of(representation: Representation, tilt: Kernel | None) -> tuple[Representation, Kernel | None]:
    """What the draws come from, and the kernel that they contain then: the local law where it is known, else the draw law and none."""
    local = representation.tilt(tilt) if tilt is not None and isinstance(representation, Tilts) else None
    return (representation, None) if local is None else (local, tilt)


def measure(
    model: Model,
    representation: Representation,
    sampler: Sampler,
    start: int,
    stop: int,
    *,
    tilt: Kernel | None = None,
    seed: int = 0,
    prediction: Array | None = None,
    before: Neighborhood | None = None,
) -> Neighborhood:
    """Draw number start..stop-1 around each instance of the block, and ask the model; about a row that is drawn again, once.

    tilt : draw from the local law q of this kernel where the representation knows it (MATH section 1), else from its draw law.
    before : draws 0..start-1, measured; their rows are not asked about again.
    """
    source, tilt = source_of(representation, tilt)
    prediction = before.prediction if before is not None else prediction
    prediction = model(representation.instances(), representation.size) if prediction is None else prediction
    asked = source.take([0]) if source.size > 1 and isinstance(source, Alike) and source.alike else source
    B, s = asked.size, stop - start
    step = _step(model, source, B)
    draws = checked(sampler.draw(source.space, start, stop, seed), source.space, s, sampler)
    first = None if (start and before is None) or not isinstance(asked, Repeating) else asked.first_alike(draws if start == 0 else sampler.draw(source.space, 0, stop, seed))
    if first is None:
        Y, fresh = _answers(model, asked, draws, step), None
    else:
        Y = np.concatenate([_once(model, asked.take([b]), draws, step * B, first[b], None if before is None else before.Y[b]) for b in range(B)])
        fresh = np.broadcast_to((first[:, start:] == np.arange(start, stop)).sum(axis=1), (source.size,))
    Y = np.ascontiguousarray(Y.swapaxes(1, 2)).swapaxes(1, 2)  # output by output in memory, as they are summed
    marks = source.binary(draws) if isinstance(source, Binary) else None
    Z = source.features(draws) if marks is None else marks
    if Y.shape[2] != prediction.shape[1]:
        raise ModelError(f"the model gave {prediction.shape[1]} output(s) for the instance and {Y.shape[2]} for the {s} draws; it must answer the same outputs for any table")
    places = source.places(draws) if isinstance(source, Placed) else None
    ratio = source.log_ratio(draws) if isinstance(source, Ratioed) else None
    return Neighborhood(Z, np.broadcast_to(Y, (source.size, *Y.shape[1:])), source.origin, prediction, tilt, places, ratio, fresh)


def _step(model: Model, source: Representation, B: int) -> int:
    """Draws of each of B instances that the model is asked about at once; a number of rows that it names is kept."""
    if model.chunk != ANY:
        return max(1, model.chunk // B)
    step = max(1, (BLOCK // source.row_size if isinstance(source, Heavy) else ASKED) // B)
    return step if step < ALIGNED else step // ALIGNED * ALIGNED


def _answers(model: Model, source: Representation, draws: Array, step: int) -> Float[Array, "B s k"]:
    """The model's answers for draws of the instances, so many at a time."""
    B, s = source.size, draws.shape[1]
    pieces = [draws[:, a : a + step] for a in range(0, s, step)]
    return _joined([model(source.inputs(d), B * d.shape[1]).reshape(B, d.shape[1], -1) for d in pieces])


def _once(model: Model, one: Representation, draws: Array, step: int, first: Int[Array, "S"], before: Float[Array, "n k"] | None) -> Float[Array, "1 s k"]:
    """The answers for draws of one instance, each row asked once, in the order of the draws; none that is among those before."""
    start = len(first) - draws.shape[1]
    new = np.flatnonzero(first[start:] == np.arange(start, len(first)))
    parts = [] if before is None else [before]
    parts += [_answers(model, one, draws[:, new], step)[0]] if len(new) else []
    known = np.concatenate([np.arange(start), start + new])
    return np.concatenate(parts)[np.searchsorted(known, first[start:])][None]


def _joined(parts: list[Any]) -> Any:
    """Draws after draws, or None; a copy only where there are several parts."""
    return parts[0] if len(parts) == 1 or parts[0] is None else np.concatenate(parts, axis=1)


def weigh(neighborhood: Neighborhood, kernel: Kernel) -> Float[Array, "#B s"]:
    """Weights that turn the draws into the kernel's local law, in log space; the largest is 1."""
    if neighborhood.tilt == kernel:
        return np.ones((1, neighborhood.Z.shape[1]))
    log = _log_weights(neighborhood, kernel)
    w = np.exp(log - log.max(axis=1, keepdims=True))
    return np.where(w < FAINT, 0.0, w)


def _log_weights(neighborhood: Neighborhood, kernel: Kernel) -> Float[Array, "#B s"]:
    """Of the kernel, relative to what the draws already contain."""
    tilt, ratio = neighborhood.tilt, 0.0 if neighborhood.log_ratio is None else neighborhood.log_ratio
    if isinstance(tilt, Balanced) and tilt.kernel == kernel:
        return np.zeros((1, neighborhood.Z.shape[1])) + ratio
    log = log_weights(kernel, *neighborhood.seen)
    if isinstance(tilt, Halfway) and tilt.kernel == kernel:
        return log - tilt.of(log) + ratio
    return log + ratio if tilt is None else log - log_weights(tilt, *neighborhood.seen) + ratio


def fit(neighborhood: Neighborhood, kernel: Kernel, surrogate: Surrogate, replicates: int = 0) -> Fit:
    """Regress the answers on the coordinates.

    Answers are taken relative to that of the heaviest draw, which only moves the intercept: digits are not lost in a large
    level, a constant answer is exactly 0, and the coefficients do not depend on the batch in which the instance was asked.
    """
    w = weigh(neighborhood, kernel)
    around = neighborhood.Y[np.arange(len(neighborhood.Y)), w.argmax(axis=1)]
    Y, power = tamed(neighborhood.Y - around[:, None])
    Z = neighborhood.Z if isinstance(surrogate, (Ridge, Select)) else neighborhood.Z.astype(np.float64, copy=False)  # others may need numbers
    return surrogate.fit(Z, Y, w, neighborhood.origin, replicates).times(power).shifted(around)


def explain(model: Model, X: Any, *, domain: Domain, recipe: Recipe, runner: Runner = Serial(), on_error: Literal["raise", "record"] = "raise", progress: Progress | None = None) -> Explanations:
    """Explain every instance of X, in blocks, each by the first engine of the recipe that applies.

    Same instance and settings, same numbers: draws depend on the seed and their own number only, so that order, block size
    and workers cannot change an answer, and neighbors share their draws. (A model whose answer to one row moves with the rows
    beside it, as matrix products may in the last bit, moves its explanation as little.)
    """
    work = partial(_piece, model, domain, recipe, on_error)
    size = lambda samples: max(1, BLOCK // (samples * draw_size(domain, recipe)))  # noqa: E731  instances whose draws fit in memory
    pieces = pieces_of(X, domain, size(min(CERTIFICATE, recipe.samples)), size(recipe.samples), lambda block: choose(model, block, recipe)[0].exact)
    return Explanations.gather(reported(runner.map(work, pieces), pieces, domain, progress))


def _piece(model: Model, domain: Domain, recipe: Recipe, on_error: str, piece: Any) -> list[Block | str]:
    """Blocks of one piece of X; under "record", a message in the place of a row that cannot be explained."""
    try:
        return [block for r in domain.represent(piece) for block in blocks_of(model, r, recipe)]
    except KabosuError as e:
        if on_error == "raise":
            raise
        rows = list(domain.split(piece, 1))
        return [str(e)] if len(rows) == 1 else [part for row in rows for part in _piece(model, domain, recipe, on_error, row)]
