"""Pages: static, small, escaped, readable in light and dark, the same every time."""

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import CHROMIUM, Page, contrast, read

import kabosu as kb
from kabosu.report.html import fragment, fragment_of_many, page, page_of_many

TAGS = {"html", "head", "meta", "title", "style", "body", "main", "div", "h2", "h3", "p", "b", "small", "span", "bdi", "table", "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td", "svg", "rect", "path", "dl", "dt", "dd", "ul", "li", "details", "summary"}


def views(e, es):
    return {"page": page(e), "fragment": fragment(e), "page_of_many": page_of_many(es), "fragment_of_many": fragment_of_many(es)}


def test_hostile_names_show_as_that_text(hostile):
    e, es = hostile
    for name, text in views(e, es).items():
        found = read(text)
        assert set(found.tags) <= TAGS, name
        assert not [a for _, a in found.attributes if a.startswith("on") or a in ("id", "href", "src", "srcset", "action")], name
        shown = " ".join(found.text.split())
        wanted = [*e.columns, *e.output_names] if name in ("page", "fragment") else []
        wanted += ["cat<b>"]
        for part in wanted:
            assert " ".join(part.split()) in shown, (name, part)


def test_hostile_classes_are_in_the_title_of_the_window_too(hostile):
    e = hostile[0]
    assert read(page(e)).title == f"{e.target} explained"


def test_hostile_errors_and_flags_are_text():
    X = np.random.default_rng(0).normal(size=(50, 2))
    frame = pd.DataFrame(X, columns=["<script>x</script>", "b"])
    explainer = kb.TabularExplainer(lambda d: d.to_numpy() @ [1.0, 2.0], frame, engine="sampled")
    far = frame.iloc[[0]] * 0 + 1e3
    e = explainer.explain(far)
    assert "outside-training-range" in {f.code for f in e.certificate.flags}
    for flag in e.certificate.flags:
        assert f"{flag.code}: {flag.message}{flag.way_out}" in read(page(e)).text
    assert any("<script>x</script>" in flag.message for flag in e.certificate.flags)
    bad = frame.iloc[:2].copy()
    bad.iloc[1, 0] = np.inf
    es = explainer.explain_many(bad, on_error="record")
    found = read(page_of_many(es))
    assert "could not be explained" in found.text and "'<script>x</script>'" in found.text
    assert set(found.tags) <= TAGS


def test_control_characters_and_direction_overrides_are_spelled_out():
    names = ["a\x00b\x1b[31m", "\u202eevil", "lone \ud800 half"]
    records = [dict(zip(names, row, strict=False)) for row in np.random.default_rng(0).normal(size=(50, 3)).tolist()]
    e = kb.TabularExplainer(lambda d: np.array([sum(row.values()) for row in d]), records, engine="sampled").explain(records[0])
    text = page(e)
    text.encode("utf-8")
    for spelled in (r"a\x00b\x1b[31m", r"\u202eevil", r"lone \ud800 half"):
        assert spelled in read(text).text
        assert spelled in str(e)
        assert spelled in e.describe()


def test_ten_features_take_at_most_20_kilobytes():
    names = [f"a feature with a name of some length {j:03d}" for j in range(10)]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 10)), columns=names)
    def ask(d):
        return np.stack([np.exp(-d.to_numpy().sum(axis=1)), np.ones(len(d))], axis=1)
    def share(d):
        return ask(d) / ask(d).sum(axis=1, keepdims=True)
    e = kb.TabularExplainer(share, frame, engine="sampled").explain(frame.iloc[0])
    assert len(page(e).encode()) <= 20_000
    assert len(fragment(e).encode()) <= 20_000


def test_no_script_and_a_policy_that_forbids_one(e, es):
    for text in views(e, es).values():
        assert "<script" not in text.lower() and "javascript:" not in text.lower()
    for text in (page(e), page_of_many(es)):
        policy = read(text).metas["Content-Security-Policy"]
        assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        assert not re.search(r"url\(|@import|http-equiv=.refresh", text)


def test_the_same_explanation_gives_the_same_page_and_fragments_do_not_collide(e, es):
    assert page(e) == page(e) and page_of_many(es) == page_of_many(es)
    both = read(fragment(e) + fragment_of_many(es) + fragment(e))
    assert "id" not in [a for _, a in both.attributes] and "for" not in [a for _, a in both.attributes]
    assert both.unclosed == []
    rules = re.findall(r"([^{}]+)\{", read(fragment(e)).style.replace("@media print{", ""))
    assert rules and all(part.strip().startswith(".kabosu") for rule in rules for part in rule.split(","))


def test_every_tag_is_closed(e, es, hostile):
    for text in [*views(e, es).values(), *views(*hostile).values()]:
        assert read(text).unclosed == []


def test_the_numbers_of_the_explanation_are_on_the_page(e):
    text = read(page(e)).text
    t = e.target_index
    for number in (f"{e.prediction[t]:.3g}", f"{e.local_prediction[t]:.3g}", f"{e.n_model_calls:,}", f"{e.certificate.radius:.2g}", e.engine, e.recipe):
        assert number in text
    assert f"{e.certificate.fidelity[t]:.2g}" in text
    for name in e.output_names:
        assert name in text


