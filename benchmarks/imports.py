"""What an import costs in CPU seconds beyond numpy and scipy, in a fresh interpreter; median of several."""

import subprocess
import sys
from statistics import median

from benchmarks.clock import Row, milli, show

PROBE = "import time; import numpy, scipy; b = time.process_time(); import {module}; print(time.process_time() - b)"


def seconds(module: str, probe: str, runs: int = 7) -> float:
    return median(float(subprocess.run([sys.executable, "-c", probe.format(module=module)], check=True, capture_output=True, text=True).stdout) for _ in range(runs))


def rows() -> list[Row]:
    lime, ours = seconds("lime.lime_tabular", PROBE), seconds("kabosu", PROBE)
    return [Row("import beyond numpy and scipy, CPU seconds", milli(lime), milli(ours), f"{lime / ours:.0f}x", "<= 200 ms", ours <= 0.2)]


if __name__ == "__main__":
    show(rows())
