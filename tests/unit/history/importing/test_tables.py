import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.history.importing import tables
from metallmix_kedro.history.importing.tables import TableFormat, read_table
from metallmix_kedro.history.importing.values import Fault
from metallmix_kedro.support.errors import InputError
from tests.unit.history.importing.tables import write_csv

PLAIN = TableFormat()


def read(path, columns=("a", "b"), **how):
    return read_table(path, columns, TableFormat(**how))


def written(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_cells_are_stripped_text_and_rows_numbered_as_in_a_spreadsheet(tmp_path):
    cells = read(written(tmp_path, 'a , b\n 1,"x, y "\n\n,,\nnan,2\n'), ("b", "a")).cells
    assert cells.index.tolist() == [2, 5]
    assert cells["b"].tolist() == ["x, y", "2"]
    assert cells["a"].isna().tolist() == [False, True]


@pytest.mark.parametrize("mark", tables.EMPTY)
def test_marks_of_emptiness(tmp_path, mark):
    assert read(written(tmp_path, f"a,b\n{mark},1\n")).cells["a"].isna().all()


def test_a_cell_over_several_lines_is_one_row(tmp_path):
    cells = read(written(tmp_path, 'a,b\n"one\ntwo",1\nx,2\n')).cells
    assert cells["b"].to_dict() == {2: "1", 3: "2"}


def test_rows_of_another_length_are_faults(tmp_path):
    table = read(written(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n"))
    assert table.cells["a"].tolist() == ["1", "7"]
    assert table.faults == [
        Fault(3, "", "has 1 cells where the header has 2"),
        Fault(4, "", "has 3 cells where the header has 2"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "how"),
    [
        ("t.csv", "\ufeffa,b\n1,ü\n".encode(), {}),
        ("t.csv", "a;b\n1;ü\n".encode("latin-1"), {"delimiter": ";", "encoding": "latin-1"}),
        ("t.tsv", "a\tb\r\n1\tü\r\n".encode(), {}),
        ("T.CSV", '"a","b"\n"1","ü"'.encode("utf-16"), {"encoding": "utf-16"}),
    ],
)
def test_other_ways_to_store_text(tmp_path, name, content, how):
    assert read(written(tmp_path, content, name), **how).cells["b"].tolist() == ["ü"]


def test_parquet_is_read_like_a_csv(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame(
        {
            "params.lr": [0.1, None],
            "n": pd.array([3, None], dtype="Int64"),
            "ok": [True, False],
            "time": pd.to_timedelta(["83s", None]),
            "params": ["unused", "unused"],
            "kind": pd.Categorical([" a", "NA"]),
        },
        index=pd.Index(["x", "y"], name="key"),
    )
    frame.to_parquet(path)
    wanted = ("params.lr", "n", "ok", "time", "kind", "key")
    cells = read(path, wanted).cells
    assert tuple(cells.columns) == wanted
    assert cells.loc[2].tolist() == ["0.1", "3.0", "True", "0 days 00:01:23", "a", "x"]
    assert cells.loc[3].isna().tolist() == [True, True, False, True, True, False]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "", "is empty"),
        ("t.csv", "\n \n,,\n", "is empty"),
        ("t.csv", "a,B\n1,2\n", r"no column 'b'; did you mean 'B'\?"),
        ("t.csv", "a,c\n1,2\n", "no column 'b'; it has 'a', 'c'"),
        ("t.csv", "a,b,b\n1,2,3\n", "more than one column 'b'"),
        ("t.csv", "a;b\n1;2\n", r"one column only, 'a;b', if ',' separates.*delimiter"),
        ("t.csv", 'a,b\n1,"2\n3,4\n', "no valid CSV after row 1"),
        ("t.csv", f"a,b\n1,{'x' * 200_000}\n", "field larger than"),
        ("t.csv", "a,b\n1,ü\n".encode("latin-1"), "encoding utf-8-sig.*latin-1"),
        ("t.csv", "a,b\n".encode("utf-16"), "encoding"),
        ("t.parquet", "a,b\n1,2\n", "no readable parquet"),
        ("t.parquet", "", "no readable parquet"),
        ("t.xlsx", "a,b\n1,2\n", r"must end in \.csv"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, content, message):
    path = written(tmp_path, content, name)
    with pytest.raises(InputError, match=message) as error:
        read(path)
    assert str(path) in str(error.value)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv cannot be read: No such file"):
        read(tmp_path / "gone.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match=r"folder\.csv cannot be read"):
        read(tmp_path / "folder.csv")


def test_an_encoding_that_is_none_for_text(tmp_path):
    with pytest.raises(InputError, match=r"hex.*encoding"):
        read(written(tmp_path, "a,b\n"), encoding="hex")


def test_nested_parquet_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": [[1, 2]], "b": [1]}).to_parquet(path)
    with pytest.raises(InputError, match="column 'a' holds lists"):
        read(path)


def test_too_many_bytes(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "t.csv")
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="10 at most"):
        read_table(path, ["net"], PLAIN)


@given(
    st.one_of(st.binary(max_size=300), st.text('ab,;"\n\r\t 1\0é', max_size=80)),
    st.sampled_from(["csv", "tsv", "parquet"]),
)
def test_any_file_is_a_table_or_an_input_error(tmp_path_factory, content, kind):
    path = written(tmp_path_factory.getbasetemp(), content, f"any.{kind}")
    try:
        table = read(path)
    except InputError:
        return
    assert list(table.cells.columns) == ["a", "b"]
