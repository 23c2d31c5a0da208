"""Where units begin and end, and what stands in their place."""

import re

import numpy as np
import pytest

import kabosu as kb
from kabosu import kernels, testing
from kabosu.domains import Corpus, Token
from kabosu.domains.text import DrawnTextParts, Text, TextParts, apart
from kabosu.domains.text_fills import fill_of
from kabosu.domains.text_units import LIME, UNITS, units_of
from kabosu.errors import InputError

SAID = {
    "word": [
        ("Don't pay 3.14, AT&T <b>", ["Don't", "pay", "3.14", "AT", "T", "b"]),
        ("日本語です。", ["日", "本", "語", "で", "す"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
        ("カタカナ x_1", ["カタカナ", "x_1"]),
        ("naïve e\u0301te\u0301 हिन्दी", ["naïve", "e\u0301te\u0301", "हिन्दी"]),
        ("👍🏽👨‍👩‍👧 🇯🇵🇫🇷", ["👍🏽", "👨‍👩‍👧", "🇯🇵", "🇫🇷"]),
        ("half \ud83d pair", ["half", "pair"]),
        ("", []),
        (" .,;\n", []),
    ],
    "character": [("a é👍🏽\n日", ["a", "é", "👍🏽", "日"])],
    "phrase": [("One, two; (three) four.", ["One", "two", "three", "four"])],
    "sentence": [("It is 3.5 m. Is it?! 'Yes.' No\nlast 好。是", ["It is 3.5 m.", "Is it?!", "'Yes.'", "No", "last 好。", "是"])],
    "paragraph": [("a b\nc\n \n\nd\n", ["a b\nc", "d"])],
}


@pytest.mark.parametrize(("unit", "text", "said"), [(unit, *case) for unit, cases in SAID.items() for case in cases])
def test_units(unit, text, said):
    assert [text[a:b] for a, b in UNITS[unit](text)] == said


def test_own_units():
    text = "The price is 12 euro, the cost 7"
    of = lambda given: [text[a:b] for a, b in units_of(given)(text)]  # noqa: E731
    assert of(re.compile(r"\d+")) == ["12", "7"]
    assert of([(4, 9), (0, 3)]) == ["The", "price"]
    assert of(lambda t: [m.span() for m in re.finditer("e", t)]) == ["e"] * text.count("e")
    assert of(str.split) == text.split()
    assert of(["price", "12", "cost"]) == ["price", "12", "cost"]


def test_same_words_as_lime():
    from lime.lime_text import IndexedString

    for text in ("a b, a c", "- (b a", "It's a co-op; naïve?!  x", "don't"):
        peer, ours = IndexedString(text), Text(units=LIME).parts(text)
        assert list(ours.names) == [peer.word(i) for i in range(peer.num_words())]
        masks = np.random.default_rng(0).random((20, len(ours.names))) < 0.5
        assert ours.masked(masks) == [peer.inverse_removing(np.flatnonzero(~row)) for row in masks]


def test_together_and_apart():
    text = "the cat and the dog"
    spans = LIME(text)
    owner, names = apart(text, spans, "together")
    assert names == ("the", "cat", "and", "dog")
    assert owner.tolist() == [0, 1, 2, 0, 3]
    assert apart(text, spans, "apart")[1] == ("the #1", "cat", "and", "the #2", "dog")
    parts = Text(units=LIME).parts(text)
    assert parts.layout.spans[0] == ((0, 3), (12, 15))
    assert parts.masked(np.array([[False, True, True, True]])) == [" cat and  dog"]


@pytest.mark.parametrize("fill", [Token(), Token("[MASK]"), fill_of(lambda t, gone: ["?" if g else t for g in gone])])
def test_all_kept_is_the_text_itself(fill):
    text = "AT&T <b> 😀 a a \ud83d é"
    parts = Text(fill=fill).parts(text)
    assert isinstance(parts, TextParts)
    masks = np.ones((2, len(parts.names)), dtype=bool)
    masks[1, 0] = False
    made = parts.masked(masks)
    assert made[0] == text
    assert made[1] != text
    assert made == parts.masked(masks)


@pytest.mark.parametrize("token", ["", "[MASK]"])
@pytest.mark.parametrize(("pieces", "draws"), [(1, 20), (7, 20), (8, 300), (19, 7), (41, 20), (5000, 9)])
def test_texts_are_what_their_pieces_say(token, pieces, draws):
    rng = np.random.default_rng(pieces)
    units = [f"{'aé😀'[i % 3]}{i}" for i in range(pieces)]
    text = "<" + "".join(unit + ", ;"[i % 3] for i, unit in enumerate(units)) + ">"
    spans = [(m.start(), m.end()) for m in re.finditer(r"\w+|😀\d+", text)]
    kept = rng.random((draws, pieces)) < rng.random((draws, 1))
    made = Token(token)(text, spans, kept)
    for row, said in zip(kept.tolist(), made, strict=True):
        assert said == "<" + "".join((unit if there else token) + ", ;"[i % 3] for i, (unit, there) in enumerate(zip(units, row, strict=True))) + ">"


def test_words_of_a_corpus_come_with_their_frequency():
    parts = Text(fill=Corpus.of(["often often often seldom"]), occurrences="apart").parts("a b c d e f g h")
    assert isinstance(parts, DrawnTextParts)
    rng = np.random.default_rng(0)
    masks, chance = rng.random((4000, 8)) < 0.5, rng.random(4000)
    words = [w for t, row in zip(parts.mixed(masks, chance), masks, strict=True) for w, kept in zip(t.split(), row, strict=True) if not kept]
    assert abs(words.count("often") / len(words) - 0.75) < 0.02
    assert parts.mixed(masks[:1], chance[:1]) == parts.mixed(masks, chance)[:1]
    assert parts.mixed(masks[:50], chance[:50]) != parts.mixed(masks[:50], chance[50:100])
    assert parts.mixed(masks | True, chance) == parts.whole() * 4000
    assert Text(fill=Corpus.of(["x"])).parts("<a, b>").mixed(np.eye(2, dtype=bool), chance[:2]) == ["<a, x>", "<x, b>"]


def test_words_of_a_corpus_are_explained_in_the_mean():
    """f = [a is there] [b is there] + how many "x": drawn words are x at 3 of 4; enumerated here. The errors tell what the draws leave open."""
    f = lambda texts: [float("a" in t and "b" in t) + t.count("x") for t in texts]  # noqa: E731
    explainer = kb.TextExplainer(f, fill=Corpus.of(["x x x y"]))
    e = explainer.explain("a b")
    masks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    y, kept = masks.prod(axis=1) + 0.75 * (2 - masks.sum(axis=1)), masks.sum(axis=1)
    w = np.sqrt(np.exp(-0.5 * ((1 - np.sqrt(kept / 2)) / 0.25) ** 2) / 3 / np.array([1, 2, 2, 1]))
    wanted = np.linalg.lstsq(np.column_stack([np.ones(4), masks]) * w[:, None], y * w, rcond=None)[0][1:]
    assert e.engine == "sampled" and "changes from draw to draw" in e.refusals["masks"] and (e.std_error > 0).all()
    assert np.abs((e.coef[:, 0] - wanted) / e.std_error[:, 0]).max() < 4.5
    np.testing.assert_allclose(e.coef[:, 0], wanted, atol=0.1)
    testing.check_domain(Text(fill=Corpus.of(["x y"])), ["a b c", "one two"], kernels.Exponential(0.25, kernels.cosine))


def test_words_of_a_corpus_in_a_long_text():
    text = " ".join(f"w{i}" for i in range(3000))
    e = kb.TextExplainer(lambda texts: np.array([float("w7 " in t) for t in texts]), fill=Corpus.of(["x"]), budget=4096).explain(text)
    assert e.feature_names[e.order()[0]] == "w7" and e.n_model_calls <= 4096 and "coarse-parts" in {flag.code for flag in e.certificate.flags}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: units_of("words"), "use one of word"),
        (lambda: units_of(7), "expected one of"),
        (lambda: units_of(re.compile(b"a")), "bytes"),
        (lambda: units_of("token"), "tokenizer="),
        (lambda: units_of([(0, 2), (1, 3)])("abc"), "do not overlap"),
        (lambda: units_of([(0, 9)])("abc"), "3 characters"),
        (lambda: units_of([(1, 1)])("abc"), "not empty"),
        (lambda: units_of([1, 2])("abc"), "pairs"),
        (lambda: units_of(lambda t: ["##b"])("ab"), "not in the text"),
        (lambda: fill_of("blank"), "use one of delete"),
        (lambda: fill_of("mask"), "give tokenizer="),
        (lambda: fill_of(3), "expected one of"),
        (lambda: fill_of(Token), "expected one of"),
        (lambda: Corpus.of("one text"), "expected a list"),
        (lambda: Corpus.of([" ", ""]), "no words"),
        (lambda: Corpus.of([b"x"]), "list of strings"),
    ],
)
def test_wrong_units_and_fills(make, words):
    with pytest.raises(InputError, match=words):
        make()
