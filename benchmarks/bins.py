"""lime's discretized table, 30 features, 5,000 samples, 10 features kept: one row, and 200 rows."""

from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_breast_cancer

import kabosu as kb
from benchmarks.cheap import logistic
from benchmarks.clock import Row, faster, show, side_by_side, timed

MANY = 200


def rows() -> list[Row]:
    X = load_breast_cancer().data
    model = logistic(X)
    theirs, ours = LimeTabularExplainer(X, random_state=0), kb.TabularExplainer(model, X, recipe="lime")
    one = side_by_side([lambda: theirs.explain_instance(X[0], model, num_features=10, num_samples=5000), lambda: ours.explain(X[0])], 11)
    ours.explain_many(X[:MANY])
    loop = timed(lambda: [theirs.explain_instance(x, model, num_features=10, num_samples=5000) for x in X[:MANY]])
    many = side_by_side([lambda: ours.explain_many(X[:MANY])], 3)[0]
    return [
        faster("bins, p = 30, 5,000 samples, K = 10, one row", one[0], one[1], 10),
        faster(f"the same, {MANY} rows: loop beside explain_many", loop, many, 25),
    ]


if __name__ == "__main__":
    show(rows())