def test_refused_engines_are_named_with_their_reasons(e):
    from dataclasses import replace

    text = read(page(replace(e, refusals={"tree": "the model is <not> a tree"}))).text
    assert "not tree" in text and "the model is <not> a tree" in text


def test_bars_are_proportional_and_on_the_side_of_their_sign(e):
    found = read(page(e))
    order = [j for j in e.order() if e.coef[j, e.target_index] != 0][:10]
    value = e.coef_scaled[order, e.target_index]
    bars = [a for tag, a in found.elements if tag == "rect" and a["class"] in ("p", "n")][: len(order)]
    assert [b["class"] for b in bars] == ["p" if v > 0 else "n" for v in value]
    widths = np.array([float(b["width"]) for b in bars])
    np.testing.assert_allclose(widths / widths[0], np.abs(value) / abs(value[0]), atol=0.01)
    zeros = {a["d"].split()[0] for tag, a in found.elements if tag == "path" and a["class"] == "z"}
    (zero,) = {float(z[1:]) for z in zeros}
    for b, v in zip(bars, value, strict=True):
        edge = float(b["x"]) + (0 if v > 0 else float(b["width"]))
        assert edge == pytest.approx(zero, abs=0.02)
    signs = re.findall("[+\N{MINUS SIGN}](?=[0-9.]+ *± )", " ".join(found.text.split()))
    assert signs[: len(order)] == ["+" if v > 0 else "\N{MINUS SIGN}" for v in value]


def test_tables_have_heads_captions_and_scopes(e, es):
    for text in views(e, es).values():
        found = read(text)
        assert found.tags.count("caption") == found.tags.count("table") > 0
        heads = [a for tag, a in found.elements if tag == "th"]
        assert all(a.get("scope") in ("row", "col") for a in heads)
        assert all(a.get("aria-hidden") == "true" for tag, a in found.elements if tag == "svg")  # the number stands beside it


def test_text_and_bars_can_be_read_in_light_and_dark(e):
    css = read(page(e)).style
    light, dark = (re.search(pattern, css)[1] for pattern in (r"body\{margin:0;([^}]+)\}", r"prefers-color-scheme:dark\)\{body\{([^}]+)\}"))
    for block in (light, dark):
        ink, ground = re.search(r"[^-]color:(#\w{6})", f";{block}")[1], re.search(r"background:(#\w{6})", block)[1]
        assert contrast(ink, ground) >= 7
        for name in ("--kb-p", "--kb-n", "--kb-o"):
            assert contrast(re.search(rf"{name}:(#\w{{6}})", block)[1], ground) >= 4.5
    assert not re.search(r"opacity", css)


def test_a_fragment_takes_the_ink_of_the_notebook_and_its_bars_stand_out_on_both_grounds(e):
    found = read(fragment(e))
    colors = set(re.findall(r"(?<![\w-])color:([^;}]+)", re.sub(r"\.kabosu \.i b{[^}]*}", "", found.style)))  # numbers on a picture stand on a white of their own
    assert colors == {"inherit"}
    for color in set(re.findall(r"var\(--kb-\w,(#\w{6})\)", found.style)) | {a["fill"] for tag, a in found.elements if tag == "rect"}:
        for ground in ("#ffffff", "#111111", "#1e1e1e"):
            assert contrast(color, ground) >= 3


def test_many_features_are_folded_but_there():
    X = np.random.default_rng(0).normal(size=(120, 130))
    e = kb.TabularExplainer(lambda X: X @ np.linspace(-1, 1, 130), X, engine="sampled").explain(X[0])
    found = read(page(e))
    assert "other (120), the largest 90 of them" in " ".join(found.text.split())
    assert found.tags.count("details") == 1


def test_templates_are_in_the_package_and_nothing_else_makes_markup():
    root = files("kabosu")
    assert {p.name for p in (root / "report" / "templates").iterdir()} >= {"page.html", "fragment.html", "many.html", "macros.html", "style.css", "page.css"}
    for path in Path(str(root)).rglob("*"):
        if path.suffix == ".py":
            source = path.read_text(encoding="utf-8")
            assert "Markup(" not in source, path
            assert not re.search(r"""f["'][^"'\n]*</?[a-z][a-z0-9]*[ >]""", source), path
            assert "autoescape=False" not in source, path
        if "templates" in path.parts and path.is_file():
            source = path.read_text(encoding="utf-8")
            assert not re.search(r"\|\s*safe|autoescape\s+false|<script|\bid=", source), path


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_in_a_real_browser_hostile_names_are_text_and_narrow_pages_do_not_scroll(hostile, tmp_path):
    frames = {"page": page(hostile[0]), "many": page_of_many(hostile[1])}
    seen = Page.in_chromium(frames, tmp_path, width=320)
    for name, (width, _title, scripts, _text) in seen.items():
        assert width <= 320, name
        assert scripts == 0, name
    assert hostile[0].target in seen["page"][1]
    for column in hostile[0].columns:
        assert " ".join(column.split()) in " ".join(seen["page"][3].split())
