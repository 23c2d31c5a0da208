"""What is asked for wrongly is refused in words: what was given, what was expected, what to do."""

import numpy as np
import pytest
from pictures import photo, quarters

import kabosu as kb
from kabosu import errors
from kabosu.domains.segments import Slic

mean = lambda X: X.reshape(len(X), -1).mean(axis=1)  # noqa: E731
GRID = {"segments": "grid", "n_segments": 4}
X = photo(12, 12)
NAN = photo(12, 12, dtype=np.float64)
NAN[3, 3] = np.nan

IMAGES = {
    "one number": (3.0, "shape"),
    "a vector": (np.zeros(5), r"shape \(5,\)"),
    "a batch": (np.zeros((2, 12, 12, 3)), "explain_many"),
    "nothing": (np.zeros((0, 12, 3)), "without a single number"),
    "a word": ("cat.png", "dtype"),
    "None": (None, "dtype"),
    "complex": (np.zeros((4, 4), dtype=complex), "complex"),
    "objects": (np.full((4, 4), None), "object"),
    "ragged": ([[1.0], [1.0, 2.0]], "makes no array"),
    "NaN": (NAN, "NaN"),
    "infinity": (np.where(np.isnan(NAN), np.inf, NAN), "infinity"),
    "either side channels": (np.zeros((3, 9, 3)), "channels="),
    "neither side channels": (np.zeros((9, 9, 9)), "channels="),
}


@pytest.mark.parametrize("x, words", IMAGES.values(), ids=IMAGES)
def test_images(x, words):
    with pytest.raises(kb.InputError, match=words):
        kb.ImageExplainer(mean, **GRID).explain(x)


OPTIONS = {
    "unknown segments": ({"segments": "slick"}, "segments='slick'"),
    "a class": ({"segments": Slic}, "pass an object"),
    "float labels": ({"segments": np.zeros((12, 12))}, "integer label map"),
    "labels of one axis": ({"segments": np.zeros(12, dtype=int)}, "integer label map"),
    "a list of arrays": ({"segments": [np.zeros(3), np.zeros(4)]}, "makes no array"),
    "another size": ({"segments": np.zeros((3, 3), dtype=int)}, "one size"),
    "masks of another size": ({"segments": np.ones((2, 3, 3), dtype=bool)}, "one size"),
    "an empty mask": ({"segments": np.stack([np.ones((12, 12), dtype=bool), np.zeros((12, 12), dtype=bool)])}, "mask 1 of 2 covers no pixel"),
    "no label": ({"segments": np.full((12, 12), -1)}, "no label"),
    "a function of nothing useful": ({"segments": lambda picture: "cut"}, "shape"),
    "one segment asked": ({"segments": "slic", "n_segments": 1}, "n_segments=1"),
    "half a segment": ({"segments": "slic", "n_segments": 2.5}, "n_segments=2.5"),
    "a number for quickshift": ({"segments": "quickshift", "n_segments": 9}, "Quickshift"),
    "a number for labels": ({"segments": quarters(12, 12), "n_segments": 9}, "leave one of them out"),
    "unknown fill": (GRID | {"fill": "grey"}, "fill='grey'"),
    "two channels of three": (GRID | {"fill": (1, 2)}, "fill has shape"),
    "a color out of range": (GRID | {"fill": 300}, "from 0 to 255"),
    "a color below": (GRID | {"fill": -1}, "from 0 to 255"),
    "NaN as color": (GRID | {"fill": np.nan}, "NaN"),
    "a picture of another size": (GRID | {"fill": np.zeros((5, 5, 3), dtype=np.uint8)}, "fill has shape"),
    "words from a function": (GRID | {"fill": lambda x: "black"}, "fill has shape"),
    "channels in the middle": (GRID | {"channels": "middle"}, "channels='middle'"),
    "no rows at once": (GRID | {"batch_size": 0}, "batch_size=0"),
    "no target": (GRID | {"target": 3}, "target=3"),
    "unknown output": (GRID | {"output": "logit"}, "output='logit'"),
    "labels of a function": (GRID | {"output": "label"}, "background"),
    "another law": (GRID | {"neighborhood": "gaussian"}, "neighborhood='gaussian'"),
    "another recipe": (GRID | {"recipe": "article"}, "recipe='article'"),
    "no width": (GRID | {"kernel_width": 0}, "width"),
    "too few rows": (GRID | {"budget": 6}, "at least"),
}


