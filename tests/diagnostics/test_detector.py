"""Parts of the classifier of draws against real rows, each by hand."""

import numpy as np
import pandas as pd
import pytest

import kabosu as kb
from kabosu.diagnostics.manifold import MOST_LEVELS, Detector, draws_of, encoded, level_codes
from kabosu.domains import Tables
from kabosu.kernels import width_for


@pytest.mark.parametrize(("share", "auc", "raised"), [(0.6, 0.6, True), (0.1, 0.9, True), (0.6, 0.9, True), (0.5, 0.85, False)])
def test_either_is_enough_for_the_flag(share, auc, raised):
    said = Detector((), (), auc, 100, 100).words(share)
    assert bool(said) == raised
    assert not raised or (f"{share:.0%}" in said and f"{auc:.2f}" in said)


def test_levels_without_a_code_are_among_the_rare():
    data = pd.DataFrame({"x": np.arange(4.0), "c": ["b", "a", "b", "c"]})
    domain = Tables.fit(data)
    table = kb.frames.rows_like(data, domain.table, "rows")
    codes = level_codes([table], domain.columns)
    assert codes == (None, {"b": 0, "a": 1, "c": 2})
    np.testing.assert_array_equal(encoded(table, domain.columns, (None, {"b": 0, "a": 1})), [[0, 0], [1, 1], [2, 0], [3, MOST_LEVELS]])


@pytest.mark.parametrize("recipe", ["kabosu", "article"])
def test_draws_are_rows_of_the_local_law_whether_drawn_or_weighed(recipe):
    """Normal columns at width w: mean x t / (1 + t), variance 1 / (1 + t), t = 1 / w^2, in standard deviations."""
    X = np.random.default_rng(0).normal(size=(4000, 2))
    width, x = width_for(0.7), np.array([1.5, -1.0])
    explainer = kb.TabularExplainer(lambda A: A[:, 0], X, recipe=recipe, neighborhood="gaussian-global", kernel_width=width)
    rows, t = np.column_stack(draws_of(explainer, x).columns), 1 / width**2
    mean, sd = X.mean(axis=0), X.std(axis=0)
    np.testing.assert_allclose(rows.mean(axis=0), (x - mean) * t / (1 + t) + mean, atol=0.12)
    np.testing.assert_allclose(rows.std(axis=0) / sd, 1 / np.sqrt(1 + t), atol=0.08)
