import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance

from metallmix_kedro.images.manifest import (
    build_manifest,
    data_hash,
    ingest_datasets,
)
from metallmix_kedro.images.pictures import MAX_CLASSES, draw_dataset
from metallmix_kedro.images.reasons import Reason
from metallmix_kedro.images.summary import describe_summary, summarise_manifest
from metallmix_kedro.support.errors import InputError
from tests.unit.images.samples import entry, make_dataset, parameters, picture, save

COLUMNS = [
    "path", "class_name", "width", "height", "mode", "bytes", "content_hash", "duplicate_group",
    "near_copy_group", "fold", "status", "reason",
]  # fmt: skip


def manifest_of(root: Path, **values: object) -> pd.DataFrame:
    return build_manifest(root, entry(), parameters(root, **values))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three classes of 9, 6 and 4 images."""
    return make_dataset(tmp_path / "set", {"cat": 9, "cow": 4, "dog": 6})


def reasons(manifest: pd.DataFrame) -> dict[str, str]:
    excluded = manifest[manifest["status"] == "excluded"]
    return dict(zip(excluded["path"], excluded["reason"], strict=True))


def test_clean_dataset(root: Path):
    manifest = manifest_of(root)
    assert list(manifest.columns) == COLUMNS
    assert len(manifest) == 19
    assert (manifest["status"] == "included").all()
    assert manifest["duplicate_group"].is_unique
    assert manifest["near_copy_group"].is_unique
    assert manifest.groupby("class_name")["fold"].nunique().eq(4).all()
    assert manifest["path"].is_monotonic_increasing
    assert (manifest["width"] == 8).all()
    assert (manifest["height"] == 6).all()


def test_same_files_give_the_same_manifest_and_another_seed_other_folds(root: Path):
    pd.testing.assert_frame_equal(manifest_of(root), manifest_of(root))
    assert manifest_of(root, seed=1)["fold"].tolist() != manifest_of(root, seed=2)["fold"].tolist()


def test_manifest_survives_parquet(root: Path, tmp_path: Path):
    (root / "cat" / "empty.png").touch()
    manifest = manifest_of(root)
    manifest.to_parquet(tmp_path / "m.parquet")
    read = pd.read_parquet(tmp_path / "m.parquet")
    pd.testing.assert_frame_equal(read, manifest)


def test_what_cannot_be_used_is_excluded_with_its_reason(root: Path):
    (root / "cat" / "empty.png").touch()
    (root / "cat" / "notes.txt").write_text("no image")
    (root / "dog" / "folder.png").mkdir()
    good = save(root / "dog" / "cut.png", 777).read_bytes()
    (root / "dog" / "cut.png").write_bytes(good[:-40])
    save(root / "dog" / "large.png", 778, (101, 100))
    picture(779).save(root / "cow" / "moves.gif", save_all=True, append_images=[picture(780)])
    (root / "cow" / "volume.nii.gz").write_bytes(b"a volume")
    save(root / "loose.png", 781)
    manifest = manifest_of(root, max_pixels=10_000)
    assert reasons(manifest) == {
        "cat/empty.png": Reason.ZERO_BYTES,
        "cat/notes.txt": Reason.NOT_AN_IMAGE,
        "cow/moves.gif": Reason.SEVERAL_FRAMES,
        "cow/volume.nii.gz": Reason.VOLUME,
        "dog/cut.png": Reason.DAMAGED,
        "dog/large.png": Reason.TOO_LARGE,
        "loose.png": Reason.OUTSIDE_CLASSES,
    }
    assert manifest.loc[manifest["status"] == "excluded", "fold"].isna().all()
    assert (manifest["status"] == "included").sum() == 19


def test_identical_images_share_group_and_fold(root: Path):
    for k in range(3):
        shutil.copy(root / "cat" / "000.png", root / "cat" / f"copy_{k}.png")
    Image.open(root / "cat" / "000.png").save(root / "cat" / "stored_otherwise.bmp")
    manifest = manifest_of(root)
    same = manifest[
        manifest["path"].str.contains("000|copy|stored") & (manifest.class_name == "cat")
    ]
    assert len(same) == 5
    assert same["duplicate_group"].nunique() == 1
    assert same["fold"].nunique() == 1
    assert same["content_hash"].nunique() == 2
    assert manifest["duplicate_group"].nunique() == 19


def test_image_under_two_classes_is_excluded_from_both(root: Path):
    shutil.copy(root / "cat" / "000.png", root / "dog" / "cat_as_dog.png")
    shutil.copy(root / "cat" / "000.png", root / "cat" / "again.png")
    found = reasons(manifest_of(root))
    assert found == dict.fromkeys(
        ["cat/000.png", "cat/again.png", "dog/cat_as_dog.png"], Reason.TWO_CLASSES
    )


def test_images_that_differ_in_one_pixel_are_not_identical(root: Path):
    image = picture(4242, (200, 150))
    for k in range(8):
        image.putpixel((0, 0), (k, 0, 0))
        image.save(root / "cat" / f"near_{k}.png")
    manifest = manifest_of(root)
    groups = manifest.loc[manifest["path"].str.contains("near"), "duplicate_group"]
    assert len(groups) == groups.nunique() == 8


@pytest.fixture
def series(root: Path) -> Path:
    """The animals, and of a tenth cat five shots in a row."""
    rng = np.random.default_rng(5)
    shot = Image.fromarray(rng.integers(0, 200, (6, 7, 3), dtype=np.uint8)).resize((96, 80))
    for k in range(5):
        ImageEnhance.Brightness(shot).enhance(0.8 + 0.05 * k).save(root / "cat" / f"shot_{k}.jpg")
    return root


def test_images_that_look_alike_share_a_fold(series: Path):
    for seed in range(5):
        manifest = manifest_of(series, seed=seed)
        shots = manifest[manifest["path"].str.contains("shot")]
        assert shots["duplicate_group"].nunique() == 5
        assert shots["near_copy_group"].nunique() == 1
        assert shots["fold"].nunique() == 1
        assert manifest["near_copy_group"].nunique() == 20


def test_without_a_correlation_only_identical_images_share_a_fold(series: Path):
    manifest = manifest_of(series, near_copy_correlation=None)
    assert manifest["near_copy_group"].tolist() == manifest["duplicate_group"].tolist()
    assert manifest.loc[manifest["path"].str.contains("shot"), "fold"].nunique() > 1


def test_shots_of_one_thing_under_two_classes_are_used_and_share_a_fold(series: Path):
    (series / "cat" / "shot_4.jpg").rename(series / "dog" / "shot_4.jpg")
    manifest = manifest_of(series)
    shots = manifest[manifest["path"].str.contains("shot")]
    assert shots["class_name"].nunique() == 2
    assert set(shots["status"]) == {"included"}
    assert shots["fold"].nunique() == 1


def test_a_class_of_near_copies_is_named_with_the_parameter(series: Path):
    (series / "hen").mkdir()
    for path in sorted((series / "cat").glob("shot*")):
        path.rename(series / "hen" / path.name)
    with pytest.raises(InputError, match=r"'hen' has 1\. .*raise near_copy_correlation"):
        manifest_of(series)
    found = manifest_of(series, near_copy_correlation=None)
    assert (found["class_name"] == "hen").sum() == 5


def test_broken_copies_are_no_contradiction(root: Path):
    for name in ("cat", "dog"):
        (root / name / "broken.png").write_bytes(b"the same rubbish")
    assert set(reasons(manifest_of(root)).values()) == {Reason.NOT_AN_IMAGE}


def test_csv_that_gives_one_file_two_labels(tmp_path: Path):
    root = make_dataset(tmp_path / "set", {"all": 9})
    lines = [f"all/{k:03d}.png,{'even' if k % 2 == 0 else 'odd'}" for k in range(9)]
    (root / "labels.csv").write_text("\n".join(["image,label", *lines, "all/000.png,odd"]))
    table = {"file": "labels.csv", "path_column": "image", "label_column": "label"}
    manifest = build_manifest(root, entry(labels_csv=table), parameters(root))
    assert list(reasons(manifest)) == ["all/000.png"]
    assert (manifest["path"] == "all/000.png").sum() == 2
    assert manifest[manifest["status"] == "included"]["class_name"].value_counts().to_dict() == {
        "even": 4,
        "odd": 4,
    }


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({}, r"at least two classes.*has 0 \(none\)"),
        ({"cat": 9}, r"at least two classes.*has 1 \(cat\)"),
        ({"cat": 9, "dog": 3}, r"folds \(4\): 'dog' has 3"),
    ],
)
def test_too_few_classes_or_images(tmp_path: Path, sizes: dict[str, int], message: str):
    root = make_dataset(tmp_path / "set", sizes)
    root.mkdir(exist_ok=True)
    with pytest.raises(InputError, match=message):
        manifest_of(root)


def test_class_whose_images_are_all_excluded_is_named_with_the_reason(root: Path):
    for path in (root / "cow").iterdir():
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"'cow' has 0\. Of 19 files, 4 excluded: zero bytes"):
        manifest_of(root)


def test_empty_class_folder_is_named(root: Path):
    (root / "hen").mkdir()
    with pytest.raises(InputError, match="'hen' has 0"):
        manifest_of(root)


def test_class_of_copies_is_named(root: Path):
    for k in range(5):
        save(root / "hen" / f"{k}.png", 999)
    with pytest.raises(InputError, match="'hen' has 1"):
        manifest_of(root)


def test_ingestion_names_the_dataset_at_fault_after_the_good_ones(tmp_path: Path):
    make_dataset(tmp_path / "good", {"a": 4, "b": 4})
    make_dataset(tmp_path / "bad", {"a": 4})
    registry = {name: entry(path=name) for name in ("good", "bad")}
    given = parameters(tmp_path, registry=registry, use=("good", "bad"))
    ingestion = ingest_datasets(given)
    assert next(ingestion)[0] == "good"
    with pytest.raises(InputError, match=r"Dataset 'bad' in .*at least two classes"):
        next(ingestion)


def test_data_hash_is_of_the_content_alone(root: Path):
    before = data_hash(manifest_of(root))
    (root / "cat" / "000.png").rename(root / "cat" / "zzz.png")
    (root / "cat" / "empty.png").touch()
    assert data_hash(manifest_of(root, seed=5)) == before
    (root / "cat" / "zzz.png").rename(root / "dog" / "zzz.png")
    moved = data_hash(manifest_of(root))
    save(root / "dog" / "new.png", 555)
    assert len({before, moved, data_hash(manifest_of(root))}) == 3


def test_summary_counts(root: Path):
    shutil.copy(root / "cat" / "000.png", root / "cat" / "copy.png")
    (root / "cat" / "empty.png").touch()
    manifest = manifest_of(root)
    summary = summarise_manifest(manifest)
    assert summary.pop("data_hash") == data_hash(manifest)
    assert summary.pop("fold_sizes").keys() == {"0", "1", "2", "3"}
    assert summary == {
        "n_files": 21,
        "n_included": 20,
        "n_excluded": 1,
        "classes": {"cat": 10, "cow": 4, "dog": 6},
        "excluded": {"zero bytes": 1},
        "n_duplicates": 1,
        "n_near_copies": 1,
        "n_windowed": 0,
        "median_width": 8.0,
        "median_height": 6.0,
    }


def test_near_copies_are_counted_with_the_duplicates(series: Path):
    shutil.copy(series / "cat" / "000.png", series / "cat" / "copy.png")
    summary = summarise_manifest(manifest_of(series))
    assert (summary["n_duplicates"], summary["n_near_copies"]) == (1, 5)


def test_a_summary_is_said_in_a_line(series: Path):
    clean = describe_summary("animals", summarise_manifest(manifest_of(series)))
    assert clean == (
        "animals: read as 3 classes, 24 images (cat 14, cow 4, dog 6); 4 more look like another "
        "one and share its fold"
    )
    shutil.copy(series / "cat" / "000.png", series / "cat" / "copy.png")
    (series / "cat" / "empty.png").touch()
    (series / "cat" / "notes.txt").write_text("no image")
    (series / "dog" / "empty.png").touch()
    said = describe_summary("animals", summarise_manifest(manifest_of(series)))
    assert said == (
        "animals: read as 3 classes, 25 images (cat 15, cow 4, dog 6); 1 repeat another one; 4 "
        "more look like another one and share its fold; left out 3: 1 not an image, 2 zero bytes"
    )


def test_a_summary_says_thousands_and_nothing_that_is_not():
    summary = {"classes": {"rose": 1500, "daisy": 500}, "n_included": 2000, "excluded": {}}
    summary |= {"n_duplicates": 0, "n_near_copies": 0, "n_windowed": 0}
    said = describe_summary("flowers", summary)
    assert said == "flowers: read as 2 classes, 2,000 images (rose 1,500, daisy 500)"


def test_picture_shows_counts_and_a_sample_of_each_class(root: Path):
    counts, samples = draw_dataset("animals", manifest_of(root), root).subfigs
    (axes,) = counts.axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["cat", "dog", "cow"]
    assert [bar.get_width() for bar in axes.patches] == [9, 6, 4]
    assert [axes.get_title() for axes in samples.axes if axes.images] == labels


def test_picture_of_many_classes_shows_the_largest(tmp_path: Path):
    root = make_dataset(tmp_path / "set", {f"c{k:02d}": 4 + (k == 33) for k in range(34)})
    figure = draw_dataset("many", manifest_of(root), root)
    assert f"{MAX_CLASSES} largest of 34" in figure.get_suptitle()
    assert len(figure.subfigs[0].axes[0].patches) == MAX_CLASSES
    assert figure.subfigs[1].axes[0].get_title() == "c33"
