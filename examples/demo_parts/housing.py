"""Two features of a real table: house prices by poverty and rooms, the surface and the line."""

from __future__ import annotations

from pathlib import Path

from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

import kabosu as kb
from demo_parts import sources
from demo_parts.page import Progress, Section, picture, signed

MEANING = {
    "lstat": "percent of households of low status",
    "rm": "rooms per dwelling",
    "medv": "median house value in 1,000 dollars",
    "bmi": "body mass index",
    "s5": "log of serum triglycerides",
    "target": "disease progression after one year",
}


def section(out: Path, say: Progress) -> Section:
    """Everything about the houses."""
    from kabosu import plots

    source = sources.housing()
    say("housing: a forest of two features")
    features, target = list(source.rows.columns[:2]), source.rows.columns[2]
    X, X_test, y, y_test = train_test_split(source.rows[features], source.rows[target], test_size=0.25, random_state=0)
    model = RandomForestRegressor(min_samples_leaf=3, random_state=0).fit(X, y)
    explainer = kb.TabularExplainer(model, X, engine="sampled")
    x = X_test.iloc[0]
    e = explainer.explain(x)
    land = plots.landscape(explainer, x, features=features, draws=200)
    outside = int(((land.draws < X.min().to_numpy()) | (land.draws > X.max().to_numpy())).any(axis=1).sum())
    say("housing: pictures")
    e.save(out / "housing-one.html")
    c = e.certificate
    half = (e.interval()[1] - e.coef)[:, 0]
    slopes = [f"{signed(e.coef[j, 0], 3)} ± {half[j]:.3f} for one more unit of {e.columns[j]}" for j in e.order()]
    return Section(
        "housing",
        f"Two features of a real table: {features[0]} and {features[1]}",
        (
            f"{source.origin}: {len(source.rows)} rows. A random forest predicts {target} ({MEANING[target]}) from {features[0]} ({MEANING[features[0]]}) and {features[1]} ({MEANING[features[1]]}).",
            f"The row explained is one that the forest has not seen: {features[0]} = {x.iloc[0]:g}, {features[1]} = {x.iloc[1]:g}; the forest says {e.prediction[0]:.1f}.",
        ),
        (
            picture(
                out,
                "housing-surface",
                "The forest, the neighborhood and the line",
                "The color is what the forest predicts, the dots are where kabosu asked, close around the row, and the line is where the surrogate answers the same as at the star. On one side of it the surrogate predicts more, on the other less.",
                f"Surface of the prediction over {features[0]} and {features[1]} with the instance, the draws and the surrogate's line.",
                lambda f: plots.layers(land, ax=f.subplots(), show=["model", "instance", "draws", "line"]),
                (4.8, 3.9),
            ),
            picture(
                out,
                "housing-bars",
                "The two effects",
                "Each bar says how much the prediction changes when the feature grows by one standard deviation and the other stays. The thin whisker is the 95% error.",
                "Bars of the two effects with error whiskers.",
                lambda f: plots.bars(e, ax=f.subplots()),
                (4.8, 3.9),
            ),
        ),
        (
            ("R2 of the forest on unseen rows", f"{model.score(X_test, y_test):.2f}"),
            ("slopes in the features' own units, 95%", "; ".join(slopes)),
            ("fidelity, model calls", f"{c.fidelity[0]:.2f}, {e.n_model_calls:,}, ended by {c.ended_by}"),
            ("of the draws in the picture, outside the values that the forest learned from", f"{outside} of {len(land.draws)}; kabosu draws each column by itself, as LIME does"),
            ("flags", ", ".join(str(f) for f in c.flags) or "none"),
        ),
        said=e.describe(),
        links=(("housing-one.html", "this row's page"),),
        note=source.note,
    )
