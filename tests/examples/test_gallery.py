"""Every gallery script runs as a newcomer would run it: in a process of its own, warnings as errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("[0-9][0-9]_*.py"))

SAYS = {  # a line that the script must print, so that an empty run is not a passed one
    "01_first_five_lines.py": "fidelity",
    "02_pipeline_and_strings.py": "bmi is missing",
    "03_compare_recipes.py": "article",
    "04_many_rows.py": "stacked arrays: (569, 30, 1)",
    "05_own_kernel_sampler_surrogate.py": "a Halton sampler",
    "06_measure_once_fit_many.py": "drawn from the local law",
    "09_text.py": "exact by the engine 'words'",
    "10_image.py": "fidelity",
    "11_mixed_inputs.py": "engine masks:",
    "07_a_cloud_around_a_point.py": "the mean of lime's runs is the exact answer",
    "08_fooled.py": "sex named first",
}


def test_gallery_is_the_one_we_know():
    assert [s.name for s in SCRIPTS] == sorted(SAYS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.stem)
def test_gallery_script_runs(script, tmp_path):
    assert len(script.read_text().splitlines()) < 60, "a gallery script is read in one look"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    assert SAYS[script.name] in done.stdout
    assert not list(tmp_path.iterdir()), "a gallery script leaves nothing behind"
