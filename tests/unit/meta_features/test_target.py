import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from metallmix_kedro.images.manifest import build_manifest
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.meta_features.parameters import TargetParameters
from metallmix_kedro.meta_features.registered import describe_registered, meta_feature_table
from metallmix_kedro.meta_features.target import TargetDescription, describe_target
from metallmix_kedro.support.errors import InputError, ParameterError
from tests.unit.images.samples import entry, make_dataset, parameters, save

EXAMPLE = Path(__file__).parents[3] / "data" / "01_raw" / "example_target.yml"


def describe(path: Path, **values: Any) -> TargetDescription:
    unpacked = path.parent / "unpacked"
    return describe_target(TargetParameters(path=str(path), unpacked_root=unpacked, **values))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_dataset(tmp_path / "birds", {"owl": 5, "jay": 3})


def test_folder(folder: Path):
    target = describe(folder, modality="natural")
    assert target.name == "birds"
    assert target.warnings == ()
    assert target.meta_features == compute_meta_features({"owl": 5, "jay": 3}, 8, 6, "natural")


def test_median_size(tmp_path: Path):
    for number, width in enumerate((10, 20, 90)):
        save(tmp_path / "set" / "a" / f"{number}.png", number, (width, 7))
        save(tmp_path / "set" / "b" / f"{number}.png", number, (width, 9))
    features = describe(tmp_path / "set").meta_features
    assert (features.image_width, features.image_height) == (20, 8)


@pytest.mark.parametrize("kind", ["gztar", "zip"])
def test_archive_is_the_folder_it_holds(folder: Path, kind: str):
    archive = Path(shutil.make_archive(str(folder.parent / "packed"), kind, folder.parent, "birds"))
    target = describe(archive, modality="natural")
    assert target.name == "packed"
    assert target.meta_features == describe(folder, modality="natural").meta_features
    assert describe(archive, modality="natural") == target


def test_folder_registered_dataset_and_card_agree(folder: Path, tmp_path: Path):
    given = parameters(tmp_path, n_folds=2)
    manifest = build_manifest(folder, entry(), given)
    registered = describe_registered(manifest, entry())
    (tmp_path / "card.yml").write_text(
        "{name: x, modality: natural, image_size: [8, 6], class_counts: {owl: 5, jay: 3}}"
    )
    card = describe_target(TargetParameters(card=str(tmp_path / "card.yml")))
    assert registered == card.meta_features == describe(folder, modality="natural").meta_features


def test_unknown_modality_is_said(folder: Path):
    target = describe(folder)
    assert target.meta_features.modality == "unknown"
    assert any("target.modality" in warning for warning in target.warnings)


def test_unusable_files_are_counted_and_said(folder: Path):
    (folder / "owl" / "empty.png").touch()
    (folder / "owl" / "notes.txt").write_text("?")
    save(folder / "jay" / "large.png", 1, (101, 100))
    save(folder / "loose.png", 2)
    (folder / "jay" / ".DS_Store").touch()
    (folder / "hen").mkdir()
    target = describe(folder, modality="natural", max_pixels=10_000)
    assert target.meta_features.n_instances == 8
    assert target.warnings == (
        "4 files do not count: 1 larger than max_pixels allows, 1 not an image, "
        "1 not in a class folder, 1 zero bytes.",
        "These class folders hold no image and do not count: hen.",
    )


def test_parts_of_a_dataset_are_said(tmp_path: Path):
    for seed, part in enumerate(("train", "test")):
        make_dataset(tmp_path / "set" / part, {"owl": 4, "jay": 2}, 500 * seed)
    target = describe(tmp_path / "set", modality="natural")
    assert target.meta_features.n_classes == 2
    assert "test, train are taken as parts" in target.warnings[0]


def test_what_was_read_is_kept_in_numbers(folder: Path):
    (folder / "owl" / "empty.png").touch()
    read = describe(folder).read
    assert read is not None
    assert (read.classes, read.left_out) == ({"jay": 3, "owl": 5}, {"zero bytes": 1})
    assert str(read) == "2 classes, 8 images: owl 5, jay 3; left out 1: 1 zero bytes"
    assert describe_target(TargetParameters(card=str(EXAMPLE))).read is None


def test_a_folder_with_two_readings_is_asked_for(tmp_path: Path):
    for seed, name in enumerate(("anna", "bert")):
        make_dataset(tmp_path / "set" / name, {"owl": 4, "jay": 2, "tit": 3}, 500 * seed)
    with pytest.raises(InputError, match=r"more than one way.*--params=target\.layout") as caught:
        describe(tmp_path / "set")
    assert f"The target path {tmp_path / 'set'}: " in str(caught.value)
    assert describe(tmp_path / "set", layout="CLASS/").meta_features.n_classes == 2
    target = describe(tmp_path / "set", layout="ANY/CLASS/", modality="natural")
    assert target.read is not None
    assert target.read.classes == {"jay": 4, "owl": 8, "tit": 6}
    assert target.warnings == ()


