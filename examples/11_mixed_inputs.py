"""A model of a text, two numbers and a series at once: one joint mask, one surrogate, one ranking over all of them."""

import numpy as np

import kabosu as kb
from kabosu.domains import Inputs, Series, Tabular, Text

rng = np.random.default_rng(0)
reviews = ["great phone, weak battery", "poor screen", "great value", "average", "poor battery, poor support", "great"]
background = {"price": rng.gamma(4, 50, 300), "age": rng.integers(1, 10, 300)}


def demand(batch):
    """Units sold next month: any function of a dict of inputs would do, also a network with several branches."""
    liked = np.array([text.count("great") - text.count("poor") for text in batch["review"]])
    trend = batch["sales"][:, -3:].mean(axis=1) - batch["sales"][:, :3].mean(axis=1)
    return 200 * np.exp(-np.asarray(batch["price"]) / 300) * (1 + 0.3 * liked) + 5 * trend - 4 * np.asarray(batch["age"])


inputs = Inputs(review=Text(), price=Tabular(background["price"]), age=Tabular(background["age"]), sales=Series(n_segments=4))
explainer = kb.MixedExplainer(demand, inputs, output_names=["demand"], random_state=1)

product = {"review": reviews[0], "price": 120.0, "age": 2, "sales": np.array([20.0, 22, 21, 25, 24, 28, 30, 33, 35, 34, 38, 41])}
e = explainer.explain(product)
print(e)

# A value that is hidden is that of another row, another in each draw, so the answer is the mean over those rows, with its error.
print("not exact because", e.refusals["masks"])

# The same with the review alone: nothing is random in it, so all masks are asked and the answer is exact.
alone = explainer.explain(product, features=["review"])
print(f"engine {alone.engine}:", dict(zip(alone.columns, alone.coef[:, 0].round(1).tolist(), strict=True)))
