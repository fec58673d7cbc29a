from pathlib import Path

import pytest
from pydantic import ValidationError

from metallmix_kedro.images.layout.labelling import label_files
from metallmix_kedro.images.parameters import LabelsCsv
from metallmix_kedro.images.reasons import Reason
from metallmix_kedro.support.errors import InputError
from tests.unit.images.layout.test_labelling import classes_of, touch
from tests.unit.images.samples import entry

CSV = {"file": "labels.csv", "path_column": "image", "label_column": "label"}


def with_csv(root: Path, text: str) -> Path:
    touch(root, "1.jpg", "sub/2.jpg", "sub/3.jpg")
    (root / "labels.csv").write_text(text)
    return root


def test_csv_gives_the_classes(tmp_path: Path):
    with_csv(
        tmp_path, "id,image,label\n7,1.jpg,cat\n8,sub/2.jpg, dog\n9,gone.jpg,cat\n5,sub/3.jpg,\n"
    )
    files = {file.path: file for file in label_files(tmp_path, entry(labels_csv=CSV)).files}
    assert (files["1.jpg"].class_name, files["sub/2.jpg"].class_name) == ("cat", "dog")
    assert files["gone.jpg"].problem is Reason.NOT_FOUND
    assert files["sub/3.jpg"].problem is Reason.NO_LABEL


def test_csv_paths_are_looked_up_in_its_folders(tmp_path: Path):
    with_csv(tmp_path, "image,label\n1.jpg,cat\n2.jpg,dog\n")
    table = {**CSV, "folders": (".", "sub")}
    assert classes_of(tmp_path, labels_csv=table) == {"1.jpg": "cat", "sub/2.jpg": "dog"}


@pytest.mark.parametrize("path", ["../out.jpg", "/etc/passwd", "sub/../../out.jpg"])
def test_csv_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str):
    touch(tmp_path, "out.jpg")
    root = with_csv(tmp_path / "set", f"image,label\n1.jpg,cat\n{path},dog\n")
    with pytest.raises(InputError, match="leaves the dataset's folder"):
        label_files(root, entry(labels_csv=CSV))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("picture,label\n1.jpg,cat\n", "no column 'image'; it has picture, label"),
        ("", "cannot be read"),
        ('image,label\n"1.jpg,cat\n', "cannot be read"),
        ("image,label\n,cat\n", "line without a path"),
        ("image,label\n1\0.jpg,cat\n", "no path|cannot be read"),
    ],
)
def test_csv_that_cannot_be_used(tmp_path: Path, text: str, message: str):
    with_csv(tmp_path, text)
    with pytest.raises(InputError, match=message):
        label_files(tmp_path, entry(labels_csv=CSV))


def test_a_spreadsheet_is_no_csv(tmp_path: Path):
    (tmp_path / "labels.csv").write_bytes(b"PK\x03\x04\x14\x00\x06\x00 a spreadsheet")
    with pytest.raises(InputError, match=r"it is no text.*save it as CSV"):
        label_files(tmp_path, entry(labels_csv=CSV))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("*/labels.csv", "matches no file in"),
        ("/etc/*.csv", "leaves the dataset's folder"),
        ("../labels.csv", "leaves the dataset's folder"),
    ],
)
def test_no_csv_there(tmp_path: Path, file: str, message: str):
    with pytest.raises(InputError, match=message):
        label_files(tmp_path, entry(labels_csv={**CSV, "file": file}))


def test_csv_that_is_missing(tmp_path: Path):
    with pytest.raises(InputError, match=r"labels\.csv cannot be read"):
        label_files(tmp_path, entry(labels_csv=CSV))


def found_in(root: Path, **table: object) -> dict[str, str]:
    files = label_files(root, entry(labels_csv={**CSV, **table})).files
    return {file.path: file.class_name for file in files if file.problem is None}


@pytest.mark.parametrize(
    ("listed", "path"),
    [
        ("photo_7", "scans/photo_7.JPG"),  # no ending
        ("photo_7.png", "scans/photo_7.JPG"),  # converted since
        ("PHOTO_7.jpg", "scans/photo_7.JPG"),  # another case
        ("old/place/photo_7.JPG", "scans/photo_7.JPG"),  # moved since
        ("C:\\\\scans\\\\photo_7.jpg", "scans/photo_7.JPG"),
        ("series.1.2", "scans/series.1.2.dcm"),  # dots that begin no ending
    ],
)
def test_csv_names_that_are_not_quite_the_files(tmp_path: Path, listed: str, path: str):
    touch(tmp_path, "1.jpg", "scans/photo_7.JPG", "scans/series.1.2.dcm")
    (tmp_path / "labels.csv").write_text(f"image,label\n1.jpg,cat\n{listed},dog\n")
    assert found_in(tmp_path) == {"1.jpg": "cat", path: "dog"}


