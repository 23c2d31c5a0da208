"""Surrogates: the interpretable models, their feature selection and their error bars."""

from kabosu.surrogates.additive import Additive
from kabosu.surrogates.estimators import Estimator, Tree
from kabosu.surrogates.ridge import Ridge
from kabosu.surrogates.select import Select

__all__ = ["Additive", "Estimator", "Ridge", "Select", "Tree"]
