"""The rules of the house, looked at in the source itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "src" / "kabosu").rglob("*.py"))
PYTHON = SOURCE + sorted(p for folder in ("tests", "benchmarks", "examples", "docs") for p in (ROOT / folder).rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in SOURCE}
OPTIONAL = {"catboost", "jinja2", "lightgbm", "lime", "matplotlib", "narwhals", "numba", "onnxruntime", "pandas", "PIL", "polars", "pyarrow", "shap", "skimage", "sklearn", "tokenizers", "torch", "transformers", "xgboost"}
HEAVY = {"scipy.stats", "scipy.optimize", "scipy.interpolate"}
NUMBA = ("engines",)  # compiled loops; imported only once a tree is explained
PEOPLES = {"Explainer", "TabularExplainer", "TextExplainer", "ImageExplainer", "SeriesExplainer", "PromptExplainer", "MixedExplainer"}
STAND_IN = {"Float"}  # types.py: what stands for jaxtyping where shapes are not checked


def name_of(path):
    return str(path.relative_to(ROOT))


def imports(nodes):
    """Names of the modules that these statements import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_import(tree):
    """Statements that run when the module is imported: not inside functions, not under TYPE_CHECKING."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test).startswith("TYPE_CHECKING"):
            waiting += node.orelse
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.ExceptHandler))]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()


def test_importing_is_cheap():
    """At most 0.2 CPU-seconds beyond numpy and scipy."""
    code = "import numpy, scipy, time; t = time.process_time(); import kabosu; print(time.process_time() - t)"
    assert median(float(run(code)) for _ in range(5)) <= 0.2


def test_what_reads_explanations_is_imported_when_asked_for():
    code = "import sys, kabosu; print('kabosu.plots' in sys.modules, kabosu.plots.bars.__name__, kabosu.pick.pick.__name__, kabosu.diagnostics.Flag.__name__)"
    assert run(code).split() == ["False", "bars", "pick", "Flag"]


def test_importing_pulls_in_nothing_optional():
    loaded = run("import sys, kabosu; print(*sys.modules)").split()
    assert not (OPTIONAL | HEAVY | {"scipy.stats"}) & set(loaded)


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_no_file_is_long(path):
    assert len(path.read_text().splitlines()) <= 400


def test_functions_are_short():
    lengths = [node.end_lineno - node.lineno + 1 for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert median(lengths) < 10


@pytest.mark.parametrize("path", [p for p in SOURCE if p.name == "__init__.py"], ids=name_of)
def test_exports_are_the_public_names_sorted(path):
    """What is imported only to build something here is no export."""
    tree = TREES[path]
    listed = [ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"]
    late = [m for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING" for m in n.body]  # imported when asked for
    imported = [a.asname or a.name for n in (*tree.body, *late) if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names]
    assigned = [ast.unparse(t) for n in tree.body if isinstance(n, (ast.Assign, ast.AnnAssign)) for t in (n.targets if isinstance(n, ast.Assign) else [n.target])]
    defined = [n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    public = {n for n in (*imported, *assigned, *defined) if not n.startswith("_") and n != "annotations"}
    listed = listed[0] if listed else []
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    assert set(listed) == public - (set(imported) & used - set(listed))
    assert listed == sorted(listed, key=as_ruff_sorts)


def as_ruff_sorts(name):
    """Constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_every_export_exists():
    import kabosu

    assert all(hasattr(kabosu, name) for name in kabosu.__all__)
    assert kabosu.__all__ == sorted(kabosu.__all__, key=as_ruff_sorts)


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_only_frames_knows_narwhals(path):
    assert path.name == "frames.py" or "narwhals" not in {m.split(".")[0] for m in imports(ast.walk(TREES[path]))}


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_optional_and_heavy_packages_wait_inside_functions(path):
    now = set(imports(at_import(TREES[path])))
    allowed = {"numba"} if path.parent.name in NUMBA else set()
    assert not {m for m in now if m.split(".")[0] in OPTIONAL - allowed or m in HEAVY}


@pytest.mark.parametrize("path", [p for p in SOURCE if "lime" not in p.parts], ids=name_of)
def test_classes_are_protocols_values_errors_or_explainers(path):
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ClassDef):
            bases = {ast.unparse(b).split("[")[0] for b in node.bases}
            frozen = any(ast.unparse(d).startswith("dataclass(") and "frozen=True" in ast.unparse(d) for d in node.decorator_list)
            error = any(b.endswith(("Error", "Exception", "Warning")) for b in bases)
            named = bases & {"NamedTuple"}
            assert frozen or error or named or "Protocol" in bases or node.name in PEOPLES | STAND_IN, node.name


@pytest.mark.parametrize("path", [p for p in SOURCE if "lime" not in p.parts], ids=name_of)
def test_nothing_inside_imports_the_shim(path):
    """kabosu.lime has lime's own classes, which change in use; nothing else is built on them."""
    assert not any(m == "kabosu.lime" or m.startswith("kabosu.lime.") for m in imports(ast.walk(TREES[path])))


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_no_global_random_state(path):
    text = path.read_text()
    assert not re.search(r"np\.random\.(?!default_rng|Generator|SeedSequence)\w+", text)
    assert "random" not in set(imports(ast.walk(TREES[path])))


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_errors_are_not_swallowed(path):
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert not all(isinstance(n, ast.Pass) for n in node.body), f"line {node.lineno}"


def test_configs_name_no_registry():
    files = [p for pattern in ("*.toml", "*.cfg", "*.ini", "*.txt", "*.yml", "*.yaml", "Makefile", ".ci/*", ".github/**/*") for p in ROOT.glob(pattern) if p.is_file()]
    assert files
    for path in files:
        assert not re.search(r"pypi\.org|pythonhosted|index-url|anaconda\.org|npmjs|crates\.io", path.read_text()), path
