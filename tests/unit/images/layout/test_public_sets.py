"""Classes are right, or both readings are named, and what is offered gives what it promises."""

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from metallmix_kedro.images.layout.labelling import label_folder
from metallmix_kedro.images.layout.listing import Labels
from metallmix_kedro.images.parameters import LabelsCsv
from metallmix_kedro.support.errors import InputError
from tests.unit.images.layout import odd_sets, public_sets

MASK = "mask of another image"
AGAIN = "in a folder that repeats the images of another"
BESIDE = "in a folder beside those with the classes"

SCENES = ("buildings", "forest", "glacier", "mountain", "sea", "street")
TUMOURS = ("glioma_tumor", "meningioma_tumor", "no_tumor", "pituitary_tumor")
DEMENTIA = ("MildDemented", "ModerateDemented", "NonDemented", "VeryMildDemented")

READ = {
    "chest_xray_pneumonia": ({"NORMAL": 11, "PNEUMONIA": 11}, {AGAIN: 22}),
    "intel_scenes": (dict.fromkeys(SCENES, 7), {BESIDE: 9}),
    "cats_and_dogs": ({"cats": 11, "dogs": 11}, {}),
    "covid_radiography": (
        dict.fromkeys(("COVID", "Lung_Opacity", "Normal", "Viral Pneumonia"), 5),
        {MASK: 20},
    ),
    "brain_tumor": (dict.fromkeys(TUMOURS, 7), {}),
    "imagenet_style": (dict.fromkeys(("n01440764", "n01443537", "n01484850"), 7), {}),
    "cifar10": (dict.fromkeys(("airplane", "bird", "ship"), 7), {}),
    "food101": (dict.fromkeys(("apple_pie", "baby_back_ribs", "waffles"), 5), {}),
    "caltech101": (dict.fromkeys(("BACKGROUND_Google", "Faces", "accordion"), 5), {}),
    "eurosat": (dict.fromkeys(("AnnualCrop", "Forest", "Highway"), 6), {}),
    "dtd": (dict.fromkeys(("banded", "blotchy", "braided"), 5), {}),
    "alzheimer": (dict.fromkeys(DEMENTIA, 7), {}),
    "kvasir": (dict.fromkeys(("dyed-lifted-polyps", "esophagitis", "polyps"), 5), {}),
    "plant_village": (
        dict.fromkeys(("Apple___Apple_scab", "Apple___healthy", "Tomato___healthy"), 5),
        {AGAIN: 30},
    ),
    "gtsrb": (dict.fromkeys("012345", 4), {BESIDE: 12}),
    "asl_alphabet": (dict.fromkeys(("A", "B", "nothing"), 5), {BESIDE: 3}),
    "spelled_in_two_ways": ({"cat": 7, "great_dane": 7}, {}),
    "folds": ({"a": 10, "b": 10}, {}),
    "two_sizes": ({"cat": 5, "dog": 5}, {AGAIN: 10}),
    "splits_in_classes": ({"cats": 8, "dogs": 8}, {}),
    "masks_beside_images": ({"benign": 5, "malignant": 5}, {MASK: 12}),
    "stray_preview": ({"cat": 5, "dog": 5}, {"not in a class folder": 1}),
    "patients": ({"cat": 6, "dog": 6}, {}),
    "chest_ct": (
        {"adeno": 3, "large.cell": 3, "normal": 9, "squamous": 3}
        | dict.fromkeys(("adeno_T2", "large.cell_T3", "squamous_T1"), 6),
        {},
    ),
    "malaria_cells": ({"Parasitized": 4, "Uninfected": 4}, {AGAIN: 8}),
    "fruits": ({"Apple Braeburn": 6, "Banana": 6}, {BESIDE: 5}),
    "images_in_each_class": ({"cat": 3, "dog": 4}, {}),
    "test_beside_classes": ({"cats": 5, "dogs": 5, "test": 3}, {}),
    "nothing_shared": (dict.fromkeys(("adeno", "benign", "adeno_T2", "benign_T0"), 3), {BESIDE: 2}),
    "names_without_ending": ({"left": 4, "right": 4}, {}),
    "measures_in_a_table": ({"cat": 30, "dog": 30}, {}),
    "one_camera": ({"good": 6, "scratched": 6}, {}),
    "backup": ({"rose": 4, "tulip": 4}, {AGAIN: 8}),
    "table_that_agrees": ({"cat": 6, "dog": 6}, {}),
}

