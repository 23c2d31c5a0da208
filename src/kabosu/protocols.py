"""The contracts, each written once: what may be put in place of a piece of the line.

domain.represent(X) -> representation        two readings of one draw:
sampler.draw(space, ...) -> draws               representation.features(draws) -> Z
representation.inputs(draws)   -> rows for the model
kernel(Z, origin) -> w      surrogate.fit(Z, Y, w, ...) -> Fit      engine.run(...) -> Fit
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from kabosu.types import Array, Batch, Bool, Drawn, Float, Int, Rows

if TYPE_CHECKING:
    from kabosu.curves import Curves
    from kabosu.fits import Fit
    from kabosu.labels import Labels
    from kabosu.recipes import Recipe
    from kabosu.respond import Model
    from kabosu.spaces import Space

T = TypeVar("T")
R = TypeVar("R")


@runtime_checkable
class Representation(Protocol):
    """A block of B instances in interpretable coordinates. Both readings are deterministic and agree on what was drawn."""

    @property
    def space(self) -> Space:
        """What a sampler may fill."""
        ...

    @property
    def origin(self) -> Float[Array, "#B p"]:
        """The instances themselves, as ``features`` would read them."""
        ...

    @property
    def size(self) -> int:
        """B, the number of instances."""
        ...

    def take(self, rows: Rows) -> Representation:
        """The same block with some of its instances."""
        ...

    def features(self, draws: Float[Array, "#B s m"]) -> Float[Array, "#B s p"]:
        """First reading: interpretable coordinates."""
        ...

    def inputs(self, draws: Float[Array, "#B s m"]) -> Batch:
        """Second reading: B*s rows of what the model eats, instance after instance."""
        ...

    def instances(self) -> Batch:
        """The B instances as the model eats them."""
        ...

    def labels(self) -> Labels:
        """Names, values and units of the features."""
        ...


@runtime_checkable
class Tilts(Protocol):
    """A representation whose local law q (draw law times kernel) is known and can be drawn from."""

    def tilt(self, kernel: Kernel) -> Representation | None:
        """The representation under q; None where this kernel's q is not known."""
        ...


@runtime_checkable
class Alike(Protocol):
    """A representation that knows whether all its instances read the same inputs, so that the model need be asked only once."""

    @property
    def alike(self) -> bool:
        """True where ``inputs`` are the same for each instance."""
        ...


@runtime_checkable
class Binary(Protocol):
    """A representation whose coordinates may all be 0 or 1, which booleans hold in an eighth of the memory."""

    def binary(self, draws: Drawn) -> Bool[Array, "B s p"] | None:
        """``features`` as booleans; None where some are other numbers."""
        ...


@runtime_checkable
class Heavy(Protocol):
    """A representation whose rows are large, so that they are made, asked and forgotten some at a time."""

    @property
    def row_size(self) -> int:
        """Numbers in one row for the model, about."""
        ...


@runtime_checkable
class Placed(Protocol):
    """A representation whose kernel may measure distances elsewhere than in the interpretable coordinates."""

    def places(self, draws: Float[Array, "#B s m"]) -> Float[Array, "#B s p"] | None:
        """The draws as the kernel sees them, counted from the instance; None: by their coordinates."""
        ...


@runtime_checkable
class Ratioed(Protocol):
    """A representation that may be drawn from by another law than its own, and knows what its draws weigh."""

    def log_ratio(self, draws: Float[Array, "#B s m"]) -> Float[Array, "#B s"] | None:
        """Logarithm of the law relative to that of the draws; None: the same."""
        ...


@runtime_checkable
class Repeating(Protocol):
    """A representation whose draws may be the same row again, about which the model need not be asked twice."""

    def first_alike(self, draws: Float[Array, "#B s m"]) -> Int[Array, "B s"] | None:
        """For each draw the number of the first that is the same row; None where no two are."""
        ...


@runtime_checkable
class Joint(Protocol):
    """A neighborhood of tables that draws columns together."""

    def joint(self, table: Any, units: Any) -> Any:
        """Fitted to the background; its ``around(block)`` gives the representation of a block of rows."""
        ...


@runtime_checkable
class Domain(Protocol):
    """Fitted on background data (or on nothing); turns instances into representations."""

    @property
    def width(self) -> int:
        """Numbers in one draw, about; for the size of blocks."""
        ...

    def count(self, X: Batch) -> int:
        """Instances in X."""
        ...

    def split(self, X: Batch, size: int) -> Iterator[Batch]:
        """X in pieces of at most ``size`` instances, in order."""
        ...

    def represent(self, X: Batch) -> Iterator[Representation]:
        """Blocks that share p, in the order of X."""
        ...


@runtime_checkable
class Lean(Protocol):
    """A domain that knows whether its draws are levels, in the same rows for all instances, so that more instances fit in memory."""

    @property
    def lean(self) -> bool:
        """True where draws from the draw law are ``binary`` and ``alike``."""
        ...


@runtime_checkable
class Sampler(Protocol):
    """The only place with randomness. Draw i does not depend on how many are asked: asking more continues the sequence."""

    @property
    def replicates(self) -> int:
        """Number R of independent replicates, draw i in replicate i mod R; 0 where draws are independent."""
        ...

    def draw(self, space: Space, start: int, stop: int, seed: int) -> Float[Array, "#B s m"]:
        """Draws number start..stop-1 of the sequence of this seed."""
        ...


@runtime_checkable
class Kernel(Protocol):
    """Proximity weights of points Z around the origin; a plain function is a kernel."""

    def __call__(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]: ...


@runtime_checkable
class LogKernel(Protocol):
    """A kernel that knows its logarithm, so that narrow widths cannot underflow."""

    def log(self, Z: Float[Array, "#B s p"], origin: Float[Array, "#B p"]) -> Float[Array, "#B s"]:
        """Logarithm of the weights."""
        ...


@runtime_checkable
class Surrogate(Protocol):
    """An interpretable model of a weighted neighborhood."""

    def fit(self, Z: Float[Array, "#B s p"], Y: Float[Array, "B s k"], w: Float[Array, "#B s"], origin: Float[Array, "#B p"], replicates: int = 0) -> Fit:
        """Fit all B instances and k outputs at once."""
        ...


@runtime_checkable
class Curved(Protocol):
    """A surrogate that also knows each coordinate's whole effect."""

    def curves(self, Z: Float[Array, "1 s p"], Y: Float[Array, "1 s k"], w: Float[Array, "1 s"], origin: Float[Array, "1 p"], replicates: int = 0, levels: Sequence[int] = ()) -> Curves:
        """Of one instance, in the units of Z; columns of Z that are codes of ``levels`` have no order."""
        ...


@runtime_checkable
class Engine(Protocol):
    """A way to compute the explanation; says whether it applies, and why not."""

    name: ClassVar[str]
    """As the explanation records it."""
    exact: ClassVar[bool]
    """True where no Monte-Carlo error is left."""

    def refuses(self, model: Model, representation: Representation, recipe: Recipe) -> str | None:
        """None: it applies. Text: why not."""
        ...

    def run(self, model: Model, representation: Any, recipe: Recipe) -> Any:
        """Explain a block that is not refused."""
        ...


@runtime_checkable
class Runner(Protocol):
    """Anything that maps in order; every ``concurrent.futures.Executor`` is one."""

    def map(self, fn: Callable[[T], R], iterable: Iterable[T], /) -> Iterable[R]:
        """Apply fn to each item, results in order."""
        ...
