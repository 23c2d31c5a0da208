"""The model is handed the user's own kind of table: for the instance, its very cells; for the draws, cells like the background's."""

import numpy as np
import pandas as pd
import pytest
from every_table import ARROW, ARROW_BACKED, DICTS, MIXED, PANDAS, POLARS, A, Keeps, N, cells_of, holes_of, kind_of

import kabosu as kb
from kabosu.errors import InputError

WHOLE = {"pandas": PANDAS, "pandas on arrow": ARROW_BACKED, "polars": POLARS, "arrow": ARROW, "dicts": DICTS, "objects": MIXED}
COLUMNS = [("pandas", c) for c in PANDAS] + [("pandas on arrow", c) for c in ARROW_BACKED] + [("polars", c) for c in POLARS.columns] + [("arrow", c) for c in ARROW.column_names]
SPREAD = np.abs(A) * 20
ARRAYS = {d: SPREAD.astype(d) for d in ("f8", "f4", "f2", "i8", "i4", "u1", "i1", "U5", "O")} | {"bool": A > 0, "nan": np.where(A > 1, np.nan, A), "fortran": np.asfortranarray(A)}
ROW = 3


def one_column(kind, column):
    table = WHOLE[kind]
    return table[[column]] if isinstance(table, pd.DataFrame) else table.select([column])


def handed(data, x, many=False, **options):
    """What the model got, and the explanation."""
    model = Keeps()
    explainer = kb.TabularExplainer(model, data, budget=130, **options)
    return model.got, explainer.explain_many(x) if many else explainer.explain(x)


def check_like(data, got, x):
    assert [kind_of(rows) for rows in got] == [kind_of(data)] * len(got)
    assert cells_of(got[0]) == cells_of(x)
    for name, kinds in holes_of(data).items():
        assert all(holes_of(rows)[name] <= kinds for rows in got), name
    for name, cells in cells_of(data).items():
        drawn = [v for rows in got[1:] for v in cells_of(rows)[name]]
        assert {type(v) for v in drawn} <= {type(v) for v in cells} | {float}, name
        if None in drawn:
            assert None in cells, name
        if isinstance(next(v for v in cells if v is not None), (str, bool)):
            assert set(drawn) <= set(cells), name


@pytest.mark.parametrize(("kind", "column"), COLUMNS, ids=[f"{k}-{c}" for k, c in COLUMNS])
def test_one_column(kind, column):
    data = one_column(kind, column)
    for i in (ROW, 0):
        x = data[i : i + 1]
        got, e = handed(data, x)
        check_like(data, got, x)
        assert [f.code for f in e.certificate.flags if f.code in ("unseen-level", "outside-training-range")] == []


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_tables(kind):
    data = WHOLE[kind]
    got, _ = handed(data, data[ROW : ROW + 1])
    check_like(data, got, data[ROW : ROW + 1])
    got, es = handed(data, data[:9], many=True)
    check_like(data, got, data[:9])
    assert len(es) == 9


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name):
    data = ARRAYS[name]
    got, _ = handed(data, data[ROW])
    check_like(data, got, data[ROW : ROW + 1])


def test_arrays_that_cannot_be_written(tmp_path):
    frozen = A.copy()
    frozen.flags.writeable = False
    on_disk = np.memmap(tmp_path / "table", "f8", "w+", shape=A.shape)
    on_disk[:] = A
    on_disk.flush()
    for data in (frozen, np.memmap(tmp_path / "table", "f8", "r", shape=A.shape)):
        got, e = handed(data, data[ROW])
        assert cells_of(got[0]) == cells_of(A[ROW : ROW + 1])
        assert all(rows.flags.writeable for rows in got)
    assert np.array_equal(on_disk, A)


@pytest.mark.parametrize("data", [A.tolist(), [tuple(row) for row in A], list(A), MIXED.tolist()], ids=["lists", "tuples", "arrays", "mixed"])
def test_lists_of_rows_are_arrays(data):
    got, _ = handed(data, data[ROW])
    assert isinstance(got[0], np.ndarray)
    assert got[0][0].tolist() == list(data[ROW])


@pytest.mark.parametrize("columns", [list(range(4)), [10, 3, 7, 1], ["a", 2, "c", 4]], ids=["range", "numbers", "mixed"])
def test_frames_with_numbered_columns(columns):
    data = pd.DataFrame(A, columns=columns)
    got, e = handed(data, data.iloc[ROW])
    check_like(data, got, data[ROW : ROW + 1])
    assert e.columns == tuple(map(str, columns))


