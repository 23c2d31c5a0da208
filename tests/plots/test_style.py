"""Colors: readable on their ground, apart for color-blind eyes, taken from the style in use."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from kabosu.plots import style

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009, severity 1, linear RGB
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a, b):
    low, high = sorted(style.luminance(to_rgb(c)) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def test_luminance_is_that_of_wcag():
    assert style.luminance((1, 1, 1)) == pytest.approx(1)
    assert style.luminance((0, 0, 0)) == 0
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the known pair just below 4.5


@pytest.mark.parametrize("colors", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_bars_and_ink_stand_out_from_their_ground(colors):
    assert contrast(colors.ink, colors.ground) >= 7
    for color in (colors.positive, colors.negative, colors.neutral):
        assert contrast(color, colors.ground) >= 4.5


@pytest.mark.parametrize("colors", [style.LIGHT, style.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", BLIND)
def test_positive_and_negative_stay_apart_for_color_blind_eyes(colors, kind):
    seen = [lab(np.array(BLIND[kind]) @ linear(c)) for c in (colors.positive, colors.negative)]
    assert np.linalg.norm(seen[0] - seen[1]) > 30  # CIE 1976 difference; 2.3 is just noticeable


def test_colors_follow_the_ground_and_the_ink_of_the_style():
    assert style.palette(Figure().subplots()).positive == style.LIGHT.positive
    with mpl.rc_context({"axes.facecolor": "#161b22", "text.color": "#e6edf3"}):
        dark = style.palette(Figure().subplots())
    assert (dark.positive, dark.ink, dark.ground) == (style.DARK.positive, "#e6edf3", "#161b22")


def test_ink_that_cannot_be_read_on_the_ground_is_replaced():
    ax = Figure().subplots()
    ax.set_facecolor("#000000")
    assert style.palette(ax).ink == style.DARK.ink


def test_transparent_axes_go_by_the_ink():
    with mpl.rc_context({"axes.facecolor": "none", "text.color": "white"}):
        assert style.palette(Figure().subplots()).negative == style.DARK.negative


def test_no_effect_has_the_color_of_the_ground():
    for colors in (style.LIGHT, style.DARK):
        np.testing.assert_allclose(style.diverging(colors)(0.5)[:3], to_rgb(colors.ground), atol=0.01)


def test_wrapping_loses_nothing():
    text = "one two = three " * 20
    assert style.wrap(text).replace("\n", " ").split() == text.split()
    assert max(map(len, style.wrap("x" * 500).split("\n"))) <= 34
