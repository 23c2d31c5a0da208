"""python -m kabosu.lime migrate: imports are rewritten, nothing else, and nothing without --write."""

import json
import subprocess
import sys

import pytest

from kabosu.lime.migrate import main, rewritten

CASES = [
    ("import lime\n", "import kabosu.lime\n"),
    ("import lime.lime_tabular\n", "import kabosu.lime.lime_tabular\n"),
    ("import numpy, lime.lime_text as lt, os\n", "import numpy, kabosu.lime.lime_text as lt, os\n"),
    ("from lime import lime_tabular, lime_text\n", "from kabosu.lime import lime_tabular, lime_text\n"),
    ("from  lime.lime_image import (\n    LimeImageExplainer,\n)\n", "from kabosu.lime.lime_image import (\n    LimeImageExplainer,\n)\n"),
    ("import lime\nimport lime.lime_text\ne = lime.lime_text.LimeTextExplainer()\n", "import kabosu.lime\nimport kabosu.lime.lime_text\ne = kabosu.lime.lime_text.LimeTextExplainer()\n"),
    ("x = 1; import lime.lime_base; y = 'é'; import lime\n", "x = 1; import kabosu.lime.lime_base; y = 'é'; import kabosu.lime\n"),
    ("é = 1; from lime.exceptions import LimeError\n", "é = 1; from kabosu.lime.exceptions import LimeError\n"),
    ("if True:\n    from lime.lime_text import *\r\n", "if True:\n    from kabosu.lime.lime_text import *\r\n"),
    ("try:\n  import lime.discretize as d\nexcept ImportError:\n  d = None\n", "try:\n  import kabosu.lime.discretize as d\nexcept ImportError:\n  d = None\n"),
    ("%matplotlib inline\n!pip install lime\nimport lime.lime_text\n", "%matplotlib inline\n!pip install lime\nimport kabosu.lime.lime_text\n"),
]
SAME = [
    "# import lime\ns = 'from lime import x'\n",
    '"""\nimport lime\n"""\n',
    "import limelight\nfrom lime_stability import x\nfrom .lime import y\n",
    "lime = 3\nprint(lime)\nfrom citrus import lime\n",
    "import kabosu.lime.lime_text\n",
    "",
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_imports(before, after):
    assert rewritten(before) == after
    assert rewritten(after) == after


@pytest.mark.parametrize("text", SAME)
def test_what_is_no_import_stays(text):
    assert rewritten(text) == text


def notebook(*cells, indent=1):
    parts = [{"cell_type": kind, "metadata": {}, "source": source, **({"outputs": [], "execution_count": None} if kind == "code" else {})} for kind, source in cells]
    return json.dumps({"cells": parts, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=indent, ensure_ascii=False) + "\n"


def test_scripts_and_notebooks(tmp_path, capsys):
    script, book = tmp_path / "a.py", tmp_path / "b.ipynb"
    script.write_bytes(b"import lime.lime_text\r\nprint('lime')\r\n")
    book.write_text(notebook(("markdown", ["import lime\n"]), ("code", ["%matplotlib inline\n", "import lime.lime_tabular  # é\n", "x = 1"]), ("code", "from lime.lime_text import LimeTextExplainer"), ("code", ["%%bash\n", "import lime\n"])), encoding="utf-8")
    before = script.read_bytes(), book.read_bytes()
    assert main(["migrate", str(script), str(book)]) == 0
    shown = capsys.readouterr().out
    assert "-import lime.lime_text" in shown and "+import kabosu.lime.lime_text" in shown
    assert (script.read_bytes(), book.read_bytes()) == before
    assert main(["migrate", str(script), str(book), "--write"]) == 0
    assert script.read_bytes() == b"import kabosu.lime.lime_text\r\nprint('lime')\r\n"
    cells = [cell["source"] for cell in json.loads(book.read_text(encoding="utf-8"))["cells"]]
    assert cells == [["import lime\n"], ["%matplotlib inline\n", "import kabosu.lime.lime_tabular  # é\n", "x = 1"], "from kabosu.lime.lime_text import LimeTextExplainer", ["%%bash\n", "import lime\n"]]
    capsys.readouterr()
    assert main(["migrate", str(script), str(book)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("indent", [1, 2, 4, None, 3])
def test_cells_share_their_names(tmp_path, indent):
    """What one cell imports, another uses; text and outputs that look like code stay."""
    cells = ("markdown", ["import lime\n"]), ("code", ["import lime\n", "import lime.lime_tabular\n"]), ("code", ["e = lime.lime_tabular.LimeTabularExplainer(X)\n", "lime?"])
    book = tmp_path / "b.ipynb"
    book.write_text(notebook(*cells, indent=indent), encoding="utf-8")
    assert main(["migrate", str(book), "--write"]) == 0
    after = ("markdown", ["import lime\n"]), ("code", ["import kabosu.lime\n", "import kabosu.lime.lime_tabular\n"]), ("code", ["e = kabosu.lime.lime_tabular.LimeTabularExplainer(X)\n", "lime?"])
    assert book.read_text(encoding="utf-8") == notebook(*after, indent=1 if indent == 3 else indent)


def test_files_that_cannot_be_read(tmp_path, capsys):
    bad, good = tmp_path / "bad.py", tmp_path / "good.py"
    bad.write_text("import lime (\n")
    good.write_text("import lime\n")
    assert main(["migrate", str(bad), str(tmp_path / "none.py"), str(good), "--write"]) == 1
    assert good.read_text() == "import kabosu.lime\n"
    assert bad.read_text() == "import lime (\n"
    assert "bad.py" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["migrate"], ["walk", "a.py"], ["migrate", "a.py", "--force"]])
def test_wrong_use(arguments, capsys):
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err


def test_the_command(tmp_path):
    (tmp_path / "a.py").write_text("import lime\n")
    done = subprocess.run([sys.executable, "-m", "kabosu.lime", "migrate", str(tmp_path / "a.py")], capture_output=True, text=True)
    assert done.returncode == 0
    assert "+import kabosu.lime" in done.stdout
