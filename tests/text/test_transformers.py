"""Hugging Face models of texts: pipelines, modules with their tokenizer, tokens as units; a small network that has learned spam."""

import numpy as np
import pytest

pytest.importorskip("transformers", reason="transformers is not installed")
torch = pytest.importorskip("torch", reason="torch is not installed")

from pathlib import Path  # noqa: E402

from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast, pipeline  # noqa: E402

import kabosu as kb  # noqa: E402
from kabosu.respond import as_model  # noqa: E402
from kabosu.responders.transformers import module_of_texts  # noqa: E402

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "text"
pytestmark = [pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here"), pytest.mark.filterwarnings("ignore")]
TEXT = "free prize call now to claim, see you at home"


@pytest.fixture(scope="module")
def tokenizer():
    words = [line.rstrip("\n") for line in (DATA / "bert_uncased_vocab.txt").open(encoding="utf-8")]
    return BertTokenizerFast(vocab={w: i for i, w in enumerate(words)}, model_max_length=64)


@pytest.fixture(scope="module")
def module(tokenizer):
    rows = [line.rstrip("\n").split("\t") for line in (DATA / "sms_spam.tsv").open(encoding="utf-8")]
    spam, ham = ([t for label, t in rows if label == wanted] for wanted in ("spam", "ham"))
    torch.manual_seed(0)
    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, max_position_embeddings=64, id2label={0: "ham", 1: "spam"}, label2id={"ham": 0, "spam": 1})
    net = BertForSequenceClassification(config)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for step in range(40):
        texts = spam[16 * step % 700 :][:16] + ham[16 * step :][:16]
        batch = tokenizer(texts, padding=True, truncation=True, max_length=64, return_tensors="pt")
        loss = net(**batch, labels=torch.tensor([1] * 16 + [0] * 16)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.train()


def by_hand(module, tokenizer, texts):
    module.eval()
    with torch.no_grad():
        out = torch.stack([module(**tokenizer(t, return_tensors="pt", truncation=True, max_length=64)).logits[0] for t in texts])
    module.train()
    return out.double().numpy()


def test_a_module_with_its_tokenizer(module, tokenizer):
    e = kb.TextExplainer(module, tokenizer=tokenizer, budget=1200).explain(TEXT)
    assert e.output_names == ("ham", "spam")
    assert e.output_scale == "probability"
    logits = by_hand(module, tokenizer, [TEXT])[0]
    np.testing.assert_allclose(e.prediction, np.exp(logits) / np.exp(logits).sum(), atol=1e-5)
    spam = e["spam"]
    assert {"free", "prize", "claim", "call"} & {spam.feature_names[j] for j in spam.order()[:3]}
    assert module.training


def test_margins_are_logits_and_long_texts_are_cut(module, tokenizer):
    model = module_of_texts(module, tokenizer, "margin", batch_size=3)
    texts = [TEXT, "", "a", "word " * 500, TEXT.upper(), "\U0001f600 日本", "x"]
    np.testing.assert_allclose(model(texts, len(texts)), by_hand(module, tokenizer, texts), atol=2e-5)


def test_a_pipeline_answers_what_its_module_does(module, tokenizer):
    asked = pipeline("text-classification", model=module.eval(), tokenizer=tokenizer)
    texts = [TEXT, "see you", "word " * 500]
    np.testing.assert_allclose(as_model(asked)(texts, 3), module_of_texts(module, tokenizer, "probability")(texts, 3), atol=1e-5)
    np.testing.assert_allclose(as_model(asked, "margin")(texts, 3), by_hand(module, tokenizer, texts), atol=1e-4)
    e = kb.TextExplainer(asked, budget=1200).explain(TEXT)
    assert e.output_names == ("ham", "spam")
    module.train()


def test_several_labels_and_regression(module, tokenizer):
    for problem, labels, scale in (("multi_label_classification", {0: "a", 1: "b", 2: "c"}, "score"), ("regression", {0: "LABEL_0"}, "prediction")):
        torch.manual_seed(1)
        net = BertForSequenceClassification(BertConfig(vocab_size=30522, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, problem_type=problem, id2label=labels))
        e = kb.TextExplainer(net, tokenizer=tokenizer, budget=200).explain("one two three")
        assert e.output_scale == scale
        assert len(e.output_names) == len(labels)
        piped = as_model(pipeline("text-classification", model=net.eval(), tokenizer=tokenizer))(["one two three"], 1)
        np.testing.assert_allclose(piped[0], e.prediction, atol=1e-5)


def test_tokens_are_units_and_the_mask_is_the_tokenizers(module, tokenizer):
    explainer = kb.TextExplainer(module, tokenizer=tokenizer, units="token", fill="mask", budget=600)
    parts = explainer.domain.parts("unbelievable prize")
    assert parts.names == tuple(t.removeprefix("##") for t in tokenizer.tokenize("unbelievable prize"))
    masks = np.ones((1, len(parts.names)), dtype=bool)
    masks[0, -1] = False
    assert parts.masked(masks) == ["unbelievable [MASK]"]
    assert kb.TextExplainer(module, tokenizer=tokenizer, fill="pad").domain.fill.token == "[PAD]"
    assert kb.TextExplainer(module, tokenizer=tokenizer, units=tokenizer).domain.parts("prize").names == ("prize",)


def test_an_infilling_model_fills_in(tokenizer):
    from transformers import BertForMaskedLM

    torch.manual_seed(0)
    filler = BertForMaskedLM(BertConfig(vocab_size=30522, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)).eval()

    def infill(text, gone):
        masked = []
        for spans in gone:
            out = text
            for a, b in sorted(spans, reverse=True):
                out = f"{out[:a]}[MASK]{out[b:]}"
            masked.append(out)
        batch = tokenizer(masked, padding=True, return_tensors="pt")
        with torch.no_grad():
            best = filler(**batch).logits.argmax(-1)
        ids = torch.where(batch["input_ids"] == tokenizer.mask_token_id, best, batch["input_ids"])
        return tokenizer.batch_decode(ids, skip_special_tokens=True)

    e = kb.TextExplainer(lambda texts: [float("good" in t) for t in texts], fill=infill).explain("a good film")
    assert e.engine == "masks"
    np.testing.assert_allclose(e["prediction"].coef[:, 0], [0, 1, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "tokenizer="),
        ({"tokenizer": "bert"}, "Hugging Face tokenizer"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"output": "score"}, "use one of"),
        ({"output": "prediction"}, "not what this"),
    ],
)
def test_wrong_options_say_what_to_do(module, tokenizer, options, words):
    with pytest.raises(kb.InputError, match=words):
        kb.TextExplainer(module, **({"tokenizer": tokenizer} if options else {}) | options)
