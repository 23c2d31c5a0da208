"""Files: by extension, complete or not at all, the same bytes every time. And shap's own drawing of our numbers."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

import kabosu as kb
from kabosu.report import save as saving

BEGINS = {".html": b"<!DOCTYPE html>", ".json": b"{", ".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".parquet": b"PAR1"}


@pytest.mark.parametrize("kind", saving.EXTENSIONS)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_every_extension(kind, many, e, es, tmp_path):
    obj = es if many else e
    path = tmp_path / f"out{kind}"
    assert obj.save(str(path)) == path
    content = path.read_bytes()
    assert content.startswith(BEGINS.get(kind, b"row," if many else b"output,"))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    obj.save(path)
    assert path.read_bytes() == content
    if kind in (".csv", ".parquet"):
        back = pd.read_csv(path, keep_default_na=False, na_values=[""]) if kind == ".csv" else pd.read_parquet(path)
        np.testing.assert_array_equal(back["coef"].to_numpy(), obj.to_frame()["coef"].to_numpy())
    if kind == ".json":
        assert type(obj).from_json(path.read_text()).to_json() == obj.to_json()


def test_upper_case_extensions(e, tmp_path):
    assert e.save(tmp_path / "OUT.JSON").read_bytes().startswith(b"{")


@pytest.mark.parametrize("name", ["x.txt", "x", "x.jpeg", "x.html.bak", ".html"])
def test_other_extensions_are_refused_with_the_list(e, tmp_path, name):
    with pytest.raises(kb.InputError, match=r"use one of \.html, \.json, \.png, \.svg, \.pdf, \.csv, \.parquet"):
        e.save(tmp_path / name)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_letters_that_the_font_lacks_are_told_once_and_the_picture_is_there(tmp_path, kind):
    frame = pd.DataFrame(np.eye(9, 3), columns=["\U0001f680 first", "\U0001f680\u7279 second", "third"])
    e = kb.TabularExplainer(lambda d: d.to_numpy().sum(axis=1), frame).explain(frame.iloc[0])
    with pytest.warns(UserWarning) as said:  # noqa: PT030  all of them are looked at
        path = e.save(tmp_path / f"e.{kind}")
    (told,) = said
    assert str(told.message).startswith("the font of the picture lacks \U0001f680\u7279, boxes stand in their place")
    assert path.stat().st_size > 1000


def test_a_missing_folder_is_named(e, tmp_path):
    with pytest.raises(kb.InputError, match="folder .* does not exist"):
        e.save(tmp_path / "no" / "x.html")


def test_what_fails_leaves_the_old_file_and_nothing_else(e, tmp_path, monkeypatch):
    path = tmp_path / "x.html"
    path.write_text("old")

    def full(self, *args, **kwargs):
        type(path).write_bytes(self, b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_text", full)
    with pytest.raises(OSError, match="No space"):
        e.save(path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.html"]


def test_pictures_leave_no_state_of_pyplot(e, es, tmp_path):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    plt.close("all")
    before = dict(mpl.rcParams)
    for obj in (e, es):
        obj.save(tmp_path / "x.png")
    assert plt.get_fignums() == [] and dict(mpl.rcParams) == before


def test_without_matplotlib_pages_work_and_pictures_say_what_to_install(e, tmp_path, monkeypatch):
    for name in [n for n in sys.modules if n.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    e.save(tmp_path / "x.html")
    with pytest.raises(kb.MissingExtra, match=r"pip install 'kabosu\[plot\]'"):
        e.save(tmp_path / "x.png")
    with pytest.raises(kb.MissingExtra, match=r"pip install 'kabosu\[plot\]'"):
        e.plot()


def test_without_shap_the_install_line(e, monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(kb.MissingExtra, match="pip install shap"):
        e.to_shap()


def test_the_json_file_is_text_that_every_tool_reads(hostile, tmp_path):
    d = json.loads(hostile[0].save(tmp_path / "x.json").read_bytes().decode("ascii"))
    assert d["output_names"] == list(hostile[0].output_names)


@pytest.mark.filterwarnings("ignore")
def test_shap_draws_our_contributions(e):
    shap = pytest.importorskip("shap")
    import matplotlib.pyplot as plt

    s = e.to_shap()
    assert isinstance(s, shap.Explanation)
    assert s.values.shape == (len(e), 2)
    one = s[:, e.target]
    t = e.target_index
    np.testing.assert_array_equal(one.values, e.contributions[:, t])
    assert one.base_values + one.values.sum() == pytest.approx(e.local_prediction[t])
    shap.plots.waterfall(one, show=False)
    texts = [t.get_text() for t in plt.gcf().axes[0].get_yticklabels()]
    plt.close("all")
    assert any("color" in text and str(e.values[e.columns.index("color")]) in text for text in texts)
    shap.plots.bar(one, show=False)
    plt.close("all")
    single = e["yes"].to_shap()
    assert single.values.shape == (len(e),)
    shap.plots.waterfall(single, show=False)
    plt.close("all")