def test_a_name_that_two_files_have_is_not_guessed(tmp_path: Path):
    touch(tmp_path, "1.jpg", "left/2.jpg", "right/2.jpg")
    (tmp_path / "labels.csv").write_text("image,label\n1,cat\n2,dog\n")
    labels = label_files(tmp_path, entry(labels_csv=CSV))
    assert [file.problem for file in labels.files] == [None, Reason.NOT_FOUND]
    (note,) = labels.notes
    assert note.startswith("1 of the 2 files that labels.csv lists were not found; tried")
    assert "2, 2.jpg, 2.png" in note
    assert found_in(tmp_path, folders=(".", "left")) == {"1.jpg": "cat", "left/2.jpg": "dog"}


def test_none_found_shows_what_was_tried_and_what_is_there(tmp_path: Path):
    touch(tmp_path, "scans/a1.png", "scans/a2.png")
    (tmp_path / "labels.csv").write_text("image,label\nb1,cat\nb2,dog\n")
    with pytest.raises(InputError) as caught:
        label_files(tmp_path, entry(labels_csv={**CSV, "folders": ("scans",)}))
    assert "none of the 2 listed files was found" in str(caught.value)
    assert "Tried for the first of them: scans/b1, scans/b1.jpg, scans/b1.png" in str(caught.value)
    assert "for example, scans/a1.png, scans/a2.png" in str(caught.value)
    assert "labels_csv.path_column" in str(caught.value)


def test_one_hot_columns(tmp_path: Path):
    touch(tmp_path, *(f"{k}.jpg" for k in range(4)))
    (tmp_path / "labels.csv").write_text("image,mel,nv\n0,1.0,0.0\n1,0,1\n2,1,1\n3,0,0\n")
    columns = {"label_column": None, "label_columns": ("mel", "nv"), "one_hot": True}
    assert found_in(tmp_path, **columns) == {"0.jpg": "mel", "1.jpg": "nv"}
    files = label_files(tmp_path, entry(labels_csv={**CSV, **columns})).files
    assert [file.problem for file in files][2:] == [Reason.NO_LABEL] * 2  # both, and neither


def test_several_columns_are_one_class_together(tmp_path: Path):
    touch(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    (tmp_path / "labels.csv").write_text("image,organ,finding\n1,eye,none\n2,eye,drusen\n3,eye,\n")
    columns = {"label_column": None, "label_columns": ("organ", "finding")}
    assert found_in(tmp_path, **columns) == {"1.jpg": "eye none", "2.jpg": "eye drusen"}


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffimage;label\n1.jpg;Größe\n".encode(),
        "image;label\n1.jpg;Größe\n".encode("latin-1"),
        "image\tlabel\n1.jpg\tGröße\n".encode("utf-16"),
        'image,label\n1.jpg,"Größe"\n'.encode(),
    ],
    ids=["Excel", "Latin-1", "UTF-16", "quoted"],
)
def test_csv_as_spreadsheets_write_it(tmp_path: Path, data: bytes):
    touch(tmp_path, "1.jpg")
    (tmp_path / "labels.csv").write_bytes(data)
    assert found_in(tmp_path) == {"1.jpg": "Größe"}


def test_one_table_in_each_part(tmp_path: Path):
    touch(tmp_path, "train/1.jpg", "test/1.jpg")
    for part, label in (("train", "cat"), ("test", "dog")):
        (tmp_path / part / "labels.csv").write_text(f"image,label\n1.jpg,{label}\n")
    found = found_in(tmp_path, file="*/labels.csv")
    assert found == {"train/1.jpg": "cat", "test/1.jpg": "dog"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"label_column": None}, "either label_column or label_columns"),
        ({"label_columns": ("a", "b")}, "either label_column or label_columns"),
        ({"one_hot": True}, "one_hot needs at least two"),
    ],
)
def test_columns_that_contradict_each_other(values: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        LabelsCsv(**{**CSV, **values})
