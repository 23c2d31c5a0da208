"""Every public name of lime is there with its parameters, in their order, with their defaults."""

import importlib
import inspect
import pickle

import lime.exceptions
import numpy as np
import pytest
from twins import model_of

from kabosu.lime.explanation import DomainMapper, Explanation, id_generator
from kabosu.lime.lime_tabular import LimeTabularExplainer
from kabosu.lime.results import PerLabel, PerLabelArray

MODULES = ("lime_base", "explanation", "discretize", "lime_tabular", "lime_text", "lime_image", "submodular_pick", "exceptions", "wrappers.scikit_image", "utils.generic_utils")
LATER = {"sampling_method", "figsize", "progress_bar"}  # in lime's repository, not in its wheel
OURS = {"bug_compatible", "runner"}


def public():
    """Module, class or function, method or None."""
    for name in MODULES:
        module = importlib.import_module(f"lime.{name}")
        for word, thing in vars(module).items():
            if getattr(thing, "__module__", None) != module.__name__:
                continue
            yield name, word, None
            if inspect.isclass(thing):
                yield from ((name, word, method) for method, value in vars(thing).items() if callable(getattr(thing, method)) and (not method.startswith("__") or method in ("__init__", "__call__")) and value is not type)


def taken(package, name, word, method):
    thing = getattr(importlib.import_module(f"{package}.{name}"), word)
    return thing if method is None else getattr(thing, method)


@pytest.mark.parametrize(("name", "word", "method"), list(public()), ids=str)
def test_parameters_and_defaults(name, word, method):
    if method is None and inspect.isclass(taken("lime", name, word, None)):
        assert inspect.isclass(taken("kabosu.lime", name, word, None))
        return
    if method is not None and "__get_idxs" in method:
        return  # inside lime's own class
    theirs, ours = (inspect.signature(taken(package, name, word, method)).parameters for package in ("lime", "kabosu.lime"))
    mine = {k: v for k, v in ours.items() if k not in LATER | OURS and v.kind is not inspect.Parameter.VAR_KEYWORD}
    others = {k: v for k, v in theirs.items() if v.kind is not inspect.Parameter.VAR_KEYWORD}
    assert list(mine) == list(others) or list(mine) == ["args", "kwargs"]
    for k, v in others.items():
        assert mine[k].default == v.default, k
    for k, v in ours.items():
        assert k not in OURS or v.kind is inspect.Parameter.KEYWORD_ONLY


def test_the_error_is_an_exception_of_its_own():
    from kabosu.lime.exceptions import LimeError

    assert LimeError.__mro__[1:] == lime.exceptions.LimeError.__mro__[1:]
    with pytest.raises(LimeError):
        Explanation(DomainMapper(), mode="clustering")


def test_random_names_are_limes():
    from lime.explanation import id_generator as theirs

    assert id_generator(20, np.random.RandomState(3)) == theirs(20, np.random.RandomState(3))


def test_attributes_of_an_empty_explanation():
    from lime.explanation import DomainMapper as Mapper
    from lime.explanation import Explanation as Theirs

    for options in ({}, {"mode": "regression"}, {"class_names": ["a", "b"]}):
        theirs, ours = vars(Theirs(Mapper(), **options)), vars(Explanation(DomainMapper(), **options))
        assert {k: ours[k] for k in theirs if k != "domain_mapper"} == {k: v for k, v in theirs.items() if k != "domain_mapper"}


def test_scores_are_numbers_and_by_label():
    """As in the wheel (of the last label) and as in the repository (by label)."""
    score = PerLabel({2: 0.25, 0: 0.75})
    assert score == 0.75
    assert f"{score:.2f}" == "0.75"
    assert score[2] == 0.25
    assert dict(score.items()) == {2: 0.25, 0: 0.75}
    assert 0 in score and 1 not in score and len(score) == 2 and list(score) == [2, 0]
    assert score.get(1) is None and list(score.values()) == [0.25, 0.75] and list(score.keys()) == [2, 0]
    assert np.mean([score, score]) == 0.75
    assert pickle.loads(pickle.dumps(score))[2] == 0.25
    local = PerLabelArray({2: np.array([0.1]), 0: np.array([0.9])})
    assert local.shape == (1,) and local[0] == 0.9 and float(local[2][0]) == 0.1 and (local * 2 == 1.8).all()
    assert np.asarray(local)[0] == 0.9 and local.get(5) is None and list(local.keys()) == [2, 0]
    assert pickle.loads(pickle.dumps(local))[2][0] == 0.1


def test_the_model_is_asked_once_with_all_rows():
    X, _, ask = model_of("iris")
    shapes = []
    LimeTabularExplainer(X, random_state=0).explain_instance(X[0], lambda rows: (shapes.append((rows.shape, rows.dtype)), ask(rows))[1])
    assert shapes == [((5000, 4), np.float64)]


def test_unknown_sampling_methods_warn_as_lime():
    X, _, ask = model_of("iris")
    with pytest.warns(UserWarning, match="gaussian"):
        LimeTabularExplainer(X, random_state=0).explain_instance(X[0], ask, sampling_method="sobol", num_samples=50)
    with pytest.raises(ValueError, match="discretizer"):
        LimeTabularExplainer(X, discretizer="octile")
    with pytest.raises(ValueError, match="labels"):
        LimeTabularExplainer(X, discretizer="entropy")
