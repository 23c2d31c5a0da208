"""The main job: `make demo` runs this and writes out/index.html. Nothing is downloaded."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two threads of ours share the cores; the model's own would fight them

FIRST_LINES = """import kabosu as kb

explainer = kb.TabularExplainer(model, X_train)    # estimator, pipeline, booster, torch or ONNX model, or a function
e = explainer.explain(X_test.iloc[0])              # one row: effects with error bars
print(e.describe())                                # in plain words
es = explainer.explain_many(X_test)                # a whole table"""


def main(out: Path, rows: int) -> Path:
    """Write the page and everything on it."""
    import sklearn
    from demo_parts import census, housing, walkthrough
    from demo_parts.page import Progress, Section, write

    import kabosu as kb

    say = Progress()
    out.mkdir(parents=True, exist_ok=True)
    start = Section("start", "Five lines to start", ("This is all that a first explanation takes. The parts below show what comes back.",), code=FIRST_LINES)
    sections = [start, walkthrough.section(out, say), housing.section(out, say), census.section(out, rows, say)]
    facts = [("kabosu", kb.__version__), ("Python", platform.python_version()), ("scikit-learn", sklearn.__version__), ("cores", str(os.cpu_count())), ("time", f"{say.seconds:.0f} s")]
    page = write(out / "index.html", sections, facts)
    say(f"done. Open {page}", last=True)
    return page


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "out")
    parser.add_argument("--rows", type=int, default=1000, help="rows of the census to explain")
    options = parser.parse_args()
    main(options.out, options.rows)
