import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.images.inspection import Reason
from metallmix_kedro.images.labelling import label_by_folder, label_files
from metallmix_kedro.images.listing import Listing, list_folder
from metallmix_kedro.support.errors import InputError
from tests.unit.images.samples import entry


def touch(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")
    return root


def classes_of(root: Path, **values: object) -> dict[str, str]:
    return {file.path: file.class_name for file in label_files(root, entry(**values)).files}


def test_one_sub_folder_a_class_at_any_depth(tmp_path: Path):
    touch(tmp_path, "cat/1.jpg", "cat/patient/2.jpg", "dog/3.JPG")
    expected = {"cat/1.jpg": "cat", "cat/patient/2.jpg": "cat", "dog/3.JPG": "dog"}
    assert classes_of(tmp_path) == expected


def test_wrapping_folders_are_stepped_into(tmp_path: Path):
    touch(tmp_path, "README.txt", "set/data/cat/1.jpg", "set/data/dog/2.jpg", "set/notes.csv")
    assert set(classes_of(tmp_path).values()) == {"cat", "dog"}


def test_lone_class_is_not_taken_for_a_wrapper(tmp_path: Path):
    touch(tmp_path, "cat/1.jpg", "cat/left/2.jpg", "cat/right/3.jpg")
    assert label_files(tmp_path, entry()).classes == ("cat",)


def test_parts_of_a_dataset_are_joined(tmp_path: Path):
    touch(tmp_path, "set/Train/cat/1.jpg", "set/Train/dog/2.jpg", "set/test/cat/3.jpg")
    labels = label_files(tmp_path, entry())
    assert labels.classes == ("cat", "dog")
    assert labels.parts == ("set/Train", "set/test")
    assert classes_of(tmp_path)["set/test/cat/3.jpg"] == "cat"


def test_hidden_and_system_files_do_not_exist(tmp_path: Path):
    touch(tmp_path, ".git/1.jpg", "__MACOSX/cat/1.jpg", "cat/.DS_Store", "cat/Thumbs.db")
    touch(tmp_path, "cat/._1.jpg", "cat/1.jpg", "dog/2.jpg")
    assert sorted(classes_of(tmp_path)) == ["cat/1.jpg", "dog/2.jpg"]


def test_image_outside_every_class_is_listed_with_that_problem(tmp_path: Path):
    touch(tmp_path, "loose.jpg", "readme.md", "cat/1.jpg", "dog/2.jpg")
    files = {file.path: file for file in label_files(tmp_path, entry()).files}
    assert files["loose.jpg"].problem is Reason.OUTSIDE_CLASSES
    assert "readme.md" not in files


def test_empty_class_folder_is_a_class(tmp_path: Path):
    touch(tmp_path, "cat/1.jpg")
    (tmp_path / "dog").mkdir()
    assert label_files(tmp_path, entry()).classes == ("cat", "dog")


def test_links_to_folders_are_followed_but_not_in_circles(tmp_path: Path):
    touch(tmp_path, "elsewhere/1.jpg", "set/dog/2.jpg")
    (tmp_path / "set" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "dog" / "again").symlink_to(tmp_path / "set")
    assert classes_of(tmp_path / "set") == {"cat/1.jpg": "cat", "dog/2.jpg": "dog"}


def test_pipe_and_dead_link_are_unreadable(tmp_path: Path):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    os.mkfifo(tmp_path / "cat" / "pipe.jpg")
    (tmp_path / "dog" / "dead.jpg").symlink_to(tmp_path / "gone.jpg")
    problems = {file.path: file.problem for file in label_files(tmp_path, entry()).files}
    assert problems["cat/pipe.jpg"] is Reason.UNREADABLE
    assert problems["dog/dead.jpg"] is Reason.UNREADABLE


def test_name_that_is_no_text_is_a_problem(tmp_path: Path):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    touch(tmp_path, os.fsdecode(b"cat/\xff.jpg"))
    problems = {file.path: file.problem for file in label_files(tmp_path, entry()).files}
    assert problems["cat/\\xff.jpg"] is Reason.NAME


def test_patterns_are_ignored(tmp_path: Path):
    touch(tmp_path, "cat/1.png", "cat/1_mask.png", "dog/2.png", "dog/2_mask_1.png")
    assert sorted(classes_of(tmp_path, ignore=("*_mask*",))) == ["cat/1.png", "dog/2.png"]


def test_class_map_renames_joins_and_leaves_out(tmp_path: Path):
    touch(tmp_path, "a1/1.jpg", "a2/2.jpg", "b/3.jpg", "c/4.jpg")
    labels = label_files(tmp_path, entry(class_map={"a1": "a", "a2": "a", "c": None}))
    assert labels.classes == ("a", "b")
    assert [file.class_name for file in labels.files] == ["a", "a", "b"]


def test_class_map_with_a_name_that_is_not_there(tmp_path: Path):
    touch(tmp_path, "cat/1.jpg", "dog/2.jpg")
    with pytest.raises(InputError, match=r"class_map names cow, but .* cat, dog"):
        label_files(tmp_path, entry(class_map={"cow": "cattle"}))


names = st.text("abcxyz", min_size=1, max_size=3)


@given(st.lists(st.lists(names, min_size=1, max_size=5).map(tuple), max_size=12))
def test_every_image_is_labelled_once_or_loose(paths):
    files = sorted({"/".join(parts) + ".jpg" for parts in paths})
    folders = {
        "/".join(path.split("/")[:k]) for path in files for k in range(1, path.count("/") + 1)
    }
    labels = label_by_folder(Listing(tuple(files), (), (), tuple(sorted(folders))))
    assert [file.path for file in labels.files] == files
    for file in labels.files:
        assert (file.class_name in labels.classes) == (file.problem is None)
        assert file.problem is None or file.class_name == ""


def test_folder_that_is_gone(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        list_folder(tmp_path / "gone")


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


@pytest.mark.parametrize("path", ["../out.jpg", "/etc/passwd", "sub/../../out.jpg", "link.jpg"])
def test_csv_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str):
    touch(tmp_path, "out.jpg")
    root = with_csv(tmp_path / "set", f"image,label\n1.jpg,cat\n{path},dog\n")
    (root / "link.jpg").symlink_to(tmp_path / "out.jpg")
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


def test_csv_that_is_missing(tmp_path: Path):
    with pytest.raises(InputError, match=r"labels\.csv cannot be read"):
        label_files(tmp_path, entry(labels_csv=CSV))
