"""The budget is a promise: the model is asked exactly ``n_model_calls`` rows, and never more than ``budget``."""

import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from worlds import ask_mixed, ask_numeric, mixed, numeric

import kabosu as kb
from kabosu.engines.sampled import forecasts
from kabosu.recipes import TABLES
from kabosu.samplers import Plain, Sobol


class Counted:
    """A function of rows that counts them."""

    def __init__(self, ask):
        self.ask, self.rows = ask, 0

    def __call__(self, rows):
        self.rows += len(rows)
        return self.ask(rows)


LIMITS = [{}, {"budget": 100}, {"budget": 333}, {"budget": 1025}, {"budget": 2000, "tolerance": 1e-9}, {"tolerance": 0.5}, {"budget": 3000, "tolerance": 0.02}, {"max_features": 3, "budget": 500}]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("recipe", TABLES)
@pytest.mark.parametrize(("ask", "table"), [(ask_mixed, mixed), (ask_numeric, numeric)])
def test_rows_are_counted_and_within_the_budget(ask, table, recipe, limits):
    model, data = Counted(ask), table()
    made = kb.TabularExplainer(model, data, recipe=recipe)
    assert model.rows == 0
    es = made.explain_many(data[:4], **limits)
    asked = [e.n_model_calls for e in es]
    assert model.rows == (max(asked) + 3 if recipe == "lime" else sum(asked))  # draws that all four rows share are asked once
    assert max(asked) <= limits.get("budget", TABLES[recipe].budget)
    if "tolerance" not in limits and recipe != "kabosu":
        assert min(asked) == limits.get("budget", TABLES[recipe].budget)


@pytest.mark.parametrize("sampler", [Plain(), Sobol(4), Sobol(16)])
@pytest.mark.parametrize("budget", [150, 1000, 5000])
def test_a_budget_is_nearly_used_where_the_tolerance_is_not_met(sampler, budget):
    model = Counted(ask_numeric)
    recipe = replace(TABLES["kabosu"], sampler=sampler, tolerance=1e-9)
    e = kb.TabularExplainer(model, numeric(), recipe=recipe, budget=budget).explain(numeric()[0])
    assert e.certificate.ended_by == "budget"
    assert model.rows == e.n_model_calls
    assert budget - 32 <= e.n_model_calls <= budget  # rounds are of 32 draws


def test_a_met_tolerance_is_met_and_ends_the_draws():
    e = kb.TabularExplainer(ask_numeric, numeric()).explain(numeric()[0], tolerance=0.2, budget=100_000)
    assert e.certificate.ended_by == "tolerance"
    assert e.certificate.monte_carlo_error[0] <= 0.2
    assert e.n_model_calls < 100_000
    half = (e.interval()[1] - e.interval()[0])[:, 0] / 2
    assert e.certificate.monte_carlo_error[0] == pytest.approx((half * e.scale).max() / np.abs(e.coef_scaled).max())


def test_a_time_limit_ends_the_draws():
    def slow(X):
        time.sleep(0.05)
        return ask_numeric(X)

    e = kb.TabularExplainer(slow, numeric()).explain(numeric()[0], tolerance=1e-9, budget=100_000, time_limit=0.02)
    assert e.certificate.ended_by == "time limit"
    assert e.n_model_calls == 1025


def test_instances_end_by_their_own_rule():
    """One that answers a line needs one round, its neighbor all of them; the first is not asked again."""

    def model(X):
        return np.where(X[:, 0] > 50, X[:, 1], np.sin(20 * X[:, 1]) * X[:, 2])

    counted, data = Counted(model), numeric(p=3)
    data[0, 0] = 100.0
    es = kb.TabularExplainer(counted, data).explain_many(data[:3], tolerance=0.01)
    assert [e.certificate.ended_by for e in es] == ["tolerance", "budget", "budget"]
    assert counted.rows == sum(e.n_model_calls for e in es)
    assert es[0].n_model_calls < es[1].n_model_calls


class CountedForest(RandomForestClassifier):
    def predict_proba(self, X):
        self.rows_ = getattr(self, "rows_", 0) + len(X)
        return super().predict_proba(X)


class CountedLogistic(LogisticRegression):
    def predict_proba(self, X):
        self.rows_ = getattr(self, "rows_", 0) + len(X)
        return super().predict_proba(X)


@pytest.mark.parametrize("engine", ["auto", "sampled"])
@pytest.mark.parametrize("model", [CountedForest(10, random_state=0), CountedLogistic()])
@pytest.mark.parametrize("limits", [{}, {"budget": 200}])
def test_every_engine_counts(model, engine, limits):
    X = numeric(p=5)
    model.fit(X, X[:, 0] > 0)
    es = kb.TabularExplainer(model, X, engine=engine).explain_many(X[:3], **limits)
    assert model.rows_ == sum(e.n_model_calls for e in es)
    assert max(e.n_model_calls for e in es) <= limits.get("budget", 8192)
    del model.rows_


@pytest.mark.slow
def test_forecasts_of_tolerance_come_true_within_a_factor_of_two_in_the_mean():
    """What each budget forecasts beside where the draws ended; rounds double, so that an error of 1.4 is in the answer already."""
    X, y = load_wine(return_X_y=True)
    model = make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=2000, random_state=0)).fit(X, y)
    explainer, ratios = kb.TabularExplainer(lambda A: model.predict_proba(A), X, engine="sampled"), []
    for x in X[20:170:12]:
        ends = [explainer.explain(x, tolerance=0.04, budget=(1 << n) + 1) for n in range(10, 16)]
        needed = next((e.n_model_calls for e in ends if e.certificate.ended_by == "tolerance"), None)
        short = [e for e in ends if needed is not None and e.n_model_calls < needed]
        ratios += [(e.n_model_calls + e.certificate.forecast) / needed for e in short]
    found = np.abs(np.log2(ratios))
    print(len(found), np.mean(found), np.mean(np.log2(ratios)))
    assert len(found) >= 15
    assert np.mean(found) < 1.0
    assert abs(np.mean(np.log2(ratios))) < 0.5


def test_forecasts_average_what_is_known():
    """Two rounds: errors of 2 and of 4 times the tolerance, and of draws that are no net; one round says that nothing would do."""
    first, _ = forecasts(np.empty((0, 3)), 1000, np.array([4.0, 4.0, np.inf]), 0)
    totals, more = forecasts(first, 2000, np.array([16.0, 1.0, 2.0]), 0)
    np.testing.assert_allclose(more, [np.ceil(np.sqrt(4000 * 32000) - 2000), 0, 2000])
    assert totals.shape == (2, 3)
    np.testing.assert_allclose(forecasts(np.empty((0, 1)), 1000, np.array([4.0]), 2)[1], np.ceil(1000 * 4 ** (1 / 1.3) - 1000))
    assert forecasts(first[:, 2:], 2000, np.array([np.inf]), 0)[1][0] == np.inf
