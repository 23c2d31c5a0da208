"""What lime's tutorials do, with the imports rewritten by ``python -m kabosu.lime migrate`` and nothing else: the same results."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from kabosu.lime.migrate import rewritten

DATA = Path(__file__).parents[3] / "shared/data"
SCRIPTS = sorted(Path(__file__).with_name("tutorials").glob("*.py"))


def run(source, path):
    space = {"DATA": DATA, "__name__": path.stem}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, str(path), "exec"), space)
    return space["result"]


def assert_alike(a, b):
    """Nested lists, dicts, texts and numbers."""
    if isinstance(a, dict):
        assert set(a) == set(b)
        for key in a:
            assert_alike(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_alike(x, y)
    elif isinstance(a, str):
        assert str(a) == str(b)
    else:
        np.testing.assert_allclose(np.asarray(b, dtype=float), np.asarray(a, dtype=float), rtol=0, atol=1e-7)


@pytest.mark.skipif(not DATA.exists(), reason="shared/data is not beside this repository")
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_only_the_import_changes(path, capsys):
    pytest.importorskip("skimage")
    if path.stem == "images":
        pytest.importorskip("ai_edge_litert")
    if path.stem == "pick":
        pytest.importorskip("matplotlib").use("Agg")
    before = path.read_text()
    after = rewritten(before)
    changed = [line for line, new in zip(before.splitlines(), after.splitlines(), strict=True) if line != new]
    assert changed and all("lime" in line for line in changed)
    theirs = run(before, path)
    ours = run(after, path)
    assert_alike(theirs, ours)
    if path.stem == "pick":
        import matplotlib.pyplot as plt

        plt.close("all")
