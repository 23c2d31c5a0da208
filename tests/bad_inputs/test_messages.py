"""What is said of a setting that cannot be: what was given, what was expected, what to do."""

import numpy as np
import pytest
from sklearn.datasets import load_wine

import kabosu as kb

X, y = load_wine(return_X_y=True)
LINES = kb.TabularExplainer(lambda A: A[:, 0] - A[:, 1], X)


@pytest.mark.parametrize("width", [0, -1, np.nan, True, [1]], ids=str)
def test_a_kernel_width_that_is_none(width):
    with pytest.raises(kb.InputError, match=r"^kernel_width=.*; expected a number above 0 \(small ones are local\), 'auto' to have one found, or leave it out"):
        kb.TabularExplainer(LINES.model, X, kernel_width=width)


def test_widths_are_a_list_of_widths():
    with pytest.raises(kb.InputError, match=r"^widths=0\.5; expected a list of kernel widths: widths=\[0\.5\]$"):
        LINES.width_path(X[0], widths=0.5)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("level", [-0.1, 1.0, 2, 95, np.nan, "95%"], ids=str)
def test_the_level_of_an_interval_is_a_probability(level):
    with pytest.raises(kb.InputError, match="^level=.*; expected a probability between 0 and 0.9999"):
        LINES.explain(X[0]).interval(level)
