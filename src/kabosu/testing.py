"""The conformance suite: what every part of the line owes the others, for anyone who puts in a part of their own.

Each check raises ``ConformanceError``, an AssertionError, with what was found and what was expected; it returns None where
the part conforms. The models here have answers that are known on paper, and count the rows that they are asked.

Examples
--------
>>> from kabosu import kernels, samplers, surrogates, testing
>>> testing.check_kernel(kernels.Exponential(0.5))
>>> testing.check_sampler(samplers.Sobol(8))
>>> testing.check_surrogate(surrogates.Ridge())

"""

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.explain import measure, weigh
from kabosu.fits import Fit, Outcome
from kabosu.protocols import Alike, Domain, Engine, Kernel, LogKernel, Placed, Representation, Sampler, Surrogate, Tilts
from kabosu.recipes import MASK_KERNEL, Recipe
from kabosu.respond import Model
from kabosu.responders import arrays
from kabosu.samplers import Plain, Sobol
from kabosu.spaces import Cube, Masks, Space, checked
from kabosu.surrogates import Ridge
from kabosu.types import Array, Float

SURE = 6.0  # standard errors: a conforming part fails once in 10^9 checks
CLOSE = 1e-9


class ConformanceError(AssertionError):
    """A part does not keep its contract."""


@dataclass(frozen=True)
class Counted:
    """Any model, counting the rows that it is asked.

    Examples
    --------
    >>> model = Counted(lambda X: X.sum(axis=1))
    >>> model(np.ones((3, 2))), model.rows
    (array([2., 2., 2.]), 3)

    """

    ask: Callable[[Any], Any]
    asked: list[int] = field(default_factory=list, compare=False)

    def __call__(self, rows: Any) -> Any:
        """Ask, and count."""
        self.asked.append(_count(rows))
        return self.ask(rows)

    @property
    def rows(self) -> int:
        """Rows asked so far."""
        return sum(self.asked)


@dataclass(frozen=True)
class CountedModel(Model):
    """A model as the line sees it, counting its rows; exact engines still read what it is made of."""

    asked: list[int] = field(default_factory=list, compare=False)

    def __call__(self, rows: Any, n: int) -> Float[Array, "n k"]:
        """Ask, and count."""
        self.asked.append(_count(rows))
        return Model.__call__(self, rows, n)


@dataclass(frozen=True)
class Linear:
    """f(x) = intercept + slope . x on arrays: its explanation is its own slope at every width."""

    slope: tuple[float, ...]
    intercept: float = 0.0

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n"]:
        """Answer n rows."""
        return np.asarray(X, dtype=np.float64) @ np.array(self.slope) + self.intercept

    def slopes(self, mean: Float[Array, "d"], sd: Float[Array, "d"]) -> Float[Array, "d"]:
        """Coefficients of the limit explanation under independent normals."""
        return np.array(self.slope)


@dataclass(frozen=True)
class Squares:
    """f(x) = sum_j x_j^2 on arrays: slope 2 E x_j under independent normals."""

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n"]:
        """Answer n rows."""
        return (np.asarray(X, dtype=np.float64) ** 2).sum(axis=1)

    def slopes(self, mean: Float[Array, "d"], sd: Float[Array, "d"]) -> Float[Array, "d"]:
        """Coefficients of the limit explanation under independent normals."""
        return 2 * mean


