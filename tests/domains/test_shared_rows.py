"""Where all instances read the same rows from a draw, the model is asked once for all; the numbers are those of each alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

import kabosu as kb
from kabosu.recipes import TABLES
from kabosu.runners import draw_size

X = load_wine().data[:, :5]


class Counted:
    def __init__(self):
        self.rows = 0

    def __call__(self, rows):
        self.rows += len(rows)
        a = np.asarray(rows, dtype=np.float64)
        return a[:, 0] * a[:, 1] + np.sin(a[:, 2]) + a[:, 3:].sum(axis=1) * a[:, 4]


def asked(data, instances, **options):
    """Rows asked for all instances together, and whether each has the numbers that it has alone."""
    model, limits = Counted(), {"features": options.pop("features", None), "budget": 300}
    explainer = kb.TabularExplainer(model, data, engine="sampled", **options)
    es = explainer.explain_many(instances, **limits)
    rows = model.rows
    alone = [explainer.explain_many(instances[i : i + 1], **limits) for i in range(len(instances))]
    same = all(np.array_equal(e.coef[0], es.coef[i]) and np.array_equal(e.std_error[0], es.std_error[i], equal_nan=True) for i, e in enumerate(alone))
    assert (es.n_model_calls > 290).all()
    return rows, same


@pytest.mark.parametrize("options", [{"recipe": "lime"}, {"recipe": "article", "neighborhood": "gaussian-global"}, {"recipe": "article", "neighborhood": "bins"}], ids=str)
def test_one_table_of_draws_serves_all_instances(options):
    assert asked(X, X[:5], **options) == (5 + 299, True)


@pytest.mark.parametrize("recipe", ["article", "kabosu"])
def test_draws_around_the_instance_are_its_own(recipe):
    rows, same = asked(X, X[:5], recipe=recipe)
    assert (rows > 5 + 5 * 290, same) == (True, True)


@pytest.mark.parametrize(("kept", "rows"), [((0, 1, 2), 1500), ((0, 1, 2, 3, 4), 304)])
def test_columns_that_are_not_drawn_are_the_instances_own(kept, rows):
    assert asked(X, X[:5], recipe="lime", features=list(kept)) == (rows, True)


def test_a_column_that_is_not_drawn_and_the_same_everywhere_is_shared():
    few = X[:5].copy()
    few[:, 3] = 7.0
    assert asked(X, few, recipe="lime", features=[0, 1, 2, 4]) == (304, True)
    few[4, 3] = 7.5
    assert asked(X, few, recipe="lime", features=[0, 1, 2, 4]) == (1500, True)


def test_a_category_that_is_not_drawn_is_the_instances_own():
    frame = pd.DataFrame(X[:, :3], columns=list("abc")).assign(kind=["1", "2"] * (len(X) // 2), e=X[:, 4])
    assert asked(frame, frame[:4], recipe="lime", features=["a", "b", "c"])[0] == 4 * 300
    assert asked(frame, frame[:6:2], recipe="lime", features=["a", "b", "c", "e"]) == (3 + 299, True)


@pytest.mark.parametrize(("recipe", "features", "quarter"), [("lime", None, True), ("lime", [0, 1], False), ("kabosu", None, False), ("article", None, False)])
def test_more_instances_fit_in_memory_where_they_share_rows_of_levels(recipe, features, quarter):
    domain = kb.TabularExplainer(lambda rows: rows[:, 0], X, recipe=recipe).domain
    domain = domain if features is None else domain.only(features)
    assert draw_size(domain, TABLES[recipe]) == (max(1, domain.width // 4) if quarter else domain.width)