GRADES = {"A": 4, "B": 4, "C": 4}
ASKED = {
    "ham10000": (
        {"HAM10000_images_part_1": 12, "HAM10000_images_part_2": 12},
        {"nv": 8, "mel": 8, "bkl": 8},
    ),
    "oxford_pets": ({"Abyssinian": 5, "great_pyrenees": 5, "pug": 5},),
    "dogs_vs_cats": ({"train": 16, "test1": 6}, {"cat": 8, "dog": 8}),
    "aptos": ({"train_images": 20, "test_images": 6}, dict.fromkeys("01234", 4)),
    "pictures_of_a_paper": ({"images": 15, "papers": 3}, {"cat": 5, "dog": 5, "owl": 5}),
    "hospitals": ({"Charite": 8, "Mayo": 6}, {"benign": 7, "malignant": 7}),
    "magnifications": ({"benign": 8, "malignant": 6}, {"40X": 7, "100X": 7}),
    "flat_and_numbered": ({"cat": 6, "dog": 6},),
    "one_hot_in_each_part": ({"train": 8, "valid": 4}, {"cat": 6, "dog": 6}),
    "one_class_divided": ({"normal": 6, "abnormal": 6}, {"cyst": 3, "tumour": 3}),
    "original_and_augmented": (
        {"Original": 9, "Augmented": 18},
        {"Mild": 9, "Moderate": 9, "None": 9},
    ),
    "grades_in_a_table": (GRADES,),
    "mura": (
        {"XR_ELBOW": 8, "XR_HAND": 8},
        {"negative_patient": 8, "positive_patient": 8},
    ),
    "nih_chest": ({"No Finding": 6, "Effusion": 6},),
    "table_that_disagrees": ({"camera_a": 6, "camera_b": 6}, {"ripe": 4, "raw": 4, "rotten": 4}),
}


def draw(name: str, root: Path) -> Path:
    return (public_sets if name in public_sets.SETS else odd_sets).draw_set(name, root)


def read(root: Path, layout: str | None = None, labels_csv: dict | None = None) -> Labels:
    return label_folder(root, layout, labels_csv and LabelsCsv(**labels_csv), "target")


def counts(labels: Labels) -> dict[str, int]:
    used = [file for file in labels.files if file.problem is None]
    return dict(Counter(one.class_name for one in used if not one.path.endswith(".csv")))


def test_every_set_has_its_expectation():
    assert READ.keys() | ASKED.keys() == public_sets.SETS.keys() | odd_sets.SETS.keys()
    assert len(public_sets.SETS) == 20


@pytest.mark.parametrize("name", READ)
def test_classes_are_right(name: str, tmp_path: Path):
    labels = read(draw(name, tmp_path / "set"))
    classes, left_out = READ[name]
    assert counts(labels) == classes
    assert labels.classes == tuple(sorted(classes))
    assert Counter(file.problem for file in labels.files if file.problem is not None) == left_out


@pytest.mark.parametrize("name", ASKED)
def test_each_reading_is_named_and_gives_what_it_promises(name: str, tmp_path: Path):
    root = draw(name, tmp_path / "set")
    with pytest.raises(InputError, match="Set, in target: ") as caught:
        read(root)
    offers = re.findall(r"(layout: \S.*?(?= \(\d)|labels_csv: \{.*?\})", str(caught.value))
    found = [counts(read(root, **yaml.safe_load(offer))) for offer in offers]
    assert found == list(ASKED[name])


def test_sub_folders_that_might_be_classes_are_said(tmp_path: Path):
    (note,) = read(draw("patients", tmp_path / "set")).notes
    assert "(p1, p2, p3, ...) are not taken as classes" in note
    assert "layout to ANY/CLASS/" in note


def test_a_class_that_may_be_a_part_is_said(tmp_path: Path):
    (note,) = read(draw("test_beside_classes", tmp_path / "set")).notes
    assert note.startswith("test: called like a part of a dataset, and counted as a class")


def test_a_label_deep_in_folder_names_is_had_by_a_layout(tmp_path: Path):
    labels = read(draw("mura", tmp_path / "set"), "MURA-v1.1/ANY/ANY/ANY/study1_CLASS/")
    assert counts(labels) == {"negative": 8, "positive": 8}


def test_another_column_is_offered(tmp_path: Path):
    with pytest.raises(InputError, match=r"label_column: grade} \(or another column: side\)"):
        read(draw("grades_in_a_table", tmp_path / "set"))