def test_a_layout_without_a_folder_is_not_passed_over():
    with pytest.raises(ParameterError, match=r"Set target\.path, or take them out"):
        describe_target(TargetParameters(card=str(EXAMPLE), layout="CLASS/"))


def test_labels_in_a_table(folder: Path):
    names = [f"{name}/{k:03d}" for name, n in (("owl", 5), ("jay", 3)) for k in range(n)]
    lines = [f"{name},{'young' if k % 2 else 'old'}" for k, name in enumerate(names)]
    (folder / "ages.csv").write_text("\n".join(["bird,age", *lines, "gone,old"]))
    table = {"file": "ages.csv", "path_column": "bird", "label_column": "age"}
    target = describe(folder, labels_csv=table, modality="natural")
    assert target.read is not None
    assert target.read.classes == {"old": 4, "young": 4}
    assert "1 of the 9 files that ages.csv lists were not found" in target.warnings[0]
    assert "tried for the first of them: gone, gone.jpg, gone.png" in target.warnings[0]


def test_what_is_not_read_names_its_mend(folder: Path):
    for name in ("a.nii.gz", "b.nii.gz"):
        (folder / "owl" / name).write_bytes(b"a volume")
    said = describe(folder, modality="MRI").warnings
    assert said[0] == "2 files do not count: 2 a volume or slide, which is not read."
    assert "as PNG, or describe the dataset by a card (target.card)" in said[1]
    for path in folder.rglob("*.png"):
        path.rename(path.with_suffix(".cr2"))
        path.with_suffix(".cr2").write_bytes(b"a raw photograph")
    with pytest.raises(InputError, match=r"no class with images.*To mend it: .*RAW"):
        describe(folder)


def test_pixels_are_not_decoded(folder: Path):
    path = folder / "owl" / "000.png"
    path.write_bytes(path.read_bytes()[:45])  # the header, and nothing behind it
    assert describe(folder).meta_features.n_instances == 8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, "does not exist"),
        (lambda path: path.mkdir(), "is empty"),
        (lambda path: path.write_text("text"), "is a file, not a folder"),
        (lambda path: make_dataset(path, {"owl": 3}), r"has one class with images \(owl\)"),
        (lambda path: save(path / "1.png", 0), "no class with images.*not in a class folder"),
        (lambda path: (path / "owl").mkdir(parents=True), "no class with images"),
    ],
    ids=["missing", "empty", "file", "one class", "no sub-folders", "empty sub-folder"],
)
def test_path_that_cannot_be_used_is_named(tmp_path: Path, make: Any, message: str):
    make(tmp_path / "target")
    with pytest.raises(InputError, match=message) as caught:
        describe(tmp_path / "target")
    assert str(tmp_path / "target") in str(caught.value)


def test_path_wins_over_card(folder: Path):
    assert describe(folder, card=str(EXAMPLE)).name == "birds"


def test_given_name_and_modality_win(folder: Path):
    assert describe(folder, name="mine").name == "mine"
    target = describe_target(TargetParameters(card=str(EXAMPLE), name="007", modality="sonar"))
    assert (target.name, target.meta_features.modality) == ("007", "sonar")


def test_neither_path_nor_card():
    with pytest.raises(ParameterError, match=r"target\.path.*target\.card"):
        describe_target(TargetParameters())


def test_unknown_parameter_is_refused():
    with pytest.raises(ValidationError, match="not permitted"):
        TargetParameters(folder="x")


def test_description_survives_json(folder: Path):
    target = describe(folder)
    assert TargetDescription.model_validate_json(target.model_dump_json()) == target


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipe_does_not_stop_the_run(folder: Path):
    os.mkfifo(folder / "owl" / "pipe.png")
    assert "1 file cannot be read" in describe(folder).warnings[0]


def test_original_size_of_the_registry(folder: Path, tmp_path: Path):
    given = entry(original_size=(512, 256))
    manifest = build_manifest(folder, given, parameters(tmp_path, n_folds=2))
    found = describe_registered(manifest, given)
    assert (found.image_width, found.image_height) == (512, 256)


def test_table_of_datasets(folder: Path, tmp_path: Path):
    manifest = build_manifest(folder, entry(), parameters(tmp_path, n_folds=2))
    (folder / "owl" / "empty.png").touch()
    registry = {"b": entry(), "a": entry(modality="MRI")}
    loaders = dict.fromkeys(registry, lambda: manifest)
    table = meta_feature_table(loaders, registry, ("b", "a"))
    assert table["dataset"].tolist() == ["a", "b"]
    assert table["modality"].tolist() == ["MRI", "natural"]
    assert table["data_hash"].nunique() == 1


def test_table_names_what_was_not_ingested():
    with pytest.raises(InputError, match="not been ingested: x"):
        meta_feature_table({}, {"x": entry()}, ("x",))
