"""scikit-learn's own methods are the reference for what a model is asked, and how its outputs are named."""

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, linear_model, multiclass, multioutput, naive_bayes, neighbors, svm, tree
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.feature_extraction import DictVectorizer
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import kabosu as kb
from kabosu.errors import InputError, KabosuError, LabelsOnly, ModelError
from kabosu.respond import as_model

X, y = make_classification(150, 5, n_informative=4, n_redundant=0, n_classes=3, random_state=0)
ANIMAL = np.array(["ape", "bee", "cat"])[y]
TWO = X[:, 0] + X[:, 1] > 0
XM, YM = make_multilabel_classification(150, 5, n_classes=3, random_state=1)
SEVERAL = np.column_stack([X[:, 0] + X[:, 1], X[:, 2] ** 2])
FOREST = ensemble.RandomForestClassifier(8, random_state=0)
LOGISTIC = linear_model.LogisticRegression()


def asked(model, output="auto", data=X):
    found = as_model(model, output, data)
    Y = found(data, len(data))
    return found, Y, found.output_names(Y.shape[1])


def explained(model, data=X, x=None, **options):
    return kb.TabularExplainer(model, data, budget=400, engine="sampled", **options).explain(data[3] if x is None else x)


@pytest.mark.parametrize("labels", [ANIMAL, y, TWO, y.astype(float)], ids=["strings", "integers", "booleans", "floats"])
@pytest.mark.parametrize(
    "model",
    [LOGISTIC, FOREST, naive_bayes.GaussianNB(), make_pipeline(StandardScaler(), svm.SVC()), GridSearchCV(LOGISTIC, {"C": [1]}), CalibratedClassifierCV(svm.LinearSVC(), cv=2)],
    ids=lambda m: type(m).__name__,
)
def test_classifiers_are_asked_for_probabilities_else_margins(model, labels):
    model.fit(X, labels)
    found, Y, names = asked(model)
    probable = not isinstance(getattr(model, "steps", [[None]])[-1][-1], svm.SVC)
    want = model.predict_proba(X) if probable else model.decision_function(X)
    assert np.array_equal(Y, want.reshape(len(X), -1))
    assert found.scale == ("probability" if probable else "margin")
    assert names == tuple(map(str, model.classes_))[-Y.shape[1] :]
    e = explained(model)
    assert e.output_names == names
    assert e.target == (names[0] if len(names) == 1 else str(model.predict(X[3:4])[0]))
    assert np.allclose(e.prediction, Y[3])


@pytest.mark.parametrize("model", [linear_model.LinearRegression(), ensemble.RandomForestRegressor(5), neighbors.KNeighborsRegressor(), tree.DecisionTreeRegressor()], ids=repr)
def test_regression_of_one_and_of_several_outputs(model):
    found, Y, names = asked(model.fit(X, SEVERAL[:, 0]))
    assert (found.scale, names) == ("prediction", ("prediction",))
    assert np.array_equal(Y[:, 0], model.predict(X))
    found, Y, names = asked(model.fit(X, SEVERAL))
    assert (found.scale, names) == ("prediction", ("0", "1"))
    assert np.array_equal(Y, model.predict(X))
    assert explained(model).target == "0"


@pytest.mark.parametrize("K", [3, 4, 5])
@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: make_pipeline(StandardScaler(), m), lambda m: GridSearchCV(make_pipeline(m), {}, cv=2)], ids=["alone", "pipeline", "search"])
def test_one_vs_one_margins_are_named_by_their_pairs(K, wrap):
    labels = np.arange(len(X)) % K
    A = X + 8 * np.eye(5)[labels]  # well apart
    model = wrap(svm.SVC(decision_function_shape="ovo")).fit(A, labels)
    _, Y, names = asked(model, data=A)
    assert Y.shape[1] == K * (K - 1) // 2
    for name, margin in zip(names, Y.T, strict=True):
        first, second = name.split(" vs ")
        for label, sign in ((first, 1), (second, -1)):
            assert (np.sign(margin[labels == int(label)]) == sign).mean() > 0.9, name


def test_one_vs_rest_margins_of_one_vs_one_machines():
    for model in (svm.SVC(), svm.LinearSVC(), multiclass.OneVsOneClassifier(svm.LinearSVC())):
        _, Y, names = asked(model.fit(X, ANIMAL))
        assert names == ("ape", "bee", "cat")
        assert np.array_equal(Y, model.decision_function(X))
        assert explained(model).target == model.predict(X[3:4])[0]


