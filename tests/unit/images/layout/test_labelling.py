import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.images.layout.labelling import label_by_folder, label_files
from metallmix_kedro.images.layout.listing import Listing, list_folder
from metallmix_kedro.images.layout.tree import key
from metallmix_kedro.images.reasons import Reason
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
    (note,) = labels.notes
    assert note.startswith("The folders set/Train, set/test are taken as parts of one dataset")
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
    try:
        labels = label_by_folder(listing_of(files))
    except InputError:
        labels = None
    if labels is None:  # nothing is looked at: only folders can be read in two ways
        assert any(path.count("/") > 1 for path in files)
        return
    assert [file.path for file in labels.files] == files
    for file in labels.files:
        assert (file.class_name in labels.classes) == (file.problem is None)
        assert file.problem is None or file.class_name == ""


def test_folder_that_is_gone(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be read"):
        list_folder(tmp_path / "gone")


PARTS = st.sampled_from(["train", "Training", "seg_test", "val_set", "fold_1", "testData", "part2"])


@given(
    classes=st.lists(names, min_size=2, max_size=4, unique_by=key),
    parts=st.lists(PARTS, min_size=2, max_size=4, unique=True),
    wraps=st.lists(names, max_size=2),
    doubled=st.booleans(),
    beside=st.booleans(),
)
def test_parts_are_found_below_any_wrapper(classes, parts, wraps, doubled, beside):
    """However the parts are called and wrapped, the classes are what repeats in them."""
    files = [
        "/".join([*wraps, part, *([part] if doubled else []), name, "1.jpg"])
        for part in parts
        for name in classes
    ]
    files += ["/".join([*wraps, "figures", "1.jpg"])] if beside else []
    labels = label_by_folder(listing_of(files))
    assert labels.classes == tuple(sorted(classes))
    assert {file.problem for file in labels.files} - {None} == (
        {Reason.BESIDE} if beside else set()
    )


@given(
    classes=st.lists(names, min_size=2, max_size=4, unique_by=key),
    owners=st.lists(st.sampled_from(["anna", "bert", "cleo"]), min_size=2, unique=True),
)
def test_who_cannot_tell_parts_from_classes_asks(classes, owners):
    files = [f"{owner}/{name}/1.jpg" for owner in owners for name in classes]
    with pytest.raises(InputError, match=r"layout: CLASS/ .* or layout: ANY/CLASS/ ") as caught:
        label_by_folder(listing_of(files))
    for name in (*classes[:1], *owners):
        assert f"{name} {len(owners) if name in classes else len(classes)}" in str(caught.value)


def listing_of(files: list[str]) -> Listing:
    folders = {
        "/".join(path.split("/")[:k]) for path in files for k in range(1, path.count("/") + 1)
    }
    return Listing(tuple(sorted(files)), tuple(sorted(folders)))


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (
            "CLASS/",
            {"train/cat_1.jpg": "train", "train/deep/dog_2.jpg": "train", "x/owl_3.png": "x"},
        ),
        ("ANY/CLASS/", {"train/deep/dog_2.jpg": "deep"}),
        ("train/CLASS_NUMBER", {"train/cat_1.jpg": "cat"}),
        ("ANY/CLASS_ANY", {"train/cat_1.jpg": "cat", "x/owl_3.png": "owl"}),
        ("./x/CLASS_3", {"x/owl_3.png": "owl"}),
    ],
)
def test_a_layout_says_where_the_class_stands(tmp_path: Path, layout: str, expected: dict):
    touch(tmp_path, "train/cat_1.jpg", "train/deep/dog_2.jpg", "x/owl_3.png")
    files = label_files(tmp_path, entry(layout=layout)).files
    assert {file.path: file.class_name for file in files if file.problem is None} == expected
    outside = [file for file in files if file.problem is not None]
    assert {file.problem for file in outside} <= {Reason.OUTSIDE_CLASSES}
    assert len(files) == 3


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("train/", "CLASS stands in it once"),
        ("CLASS/CLASS/", "CLASS stands in it once"),
        ("val/CLASS/", r"fits none of the 1 images; they are, for example, train/cat/1\.jpg"),
    ],
)
def test_a_layout_that_cannot_be_used(tmp_path: Path, layout: str, message: str):
    touch(tmp_path, "train/cat/1.jpg")
    with pytest.raises(InputError, match=message):
        label_files(tmp_path, entry(layout=layout))


@pytest.mark.parametrize("folder", ["CLASSIC", "COMPANY", "SUBCLASS"])
def test_a_folder_with_a_word_of_layouts_in_its_name(tmp_path: Path, folder: str):
    touch(tmp_path, f"{folder}/jazz/1.jpg", f"{folder}/rock/2.jpg")
    labels = label_files(tmp_path, entry(layout=f"{folder}/CLASS/"))
    assert labels.classes == ("jazz", "rock")
