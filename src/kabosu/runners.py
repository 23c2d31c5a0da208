"""How blocks become tasks, and how far they are. Any ``concurrent.futures.Executor`` (threads, processes, loky, Dask) is a runner too."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from kabosu.errors import KabosuError, RowError
from kabosu.protocols import Lean

if TYPE_CHECKING:
    from kabosu.protocols import Domain, Representation
    from kabosu.recipes import Recipe

T = TypeVar("T")
R = TypeVar("R")
Progress = Callable[[int, int], Any]


@dataclass(frozen=True)
class Serial:
    """One after the other, in this thread; lazily, so that blocks stream."""

    def map(self, fn: Callable[[T], R], iterable: Iterable[T]) -> Iterator[R]:
        """Apply fn to each item, results in order."""
        return map(fn, iterable)


def draw_size(domain: "Domain", recipe: "Recipe") -> int:
    """Numbers that one draw of one instance takes, about; a quarter of them where its coordinates are booleans and its row is everybody's."""
    return max(1, domain.width // 4) if recipe.draws_from == "D" and isinstance(domain, Lean) and domain.lean else domain.width


def pieces_of(X: Any, domain: "Domain", long: int, short: int, exact: Callable[["Representation"], bool]) -> list[Any]:
    """X in pieces of ``short`` instances; of ``long`` ones where the first instance's engine is exact, which asks for few rows."""
    pieces = list(domain.split(X, long))
    if all(domain.count(piece) <= short for piece in pieces) or (pieces and _first_is(exact, domain, pieces[0])):
        return pieces
    return [part for piece in pieces for part in domain.split(piece, short)]


def _first_is(exact: Callable[["Representation"], bool], domain: "Domain", piece: Any) -> bool:
    """Whether the first instance's engine is exact; one that cannot be represented is told where its turn comes."""
    try:
        return exact(next(iter(domain.represent(next(iter(domain.split(piece, 1)))))))
    except KabosuError:
        return False


def reported(results: Iterable[R], pieces: Sequence[Any], domain: "Domain", progress: Progress | None) -> Iterator[R]:
    """The results, telling ``progress(done, total)`` in rows after each; an error says which of several rows it is about."""
    counts = [domain.count(piece) for piece in pieces]
    done = 0
    try:
        for count, result in zip(counts, results, strict=True):
            yield result
            done += count
            if progress is not None:
                progress(done, sum(counts))
    except RowError as e:
        if sum(counts) == 1:
            raise
        raise _placed(e, pieces, counts, done, domain) from e


def _placed(error: RowError, pieces: Sequence[Any], counts: Sequence[int], done: int, domain: "Domain") -> RowError:
    """The error with the position of its row, the first one after ``done`` that cannot be represented."""
    rows = [row for piece in pieces for row in domain.split(piece, 1)][done : done + max(counts)]
    for i, row in enumerate(rows, done):
        try:
            list(domain.represent(row))
        except RowError as found:
            return RowError(f"row {i}: {found} (on_error='record' goes on past such rows)")
    return error


@dataclass(frozen=True)
class Line:
    """A progress line on a terminal or in a notebook; nothing in pipes."""

    def __call__(self, done: int, total: int) -> None:
        if sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel"):  # a notebook's stream, which writes a line anew as a terminal does
            sys.stderr.write(f"\rexplained {done} of {total} rows" + ("\n" if done >= total else ""))
            sys.stderr.flush()
