"""ONNX Runtime sessions of converted models: the scikit-learn original is the reference."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn import ensemble, linear_model, neural_network, svm
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import kabosu as kb
from kabosu.errors import InputError, LabelsOnly
from kabosu.respond import as_model

onnxruntime = pytest.importorskip("onnxruntime")
X, y = make_classification(150, 4, n_informative=4, n_redundant=0, n_classes=3, random_state=0)
X32 = X.astype("f4")
ANIMAL = np.array(["ape", "bee", "cat"])[y]
LOGISTIC = linear_model.LogisticRegression().fit(X32, ANIMAL)


def session(model, sample=X32[:1], **options):
    made = to_onnx(model, sample, options={id(model): options} if options else None, target_opset={"": 17, "ai.onnx.ml": 3})
    return onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])


def asked(model, output="auto", data=X):
    found = as_model(model, output, data)
    Y = found(data, len(data))
    return found, Y, found.output_names(Y.shape[1])


def explained(model, data=X, x=None, **options):
    return kb.TabularExplainer(model, data, budget=300, **options).explain(data[3] if x is None else x)


@pytest.mark.parametrize("labels", [ANIMAL, y], ids=["strings", "integers"])
@pytest.mark.parametrize(("zipmap", "named"), [(True, True), ("columns", True), (False, False)], ids=["zipmap", "columns", "matrix"])
def test_probabilities_in_every_form(labels, zipmap, named):
    model = linear_model.LogisticRegression().fit(X32, labels)
    found, Y, names = asked(session(model, zipmap=zipmap))
    assert found.scale == "probability"
    assert names == (tuple(map(str, model.classes_)) if named else ("0", "1", "2"))
    assert np.allclose(Y, model.predict_proba(X32), atol=1e-5)
    e = explained(session(model, zipmap=zipmap))
    assert e.target == names[int(Y[3].argmax())]


def test_labels():
    for zipmap in (True, False):
        found, Y, names = asked(session(LOGISTIC, zipmap=zipmap), "label")
        assert (found.scale, names) == ("label", ("ape", "bee", "cat"))
        assert np.array_equal(np.array(names)[Y.argmax(axis=1)], LOGISTIC.predict(X32))


@pytest.mark.filterwarnings("ignore:Attribute .prob:FutureWarning")  # skl2onnx reads them
def test_margins_that_are_called_probabilities():
    model = svm.SVC().fit(X32, ANIMAL)
    for zipmap in (True, False):
        found, Y, names = asked(session(model, zipmap=zipmap))
        assert found.scale == "margin"
        assert names == (("ape", "bee", "cat") if zipmap else ("0", "1", "2"))
        assert np.allclose(Y, model.decision_function(X32), atol=1e-4)
        with pytest.raises(InputError, match="numbers that are no probabilities"):
            asked(session(model, zipmap=zipmap), "probability")


@pytest.mark.parametrize("outputs", [1, 2])
def test_regression(outputs):
    target = np.column_stack([X32[:, 0], X32[:, 1] ** 2])[:, :outputs].squeeze()
    model = ensemble.RandomForestRegressor(5, random_state=0).fit(X32, target)
    for output in ("auto", "prediction", "score"):
        found, Y, names = asked(session(model), output)
        assert names == ("prediction",)[:outputs] if outputs == 1 else ("0", "1")
        assert np.allclose(Y, model.predict(X32).reshape(len(X), -1), atol=1e-5)
    for output, words in (("probability", "numbers that are no probabilities"), ("label", "needs a label output")):
        with pytest.raises(InputError, match=words):
            asked(session(model), output)


def test_scores_of_outliers_and_of_clusters():
    forest = ensemble.IsolationForest(n_estimators=5, random_state=0).fit(X32)
    found, Y, _ = asked(session(forest))
    assert found.scale == "score"
    assert np.allclose(Y[:, 0], forest.decision_function(X32), atol=1e-4)
    means = KMeans(3, n_init=1, random_state=0).fit(X32)
    assert asked(session(means))[0].scale == "score"
    assert np.array_equal(asked(session(means), "label")[1].argmax(axis=1), means.predict(X32))


def test_multilabel():
    many = np.column_stack([y == 0, y == 1, X[:, 0] > 0]).astype(int)
    model = neural_network.MLPClassifier(solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0).fit(X32, many)
    found, Y, names = asked(session(model, zipmap=False))
    assert (found.scale, names) == ("probability", ("0", "1", "2"))
    assert np.allclose(Y, model.predict_proba(X32), atol=1e-5)


@pytest.mark.parametrize("output", ["margin", "score"])
def test_outputs_that_a_session_has_not(output):
    with pytest.raises(InputError, match=f"output='{output}' is not what this ONNX session answers: probabilities"):
        asked(session(LOGISTIC), output)
    with pytest.raises(LabelsOnly, match="such as '(ape|bee|cat)'"):
        asked(session(LOGISTIC), "prediction")


def test_doubles_stay_doubles_and_floats_are_made():
    double = convert_sklearn(linear_model.LinearRegression().fit(X, X[:, 0] / 3), initial_types=[("X", DoubleTensorType([None, 4]))])
    run = onnxruntime.InferenceSession(double.SerializeToString(), providers=["CPUExecutionProvider"])
    assert np.allclose(asked(run)[1][:, 0], X[:, 0] / 3, rtol=1e-12)
    assert np.allclose(asked(session(LOGISTIC))[1], LOGISTIC.predict_proba(X32), atol=1e-5)


MIXED = pd.DataFrame({"weight": X32[:, 0], "count": np.arange(150) % 5, "color": np.where(X[:, 1] > 0, "red", "blue"), "height": X32[:, 2]})
PIPELINE = make_pipeline(make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["color"]), remainder="passthrough"), linear_model.LogisticRegression(max_iter=500))


def mixed(types, zipmap=True):
    model = PIPELINE.fit(MIXED, ANIMAL)
    made = convert_sklearn(model, initial_types=types, options={id(model): {"zipmap": zipmap}})
    return onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])


BY_NAME = [("weight", FloatTensorType([None, 1])), ("count", Int64TensorType([None, 1])), ("color", StringTensorType([None, 1])), ("height", FloatTensorType([None, 1]))]


@pytest.mark.parametrize("data", [MIXED, MIXED[MIXED.columns[::-1]], pl.from_pandas(MIXED), pa.Table.from_pandas(MIXED), MIXED.to_dict("records")], ids=["pandas", "other order", "polars", "arrow", "dicts"])
def test_named_inputs_of_several_types(data):
    run = mixed(BY_NAME)
    e = explained(run, data, data[3:4])
    assert e.output_names == ("ape", "bee", "cat")
    assert np.allclose(e.prediction, PIPELINE.predict_proba(MIXED)[3], atol=1e-5)


def test_inputs_of_several_columns_are_filled_in_order():
    model = make_pipeline(make_column_transformer((OneHotEncoder(sparse_output=False), [2, 3]), remainder="passthrough"), linear_model.LogisticRegression(max_iter=500))
    table = np.column_stack([X32[:, :2].astype(object), np.where(X[:, 2] > 0, "u", "v"), np.where(X[:, 3] > 0, "p", "q")])
    model.fit(table, ANIMAL)
    made = convert_sklearn(model, initial_types=[("numbers", FloatTensorType([None, 2])), ("words", StringTensorType([None, 2]))])
    run = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    for data in (table, pd.DataFrame(table, columns=list("abcd")).astype({"a": "f4", "b": "f4"})):
        e = explained(run, data, data[3:4])
        assert np.allclose(e.prediction, model.predict_proba(table)[3], atol=1e-5)
    with pytest.raises(InputError, match=r"take 4 columns and match no names; the rows have \['x0', 'x1', 'x2'\]"):
        explained(run, table[:, :3], table[3, :3])


def test_columns_of_the_wrong_type():
    with pytest.raises(InputError, match=r"input 'count' takes tensor\(int64\).*\['count'\] do not fit"):
        explained(mixed(BY_NAME), MIXED.assign(count=MIXED.color), MIXED.iloc[3])


def test_frames_for_one_matrix_input():
    frame = pd.DataFrame(X, columns=list("abcd"))
    assert np.allclose(explained(session(LOGISTIC), frame, frame.iloc[3]).prediction, LOGISTIC.predict_proba(X32)[3], atol=1e-5)
