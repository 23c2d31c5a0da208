"""check_domain on domains of parts: right ones pass, and each way of being wrong is seen."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from kabosu import testing
from kabosu.domains import Inputs, Tabular, Text
from kabosu.domains.masks import Coins, EvenCounts, MaskedBlock, Removed
from kabosu.domains.varied import VariedBlock

X = [np.array([3.0, 5.0, 7.0]), np.array([1.0, 2.0, 4.0])]


@dataclass(frozen=True, eq=False)
class Row:
    """Numbers, each kept or 0."""

    x: np.ndarray
    layout: Any = None
    row_size: int = 3

    @property
    def names(self):
        return tuple(f"part {i}" for i in range(len(self.x)))

    def whole(self):
        return self.x[None]

    def masked(self, masks):
        return np.where(masks, self.x, 0.0)


@dataclass(frozen=True)
class Rows:
    parts: type = Row
    block: type = MaskedBlock
    law: Any = EvenCounts()
    width: int = 3

    def count(self, X):
        return len(X)

    def split(self, X, size):
        for i in range(0, len(X), size):
            yield X[i : i + size]

    def represent(self, X):
        for x in X:
            yield self.block.of(self.parts(x), self.law)


@pytest.mark.parametrize("law", [EvenCounts(), Removed(), Coins()])
def test_right_ones_pass(law):
    testing.check_domain(Rows(law=law), X)
    testing.check_domain(Text(law=law), ["a good film", "one", "so so so"])
    testing.check_domain(replace(Inputs(title=Text(), price=Tabular(np.arange(9.0))), law=law), [{"title": "a b", "price": 3.0}, {"title": "c", "price": 1.0}])


class Inverted(Row):
    """Keeps what should go."""

    def masked(self, masks):
        return np.where(masks, 0.0, self.x)


class LastIsStuck(Row):
    """lime's old fault turned around: the last part is never there."""

    def masked(self, masks):
        return np.where(masks & [True, True, False], self.x, 0.0)


class Noisy(Row):
    """Another fill each time."""

    def masked(self, masks):
        return np.where(masks, self.x, np.random.default_rng().normal())


class OneTooMany(Row):
    def masked(self, masks):
        return np.concatenate([Row.masked(self, masks), self.whole()])


class TwoNames(Row):
    @property
    def names(self):
        return ("part 0", "part 1")


class Other(Row):
    """The instance itself is another."""

    def whole(self):
        return self.x[None] + 1


class Untilted(MaskedBlock):
    """A local law that is the draw law."""

    def tilt(self, kernel):
        return self


class Narrower(MaskedBlock):
    def tilt(self, kernel):
        return MaskedBlock.tilt(MaskedBlock.tilt(self, kernel), kernel)


WRONG = {
    "inverted": (Rows(Inverted), "every part kept"),
    "a part that is never there": (Rows(LastIsStuck), "every part kept"),
    "noise in the second reading": (Rows(Noisy), "something else"),
    "a row too many": (Rows(OneTooMany), "rows for the model"),
    "another instance": (Rows(Other), "every part kept"),
    "no local law": (Rows(block=Untilted), "standard errors"),
    "the kernel twice": (Rows(block=Narrower), "standard errors"),
}


@pytest.mark.parametrize("domain, words", WRONG.values(), ids=WRONG)
def test_wrong_ones_are_seen(domain, words):
    with pytest.raises(testing.ConformanceError, match=words):
        testing.check_domain(domain, X)


def test_names_must_be_as_many_as_the_parts():
    with pytest.raises((testing.ConformanceError, ValueError)):
        testing.check_domain(Rows(TwoNames), X)


class Donors(Row):
    def mixed(self, masks, chance):
        return np.where(masks, self.x, np.floor(9 * chance)[:, None])


class Forgets(Donors):
    """Rows of the donors only."""

    def mixed(self, masks, chance):
        return np.broadcast_to(np.floor(9 * chance)[:, None], masks.shape)


def test_parts_that_vary():
    testing.check_domain(Rows(Donors, VariedBlock), X)
    with pytest.raises(testing.ConformanceError, match="every part kept"):
        testing.check_domain(Rows(Forgets, VariedBlock), X)
