"""The faults of tests/mutants.py: all can still be made, and all are noticed."""

import pytest
from mutants import MUTANTS, ROOT, mutated, survivors

TURNS = 10  # so that processes share the work, and a copy that is no good is told early


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_the_fault_can_be_made(mutant):
    mutated((ROOT / "src" / "kabosu" / mutant.path).read_text(), mutant)
    path, _, test = mutant.test.partition("[")[0].partition("::")
    assert f"def {test}(" in (ROOT / path).read_text()


def test_there_are_enough():
    assert len(MUTANTS) >= 25
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(TURNS))
def test_every_fault_is_noticed(turn):
    assert survivors(MUTANTS[turn::TURNS]) == []