def test_binary_margin_points_to_the_second_class():
    model = svm.SVC().fit(X, np.where(TWO, "yes", "no"))
    found, Y, names = asked(model)
    assert names == ("yes",)
    assert ((Y[:, 0] > 0) == (model.predict(X) == "yes")).all()


@pytest.mark.parametrize(
    ("model", "auto"),
    [(ensemble.IsolationForest(n_estimators=5, random_state=0), "decision_function"), (svm.OneClassSVM(), "decision_function"), (neighbors.LocalOutlierFactor(novelty=True), "decision_function"), (neighbors.KernelDensity(), "score_samples")],
    ids=lambda m: type(m).__name__,
)
def test_outlier_detectors_have_scores(model, auto):
    model.fit(X)
    found, Y, names = asked(model)
    assert (found.scale, names) == ("score", ("prediction",))
    assert np.allclose(Y[:, 0], getattr(model, auto)(X))
    assert np.allclose(asked(model, "score")[1][:, 0], model.score_samples(X))
    assert explained(model).output_scale == "score"


def test_labels_of_outlier_detectors_and_clusters():
    model = KMeans(3, n_init=1, random_state=0).fit(X)
    found, Y, names = asked(model, "label")
    assert names == ("0", "1", "2")
    assert np.array_equal(Y.argmax(axis=1), model.predict(X))
    detector = ensemble.IsolationForest(n_estimators=5, random_state=0).fit(X)
    _, Y, names = asked(detector, "label")
    assert names == ("-1", "1")
    assert np.array_equal(Y[:, 1] == 1, detector.predict(X) == 1)


MULTILABEL = [
    (MLPClassifier(max_iter=30, random_state=0), ("0", "1", "2"), lambda m: m.predict_proba(XM)),
    (multiclass.OneVsRestClassifier(LOGISTIC), ("0", "1", "2"), lambda m: m.predict_proba(XM)),
    (multiclass.OneVsRestClassifier(svm.LinearSVC()), ("0", "1", "2"), lambda m: m.decision_function(XM)),
    (FOREST, ("y0 = 1", "y1 = 1", "y2 = 1"), lambda m: np.column_stack([p[:, 1] for p in m.predict_proba(XM)])),
    (neighbors.KNeighborsClassifier(), ("y0 = 1", "y1 = 1", "y2 = 1"), lambda m: np.column_stack([p[:, 1] for p in m.predict_proba(XM)])),
    (multioutput.MultiOutputClassifier(LOGISTIC), ("y0 = 1", "y1 = 1", "y2 = 1"), lambda m: np.column_stack([p[:, 1] for p in m.predict_proba(XM)])),
    (multioutput.ClassifierChain(LOGISTIC), ("y0 = 1", "y1 = 1", "y2 = 1"), lambda m: m.predict_proba(XM)),
    (multioutput.ClassifierChain(svm.LinearSVC()), ("y0 = 1", "y1 = 1", "y2 = 1"), lambda m: m.decision_function(XM)),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("model", "names", "reference"), MULTILABEL, ids=[repr(m) for m, _, _ in MULTILABEL])
def test_multilabel_models_have_an_output_a_label(model, names, reference):
    model.fit(XM, YM)
    found, Y, named = asked(model, data=XM)
    assert named == names
    assert np.allclose(Y, reference(model))
    e = explained(model, XM)
    assert e.target == names[int(Y[3].argmax())]
    _, Y, named = asked(model, "label", XM)
    assert named == names
    assert np.array_equal(Y, model.predict(XM))


def test_several_outputs_of_several_classes():
    both = np.column_stack([ANIMAL, np.where(TWO, "yes", "no")])
    model = tree.DecisionTreeClassifier(max_depth=3).fit(X, both)
    _, Y, names = asked(model)
    assert names == ("y0 = ape", "y0 = bee", "y0 = cat", "y1 = yes")
    first, second = model.predict_proba(X)
    assert np.array_equal(Y, np.column_stack([first, second[:, 1]]))
    _, Y, _ = asked(model, "label")
    assert np.array_equal(Y[:, :3].argmax(axis=1), np.searchsorted(["ape", "bee", "cat"], model.predict(X)[:, 0]))
    assert np.array_equal(Y[:, 3] == 1, model.predict(X)[:, 1] == "yes")


