"""Where columns have levels only, or parts are kept or replaced, draws repeat rows: the model is asked once about each, in whatever rounds, and the certificate counts that."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

import kabosu as kb
from kabosu.engines import Sampled
from kabosu.kernels import Exponential
from kabosu.recipes import TABLES
from kabosu.samplers import Plain

RECIPE = replace(TABLES["kabosu"], engine="sampled", samples=512, budget=4097, tolerance=1e-9)


def table(n=500, columns=8):
    rng = np.random.default_rng(0)
    return pd.DataFrame({f"c{j}": rng.choice(list("abc"), n, p=[0.9, 0.07, 0.03]) for j in range(columns)})


class Keeps:
    """A model that keeps the rows it was asked about."""

    def __init__(self):
        self.seen = []

    def __call__(self, X):
        self.seen += list(X.itertuples(index=False, name=None))
        codes = X.apply(lambda c: c.map({"a": 0.0, "b": 1.0, "c": 3.0})).to_numpy()
        return np.sin(codes.sum(axis=1)) + codes[:, 0] * codes[:, 1]


def explained(data, rows, **changes):
    model = Keeps()
    return model, kb.TabularExplainer(model, data, recipe=replace(RECIPE, **changes)).explain_many(rows)


def test_no_row_is_asked_twice_and_the_certificate_counts_them():
    data = table()
    model, es = explained(data, data.iloc[:1])
    assert len(model.seen) == es.n_model_calls[0] < 1500
    assert len(set(model.seen[1:])) == len(model.seen) - 1
    assert es[0].certificate.ended_by == "budget"


def test_answers_are_those_of_asking_about_every_draw():
    data = table()
    block = next(iter(kb.TabularExplainer(Keeps(), data).domain.represent(data.iloc[:3]))).tilt(Exponential(1.5))
    hood = kb.measure(kb.respond.as_model(Keeps()), block, Plain(), 0, 700)
    every = Keeps()(block.inputs(Plain().draw(block.space, 0, 700, 0)))
    np.testing.assert_array_equal(hood.Y[..., 0], every.reshape(3, 700))
    assert (hood.rows_asked < 600).all()


def test_rounds_do_not_change_the_answer():
    data = table()
    many, one = (explained(data, data.iloc[:2], samples=s, budget=b, engines=(Sampled(),))[1] for s, b in ((512, 4097), (4096, 4097)))
    assert many.coef.tobytes() == one.coef.tobytes()
    np.testing.assert_array_equal(many.n_model_calls, one.n_model_calls)


def test_a_continuum_is_asked_about_draw_by_draw():
    data = table().assign(x=np.random.default_rng(1).normal(size=500))
    e = kb.TabularExplainer(lambda X: X["x"].to_numpy(), data, recipe=replace(RECIPE, samples=512, budget=513, tolerance=None)).explain(data.iloc[0])
    assert e.n_model_calls == 513


def bends(rows):
    """A score of eighteen numbers, kept or 0."""
    return np.sin(rows @ np.linspace(0.2, 1.0, rows.shape[1])) + rows[:, 0] * rows[:, 3]


def words(texts):
    return bends(np.array([[f"w{j} " in t + " " for j in range(18)] for t in texts], dtype=np.float64))


MEDIA = {
    "text": (kb.TextExplainer, words, " ".join(f"w{j}" for j in range(18))),
    "image": (partial(kb.ImageExplainer, segments=np.arange(18).reshape(3, 6), fill=0.0), lambda A: bends(A.reshape(len(A), -1)), np.ones((3, 6))),
    "series": (partial(kb.SeriesExplainer, n_segments=18), lambda A: bends(np.asarray(A).reshape(len(A), -1)), np.arange(1.0, 19.0)),
}


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("recipe", ["kabosu", "lime"])
def test_no_mask_is_asked_twice(medium, recipe):
    explainer, ask, x = MEDIA[medium]
    seen = []

    def model(rows):
        seen.extend(r if isinstance(r, str) else r.tobytes() for r in rows)
        return np.column_stack([ask(rows), -ask(rows)])

    limits = {"tolerance": 1e-9} if recipe == "kabosu" else {}
    e = explainer(model, recipe=recipe).explain(x, **limits)
    assert len(seen) == e.n_model_calls
    assert len(set(seen)) >= len(seen) - 1  # the instance, and the mask that keeps all of it
    assert recipe == "lime" or len(seen) < 0.85 * explainer(model).recipe.budget


def test_masks_asked_once_answer_as_all_of_them():
    made = kb.ImageExplainer(MEDIA["image"][1], segments=np.arange(18).reshape(3, 6), fill=0.0)
    block = made.represent(np.ones((3, 6)))
    hood = kb.measure(made.model, block, Plain(), 0, 700)
    every = MEDIA["image"][1](block.inputs(Plain().draw(block.space, 0, 700, 0)))
    np.testing.assert_array_equal(hood.Y[0, :, 0], every)
    assert hood.rows_asked[0] < 640
