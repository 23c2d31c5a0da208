"""What people see: overlays, heat maps, segments in their own colors, and the picture in a page."""

import base64
import io
import re

import numpy as np
import pytest
from pictures import photo, quarters

import kabosu as kb
from kabosu.plots import image, paint, plot
from kabosu.plots.style import LIGHT

Figure = pytest.importorskip("matplotlib.figure", reason="pictures are drawn by matplotlib").Figure
WEIGHTS = np.array([0.5, -2.0, 0.0, 3.0])


@pytest.fixture(scope="module")
def e():
    x, cells = photo(dtype=np.float64), quarters(40, 48)
    away = [np.abs(x[cells == i] - x[cells == i].mean(axis=0)).mean() for i in range(4)]
    there = lambda X: [np.abs(X[:, cells == i] - x[cells == i].mean(axis=0)).mean(axis=(1, 2)) / away[i] for i in range(4)]  # noqa: E731
    return kb.ImageExplainer(lambda X: WEIGHTS @ there(X), segments=cells).explain(x)


def drawn(e, **options):
    return image(e, ax=Figure().subplots(), **options)


def test_colors_say_sign_and_size(e):
    pixels = paint.tinted(e.layout, e.coef[:, 0]).astype(float)
    cells = quarters(40, 48)
    near = lambda i, color: np.abs(pixels[cells == i].mean(axis=0) - paint.rgb(color)).mean()  # noqa: E731
    assert near(3, LIGHT.positive) < near(0, LIGHT.positive) and near(1, LIGHT.negative) < near(0, LIGHT.negative)
    assert near(3, LIGHT.positive) < 40 and np.ptp(pixels[cells == 2].mean(axis=0)) < 60


def test_the_scale_has_no_effect_in_its_middle(e):
    ax = drawn(e, kind="heat map")
    shown = ax.images[0]
    assert -shown.norm.vmin == shown.norm.vmax == pytest.approx(3.0, rel=1e-6)
    np.testing.assert_allclose(np.unique(np.asarray(shown.get_array()).round(6)), [-2.0, 0.0, 0.5, 3.0], atol=1e-6)


def test_segments_keep_their_own_colors(e):
    cells = quarters(40, 48)
    for kind, own in (("raising", [0, 3]), ("lowering", [1])):
        shown = np.asarray(drawn(e, kind=kind).images[0].get_array())
        for i in range(4):
            assert np.array_equal(shown[cells == i], e.layout.picture[cells == i]) == (i in own), (kind, i)
    assert np.array_equal(np.asarray(drawn(e, kind="raising", max_display=1).images[0].get_array())[cells == 3], e.layout.picture[cells == 3])


def test_segments_are_numbered_where_they_lie(e):
    cells = quarters(40, 48)
    for i in range(4):
        assert cells[e.layout.middle(i)] == i
    for kind, most, numbers in (("overlay", 5, ["3", "1", "0", "2"]), ("heat map", 2, ["3", "1"]), ("error", 5, []), ("raising", 5, [])):
        ax = drawn(e, kind=kind, max_display=most)
        assert [text.get_text() for text in ax.texts if abs(e.coef[int(text.get_text()), 0]) > 1e-9] == [n for n in numbers if n != "2"]
        assert all(cells[round(y), round(x)] == int(text.get_text()) for text in ax.texts for x, y in [text.get_position()])
    for left, top, number in re.findall(r'<b style="left:([\d.]+)%;top:([\d.]+)%">(\d+)</b>', e.to_html()):
        assert cells[int(float(top) * 0.4), int(float(left) * 0.48)] == int(number)
    assert e.to_html().count('<b style="left') >= 3


def test_the_middle_of_a_ring_lies_on_the_ring():
    y, x = np.mgrid[-20:21, -20:21]
    ring = (abs(np.hypot(x, y) - 14) < 4).astype(int)
    e = kb.ImageExplainer(lambda X: X.mean(axis=(1, 2, 3)), segments=ring).explain(np.dstack([ring * 0.5 + 0.2] * 3))
    assert ring[e.layout.middle(1)] == 1


def test_errors_have_a_picture(e):
    rough = kb.ImageExplainer(lambda X: np.sin(40 * X.mean(axis=(1, 2, 3))), segments="grid", n_segments=25, budget=200).explain(photo(dtype=np.float64))
    assert drawn(rough, kind="error").images[0].norm.vmax > 0
    assert drawn(e, kind="error").images[0].norm.vmin == 0


def test_plot_draws_the_picture(e, tmp_path):
    assert len(plot(e, ax=Figure().subplots(), kind="heat map").images) == 1
    for kind in ("png", "svg", "pdf", "html", "json"):
        assert e.save(tmp_path / f"x.{kind}").stat().st_size > 1000


def test_the_page_holds_the_picture(e):
    page = e.to_html()
    sources = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(sources) == 2 and "<script" not in page and len(page) < 60_000
    plain = np.asarray(pytest.importorskip("PIL.Image", reason="Pillow reads the PNG again").open(io.BytesIO(base64.b64decode(sources[1]))))
    assert np.array_equal(plain, e.layout.picture)
    assert kb.Explanation.from_json(e.to_json()).to_html() == page


def test_a_page_stays_small():
    big = np.random.default_rng(0).integers(0, 256, (1200, 900, 3), dtype=np.uint8)
    e = kb.ImageExplainer(lambda X: X[:, ::50, ::50].mean(axis=(1, 2, 3)), segments="grid", n_segments=9).explain(big, budget=100)
    assert len(e.to_html()) < 600_000


@pytest.mark.parametrize("most", [1, 7, 40, 48, 1000])
def test_smaller_pictures_have_the_same_mean(most):
    x = photo()
    small = paint.smaller(x, most)
    assert max(small.shape[:2]) <= max(most, 1) and abs(float(small.mean()) - float(x.mean())) < 6


def test_other_explanations_have_no_picture():
    e = kb.TabularExplainer(lambda X: X[:, 0], np.random.default_rng(0).normal(size=(50, 2))).explain(np.zeros(2))
    with pytest.raises(kb.InputError, match="not of a picture"):
        drawn(e)
    with pytest.raises(kb.InputError, match="kind='green'"):
        drawn(kb.ImageExplainer(lambda X: X.mean(axis=(1, 2, 3)), segments="grid").explain(photo()), kind="green")