@pytest.mark.parametrize("model", [linear_model.Perceptron(), ensemble.VotingClassifier([("a", LOGISTIC), ("b", FOREST)]), tree.DecisionTreeClassifier(max_depth=2)], ids=repr)
def test_label_output_is_an_indicator_of_each_class(model):
    model.fit(X, ANIMAL)
    found, Y, names = asked(model, "label")
    assert (found.scale, names) == ("label", ("ape", "bee", "cat"))
    assert np.array_equal(np.array(names)[Y.argmax(axis=1)], model.predict(X))
    assert explained(model, output="label").target == model.predict(X[3:4])[0]


REFUSED = [
    (linear_model.LinearRegression().fit(X, y), "probability", InputError, "needs predict_proba.*LinearRegression lacks; it has predict"),
    (linear_model.LinearRegression().fit(X, y), "margin", InputError, "needs decision_function"),
    (linear_model.LinearRegression().fit(X, y), "label", InputError, "predicts numbers"),
    (svm.SVC().fit(X, y), "probability", InputError, "needs predict_proba, which SVC lacks; it has decision_function, predict"),
    (svm.SVC().fit(X, ANIMAL), "prediction", LabelsOnly, r"such as 'ape'.*predict_proba.*output='label'"),
    (FOREST.fit(X, y), "margin", InputError, "RandomForestClassifier lacks"),
    (FOREST, "prediction", LabelsOnly, "such as 0"),
    (FOREST, "score", LabelsOnly, "class labels"),
    (KMeans(2, n_init=1).fit(X), "auto", LabelsOnly, "output='label'"),
    (ensemble.VotingClassifier([("a", LOGISTIC)]).fit(X, ANIMAL), "auto", LabelsOnly, "such as 'ape'"),
    (ensemble.IsolationForest(n_estimators=2).fit(X), "prediction", LabelsOnly, "such as -1"),
    (GaussianMixture(2).fit(X), "margin", InputError, "it has predict_proba, predict, score_samples"),
    (StandardScaler().fit(X), "auto", ModelError, "StandardScaler has none of predict_proba"),
    (linear_model.LogisticRegression, "auto", InputError, "pass a fitted instance"),
    (linear_model.LogisticRegression().fit(X, y), "odds", InputError, "'odds' is not known; use one of 'auto', 'probability'"),
]


@pytest.mark.parametrize(("model", "output", "error", "words"), REFUSED, ids=[f"{getattr(m, '__name__', type(m).__name__)}-{o}" for m, o, _, _ in REFUSED])
def test_what_a_model_cannot_answer_is_refused(model, output, error, words):
    with pytest.raises(error, match=words):
        as_model(model, output, X)


def test_a_model_that_is_not_fitted():
    with pytest.raises(ModelError, match="is not fitted"):
        explained(linear_model.LogisticRegression())


@pytest.mark.parametrize("method", ["predict_proba", "decision_function", "score_samples"])
def test_bound_methods_know_their_classes(method):
    model = {"predict_proba": FOREST, "decision_function": LOGISTIC, "score_samples": ensemble.IsolationForest(n_estimators=3)}[method].fit(X, ANIMAL)
    found, Y, names = asked(getattr(model, method))
    assert np.allclose(Y.squeeze(), getattr(model, method)(X))
    assert found.original is model
    assert names == (("ape", "bee", "cat") if method != "score_samples" else ("prediction",))


def test_bound_predict():
    assert asked(linear_model.LinearRegression().fit(X, y).predict)[0].scale == "prediction"
    with pytest.raises(LabelsOnly):
        asked(FOREST.fit(X, y).predict)
    assert asked(FOREST.predict, "label")[2] == ("0", "1", "2")
    assert asked(FOREST.predict, "probability")[0].scale == "probability"


FRAME = pd.DataFrame(X, columns=list("abcde"))


@pytest.mark.parametrize("background", ["array", "frame"])
@pytest.mark.parametrize("fitted", ["array", "frame"])
@pytest.mark.parametrize("model", [LOGISTIC, make_pipeline(StandardScaler(), LOGISTIC), GridSearchCV(LOGISTIC, {}, cv=2)], ids=lambda m: type(m).__name__)
def test_no_warning_about_feature_names_ever(model, fitted, background):
    """Warnings are errors here; scikit-learn warns of names that it has not seen, and of names that are missing."""
    tables = {"array": X, "frame": FRAME}
    model.fit(tables[fitted], ANIMAL)
    data = tables[background]
    e = explained(model, data, data[3] if background == "array" else data.iloc[3])
    assert e.columns == (tuple("abcde") if background == "frame" else ("x0", "x1", "x2", "x3", "x4"))
    assert np.allclose(e.prediction, model.predict_proba(tables[fitted])[3])