def test_an_index_of_ones_own_and_a_view():
    frame = pd.DataFrame(np.repeat(A, 2, axis=0), columns=list("abcd"), index=[f"row {i}" for i in range(2 * N)])[::2]
    got, e = handed(frame, frame.loc["row 6"])
    assert cells_of(got[0]) == cells_of(frame.iloc[[3]])
    frame.index = pd.MultiIndex.from_product([range(N // 10), range(10)])
    assert np.array_equal(handed(frame, frame.iloc[3])[1].coef, e.coef)


FORMS = {
    "row": lambda: PANDAS.iloc[ROW],
    "frame": lambda: PANDAS.iloc[[ROW]],
    "other order": lambda: PANDAS.iloc[[ROW], ::-1],
    "shuffled row": lambda: PANDAS.iloc[ROW].sample(frac=1, random_state=0),
    "dict": lambda: PANDAS.iloc[ROW].to_dict(),
    "dicts": lambda: PANDAS.iloc[[ROW]].to_dict("records"),
    "list": lambda: PANDAS.iloc[ROW].tolist(),
    "tuple": lambda: tuple(PANDAS.iloc[ROW]),
    "objects": lambda: PANDAS.iloc[ROW].to_numpy(dtype=object),
    "objects 2-D": lambda: PANDAS.iloc[[ROW]].to_numpy(dtype=object),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_instance_in_every_form(form):
    want = PANDAS.iloc[[ROW]]
    got, e = handed(PANDAS, FORMS[form]())
    assert kind_of(got[0]) == kind_of(want)
    assert cells_of(got[0]) == cells_of(want)
    assert np.array_equal(e.coef, handed(PANDAS, want)[1].coef)


@pytest.mark.parametrize("data", [POLARS, ARROW, DICTS], ids=["polars", "arrow", "dicts"])
def test_an_instance_of_another_library(data):
    one = data[ROW : ROW + 1]
    row = one.to_pylist()[0] if data is ARROW else one.row(0, named=True) if data is POLARS else one[0]
    forms = [row, dict(reversed(row.items())), list(row.values()), tuple(row.values()), pd.Series(row, dtype=object)]
    forms += [one.row(0)] if data is POLARS else []
    for x in forms:
        got, _ = handed(data, x)
        assert cells_of(got[0]) == cells_of(one)


@pytest.mark.parametrize("x", [A[ROW], A[ROW].tolist(), tuple(A[ROW]), A[[ROW]], pd.Series(A[ROW]), pd.DataFrame(A[[ROW]]), pd.DataFrame(A[[ROW]], columns=list("wxyz")), [A[ROW].tolist()]], ids=type)
def test_instances_for_arrays_go_by_position(x):
    got, _ = handed(A, x)
    assert np.array_equal(got[0], A[[ROW]])


def test_several_rows_in_every_form():
    rows = [PANDAS.iloc[i] for i in range(3)]
    for x in (rows, tuple(rows), [row.to_dict() for row in rows], [row.tolist() for row in rows], PANDAS.iloc[:3].to_numpy(dtype=object)):
        got, es = handed(PANDAS, x, many=True)
        assert len(es) == 3
        assert cells_of(got[0]) == cells_of(PANDAS[:3])


def test_floats_of_whole_numbers_are_integers():
    """A Series of a row with floats has made floats of the integers."""
    data = pd.DataFrame({"i": np.arange(N) % 9, "u": (np.arange(N) % 200).astype("u1"), "f": A[:, 0]})
    got, _ = handed(data, data.iloc[ROW])
    assert cells_of(got[0]) == cells_of(data[ROW : ROW + 1])
    for rows in got:
        assert rows.u.between(0, 255).all()
        assert [str(t) for t in rows.dtypes] == ["int64", "uint8", "float64"]


def test_small_integers_neither_under_nor_overflow():
    data = np.array([[0, 255], [1, 254], [0, 255], [2, 253]] * 10, dtype="u1")
    got, _ = handed(data, data[0], kernel_width=20.0)
    drawn = np.concatenate(got[1:])
    assert drawn.dtype == np.uint8
    assert drawn[:, 0].max() < 30
    assert drawn[:, 1].min() > 225
    assert len(np.unique(drawn[:, 0])) > 2


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_a_missing_or_unexpected_column(kind):
    data = WHOLE[kind]
    one = data[ROW : ROW + 1]
    names = list(cells_of(one))
    less = one[names[1:]] if kind == "pandas" else one.select(names[1:])
    with pytest.raises(InputError, match=r"lacks column\(s\) \['float'\]"):
        handed(data, less)
    with pytest.raises(InputError, match=r"has column\(s\) \['extra'\]"):
        handed(data, {**{k: v[0] for k, v in cells_of(one).items()}, "extra": 1})
    with pytest.raises(InputError, match="3 values"):
        handed(data, [1, 2, 3])
