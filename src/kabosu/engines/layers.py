"""Models of one layer: f(x) = base + h(x weight + bias) mix. Linear models, logistic regression, GLMs, one hidden layer.

Readers are found by type name; each says what it cannot read and, where there is one, which output it can.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from kabosu import frames
from kabosu.engines.binding import Refusal, Source
from kabosu.engines.pullback import sources_of
from kabosu.types import Array, Float


@dataclass(frozen=True)
class Interaction:
    """x[left]' table x[right] of some model columns, for each output."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    table: Float[Array, "I J k"]

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n k"]:
        """The pair's part of the answer."""
        return np.einsum("ni,ijk,nj->nk", X[:, self.left], self.table, X[:, self.right])


@dataclass(frozen=True)
class Layer:
    """f(x) = base + h(x weight + bias) mix, of d model columns, H indices and k outputs.

    link : h, by its name in ``LINKS``.  pairs : added to an identity link.
    """

    weight: Float[Array, "d H"]
    bias: Float[Array, "H"]
    mix: Float[Array, "H k"]
    base: Float[Array, "k"]
    link: str = "identity"
    pairs: tuple[Interaction, ...] = ()

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n k"]:
        """The model's answers."""
        return self.base + LINKS[self.link](sum((pair(X) for pair in self.pairs), X @ self.weight + self.bias)) @ self.mix

    def after(self, matrix: Float[Array, "e d"], shift: Float[Array, "d"]) -> "Layer":
        """The layer of columns x from which its own come as x matrix + shift."""
        return replace(self, weight=matrix @ self.weight, bias=self.bias + shift @ self.weight)


def _logistic(s: Array) -> Array:
    from scipy.special import expit

    return expit(s)


LINKS: Mapping[str, Callable[[Array], Array]] = MappingProxyType({"identity": lambda s: s, "logistic": _logistic, "exp": np.exp, "relu": lambda s: np.maximum(s, 0.0)})


def linear(weight: Array, bias: Array) -> Layer:
    """Outputs that are the indices themselves; ``weight`` is (k, d) or (d,), as scikit-learn has it."""
    weight = np.atleast_2d(np.asarray(weight.todense() if hasattr(weight, "todense") else weight, dtype=np.float64)).T
    k = weight.shape[1]
    return Layer(weight, np.broadcast_to(np.asarray(bias, dtype=np.float64), k), np.eye(k), np.zeros(k))


def binary(layer: Layer) -> Layer:
    """Probabilities of both classes, from that of the second."""
    return replace(layer, mix=np.concatenate([-layer.mix, layer.mix], axis=1), base=np.concatenate([1 - layer.base, layer.base]))


def predicts(model: Any, method: str) -> Layer:
    """Linear regression of any kind."""
    _only(model, method, "predict")
    return linear(model.coef_, model.intercept_)


def pls(model: Any, method: str) -> Layer:
    """Partial least squares centers its columns first."""
    _only(model, method, "predict")
    return linear(model.coef_, model.intercept_ - model._x_mean @ model.coef_.T)


def ransac(model: Any, method: str) -> Layer:
    """The estimator of the inliers."""
    return read(model.estimator_, method)


def margins(model: Any, method: str) -> Layer:
    """Classes by linear margins."""
    _only(model, method, "decision_function")
    return linear(model.coef_, model.intercept_)


def logistic(model: Any, method: str) -> Layer:
    """Margins; of two classes also their probabilities."""
    if method != "predict_proba":
        return margins(model, method)
    if len(model.classes_) > 2:
        raise Refusal(f"the probabilities of {len(model.classes_)} classes share a denominator, so that no one number decides them: output='margin' is exact")
    return binary(replace(linear(model.coef_, model.intercept_), link="logistic"))


def descent(model: Any, method: str) -> Layer:
    """SGDClassifier: its probabilities depend on its loss."""
    if method != "predict_proba" or model.loss == "log_loss" or len(model.classes_) > 2:
        return logistic(model, method)
    plain = linear(model.coef_, model.intercept_)  # modified_huber: the margin from -1 to 1 as 0 to 1
    hinges = Layer(np.repeat(plain.weight, 2, axis=1), plain.bias + np.array([1.0, -1.0]), np.array([[0.5], [-0.5]]), np.zeros(1), "relu")
    return binary(hinges)


