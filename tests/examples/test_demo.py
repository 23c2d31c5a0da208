"""The demo on few rows: the page is whole, honest about what is missing, static, and safe."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module", autouse=True)
def _path():
    sys.path.insert(0, str(EXAMPLES))
    yield
    sys.path.remove(str(EXAMPLES))


@pytest.fixture(scope="module")
def out(tmp_path_factory, _path):
    import demo

    folder = tmp_path_factory.mktemp("out")
    demo.main(folder, rows=20)
    return folder


class _Page(HTMLParser):
    """Tags in order, and every address that the page refers to."""

    def __init__(self):
        super().__init__()
        self.tags, self.addresses = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("href", "src", "srcset")]


def _page(path):
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def test_page_is_static_and_every_address_is_there(out):
    page = _page(out / "index.html")
    assert "script" not in page.tags
    inside = [a.removeprefix("#") for a in page.addresses if a.startswith("#")]
    files = [a for a in page.addresses if not a.startswith("#")]
    assert len(files) >= 20
    assert all((out / a).is_file() and (out / a).stat().st_size > 500 for a in files)
    text = (out / "index.html").read_text(encoding="utf-8")
    assert all(f'id="{a}"' in text for a in inside)
    assert not re.search(r"https?://", text), "nothing is fetched from elsewhere"


def test_pictures_have_words_for_those_who_cannot_see_them(out):
    text = (out / "index.html").read_text(encoding="utf-8")
    assert text.count("<img ") == text.count("alt=")
    assert 'alt=""' not in text


def test_our_answer_is_the_articles_limit():
    """Against 2^17 draws of the article's scheme in numpy and scikit-learn: a z-score for each feature."""
    from demo_parts import answers
    from sklearn.datasets import make_moons
    from sklearn.ensemble import RandomForestClassifier

    X, y = make_moons(noise=0.05, random_state=0, n_samples=200)
    a = answers.answers(RandomForestClassifier(random_state=0).fit(X, y), X, lambda words: None)
    error = np.sqrt(a.ours.spread**2 / answers.SEEDS + (a.limit_half / 1.96) ** 2)
    assert (np.abs(a.ours.value.mean(axis=0) - a.limit) < 4 * error).all()
    assert a.ours.half.max() < 0.02 < a.article.half.min(), "the picture's point"
    assert a.frugal.calls <= a.article.calls


def test_missing_packages_are_said_not_hidden(monkeypatch, tmp_path):
    from demo_parts import census, page, sources

    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    monkeypatch.setattr(sources, "SHARED", tmp_path)
    housing = sources.housing()
    assert "diabetes" in housing.origin
    assert "ISLP" in housing.note
    assert "stands in" in housing.note
    skipped = census.section(tmp_path, 20, page.Progress())
    assert "shapiq" in skipped.note
    assert "skipped" in skipped.note
    assert not skipped.pictures


def test_second_choice_of_the_census_is_the_same_table(monkeypatch):
    from demo_parts import sources

    if not (sources.SHARED / "adult.csv.gz").exists():
        pytest.skip("shared/data is not beside this repository")
    first = sources.census()
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    second = sources.census()
    assert "stands in" in second.note
    assert list(second.rows) == list(first.rows)
    assert set(second.rows["class"]) == {"<=50K", ">50K"}
    assert second.rows["workclass"].isna().any()


def test_page_escapes_what_it_is_given(tmp_path):
    from demo_parts import page

    bad = '</script><script>alert(1)</script>"'
    made = page.Section(bad, bad, (bad,), facts=((bad, bad),), table=((bad,), (bad,)), code=bad, links=((bad, bad),), outro=(bad,), note=bad, said=bad)
    page.write(tmp_path / "p.html", [made], [(bad, bad)])
    assert "script" not in _page(tmp_path / "p.html").tags