def test_names_are_lent_to_arrays_for_pipelines_that_choose_columns_by_name():
    model = make_pipeline(make_column_transformer((StandardScaler(), ["a", "c"])), LOGISTIC).fit(FRAME, ANIMAL)
    assert np.allclose(explained(model, X).prediction, model.predict_proba(FRAME)[3])


MIXED = FRAME.assign(color=np.where(X[:, 0] > 0, "red", "blue"), size=pd.Categorical(np.array(["S", "M", "L"])[y], ["S", "M", "L", "XL"], ordered=True), big=X[:, 1] > 0)


def test_pipelines_on_string_columns():
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")), (StandardScaler(), make_column_selector(dtype_include="number")))
    model = make_pipeline(columns, linear_model.LogisticRegression(C=10)).fit(MIXED, ANIMAL)
    for x in (MIXED.iloc[3], MIXED.iloc[[3]], MIXED.iloc[3].to_dict(), MIXED.iloc[3][::-1]):
        e = explained(model, MIXED, x)
        assert np.allclose(e.prediction, model.predict_proba(MIXED)[3])
        assert e.target == model.predict(MIXED)[3]
        assert e.feature_names[-3:] == ("color = red" if X[3, 0] > 0 else "color = blue", f"size = {MIXED['size'][3]}", f"big = {MIXED.big[3]}")


def test_dict_vectorizer_on_lists_of_dicts():
    rows = [{"number": float(a), "word": w, "count": int(i % 5)} for i, (a, w) in enumerate(zip(X[:, 0], ANIMAL, strict=True))]
    model = make_pipeline(DictVectorizer(), LOGISTIC).fit(rows, ANIMAL)
    e = explained(model, rows)
    assert e.feature_names == ("number", f"word = {ANIMAL[3]}", "count")
    assert np.allclose(e.prediction, model.predict_proba(rows[3:4])[0])


class Shaped:
    """A classifier of one's own."""

    def __init__(self, answer, classes=("no", "yes")):
        self.answer, self.classes_ = answer, np.array(classes)

    def predict_proba(self, rows):
        return self.answer(1 / (1 + np.exp(-rows[:, 0])))


@pytest.mark.parametrize("answer", [lambda p: p, lambda p: p[:, None], lambda p: np.column_stack([1 - p, p]), lambda p: p.tolist(), lambda p: p.astype("f4")], ids=["1d", "column", "both", "list", "float32"])
def test_binary_classifiers_of_ones_own_may_answer_one_column(answer):
    e = explained(Shaped(answer))
    p = 1 / (1 + np.exp(-X[3, 0]))
    assert e.output_names == ("no", "yes")
    assert np.allclose(e.prediction, [1 - p, p])


class Network:
    """Like a Keras model: fit and predict, and no word about what it is."""

    def __init__(self, k):
        self.k = k

    def fit(self, rows, y):
        return self

    def predict(self, rows):
        logits = rows[:, : self.k].astype("f4")
        return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) if self.k > 1 else logits


def test_predictions_that_sum_to_1_are_probabilities_where_nothing_else_is_said():
    e = explained(Network(3))
    assert (e.output_scale, e.output_names) == ("probability", ("0", "1", "2"))
    assert e.target == str(X[3, :3].argmax())
    assert explained(Network(3).predict, output="auto").target == e.target
    assert explained(Network(3), output="prediction").output_scale == "prediction"
    assert explained(Network(1)).output_names == ("prediction",)


def test_statsmodels_results():
    api, formula = pytest.importorskip("statsmodels.api"), pytest.importorskip("statsmodels.formula.api")
    result = api.GLM((y == 0).astype(float), X, family=api.families.Binomial()).fit()
    assert np.allclose(explained(result).prediction, result.predict(X)[3])
    result = formula.ols("y ~ a + C(color)", MIXED.assign(y=y)).fit()
    data = MIXED[["a", "color"]]
    assert np.allclose(explained(result, data, data.iloc[3]).prediction, result.predict(data)[3])


def test_own_classifiers_that_answer_wrongly():
    with pytest.raises(ModelError, match="gave 2 output\\(s\\) for 3 name"):
        explained(Shaped(lambda p: np.column_stack([1 - p, p]), ("a", "b", "c")))
    with pytest.raises(ModelError, match="to answer probabilities and answered"):
        explained(Shaped(lambda p: 100 * p))


def test_every_error_is_one_of_ours():
    assert {error for _, _, error, _ in REFUSED} <= {e for e in vars(kb.errors).values() if isinstance(e, type) and issubclass(e, KabosuError)}