def vectors(model: Any, method: str) -> Layer:
    """Support vector machines with a linear kernel."""
    if model.kernel != "linear":
        raise Refusal(f"kernel={model.kernel!r} is not linear in the columns")
    if method == "predict_proba":
        raise Refusal("a support vector machine's probabilities are fitted on top of its margin: output='margin' is exact")
    if method == "decision_function" and len(getattr(model, "classes_", ())) > 2 and model.decision_function_shape == "ovr":
        raise Refusal("one-vs-rest margins of an SVC count votes of its pairs: decision_function_shape='ovo' is linear")
    return linear(model.coef_, model.intercept_)


def kernel_ridge(model: Any, method: str) -> Layer:
    """Kernel ridge regression with a linear kernel."""
    if model.kernel != "linear":
        raise Refusal(f"kernel={model.kernel!r} is not linear in the columns")
    return linear((model.X_fit_.T @ model.dual_coef_).T, 0.0)


def generalized(model: Any, method: str) -> Layer:
    """Generalized linear models, by their inverse link."""
    _only(model, method, "predict")
    links = {"LogLink": "exp", "IdentityLink": "identity", "HalfLogitLink": None}
    name = type(model._base_loss.link).__name__
    if links.get(name) is None:
        raise Refusal(f"{type(model).__name__} has the link {name}, which is not read")
    return replace(linear(model.coef_, model.intercept_), link=links[name])


def perceptron(model: Any, method: str) -> Layer:
    """A regression network of at most one hidden layer."""
    _only(model, method, "predict")
    layer = _network(model)
    if model.out_activation_ == "exp" and layer.link == "identity":
        return replace(layer, link="exp")
    if model.out_activation_ != "identity":
        raise Refusal(f"the network's last activation is {model.out_activation_!r}, which mixes its hidden units")
    return layer


def classifying_perceptron(model: Any, method: str) -> Layer:
    """A network that classifies, where it has no hidden layer that bends."""
    layer = _network(model)
    if layer.link != "identity" or model.out_activation_ != "logistic" or model.n_outputs_ > 1:
        raise Refusal("a network's probability is no sum over its hidden units, and it offers no margin")
    return binary(replace(layer, link="logistic"))


def _network(model: Any) -> Layer:
    weights, biases = list(model.coefs_), [np.asarray(b, dtype=np.float64) for b in model.intercepts_]
    if model.activation == "identity":
        while len(weights) > 1:
            second, b2 = weights.pop(), biases.pop()
            weights[-1], biases[-1] = weights[-1] @ second, biases[-1] @ second + b2
    if len(weights) == 1:
        return linear(weights[0].T, biases[0])
    if len(weights) > 2:
        raise Refusal(f"a network of {len(weights) - 1} hidden layers is no sum of functions of one number")
    (W, V), (b, c) = (w.astype(np.float64) for w in weights), biases
    if model.activation == "tanh":  # tanh(s) = 2 logistic(2 s) - 1
        return Layer(2 * W, 2 * b, 2 * V, c - V.sum(axis=0), "logistic")
    return Layer(W, b, V, c, model.activation)


def calibrated(model: Any, method: str) -> Layer:
    """Platt scaling of linear margins, averaged over its folds."""
    if method != "predict_proba" or model.method != "sigmoid" or len(model.classes_) > 2:
        raise Refusal(f"CalibratedClassifierCV is read for two classes and method='sigmoid'; this one has {len(model.classes_)} and {model.method!r}")
    folds = [(read(c.estimator, "decision_function"), c.calibrators[0]) for c in model.calibrated_classifiers_]
    if any(layer.link != "identity" for layer, _ in folds):
        raise Refusal("CalibratedClassifierCV is read on top of linear margins")
    weight = np.concatenate([-c.a_ * layer.weight for layer, c in folds], axis=1)
    bias = np.concatenate([-c.a_ * layer.bias - c.b_ for layer, c in folds])
    return binary(Layer(weight, bias, np.full((len(folds), 1), 1 / len(folds)), np.zeros(1), "logistic"))


def transformed(model: Any, method: str) -> Layer:
    """Regression of a transformed target, the last step of a pipeline."""
    return back_transformed(model, read(model.regressor_, method))


def back_transformed(model: Any, layer: Layer) -> Layer:
    """The target's inverse transformation on top of a linear layer."""
    inverse = model.transformer_
    if layer.link != "identity":
        raise Refusal("a transformed target is read on top of a linear model")
    if type(inverse).__name__ == "StandardScaler":
        scale = np.ones(1) if inverse.scale_ is None else inverse.scale_
        return replace(layer, mix=layer.mix * scale, base=layer.base * scale + (0.0 if inverse.mean_ is None else inverse.mean_))
    if getattr(inverse, "inverse_func", None) is np.exp:
        return replace(layer, link="exp")
    if getattr(inverse, "inverse_func", None) is np.expm1:
        return replace(layer, link="exp", base=layer.base - 1.0)
    raise Refusal("a target's inverse transformation is read for np.exp, np.expm1 and StandardScaler")


