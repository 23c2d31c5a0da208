"""What the rest of the library does with an explanation works in every neighborhood, without a warning."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from neighbors import ALL, ask, every_kind
from sklearn.linear_model import LinearRegression

import kabosu as kb
from kabosu import diagnostics, plots
from kabosu.testing import Counted

mpl.use("Agg")
DATA = every_kind()
NAMES = ["copula", "conditional", "nearest", "observed", "generator", "constrained"]


@pytest.fixture(params=NAMES, scope="module")
def explainer(request):
    return kb.TabularExplainer(ask, DATA, neighborhood=ALL[request.param], kernel_width=1.0)


def test_reports_and_files(explainer):
    e = explainer.explain(DATA[:1])
    assert "<html" in e.to_html()
    assert np.array_equal(kb.Explanation.from_json(e.to_json()).coef, e.coef)
    assert len(explainer.explain_many(DATA[:3]).to_frame()) == 3 * len(e.columns)


def test_widths(explainer):
    path = explainer.width_path(DATA[:1])
    assert np.isfinite(path.coef).all()
    chosen = kb.TabularExplainer(ask, DATA, neighborhood=explainer.recipe.neighborhood, kernel_width="auto").explain(DATA[:1])
    assert np.isfinite(chosen.coef).all()


@pytest.mark.parametrize("options", [{"recipe": "lime"}, {"surrogate": "additive"}, {"surrogate": LinearRegression()}], ids=["lime", "additive", "sklearn"])
def test_recipes_and_surrogates(explainer, options):
    made = kb.TabularExplainer(ask, DATA, neighborhood=explainer.recipe.neighborhood, kernel_width=1.0, **options)
    assert np.isfinite(made.explain(DATA[:1]).coef).all()


def test_pictures_and_diagnostics(explainer):
    plots.surface(explainer, DATA[:1], ax=Figure(), features=["number", "zeros"], grid=10)
    plots.neighborhood(explainer, DATA, ["number", "zeros"], DATA[:1], ax=Figure())
    assert diagnostics.stability(explainer, DATA[:1], repeats=3) is not None


def test_the_widths_of_observed_rows_are_free():
    model = Counted(ask)
    explainer = kb.TabularExplainer(model, DATA, neighborhood="observed")
    asked = model.rows
    path = explainer.width_path(DATA[:1], widths=[0.5, 1.0, 2.0])
    assert model.rows - asked == path.n_model_calls == 1
    for width, coef in zip(path.widths, path.coef, strict=True):
        alone = kb.TabularExplainer(ask, DATA, neighborhood="observed", kernel_width=width).explain(DATA[:1])
        assert np.allclose(coef, alone.coef, rtol=1e-9, atol=1e-9)
    assert (np.diff(path.effective_sample_size) > 0).all()


@pytest.mark.parametrize("width", [0.3, 0.37, 0.43, 0.5, 0.6])
def test_weights_that_leave_floating_point_leave_the_draws_out(width):
    """One row is near and all others are so far that powers of their weights are no numbers: no warning, a flag."""
    far = np.random.default_rng(0).normal(size=(50, 2)) + 100.0
    rows = np.concatenate([[[0.0, 0.0]], far])
    explainer = kb.TabularExplainer(lambda A: A[:, 0] ** 2, rows, neighborhood="observed", kernel_width=width)
    e = explainer.explain(rows[0])
    assert "low-effective-sample-size" in {f.code for f in e.certificate.flags}
