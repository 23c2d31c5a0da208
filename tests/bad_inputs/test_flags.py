"""Every flag can be raised, by the cases of the catalogue; what hardly ever varies raises none; the catalogue is long."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import test_backgrounds
import test_batches
import test_frames
import test_hostile_models
import test_instances
import test_lime_faults
import test_options
import test_strategies
from outcomes import X, explain, linear
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import kabosu as kb
from kabosu.diagnostics import FLAGS, flags_of, off_manifold

FILES = (test_backgrounds, test_batches, test_frames, test_hostile_models, test_instances, test_lime_faults, test_options, test_strategies)
N = 2000
RNG = np.random.default_rng(0)
RARE = pd.DataFrame(
    {
        "a": RNG.normal(size=N),
        "sometimes missing": np.where(RNG.random(N) < 0.002, np.nan, RNG.normal(size=N)),
        "rare level": np.where(RNG.random(N) < 0.002, "odd", "usual"),
        "rare one": (RNG.random(N) < 0.002).astype(float),
        "half": np.where(RNG.random(N) < 0.5, "left", "right"),
    }
)
TOGETHER = np.outer(RNG.normal(size=500), np.ones(4)) + 0.05 * RNG.normal(size=(500, 4))
USUAL = {"a": 0.1, "sometimes missing": 0.2, "rare level": "usual", "rare one": 0.0, "half": "left"}


def score(frame):
    return frame["a"].to_numpy() + (frame["half"] == "left").to_numpy()


def codes(e):
    return {flag.code for flag in e.certificate.flags}


def two_colors(rows):
    p = np.where(rows[:, 0] > 9, 1.0, 0.0)
    return np.column_stack([linear(rows), p])


RAISED = {
    "low-effective-sample-size": lambda: explain(budget=17),
    "kernel-underflow": lambda: explain(recipe="lime", neighborhood="gaussian", kernel_width=0.003),
    "near-global-kernel": lambda: explain(kernel_width=3.0),
    "large-local-gap": lambda: explain(lambda A: linear(A) + 100.0 * (X[0] == A).all(axis=1)),
    "saturated-probability": lambda: kb.TabularExplainer(LogisticRegression(C=100.0).fit(X, linear(X) > 0), X).explain(20 * np.sign(X[0])),
    "unsettled-ranking": lambda: kb.TabularExplainer(lambda A: (A / X.std(axis=0) > 0.3).sum(axis=1), X, engine="sampled").explain(np.zeros(4), top_k=3),
    "poor-fidelity": lambda: explain(lambda A: np.sin(40 * A[:, 0])),
    "imprecise": lambda: explain(lambda A: np.sin(40 * A[:, 0])),
    "did-not-react": lambda: explain(lambda A: np.ones(len(A))),
    "constant-feature": lambda: kb.TabularExplainer(score, RARE, kernel_width=0.1).explain(USUAL),
    "ill-conditioned": lambda: next(make for name, make, _ in test_strategies.CASES if name == "draws in a line")(),
    "outside-training-range": lambda: explain(x=X[0] + 100),
    "unseen-level": lambda: kb.TabularExplainer(score, RARE).explain(USUAL | {"half": "middle"}),
    "coarse-parts": lambda: kb.TextExplainer(lambda texts: np.array([float("w7 " in one) for one in texts])).explain(" ".join(f"w{i}" for i in range(10_000))),
    "few-parts": lambda: kb.SeriesExplainer(lambda X: X.sum(axis=1), n_segments=1).explain(np.arange(9.0)),
    "same-fill": lambda: kb.ImageExplainer(lambda X: X.sum(axis=(1, 2)), segments=np.arange(64).reshape(8, 8)).explain(load_digits().images[0]),
    "channels-first": lambda: kb.SeriesExplainer(lambda X: X.sum(axis=(1, 2))).explain(np.ones((3, 30))),
    "many-parts": lambda: kb.ImageExplainer(lambda X: np.sin(99 * X.reshape(len(X), -1)).prod(axis=1), segments="grid", n_segments=225, fill=0.0, budget=500).explain(np.eye(15) + 0.2),
    "off-manifold": lambda: SimpleNamespace(certificate=off_manifold(kb.TabularExplainer(linear, TOGETHER), TOGETHER[0], TOGETHER)),
}


@pytest.mark.parametrize("code", FLAGS)
def test_every_flag_is_raised_by_something(code):
    e = RAISED[code]()
    flag = next(flag for flag in e.certificate.flags if flag.code == code)
    assert flag.way_out == FLAGS[code]
    assert str(flag) == f"{code}: {flag.message}; {flag.way_out}"


def test_what_hardly_ever_varies_need_not_vary_in_the_draws():
    e = kb.TabularExplainer(score, RARE).explain(USUAL)
    assert not codes(e)
    assert np.allclose(e.coef[:1, 0], 1) and np.allclose(e.coef[-1, 0], 1)
    lost = np.isnan(e.std_error[:, 0])
    assert {e.feature_names[i] for i in np.flatnonzero(lost)} <= {"sometimes missing is missing", "rare level = usual", "rare one"}
    assert not np.isinf(e.std_error).any()


def test_a_rare_row_is_not_usual():
    """The instance itself has the rare level: that it might be usual is drawn."""
    e = kb.TabularExplainer(lambda f: (f["rare level"] == "odd").to_numpy() * 1.0, RARE).explain(USUAL | {"rare level": "odd"})
    assert "constant-feature" not in codes(e)
    assert e.coef[e.feature_names.index("rare level = odd"), 0] == pytest.approx(1.0)


def test_flags_are_about_the_output_that_is_read():
    e = explain(two_colors)
    assert not codes(e["0"])
    assert codes(e["1"]) == {"did-not-react"}
    assert (codes(e.only([0, 1], "0")), codes(e.only([0, 1], "1"))) == (set(), {"did-not-react"})


@pytest.mark.parametrize(
    ("evidence", "raised"),
    [
        ({}, set()),
        ({"fidelity": 0.26}, set()),
        ({"fidelity": 0.24}, {"poor-fidelity"}),
        ({"fidelity": np.nan}, set()),
        ({"monte_carlo_error": 0.19}, set()),
        ({"monte_carlo_error": 0.21}, {"imprecise"}),
        ({"reacted": 0.011}, set()),
        ({"reacted": 0.009, "fidelity": np.nan}, {"did-not-react"}),
        ({"effective_sample_size": 30.0}, set()),
        ({"effective_sample_size": 29.0}, {"low-effective-sample-size"}),
        ({"effective_sample_size": 79.0, "p": 40}, {"low-effective-sample-size"}),
        ({"condition_number": 9e7}, set()),
        ({"condition_number": 2e8}, {"ill-conditioned"}),
        ({"condition_number": np.inf}, set()),
        ({"still": ("color = red",)}, {"constant-feature"}),
        ({"radius": 0.89}, set()),
        ({"radius": 0.91}, {"near-global-kernel"}),
        ({"local_gap": 0.59}, set()),
        ({"local_gap": 0.61}, {"large-local-gap"}),
        ({"local_gap": 0.61, "p": 32, "effective_sample_size": 99.0}, set()),
        ({"spread": 0.0, "local_gap": 1e-12}, set()),
        ({"spread": np.nan, "local_gap": 9.0}, set()),
        ({"prediction": 0.9995}, set()),
        ({"prediction": 0.9995, "spread": 0.019}, {"saturated-probability"}),
        ({"prediction": 0.0005, "spread": 0.019}, {"saturated-probability"}),
        ({"prediction": 0.998, "spread": 0.019}, set()),
        ({"prediction": 0.9995, "spread": 0.019, "scale": "prediction"}, set()),
    ],
    ids=str,
)
def test_thresholds(evidence, raised):
    evidence = dict(evidence)
    p, still, scale, prediction = evidence.pop("p", 4), evidence.pop("still", ()), evidence.pop("scale", "probability"), evidence.pop("prediction", 0.5)
    usual = {"fidelity": 0.9, "local_gap": 0.0, "monte_carlo_error": 0.01, "effective_sample_size": 1000.0, "condition_number": 3.0, "reacted": 1.0, "ended_by": "tolerance", "radius": 0.5}
    usual |= {"spread": 0.2, "rank_confidence": 0.9, "top_k": 3, "forecast": 0.0} | evidence
    arrays = {n: np.array([usual[n]]) for n in ("fidelity", "local_gap", "monte_carlo_error", "reacted", "spread", "rank_confidence")}
    assert {flag.code for flag in flags_of(kb.Certificate(**(usual | arrays)), 0, p, still, scale, prediction)} == raised


def test_a_tight_ceiling_raises_a_flag_and_the_certificate_has_the_numbers():
    e = explain(lambda A: np.sin(40 * A[:, 0]))
    assert {"poor-fidelity", "imprecise"} <= codes(e)
    assert e.certificate.fidelity[0] < 0.25
    assert e.certificate.monte_carlo_error[0] > 0.2
    assert e.certificate.ended_by == "budget"


def test_the_catalogue_is_long():
    names = [(file.__name__, name) for file in FILES for name, _, _ in file.CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 500
    assert len(test_hostile_models.CASES) >= 100


def test_strict_names_every_flag():
    with pytest.raises(kb.CertificateError, match=r"^explanation 0 raised did-not-react: .*; also saturated-probability \(strict"):
        kb.TabularExplainer(lambda A: np.ones(len(A)), X, strict=True, output="probability").explain(X[0])
