"""Hugging Face: text-classification pipelines, and modules with their tokenizer. Batches, truncation, softmax and names of classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kabosu import checks
from kabosu.errors import InputError
from kabosu.respond import Model, as_array
from kabosu.responders.torch import evaluating
from kabosu.types import Array, Batch

ROWS = 32  # texts in one batch of a module
PIPELINES = ("TextClassificationPipeline",)


@dataclass(frozen=True)
class AskPipeline:
    """A text-classification pipeline: all scores, in the order of the classes."""

    pipeline: Any
    labels: tuple[str, ...]
    options: tuple[tuple[str, Any], ...]

    def __call__(self, texts: Batch) -> Array:
        """(texts, classes)."""
        rows = self.pipeline(list(texts), **dict(self.options))
        return np.array([[found[label] for label in self.labels] for found in ({d["label"]: d["score"] for d in row} for row in rows)])


@dataclass(frozen=True)
class AskTexts:
    """A module asked with the tokens of texts, the long ones together so that little is padding; softmax on top where wanted.

    length : most tokens of one text; longer texts are cut, as the model itself would.
    """

    module: Any
    tokenizer: Any
    length: int | None
    batch: int = ROWS
    squash: str = ""

    def __call__(self, texts: Batch) -> Array:
        """(texts, outputs)."""
        import torch

        texts = list(texts)
        order = np.argsort([len(t) for t in texts], kind="stable")
        device = next((t.device for t in self.module.parameters()), torch.device("cpu"))
        with evaluating(self.module), torch.no_grad():
            parts = [as_array(self._logits(self.module(**self._tokens([texts[i] for i in order[a : a + self.batch]], device)))) for a in range(0, len(texts), self.batch)]
        out = np.empty((len(texts), *parts[0].shape[1:]))
        out[order] = np.concatenate(parts)
        return _squashed(out, self.squash)

    def _tokens(self, texts: list[str], device: Any) -> dict[str, Any]:
        made = self.tokenizer(texts, padding=True, truncation=self.length is not None, max_length=self.length, return_tensors="pt")
        return {name: tensor.to(device) for name, tensor in made.items()}

    @staticmethod
    def _logits(answer: Any) -> Any:
        return getattr(answer, "logits", answer)


def _squashed(Y: Array, how: str) -> Array:
    from scipy.special import expit, softmax

    return softmax(Y, axis=1) if how == "softmax" else expit(Y) if how == "sigmoid" else Y


def _names(module: Any) -> tuple[str, ...]:
    """Classes by number, as the configuration calls them."""
    names = module.config.id2label
    return tuple(str(names[i]) for i in sorted(names))


def _kind(module: Any) -> str:
    """"regression", "several" (labels that do not exclude each other) or "classes"."""
    problem = getattr(module.config, "problem_type", None)
    if problem == "multi_label_classification":
        return "several"
    return "regression" if problem == "regression" or len(module.config.id2label) == 1 else "classes"


def read(model: Any, output: str, background: Batch | None = None) -> Model:
    """A pipeline as it is; a module needs its tokenizer."""
    if type(model).__name__ in PIPELINES:
        return _pipeline(model, output)
    if not callable(getattr(model, "save_pretrained", None)) or not callable(getattr(model, "forward", None)):
        raise InputError(f"a {type(model).__name__} of transformers is not read; pass a text-classification pipeline, a sequence-classification module with tokenizer=, or a function of a list of texts")
    raise InputError(f"a {type(model).__name__} needs its tokenizer to be asked about texts: give tokenizer=, or pass a pipeline of both")


def _pipeline(pipeline: Any, output: str) -> Model:
    """Probabilities with the softmax or sigmoid that the configuration asks for; margins without; texts cut to what the module takes."""
    kind, names = _kind(pipeline.model), _names(pipeline.model)
    how, scale = _scale(type(pipeline).__name__, kind, output)
    length = _length(pipeline.model, pipeline.tokenizer)
    cut = (("truncation", True), ("max_length", length)) if length else ()
    options = (("top_k", None), ("function_to_apply", how or "none"), ("batch_size", pipeline._batch_size or ROWS), *cut)
    return Model(AskPipeline(pipeline, names, options), scale, ("prediction",) if kind == "regression" and len(names) == 1 else names, pipeline)


def _scale(name: str, kind: str, output: str) -> tuple[str, str]:
    """What is put on top of the logits, and what the answers are then."""
    if output in ("label", "score") or (output == "probability" and kind == "regression") or (output == "prediction" and kind != "regression"):
        raise InputError(f"output={output!r} is not what this {name} answers; use {'prediction' if kind == 'regression' else 'probability or margin'}, or auto")
    if kind == "regression":
        return "", "prediction"
    if output == "margin":
        return "", "margin"
    return ("softmax", "probability") if kind == "classes" else ("sigmoid", "score")


def _length(module: Any, tokenizer: Any) -> int | None:
    """Most tokens that the module and its tokenizer take; None where neither says."""
    said = [getattr(module.config, "max_position_embeddings", None), getattr(tokenizer, "model_max_length", None)]
    known = [int(n) for n in said if n is not None and 0 < n < 1_000_000]
    return min(known) - (2 if getattr(module.config, "model_type", "") in OFFSET else 0) if known else None


OFFSET = ("camembert", "roberta", "xlm-roberta")  # their positions begin at 2, so that two of the embeddings are not for tokens


def module_of_texts(module: Any, tokenizer: Any, output: str, batch_size: int | None = None, names: Sequence[str] | None = None) -> Model:
    """A torch module that eats the tokens of texts, as a model of texts."""
    if not callable(tokenizer):
        raise InputError(f"tokenizer={tokenizer!r:.60}; expected a Hugging Face tokenizer, which makes tokens of a list of texts")
    batch = ROWS if batch_size is None else checks.whole("batch_size", batch_size, 1, "a number of texts asked at once")
    if getattr(getattr(module, "config", None), "id2label", None) is None:
        length = getattr(tokenizer, "model_max_length", None)
        ask = AskTexts(module, tokenizer, int(length) if length and length < 1_000_000 else None, batch)
        return Model(replace(ask, squash="softmax") if output == "probability" else ask, output, None, module)
    how, scale = _scale(type(module).__name__, _kind(module), output)
    ask = AskTexts(module, tokenizer, _length(module, tokenizer), batch, how)
    single = len(_names(module)) == 1
    return Model(ask, scale, None if single else _names(module), module)