@dataclass(frozen=True)
class Steps:
    """f(x) = sum_j 1[x_j > at] on arrays, as trees answer: slope phi((at - E x_j) / sd_j) / sd_j under independent normals."""

    at: float = 0.0

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n"]:
        """Answer n rows."""
        return (np.asarray(X) > self.at).sum(axis=1).astype(np.float64)

    def slopes(self, mean: Float[Array, "d"], sd: Float[Array, "d"]) -> Float[Array, "d"]:
        """Coefficients of the limit explanation under independent normals."""
        return np.exp(-0.5 * ((self.at - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))


def check_sampler(sampler: Sampler, space: Space = Cube(3)) -> None:
    """Points of the space, the same whoever asks in however many calls; other seeds give others; replicates are alike and different.

    Draw number i may depend on the seed and on i only.
    """
    s, R = 512, sampler.replicates
    _expect(isinstance(R, int) and R >= 0 and R != 1, f"replicates is {R!r}; expected 0 for independent draws, or at least 2")
    draws = np.array(checked(sampler.draw(space, 0, s, 7), space, s, sampler), dtype=np.float64)
    parts = np.concatenate([sampler.draw(space, a, b, 7) for a, b in ((0, 64), (64, 200), (200, s))], axis=1)
    _expect(np.array_equal(draws, parts), "asking in parts does not continue the sequence")
    _expect(np.array_equal(draws, _spoiled(sampler.draw, space, 0, s, 7)), "the same question has two answers: a draw must depend on the seed and its number only")
    _expect(np.array_equal(draws, pickle.loads(pickle.dumps(sampler)).draw(space, 0, s, 7)), "a pickled copy draws differently")  # noqa: S301
    _expect(not np.array_equal(draws, sampler.draw(space, 0, s, 8)), "another seed gives the same draws")
    if isinstance(space, Cube):
        many = sampler.draw(space, 0, 8 * s, 7).reshape(-1, space.m)
        _expect(len(np.unique(many, axis=0)) == len(many), "points repeat")
        z = (draws.reshape(-1, space.m).mean(axis=0) - 0.5) * np.sqrt(12 * draws.shape[0] * s)
        _expect(np.abs(z).max() < SURE, f"coordinates are not uniform: mean {draws.mean(axis=(0, 1))}")
        spread = draws.reshape(-1, space.m).var(axis=0)
        _expect(np.abs(spread - 1 / 12).max() < SURE * np.sqrt(1 / 180 / s), f"coordinates are not uniform: variance {spread}")
    for r in range(1, R):
        _expect(not np.array_equal(draws[:, 0::R][:, : s // R], draws[:, r::R][:, : s // R]), f"replicate {r} repeats replicate 0")


def check_kernel(kernel: Kernel, p: int = 4) -> None:
    """Finite weights of at least 0, largest at the instance, the same for an instance alone and in any order; its logarithm agrees."""
    rng = np.random.default_rng(0)
    origin = rng.integers(0, 2, (3, p)).astype(np.float64)
    Z = np.concatenate([origin[:, None], rng.integers(0, 2, (3, 40, p)), rng.normal(size=(3, 40, p))], axis=1)
    w = np.asarray(kernel(Z, origin))
    _expect(w.shape == (3, 81), f"weights of shape {w.shape}; expected (3, 81), one for each point of each instance")
    _expect(bool(np.isfinite(w).all() and (w >= 0).all()), f"weights from {w.min()} to {w.max()}; expected finite numbers of at least 0")
    _expect(bool((w[:, 0] > 0).all() and (w <= w[:, :1] * (1 + CLOSE)).all()), "a point weighs more than the instance itself")
    order = rng.permutation(81)
    _expect(np.allclose(kernel(Z[:, order], origin), w[:, order], rtol=CLOSE), "weights depend on the order of the points")
    alone = np.concatenate([kernel(Z[[b]], origin[[b]]) for b in range(3)])
    _expect(np.allclose(alone, w, rtol=CLOSE), "weights of an instance depend on the others of its block")
    shared = np.broadcast_to(kernel(Z[:1], origin[:1]), (1, 81))
    _expect(np.allclose(shared, w[:1], rtol=CLOSE), "a block that shares its points is weighed differently")
    if isinstance(kernel, LogKernel):
        seen = w > 1e-280
        _expect(np.allclose(kernel.log(Z, origin)[seen], np.log(w[seen]), rtol=CLOSE, atol=CLOSE), "log is not the logarithm of the weights")
    _expect(np.allclose(pickle.loads(pickle.dumps(kernel))(Z, origin), w, rtol=CLOSE), "a pickled copy weighs differently")  # noqa: S301


def check_surrogate(surrogate: Surrogate) -> None:
    """Arrays of the right shapes; each instance and output by itself; a shift of the answers moves the intercept only.

    Draws of weight 0 and the order of the draws do not matter; a constant answer has coefficients 0 and no R2; a feature that
    does not vary has coefficient 0.
    """
    rng = np.random.default_rng(1)
    B, s, p, k = 3, 96, 4, 2
    Z, w, origin = rng.normal(size=(B, s, p)), rng.uniform(0.2, 1.0, (B, s)), rng.normal(size=(B, p))
    Z[..., -1] = 1.0
    Y = np.stack([np.sin(Z[..., 0]) + Z[..., 1], Z[..., 2] * Z[..., 0] - 3.0], axis=2)
    fit = surrogate.fit(Z, Y, w, origin)
    _check_shapes(fit, B, p, k)
    _expect(bool((np.abs(fit.coef[:, -1]) <= CLOSE).all()), "a feature that does not vary has a coefficient; expected 0")
    _expect(bool((fit.r2 <= 1 + CLOSE).all() and (fit.fidelity <= 1 + CLOSE).all()), "an R2 is above 1")
    for b in range(B):
        _close(surrogate.fit(Z[[b]], Y[[b]], w[[b]], origin[[b]]), fit.take([b]), "an instance by itself is fitted differently")
    shared = surrogate.fit(Z[:1], Y, w[:1], origin[:1])
    _close(shared, surrogate.fit(*(np.repeat(a[:1], B, axis=0) if a is not Y else a for a in (Z, Y, w, origin))), "instances that share their draws are fitted differently")  # pyright: ignore[reportArgumentType]
    one = surrogate.fit(Z, Y[..., :1], w, origin)
    _expect(np.allclose(one.coef[..., 0], fit.coef[..., 0], rtol=CLOSE, atol=CLOSE), "an output by itself is fitted differently")
    moved = surrogate.fit(Z, Y + 100.0, w, origin)
    _close(replace(moved, intercept=moved.intercept - 100.0, local=moved.local - 100.0), fit, "a constant added to the answers moves more than the intercept", 1e-6)
    order = rng.permutation(s)
    again = surrogate.fit(Z[:, order], Y[:, order], w[:, order], origin)
    _expect(np.allclose(again.coef, fit.coef, rtol=1e-6, atol=1e-8), "the order of the draws matters")
    more = surrogate.fit(np.concatenate([Z, 9 * Z], 1), np.concatenate([Y, -Y], 1), np.concatenate([w, 0 * w], 1), origin)
    _expect(np.allclose(more.coef, fit.coef, rtol=1e-6, atol=1e-8), "draws of weight 0 matter")
    still = surrogate.fit(Z, np.zeros_like(Y), w, origin)
    _expect(bool((still.coef == 0).all() and np.isnan(still.r2).all()), "a constant answer should have coefficients 0 and R2 NaN")


def check_representation(representation: Representation, draws: int = 32) -> None:
    """Both readings are deterministic, have a row for each instance and draw, and agree with those of each instance alone.

    Under ``tilt(kernel)`` draws must follow the draw law times the kernel: their mean is that of weighted draws.
    """
    B, u = representation.size, Plain().draw(representation.space, 0, draws, 3)
    p = representation.origin.shape[1]
    Z, rows, here = representation.features(u), representation.inputs(u), representation.instances()
    _expect(representation.origin.shape[0] in (1, B), f"origin of shape {representation.origin.shape}; expected 1 or {B} rows")
    _expect(Z.shape[0] in (1, B) and Z.shape[1:] == (draws, p), f"features of shape {Z.shape}; expected (1 or {B}, {draws}, {p})")
    _expect(_count(rows) == B * draws, f"{_count(rows)} rows for the model; expected {B * draws}, instance after instance")
    _expect(_count(here) == B, f"{_count(here)} instances; expected {B}")
    _expect(np.array_equal(Z, representation.features(u)) and _same(rows, representation.inputs(u)), "reading a draw again gives something else")
    for b in range(B):
        alone = representation.take([b])
        _expect(np.array_equal(alone.features(u)[0], Z[b if len(Z) > 1 else 0]), f"instance {b} alone reads other features")
        _expect(_same(_some(rows, b * draws, (b + 1) * draws), alone.inputs(u)), f"instance {b} alone reads other inputs")
        _expect(_same(_some(here, b, b + 1), alone.instances()), f"instance {b} alone is another")
    if not isinstance(representation.space, Cube):
        every = representation.inputs(np.ones((1, 1, representation.space.m), dtype=bool) if isinstance(representation.space, Masks) else np.array([[[1.0] * p + [0.5]]]))
        _expect(_same(every, here, 1e-6), "with every part kept, the rows for the model are not the instance")
    labels = representation.labels()
    found = (len(labels.columns), labels.names.shape, labels.values.shape, len(labels.units))
    _expect(found == (p, (B, p), (B, p), p), f"labels of sizes {found}; expected {(p, (B, p), (B, p), p)}")


def check_tilt(representation: Representation, kernel: Kernel) -> None:
    """Draws of ``representation.tilt(kernel)`` follow the draw law times the kernel: their means are those of weighted draws."""
    local = representation.tilt(kernel) if isinstance(representation, Tilts) else None
    if local is None:
        return
    s = 1 << 14
    draws = Plain().draw(representation.space, 0, s, 5)
    Z = representation.features(draws)
    places = representation.places(draws) if isinstance(representation, Placed) else None
    w = np.asarray(kernel(Z, representation.origin) if places is None else kernel(places, np.zeros((1, places.shape[2]))))
    w = w / w.sum(axis=1, keepdims=True)
    mean = np.einsum("bs,bsp->bp", np.broadcast_to(w, Z.shape[:2]), Z)
    error2 = np.einsum("bs,bsp->bp", np.broadcast_to(w**2, Z.shape[:2]), (Z - mean[:, None]) ** 2)
    q = local.features(Plain().draw(local.space, 0, s, 6))
    z = (q.mean(axis=1) - mean) / np.sqrt(error2 + q.var(axis=1) / s + 1e-30)
    _expect(np.abs(z).max() < SURE, f"draws of the local law are {np.abs(z).max():.1f} standard errors from weighted draws")


def check_domain(domain: Domain, X: Any, kernel: Kernel | None = None) -> None:
    """Every instance of X is represented once, in order, alike in pieces of any size; its representations conform.

    kernel : under which the local law is looked at; None: that of masks, for parts that are kept or replaced.
    """
    n = sum(domain.count(piece) for piece in domain.split(X, 2))
    for size in (1, 2, n):
        pieces = list(domain.split(X, size))
        _expect(all(domain.count(piece) <= size for piece in pieces), f"a piece holds more than {size} instances")
        _expect(sum(domain.count(piece) for piece in pieces) == n, "pieces of another size hold another number of instances")
        blocks = [[r for r in domain.represent(piece)] for piece in pieces]  # noqa: C416
        _expect([sum(r.size for r in b) for b in blocks] == [domain.count(piece) for piece in pieces], "represent lost or added instances")
        here = [_some(r.instances(), i, i + 1) for b in blocks for r in b for i in range(r.size)]
        first = here if size == 1 else first
        _expect(all(_same(a, b) for a, b in zip(first, here, strict=True)), "instances change with the size of the pieces")
    for piece in domain.split(X, n):
        for representation in domain.represent(piece):
            check_representation(representation)
            if kernel is not None or not isinstance(representation.space, Cube):
                check_tilt(representation, MASK_KERNEL if kernel is None else kernel)
    pickle.loads(pickle.dumps(domain))  # noqa: S301


def check_engine(engine: Engine, model: Model, representation: Representation, recipe: Recipe) -> str | None:
    """It says whether it applies; if so it counts its rows, keeps the budget, repeats itself, treats instances alike and is right.

    With an ordinary surrogate "right" means within its own and the reference's errors of 2^15 weighted draws regressed by
    ``numpy.linalg.lstsq``. Returns the reason where the engine refuses, None where it ran and conforms.
    """
    _expect(isinstance(engine.name, str) and bool(engine.name), "an engine needs a name")
    reason = engine.refuses(model, representation, recipe)
    _expect(reason is None or (isinstance(reason, str) and bool(reason)), f"refuses gave {reason!r}; expected None or a reason in words")
    if reason is not None:
        return reason
    counted = CountedModel(model.ask, model.scale, model.names, model.original, model.chunk)
    outcome: Outcome = engine.run(counted, representation, recipe)
    B, (_, p, k) = representation.size, outcome.fit.coef.shape
    _check_shapes(outcome.fit, B, p, k)
    asked, told = sum(counted.asked), outcome.n_model_calls
    shared = isinstance(representation, Alike) and representation.alike  # what is asked once counts for each instance
    _expect(asked == int(told.sum()) or (shared and int(told.max()) + B - 1 <= asked < told.sum()), f"{asked} rows were asked and {int(told.sum())} reported")
    _expect(int(told.max()) <= recipe.budget, f"{int(told.max())} rows were asked with a budget of {recipe.budget}")
    _expect(np.allclose(outcome.prediction, model(representation.instances(), B), rtol=CLOSE), "prediction is not the model at the instances")
    _expect(len(outcome.ended_by) == B, f"ended_by has {len(outcome.ended_by)} entries for {B} instances")
    _close(engine.run(model, representation, recipe).fit, outcome.fit, "a second run gives other numbers", 0.0)
    for b in range(B):
        _close(engine.run(model, representation.take([b]), recipe).fit, outcome.fit.take([b]), f"instance {b} alone gets other numbers")
    if engine.exact:
        known = outcome.fit.std_error[np.isfinite(outcome.fit.std_error)]
        _expect(bool((known == 0).all()), "an exact engine has no standard errors")
    if recipe.surrogate == Ridge(0.0) and not recipe.instance_first:
        _check_limit(outcome.fit, model, representation, recipe)
    return None


def _check_limit(fit: Fit, model: Model, representation: Representation, recipe: Recipe) -> None:
    """Against weighted draws of the draw law, each instance by itself, errors from their eight replicates."""
    for b in range(representation.size):
        hood = measure(model, representation.take([b]), Sobol(8), 0, 1 << 15, seed=recipe.seed + 1_000_003)
        w = weigh(hood, recipe.kernel)[0]
        solved = np.array([_lstsq(hood.Z[0, r::8], hood.Y[0, r::8], w[r::8]) for r in range(8)])
        error = np.sqrt(solved.var(axis=0, ddof=1) / 8 + np.where(np.isfinite(fit.std_error[b]), fit.std_error[b], np.inf) ** 2)
        off = np.abs(fit.coef[b] - solved.mean(axis=0)) / (2 * SURE * error + CLOSE * np.abs(fit.coef[b]).max() + 1e-300)
        _expect(bool((off <= 1).all()), f"coefficients of instance {b} are far from weighted least squares on 32768 draws")


def _lstsq(Z: Array, Y: Array, w: Array) -> Array:
    A = np.concatenate([np.ones((len(Z), 1)), Z], axis=1) * np.sqrt(w)[:, None]
    return np.linalg.lstsq(A, Y * np.sqrt(w)[:, None], rcond=None)[0][1:]


def _check_shapes(fit: Fit, B: int, p: int, k: int) -> None:
    wanted = {"coef": (B, p, k), "std_error": (B, p, k)} | dict.fromkeys(("intercept", "r2", "fidelity", "local"), (B, k))
    wanted |= dict.fromkeys(("condition_number", "effective_sample_size", "dof"), (B,))
    for name, shape in wanted.items():
        _expect(getattr(fit, name).shape == shape, f"{name} has shape {getattr(fit, name).shape}; expected {shape}")
    _expect(bool(np.isfinite(fit.coef).all() and np.isfinite(fit.intercept).all()), "coefficients or intercepts are not finite")


def _close(found: Fit, expected: Fit, complaint: str, rtol: float = CLOSE) -> None:
    for name in ("coef", "intercept", "local", "std_error"):
        a, b = getattr(found, name), getattr(expected, name)
        size = np.abs(b[np.isfinite(b)]).max(initial=0.0)
        _expect(np.allclose(a, b, rtol=rtol, atol=rtol * size, equal_nan=True), f"{complaint} ({name})")


def _spoiled(draw: Callable[..., Array], *args: Any) -> Array:
    """What is drawn after someone wrote into what was drawn before."""
    first = draw(*args)
    if first.flags.writeable:
        first[...] = 0
    return draw(*args)


def _count(rows: Any) -> int:
    return arrays.length(rows)


def _some(rows: Any, start: int, stop: int) -> Any:
    return arrays.piece(rows, start, stop)


def _same(a: Any, b: Any, within: float = 0.0) -> bool:
    """The same rows: arrays, sparse matrices, lists, or any frame, cell by cell. within : of floats, as a share of the largest."""
    if _count(a) != _count(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(_same(a[name], b[name], within) for name in a)
    if hasattr(a, "toarray"):
        return bool((a != b).nnz == 0)
    if isinstance(a, np.ndarray) and a.dtype.kind in "fiub":
        return a.shape == b.shape and a.dtype == b.dtype and np.allclose(a, b, rtol=0.0, atol=within * np.abs(b).max(initial=0.0), equal_nan=a.dtype.kind == "f")
    if isinstance(a, np.ndarray) and a.ndim == 1:
        return a.tolist() == b.tolist()
    if isinstance(a, Sequence) and not isinstance(a[0], dict):
        return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    return all(np.array_equal(frames.cells(x), frames.cells(y)) for x, y in zip(frames.read(a).columns, frames.read(b).columns, strict=True))


def _expect(kept: bool, complaint: str) -> None:  # noqa: FBT001  a condition, not an option
    if not kept:
        raise ConformanceError(complaint)
