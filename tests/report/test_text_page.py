"""Pages of texts: the text as it is, its units colored by effect, nothing in it acts."""

import re

import browsing
import numpy as np
import pytest

import kabosu as kb

HOST = """Dear <script>alert(1)</script> & AT&T <b>bold</b>, this film was good, really good: not bad at all.
<img src=x onerror=alert(1)> {{7*7}}{% raw %} مرحبا 日本語 😀 \ud83d half "' onmouseover="alert(1)
]]><!-- --></style></title><svg onload=alert(1)> and an awful ending \x1b[31m \u202e evil."""
WEIGHT = {"good": 2.0, "bad": -1.5, "awful": -2.0, "مرحبا": 1.0, "日": -0.7}


@pytest.fixture(scope="module")
def e():
    def ask(texts):
        p = 1 / (1 + np.exp(-np.array([sum(v for w, v in WEIGHT.items() if w in t) for t in texts])))
        return np.column_stack([1 - p, p])

    return kb.TextExplainer(ask, budget=1025).explain(HOST)["1"]


def escaped(text):
    return text.encode("unicode_escape" if text in "\x1b\u202e\ud83d" else "utf-8", "surrogatepass").decode()


def test_the_text_is_there_as_it_is(e):
    page = browsing.read(e.to_html())
    assert "".join(escaped(c) for c in HOST) in page.text
    assert not page.unclosed
    assert not {"script", "img", "b"} & set(page.tags) - {"b"}
    assert not [name for _, name in page.attributes if name.startswith("on")]


def test_units_are_marked_by_sign_and_size(e):
    marks = {}
    for style, title, word in re.findall(r'<mark class="\w+" style="([^"]+)" title="([^"]+)">([^<]+)</mark>', e.to_html()):
        marks.setdefault(word, []).append((style, title))
    assert len(marks["good"]) == 2
    assert all("42,127,196" in style and "solid" in style and title.startswith("raises by 0.3") for style, title in marks["good"])
    assert all("200,102,14" in style and "dotted" in style and title.startswith("lowers by") for word in ("bad", "awful") for style, title in marks[word])
    opacity = lambda word: float(re.search(r",([\d.]+)\)", marks[word][0][0]).group(1))  # noqa: E731
    assert 0.5 == opacity("awful") > opacity("good") > opacity("日") > 0
    assert "film" not in marks


@pytest.mark.parametrize(("ground", "ink"), [("#ffffff", "#1f2328"), ("#14181d", "#e6edf3")])
def test_ink_keeps_its_contrast_on_the_strongest_color(ground, ink):
    for color in ((42, 127, 196), (200, 102, 14)):
        mixed = "#" + "".join(f"{round(0.5 * c + 0.5 * int(ground[i : i + 2], 16)):02x}" for c, i in zip(color, (1, 3, 5), strict=True))
        assert browsing.contrast(mixed, ink) > 4.5


@pytest.mark.skipif(browsing.CHROMIUM is None, reason="no Chromium on this machine")
def test_in_a_browser_nothing_runs_and_nothing_is_wider_than_a_phone(e, tmp_path):
    width, _, active, text = browsing.Page.in_chromium({"page": e.to_html()}, tmp_path, 320)["page"]
    assert width <= 320
    assert active == 0
    assert "AT&T <b>bold</b>" in text


def test_json_keeps_the_layout(e):
    again = kb.Explanation.from_json(e.to_json())
    assert again.layout == e.layout
    assert again.to_html() == e.to_html()
    spans = again.layout.spans[e.feature_names.index("good")]
    assert [HOST[a:b] for a, b in spans] == ["good", "good"]


@pytest.mark.parametrize("wrong", [{"spans": [[[0, 10_000]]]}, {"spans": 3}, {"text": 3}, {"kind": "smell"}, {"spans": [[[0]]]}, {"spans": [["ab"]]}])
def test_a_changed_layout_is_refused(e, wrong):
    from kabosu.report.schema import from_dict

    d = e.to_dict()
    if "spans" in wrong and isinstance(wrong["spans"], list):
        wrong = {"spans": wrong["spans"] * len(e)}
    with pytest.raises(kb.InputError):
        from_dict(d | {"layout": d["layout"] | wrong})