@pytest.mark.parametrize("options, words", OPTIONS.values(), ids=OPTIONS)
def test_options(options, words):
    with pytest.raises(kb.InputError, match=words):
        kb.ImageExplainer(mean, **options).explain(X)


def test_inpainting_needs_a_surrounding():
    pytest.importorskip("skimage.restoration", reason="inpainting is scikit-image's")
    with pytest.raises(kb.InputError, match="something around"):
        kb.ImageExplainer(mean, segments=np.zeros((12, 12), dtype=int), fill="inpaint").explain(X)


MODELS = {
    "no model": (3, "expected a fitted estimator"),
    "too few answers": (lambda X: X.mean(), "answered"),
    "a map": (lambda X: X[..., 0], "expected"),
    "NaN": (lambda X: np.full(len(X), np.nan), "finite"),
    "words": (lambda X: ["cat"] * len(X), "labels"),
    "another number of outputs": (lambda X: np.zeros((len(X), 2 + len(X) % 2)), "outputs|output"),
    "names of another number": (lambda X: np.zeros((len(X), 2)), "2 output"),
}


@pytest.mark.parametrize("model, words", MODELS.values(), ids=MODELS)
def test_models(model, words):
    names = ["a", "b", "c"] if words == "2 output" else None
    with pytest.raises(kb.KabosuError, match=words):
        kb.ImageExplainer(model, segments="grid", n_segments=25, output_names=names).explain(X)


def test_a_target_that_fails_is_named():
    with pytest.raises(kb.ModelError, match="the target failed.*IndexError"):
        kb.ImageExplainer(mean, **GRID, target=lambda answer: answer[:, 3]).explain(X)


def test_features_that_are_not_there():
    explainer = kb.ImageExplainer(mean, **GRID)
    with pytest.raises(kb.InputError, match="not segments"):
        explainer.explain(X, features=["segment 9"])
    with pytest.raises(kb.InputError, match="empty"):
        explainer.explain(X, features=[])


@pytest.mark.parametrize("X", [5, "cat.png", {"a": 1}, None])
def test_many_of_no_images(X):
    with pytest.raises(kb.InputError, match="explain_many takes images"):
        kb.ImageExplainer(mean, **GRID).explain_many(X)


def test_a_bad_image_does_not_lose_the_others():
    es = kb.ImageExplainer(mean, **GRID).explain_many([X, NAN, X], on_error="record")
    assert list(es.errors) == [1] and "NaN" in es.errors[1] and np.array_equal(es[0].coef, es[2].coef)


def test_without_scikit_image_the_way_out_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    with pytest.raises(errors.MissingExtra, match=r"pip install 'kabosu\[image\]'"):
        kb.ImageExplainer(mean).explain(X)
    assert len(kb.ImageExplainer(mean, **GRID).explain(X)) == 4  # grids need no package


def test_a_layout_that_was_changed_is_refused():
    import json

    e = kb.ImageExplainer(mean, **GRID).explain(X)
    for change in (
        lambda d: d["picture"].update(dtype="float64"),
        lambda d: d["picture"].update(zlib="AAAA"),
        lambda d: d["picture"].update(shape=[12, 13, 3]),
        lambda d: d["atoms"].update(shape=[12]),
        lambda d: d.update(covers=d["atoms"]),
        lambda d: d.update(kind="video"),
        lambda d: d["picture"].update(shape=[10**6, 10**6, 3]),
        lambda d: d.pop("atoms"),
    ):
        d = json.loads(e.to_json())
        change(d["layout"])
        with pytest.raises(kb.InputError):
            kb.Explanation.from_json(json.dumps(d))
