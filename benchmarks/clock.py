"""Time, memory, and one row of the table."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """What was measured, lime's number, ours, their ratio, and what was to be reached."""

    what: str
    lime: str
    kabosu: str
    ratio: str
    target: str
    reached: bool | None


@dataclass(frozen=True)
class Seconds:
    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{milli(self.cpu)} CPU ({milli(self.wall)} wall)"


def milli(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def timed(call: Callable[[], Any]) -> Seconds:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Seconds(time.perf_counter() - wall, time.process_time() - cpu)


def side_by_side(calls: Sequence[Callable[[], Any]], runs: int) -> list[Seconds]:
    """Median of several runs of each, in turns, after one run that is not counted."""
    for call in calls:
        call()
    measured = [[timed(call) for call in calls] for _ in range(runs)]
    return [Seconds(median(s.wall for s in one), median(s.cpu for s in one)) for one in zip(*measured, strict=True)]


def faster(what: str, lime: Seconds, ours: Seconds, target: float) -> Row:
    """Ratio of CPU seconds."""
    ratio = lime.cpu / ours.cpu
    return Row(what, str(lime), str(ours), f"{ratio:.0f}x", f">= {target:.0f}x faster", ratio >= target)


def resident(call: Callable[[], Any]) -> int:
    """Highest resident size while it runs, beyond that before it, in kB; the kernel's mark is set back first."""
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    call()
    return max(0, _status("VmHWM") - before)


def _status(name: str) -> int:
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))


def lean(what: str, module: str, size: str, most: float | None) -> Row:
    """Highest resident size of each beyond what the imports take, each in a process of its own."""
    theirs, ours = (int(subprocess.run([sys.executable, "-m", module, who, size], capture_output=True, text=True, check=True).stdout) / 1024 for who in ("theirs", "ours"))
    target, reached = ("", None) if most is None else (f"<= {most:g} of lime's", ours <= most * theirs)
    return Row(what, f"{theirs:.0f} MB", f"{ours:.0f} MB", f"{theirs / max(ours, 0.1):.1f}x", target, reached)


def table(rows: Iterable[Row]) -> str:
    cells = [(r.what, r.lime, r.kabosu, r.ratio, r.target, {True: "yes", False: "NO", None: ""}[r.reached]) for r in rows]
    head = ("what", "lime 0.2.0.1", "kabosu", "ratio", "target", "reached")
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ("---",) * len(head), *cells))


def show(rows: Iterable[Row]) -> None:
    print(table(rows), flush=True)
