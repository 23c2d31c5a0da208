"""Each explainer that docs/neighborhoods.md makes explains a row."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kabosu as kb

PAGE = Path(__file__).parents[2] / "docs/neighborhoods.md"
PROGRAM = ast.parse(PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0])
MADE = [ast.unparse(node.value) for node in PROGRAM.body if isinstance(node, ast.Expr)]


@pytest.mark.parametrize("i", range(len(MADE)))
def test_the_page_runs(i):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.integers(18, 80, 300), "sex": rng.choice(["f", "m"], 300), "debt": rng.gamma(2, 1000, 300), "income": rng.gamma(6, 1000, 300)})
    names = {
        "kb": kb,
        "X": X,
        "model": lambda rows: np.tanh((rows["income"] / 5000 - rows["debt"] / 2000).to_numpy()) + (rows["sex"] == "f").to_numpy(),
        "my_function": lambda x, n, rng: X.sample(n, replace=True, random_state=int(rng.integers(2**31))),
    }
    exec(compile(ast.Module([n for n in PROGRAM.body if isinstance(n, ast.ImportFrom)], []), str(PAGE), "exec"), names)  # noqa: S102  the page's own imports
    e = eval(MADE[i], names).explain(X[X["debt"] < X["income"]].iloc[0])  # noqa: S307  the page's own calls
    assert abs(e.coef_scaled[list(e.columns).index("income"), 0] - 0.4) < 0.2
