"""docs/trust.md runs as it reads."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/trust.md"


def test_the_page_runs():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert tried >= 12
    assert not failed
