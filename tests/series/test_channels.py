"""Channels by the names of a frame's columns, in every place; steps and channels that may have changed places; half precision."""

import numpy as np
import pytest

import kabosu as kb

STEPS = np.column_stack([np.sin(np.arange(40) / 5), np.linspace(0, 1, 40), np.arange(40) % 7])
NAMES = ["temp", "<b>wind</b> $x^2$", "a name of a channel that is longer than sixty letters, so that it is cut"]
hot = lambda X: X[:, :, 0].max(axis=1) + X[:, 30:, 2].sum(axis=1)  # noqa: E731


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_channels_of_frames_have_their_names(library):
    frames = pytest.importorskip(library, reason=f"frames of {library}")
    frame = frames.DataFrame(dict(zip(NAMES, STEPS.T, strict=True)))
    e = kb.SeriesExplainer(hot, channels="only").explain(frame)
    assert e.columns == tuple(NAMES) and e.layout.channels == tuple(NAMES)
    assert np.array_equal(e.coef, kb.SeriesExplainer(hot, channels="only").explain(STEPS).coef)
    both = kb.SeriesExplainer(hot, channels="apart", n_segments=2).explain(frame, features=["temp, steps 0 to 19"])
    assert both.columns == ("temp, steps 0 to 19",)


def test_names_are_kept_in_json_pages_and_pictures():
    pandas = pytest.importorskip("pandas", reason="frames")
    e = kb.SeriesExplainer(hot, channels="apart", n_segments=4).explain(pandas.DataFrame(STEPS, columns=NAMES))
    back = kb.Explanation.from_json(e.to_json())
    assert back.layout.channels == e.layout.channels and back.to_html() == e.to_html()
    page = e.to_html()
    assert "<b>wind" not in page and "&lt;b&gt;wind" in page and "that it …" not in page and page.count("<text ") == 3
    assert kb.SeriesExplainer(lambda X: X.sum(axis=1)).explain(STEPS[:, 0]).to_html().count("<text ") == 0
    Figure = pytest.importorskip("matplotlib.figure", reason="pictures are drawn by matplotlib").Figure
    from kabosu.plots import series

    figure = Figure()
    ax = series(e, ax=figure.subplots())
    figure.canvas.draw()
    assert [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()] == NAMES


def codes(e):
    return {flag.code for flag in e.certificate.flags}


def test_steps_and_channels_that_changed_places():
    """(C, T) given as (T, C); several series given as one."""
    total = lambda X: X.sum(axis=(1, 2))  # noqa: E731
    e = kb.SeriesExplainer(total).explain(STEPS.T)
    flag = next(f for f in e.certificate.flags if f.code == "channels-first")
    assert flag.message == "3 steps and 40 channels of this instance" and "order='CT'" in flag.way_out
    assert "channels-first" not in codes(kb.SeriesExplainer(total).explain(STEPS)) | codes(kb.SeriesExplainer(total, order="CT").explain(STEPS.T))
    assert "channels-first" in codes(kb.SeriesExplainer(total, order="CT").explain(STEPS))
    assert "channels-first" not in codes(kb.SeriesExplainer(total).explain(STEPS[:2]))  # 2 steps of 3 channels


def test_half_precision_has_many_stretches():
    """Numbers of regions do not fit float16."""
    x = (1 + np.arange(5000) / 5000).astype(np.float16)
    parts = kb.domains.Series(np.arange(5000) // 2, fill=0.0).parts(x)
    masks = np.ones((1, 2500), dtype=bool)
    masks[0, 2499] = False
    made = parts.masked(masks)
    assert made.dtype == np.float16 and np.array_equal(np.flatnonzero(made[0] == 0), [4998, 4999])
