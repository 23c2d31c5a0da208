"""Every family of trees against the sum over all joint cells, whose answers are the trees' own and the model's."""

import numpy as np
import pytest
from small_ensembles import FAMILIES, Case, case
from tree_cells import cells_of, joint, limit

import kabosu as kb

NEIGHBORHOODS = ("gaussian", "gaussian-global", "bins")
WIDTHS = (0.4, 0.9, 2.5)
MOST = 60_000  # joint cells


def exact(made: Case, neighborhood: str, width: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes per standard deviation, E f and E z, by the engine alone: of every kind of trees, scores too."""
    from kabosu.engines.tree import Same, _read, compiled, exact_expectations
    from kabosu.kernels import Exponential

    explainer = kb.TabularExplainer(made.model, made.data, neighborhood=neighborhood, kernel_width=width, output=made.output)
    (block,) = explainer.domain.represent(made.data.loc[[made.x.name]])
    trees, _ = _read(Same(made.model), Same(block.all_columns))
    binding, nodes = compiled(explainer.model, block)
    slope, mean, center, *_ = exact_expectations(trees, binding, nodes, block.tilt(Exponential(width)))
    return slope[0], mean[0], center[0]


def compare(family: str, seed: int) -> None:
    made, neighborhood, width = case(family, seed), NEIGHBORHOODS[seed % 3], WIDTHS[seed // 3 % 3]
    cells = cells_of(made.data, made.x, neighborhood, width, made.cuts)
    assert np.prod([len(c.p) for c in cells]) <= MOST
    rows, p, Z = joint(made.data, cells)
    f = made.trees.predict(made.see(rows))
    own = np.asarray(made.answer(rows), dtype=float).reshape(len(f), -1)
    size = max(np.abs(f).max(), 1e-12)
    np.testing.assert_allclose(made.trees.respond(f) if family == "isolation" else f, own[:, -f.shape[1] :], rtol=0, atol=1e-6 * size)
    wanted, level = limit(cells, p, Z, f)
    coef, mean, center = exact(made, neighborhood, width)
    np.testing.assert_allclose(mean, level, rtol=0, atol=1e-10 * size)
    np.testing.assert_allclose(center, np.concatenate([c.first.sum(axis=0) for c in cells]), rtol=0, atol=1e-10)
    np.testing.assert_allclose(coef, wanted, rtol=0, atol=1e-10 * max(np.abs(wanted).max(), size))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("family", FAMILIES)
def test_equals_the_sum_over_all_cells(family: str, seed: int) -> None:
    compare(family, seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
@pytest.mark.parametrize("family", FAMILIES)
def test_two_hundred_of_each_equal_the_sum_over_all_cells(family: str, block: int) -> None:
    for seed in range(100 + 20 * block, 120 + 20 * block):
        compare(family, seed)
