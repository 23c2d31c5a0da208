"""Every error and warning flag of kabosu, in one tree.

KabosuError (ValueError)
 +-- InputError        the background data, the instance or an option is not what was asked for
 |    +-- RowError     one row of a batch cannot be explained; the others can
 +-- ModelError        the model cannot be called, or answered something that cannot be explained
 |    +-- LabelsOnly   the model answers class labels, which have no slope
 +-- EngineError       no engine of the wanted kind applies, with each one's reason
 |    +-- ReadingError what an exact engine read of a model does not answer as the model does; the next engine is tried
 +-- RaggedError       stacked arrays were asked of explanations that share no features
 +-- CertificateError  ``strict=True`` and the certificate raised a flag
 +-- MissingExtra      an optional package is needed (also an ImportError)

A message says what was given, what was expected and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable


class KabosuError(ValueError):
    """Base of every error that kabosu raises on purpose."""


class InputError(KabosuError):
    """Data or an option is not what was expected."""

    @classmethod
    def choice(cls, name: str, given: object, allowed: Iterable[object]) -> InputError:
        """An option outside its list."""
        return cls(f"{name}={given!r} is not known; use one of {', '.join(map(repr, allowed))}")

    @classmethod
    def columns(cls, missing: list[object], unexpected: list[object]) -> InputError:
        """Columns of an instance that do not match the background."""
        parts = [f"lacks column(s) {missing}" if missing else "", f"has column(s) {unexpected} that the background data lacks" if unexpected else ""]
        return cls(f"the instance {' and '.join(p for p in parts if p)}; pass exactly the columns of the background data, in any order")


class RowError(InputError):
    """One row cannot be explained; ``on_error="record"`` keeps the others."""


class ModelError(KabosuError):
    """The model failed or answered something that cannot be explained."""


class LabelsOnly(ModelError):
    """The model answers labels."""

    @classmethod
    def of(cls, example: object) -> LabelsOnly:
        """Say how to get numbers out of a labels-only model."""
        plain = getattr(example, "item", lambda: example)()
        return cls(
            f"the model answers class labels (such as {plain!r}), which have no slope to explain; pass its predict_proba or decision_function "
            "(CalibratedClassifierCV gives any classifier probabilities), or ask for output='label' to explain the indicator of each label"
        )


class EngineError(KabosuError):
    """No engine of the wanted kind applies."""


class ReadingError(EngineError):
    """A model as it was read does not answer what the model answers."""


class RaggedError(KabosuError):
    """The explanations have different features and cannot be stacked."""


class CertificateError(KabosuError):
    """A flag was raised under ``strict=True``."""


class MissingExtra(KabosuError, ImportError):
    """An optional package is missing."""

    @classmethod
    def of(cls, package: str, extra: str) -> MissingExtra:
        """Name the install line."""
        return cls(f"this needs {package}; install it with: pip install 'kabosu[{extra}]'")
