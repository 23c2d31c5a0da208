"""Everything side by side, one table: ``make bench``."""

import sys

from benchmarks import bins, forward, gaussian, image, imports, memory, narrow, shim, sparse, text, trees
from benchmarks.clock import Row, show


def rows() -> list[Row]:
    found = []
    for part in (imports, sparse, memory, bins, forward, gaussian, narrow, shim, image, text, trees):  # a child's peak memory is at least its parent's
        sys.stderr.write(f"{part.__name__}\n")
        found += part.rows()
    return found


if __name__ == "__main__":
    show(rows())
