"""A real table with text columns and missing cells: a pipeline, 1,000 rows explained, three files to keep."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import kabosu as kb
from demo_parts import sources
from demo_parts.page import Picture, Progress, Section, picture
from kabosu.diagnostics.flags import POOR

CLASS = ">50K"
BUDGET = 2049  # model calls a row
LIMIT = 0.2  # an effect from here on has the darkest color
CHOICE = {"neighborhood": "bins", "kernel_width": 1.0}
QUESTIONS = (
    ("kabosu as it comes, probability", {}),
    ("kabosu as it comes, log-odds", {"output": "margin"}),
    ("bins, width 1, probability (as above)", CHOICE),
    ("bins, width 1, log-odds", {"output": "margin", **CHOICE}),
    ("recipe lime: bins, width 2.6, probability", {"recipe": "lime"}),
)


@dataclass(frozen=True)
class Run:
    """What was explained, with what model, in how many seconds."""

    model: Any
    accuracy: float
    train: Any
    rows: Any
    es: kb.Explanations
    seconds: float


def fitted(table: Any, rows: int) -> tuple[Any, Any, Any, Any]:
    """A pipeline on most of the table, its accuracy, and ``rows`` rows that it has not seen, the least likely first."""
    X, y = table.drop(columns="class"), table["class"]
    train, test, y_train, y_test = train_test_split(X, y, test_size=rows, random_state=0, stratify=y)
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((numbers, make_column_selector(dtype_include="number")), (words, make_column_selector(dtype_exclude="number")))
    model = make_pipeline(columns, HistGradientBoostingClassifier(random_state=0)).fit(train, y_train)
    likely = model.predict_proba(test)[:, list(model.classes_).index(CLASS)]
    return model, model.score(test, y_test), train, test.iloc[np.argsort(likely, kind="stable")]


def run(table: Any, rows: int, say: Progress) -> Run:
    """Fit, then explain the unseen rows on two threads."""
    say(f"census: fitting a pipeline to {len(table) - rows:,} rows")
    model, accuracy, train, test = fitted(table, rows)
    explainer = kb.TabularExplainer(model, train, engine="sampled", **CHOICE)
    began = time.perf_counter()

    def progress(done: int, total: int) -> None:
        say(f"census: {done:,} of {total:,} rows explained, {done / (time.perf_counter() - began):.0f} rows a second")

    with ThreadPoolExecutor(2) as pool:
        es = explainer.explain_many(test, outputs=[CLASS], budget=BUDGET, progress=progress, runner=pool)
    return Run(model, accuracy, train, test, es, time.perf_counter() - began)


def flags(es: kb.Explanations) -> tuple[float, str]:
    """Share of rows with a flag, and how often each was raised."""
    found = [[f.code for f in e.certificate.flags] for e in es]
    counts = Counter(code for codes in found for code in codes)
    return sum(map(bool, found)) / len(found), ", ".join(f"{code} {n}" for code, n in counts.most_common()) or "none"


def questions(r: Run, rows: int, say: Progress) -> tuple[tuple[str, ...], ...]:
    """The same rows asked in other ways: what a line can say depends on the question, and so does who can answer it exactly."""
    out = [("question", "engine", "rows a second", "model calls a row", "median fidelity", "median 95% error / largest effect", "rows flagged")]
    for words, options in QUESTIONS:
        say(f"census: {rows} rows, {words}")
        explainer = kb.TabularExplainer(r.model, r.train, **options)
        explainer.explain(r.rows.head(1))  # an exact engine compiles once
        began = time.perf_counter()
        es = explainer.explain_many(r.rows.iloc[:: len(r.rows) // rows].head(rows), outputs=[CLASS], budget=BUDGET)
        seconds = time.perf_counter() - began
        error = np.median([e.certificate.monte_carlo_error[0] for e in es])
        out.append((words, es[0].engine, f"{rows / seconds:.0f}", f"{es.n_model_calls.mean():,.0f}", f"{np.nanmedian(es.fidelity):.2f}", f"{error:.0%}", f"{flags(es)[0]:.0%}"))
    return tuple(out)


def outro(table: tuple[tuple[str, ...], ...], rows: int) -> str:
    """What the table of questions says, with what engines there were."""
    words = f"{rows} of these people, asked in other ways on one thread. Fidelity says how well a line fits the answers; below {POOR} kabosu flags the row instead of hiding it."
    if any(row[1] == "tree" for row in table):
        return f"{words} The engine named tree reads the boosted trees through the pipeline and computes the explanation of the log-odds without draws, so without error; probabilities are bent and have to be sampled."
    return f"{words} All were sampled, since the exact engine for trees is not installed (pip install 'kabosu[trees]')."


def facts(r: Run) -> tuple[tuple[str, str], ...]:
    """The numbers of this run."""
    calls, (flagged, kinds) = int(r.es.n_model_calls.sum()), flags(r.es)
    return (
        ("accuracy of the model on these rows", f"{r.accuracy:.3f}"),
        ("rows explained", f"{len(r.es):,} in {r.seconds:.0f} s, {len(r.es) / r.seconds:.0f} a second, two threads"),
        ("model calls", f"{calls:,} rows asked, {calls / len(r.es):,.0f} for each explanation, {calls / r.seconds:,.0f} a second"),
        ("median fidelity", f"{np.nanmedian(r.es.fidelity):.2f} (held-out R2; 1 would be a perfect line)"),
        ("explanations flagged", f"{flagged:.1%} ({kinds})"),
    )


def pictures(out: Path, e: kb.Explanation, es: kb.Explanations) -> tuple[Picture, ...]:
    """One row in bars, and as a way from the average row; all rows as a matrix."""
    from kabosu import plots

    p = float(e.prediction[0])
    return (
        picture(
            out,
            "census-bars",
            "One person, in bars",
            "Each bar is what this one condition adds to the probability, compared with people for whom it is different. Blue to the right raises it, orange to the left lowers it; the thin whisker is the 95% error.",
            f"Bars of the effects on the probability of {CLASS} for the row whose prediction, {p:.2f}, is closest to one half.",
            lambda f: plots.bars(e, ax=f.subplots()),
            (5.4, 5.0),
        ),
        picture(
            out,
            "census-waterfall",
            "The same person, step by step",
            "From the average person at the top, each condition moves the line's answer, down to what the line says here. The hatched last step is what the line misses; it is part of the answer and not hidden.",
            f"Waterfall from the average row to the surrogate's {e.local_prediction[0]:.2f} and the model's {p:.2f}.",
            lambda f: plots.waterfall(e, ax=f.subplots()),
            (5.4, 5.4),
        ),
        picture(
            out,
            "census-matrix",
            f"All {len(es):,} people at once",
            f"A row is a person, the least likely to earn more on top, a column is a feature, and the color says how much this person's own condition raises (blue) or lowers (orange) the probability; {LIMIT} and more is darkest. Columns of one color work alike for all, columns that change from top to bottom make the difference.",
            "Matrix of effects, people by features.",
            lambda f: plots.matrix(es, ax=f.subplots(), limit=LIMIT),
            (5.6, 5.2),
            wide=True,
        ),
    )


def section(out: Path, rows: int, say: Progress) -> Section:
    """Everything about the census."""
    source = sources.census()
    if source.rows is None:
        say(f"census: skipped. {source.note}", last=True)
        return Section("census", "A real table: the census", (), note=source.note)
    r = run(source.rows, rows, say)
    closest = int(np.abs(r.es.prediction[:, 0] - 0.5).argmin())
    table = questions(r, min(100, rows), say)
    say("census: pictures and files")
    r.es.save(out / "census.csv")
    r.es[closest].save(out / "census-one.html")
    r.es.save(out / "census-all.html")
    return Section(
        "census",
        "A real table: who earns more than 50,000 dollars?",
        (
            f"{source.origin[0].upper()}{source.origin[1:]}: {len(source.rows):,} adults, {r.train.shape[1]} columns, {int(source.rows.isna().sum().sum()):,} missing cells. A scikit-learn pipeline fills in and scales the numbers, "
            f"makes columns of the words, and boosted trees predict the class. kabosu is given the data frame as it is; a missing cell is a condition of its own.",
            f"Asked: {len(r.es):,} rows that the model has not seen, in bins of each column, with {BUDGET:,} model calls a row. The person shown is row {closest}, whose prediction is closest to one half.",
        ),
        pictures(out, r.es[closest], r.es),
        facts(r),
        table,
        outro=(outro(table, min(100, rows)),),
        code='explainer = kb.TabularExplainer(pipeline, X_train, neighborhood="bins", kernel_width=1.0)\nes = explainer.explain_many(X_new, budget=2049, progress=True)\nes.save("census.csv")',
        said=r.es[closest].describe(),
        links=(("census-one.html", "this person's page"), ("census-all.html", "all rows, summed up"), ("census.csv", "all numbers as a table (CSV)")),
        note=source.note,
    )
