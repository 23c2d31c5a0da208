"""Any model on few states: every state is asked once, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from brute_force import NEIGHBORHOODS, compare, joint, laws_of, origin

import kabosu as kb

WIDTH = 0.8


def table(seed, n=120):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "kind": rng.choice(list("abc"), n, p=[0.5, 0.3, 0.2]),
            "flag": rng.integers(0, 2, n),
            "two": np.where(rng.random(n) < 0.15, np.nan, rng.choice([2.0, 7.0], n)),
            "other": rng.choice(list("pqrs"), n),
        }
    )


class Counting:
    """A function with interactions that counts the rows it is asked."""

    def __init__(self):
        self.rows = 0

    def __call__(self, frame):
        self.rows += len(frame)
        kind, two = (frame["kind"] == "a").to_numpy(), frame["two"].fillna(4.0).to_numpy()
        flag = frame["flag"].to_numpy(dtype=float)
        return np.column_stack([np.sin(2 * kind + flag * two), kind * flag + (frame["other"] == "p") * two])


@pytest.mark.parametrize("neighborhood", NEIGHBORHOODS)
@pytest.mark.parametrize("seed", range(6))
def test_every_state_once(seed, neighborhood):
    data, ask = table(seed), Counting()
    x = data.iloc[int(np.flatnonzero(data["two"].isna())[0])] if seed % 2 else data.iloc[seed]
    e = kb.TabularExplainer(ask, data, neighborhood=neighborhood, kernel_width=WIDTH, engine="exact").explain(x)
    states = 3 * 2 * 3 * 4
    assert (e.engine, e.n_model_calls, ask.rows) == ("enumerate", states + 1, states + 1)
    compare(e, joint(ask, data, laws_of(data, x, neighborhood, WIDTH)), origin(data, x, neighborhood))
    assert (e.std_error == 0).all()


def test_fidelity_is_that_of_all_states():
    data, ask = table(0), Counting()
    x = data.iloc[0]
    e = kb.TabularExplainer(ask, data, kernel_width=WIDTH).explain(x)
    rng = np.random.default_rng(0)
    laws = laws_of(data, x, "gaussian", WIDTH)
    picks = [rng.choice(len(law), 200_000, p=[p for p, _, _ in law]) for law in laws]
    frame = pd.DataFrame({c: np.array([v for _, _, v in law], dtype=object)[at] for c, law, at in zip(data, laws, picks, strict=True)}).astype({"flag": float, "two": float})
    Z = np.concatenate([np.array([z for _, z, _ in law])[at] for law, at in zip(laws, picks, strict=True)], axis=1)
    f = ask(frame)
    A = np.column_stack([np.ones(len(Z)), Z])
    residual = f - A @ np.linalg.lstsq(A, f, rcond=None)[0]
    np.testing.assert_allclose(e.certificate.fidelity, 1 - residual.var(axis=0) / f.var(axis=0), atol=0.01)


def test_a_continuum_or_too_many_states_are_refused():
    data = table(0)
    ask = Counting()
    wide = data.assign(real=np.random.default_rng(0).normal(size=len(data)))
    assert "real: drawn from a continuum" in kb.TabularExplainer(ask, wide, budget=600).explain(wide.iloc[0]).refusals["enumerate"]
    e = kb.TabularExplainer(ask, data, budget=64).explain(data.iloc[0])
    assert "72 joint states" in e.refusals["enumerate"]
    assert e.n_model_calls <= 64
    with pytest.raises(kb.EngineError, match="enumerate: real"):
        kb.TabularExplainer(ask, wide, engine="exact").explain(wide.iloc[0])


def test_a_level_that_the_background_never_had():
    data, ask = table(0), Counting()
    x = data.iloc[0].copy()
    x["other"] = "new"
    e = kb.TabularExplainer(ask, data, kernel_width=WIDTH).explain(x)
    assert e.engine in ("enumerate", "sampled")
    assert np.isfinite(e.coef).all()