def _only(model: Any, method: str, known: str) -> None:
    if method != known:
        raise Refusal(f"{type(model).__name__} is read by its {known}, not by its {method}")


REGRESSORS = (
    "ARDRegression", "BayesianRidge", "ElasticNet", "ElasticNetCV", "HuberRegressor", "Lars", "LarsCV", "Lasso", "LassoCV", "LassoLars", "LassoLarsCV",
    "LassoLarsIC", "LinearRegression", "LinearSVR", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV",
    "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV", "PassiveAggressiveRegressor", "QuantileRegressor", "Ridge", "RidgeCV", "SGDRegressor", "TheilSenRegressor",
)  # fmt: skip

READERS: Mapping[tuple[str, str], Callable[[Any, str], Layer]] = MappingProxyType(
    {("sklearn", name): predicts for name in REGRESSORS}
    | {("sklearn", name): margins for name in ("LinearSVC", "PassiveAggressiveClassifier", "Perceptron", "RidgeClassifier", "RidgeClassifierCV")}
    | {("sklearn", name): logistic for name in ("LinearDiscriminantAnalysis", "LogisticRegression", "LogisticRegressionCV")}
    | {("sklearn", name): vectors for name in ("NuSVC", "NuSVR", "SVC", "SVR")}
    | {("sklearn", name): generalized for name in ("GammaRegressor", "PoissonRegressor", "TweedieRegressor")}
    | {
        ("sklearn", "CalibratedClassifierCV"): calibrated,
        ("sklearn", "KernelRidge"): kernel_ridge,
        ("sklearn", "MLPClassifier"): classifying_perceptron,
        ("sklearn", "MLPRegressor"): perceptron,
        ("sklearn", "PLSRegression"): pls,
        ("sklearn", "RANSACRegressor"): ransac,
        ("sklearn", "SGDClassifier"): descent,
        ("sklearn", "TransformedTargetRegressor"): transformed,
    }
)
"""(package, class) of a model or of one of its bases -> reader of (model, method)."""


def layer_of(model: Any, method: str, columns: Sequence[frames.Column]) -> tuple[Layer, tuple[Source, ...]]:
    """The layer of an estimator or pipeline, and where its columns come from."""
    if type(model).__name__ == "TransformedTargetRegressor":
        layer, sources = layer_of(model.regressor_, method, columns)
        return back_transformed(model, layer), sources
    from kabosu.engines import explainable

    final, mixing, sources = _mixing(model, columns)
    if explainable.is_explainable(final) and not mixing:
        return explainable.read(final, method, sources)
    layer = read(final, method)
    for step in reversed(mixing):
        matrix = step.components_.T / np.sqrt(step.explained_variance_) if getattr(step, "whiten", False) is True and hasattr(step, "explained_variance_") else step.components_.T
        mean = getattr(step, "mean_", None)
        layer = layer.after(matrix, np.zeros(matrix.shape[1]) if mean is None else -mean @ matrix)
    return layer, sources


def _mixing(model: Any, columns: Sequence[frames.Column]) -> tuple[Any, list[Any], tuple[Source, ...]]:
    """The final estimator, the steps before it that mix columns, and the columns that these get."""
    if type(model).__name__ != "Pipeline":
        return model, [], sources_of(model, columns)[1]
    steps = list(model.steps)
    count = next((n for n, (_, step) in enumerate(reversed(steps[:-1])) if type(step).__name__ not in MIXING), len(steps) - 1)
    kept = len(steps) - 1 - count
    _, sources = sources_of(type(model)([*steps[:kept], steps[-1]]), columns)
    return steps[-1][1], [step for _, step in steps[kept:-1]], sources


MIXING = ("FastICA", "IncrementalPCA", "PCA", "TruncatedSVD")
"""Steps that are linear in all their columns."""


def read(model: Any, method: str) -> Layer:
    """The layer that answers a method of a fitted model; refused with the reason.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> fitted = LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])
    >>> read(fitted, "predict").weight.round(12)
    array([[2.]])

    """
    from kabosu.engines.readers import kinds, own_answer

    key = next((k for k in kinds(model) if k in READERS), None)
    if key is None:
        raise Refusal(f"{type(model).__name__} is not a kind of linear model that can be read")
    own = own_answer(model, key[0])
    if own is not None:
        raise Refusal(own)
    if method == "predict" and hasattr(model, "classes_"):
        raise Refusal("class labels are steps of the margin: output='margin' is exact")
    return READERS[key](model, method)
