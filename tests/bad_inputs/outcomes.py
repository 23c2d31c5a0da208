"""One bad input, one asserted outcome: an error with its words, the flags, or a value. The files beside this one are lists of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import kabosu as kb

WAY_OUT = re.compile(r"expected|\b(use|pass|give|needs?|must|choose|raise|rename|fill|cast|flatten|replace|call|widen|rescale|wrap|install|known|should|name|is not|check|add|explain|lacks|cannot|only)\b|background data has|outputs are|nothing to vary|collect", re.IGNORECASE)
"""What was expected, or what to do."""


@dataclass(frozen=True)
class Error:
    """Exactly this class of error, with these words, and a way out."""

    kind: type[Exception]
    words: str

    def check(self, make: Callable[[], Any]) -> None:
        with pytest.raises(self.kind, match=self.words) as caught:
            make()
        assert caught.type is self.kind
        text = str(caught.value)
        if issubclass(self.kind, kb.KabosuError):
            assert 20 < len(text) < 700, text
            assert WAY_OUT.search(text), text


@dataclass(frozen=True)
class Flags:
    """Finite numbers with exactly these flags, each with words and a way out."""

    codes: frozenset[str]
    and_: Callable[[Any], bool] = field(default=lambda e: True)

    def check(self, make: Callable[[], Any]) -> None:
        e = make()
        assert finite(e)
        assert {flag.code for flag in e.certificate.flags} == self.codes, [str(f) for f in e.certificate.flags]
        assert all(flag.message and flag.way_out for flag in e.certificate.flags)
        assert self.and_(e), e.coef


@dataclass(frozen=True)
class Value:
    """An answer: coefficients of the target, or whatever a function finds true of it. No flags unless the function looks at them."""

    wanted: Any

    def check(self, make: Callable[[], Any]) -> None:
        got = make()
        if callable(self.wanted):
            assert self.wanted(got), got
            return
        assert finite(got)
        assert not got.certificate.flags, [str(f) for f in got.certificate.flags]
        largest = np.abs(self.wanted).max()
        np.testing.assert_allclose(got.coef[:, got.target_index] / largest, np.array(self.wanted) / largest, atol=2e-3)


Outcome = Error | Flags | Value
Case = tuple[str, Callable[[], Any], Outcome]


def flags(*codes: str, and_: Callable[[Any], bool] = lambda e: True) -> Flags:
    return Flags(frozenset(codes), and_)


def wrong(words: str) -> Error:
    return Error(kb.InputError, words)


def wrong_row(words: str) -> Error:
    return Error(kb.RowError, words)


def wrong_model(words: str) -> Error:
    return Error(kb.ModelError, words)


def finite(e: kb.Explanation) -> bool:
    """No NaN or infinity in what a user reads as the explanation."""
    arrays = (e.coef, e.intercept, e.prediction, e.local_prediction, e.certificate.local_gap)
    return all(np.isfinite(a).all() for a in arrays) and not np.isnan(e.certificate.reacted).any()


def catalogue(cases: list[Case]) -> pytest.MarkDecorator:
    """Every case a test of its own name."""
    names = [name for name, _, _ in cases]
    assert len(set(names)) == len(names), sorted({n for n in names if names.count(n) > 1})
    return pytest.mark.parametrize(("make", "outcome"), [pytest.param(make, outcome, id=name) for name, make, outcome in cases])


def shown(value: Any) -> str:
    """A value as part of a name, the same in every process."""
    return f"{re.sub(' at 0x[0-9a-fA-F]+', '', str(value))[:40]} ({type(value).__name__})"


rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
W = np.array([1.0, -2.0, 0.5, 0.0])
LINE = W.tolist()


def linear(rows: Any) -> np.ndarray:
    """x0 - 2 x1 + x2 / 2 of any table."""
    return np.asarray(rows, dtype=np.float64) @ W


def first(rows: Any) -> np.ndarray:
    """The first column of any table."""
    return np.asarray(rows)[:, 0].astype(np.float64)


def explain(model: Any = linear, data: Any = X, x: Any = None, **options: Any) -> kb.Explanation:
    """One row (the first, unless another is given)."""
    return kb.TabularExplainer(model, data, **options).explain(data[0] if x is None else x)
