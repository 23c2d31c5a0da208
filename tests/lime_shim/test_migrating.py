"""The page for those who come from lime: every example on it runs, and it names every fault."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

from kabosu.lime import FAULTS, fix
from kabosu.lime.faults import mended

PAGE = Path(__file__).parents[2] / "docs/migrating.md"


def test_every_example():
    pytest.importorskip("skimage")
    state = np.random.get_state()  # noqa: NPY002
    failed, run = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    np.random.set_state(state)  # noqa: NPY002
    assert run > 40
    assert failed == 0


def test_every_fault_has_its_example():
    assert re.findall(r"^### (\w+)", PAGE.read_text(), flags=re.M) == list(FAULTS)


def test_faults_one_by_one():
    everything = frozenset(FAULTS)
    assert mended() == mended(False) == everything
    assert mended(True) == frozenset()
    with fix(point_mass=False):
        assert mended() == everything - {"point_mass"}
        with fix(False, segments=True):
            assert mended() == {"segments"}
        assert mended() == everything - {"point_mass"}
    assert mended() == everything
    with pytest.raises(ValueError, match="segments"):
        fix(segment=False)
