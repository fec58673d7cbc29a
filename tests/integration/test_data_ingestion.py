import json
import shutil

import pandas as pd
import pytest
from PIL import Image

from metallmix_kedro.declared import meta_feature_columns
from metallmix_kedro.images.manifest import data_hash
from metallmix_kedro.support.errors import InputError, ParameterError
from tests.unit.images.samples import make_dataset
from tests.workspace import PROJECT, Workspace

REAL_DATASETS = PROJECT / "../shared/datasets"


def manifest(workspace: Workspace, name: str) -> pd.DataFrame:
    return pd.read_parquet(workspace.data / f"02_intermediate/manifests/{name}.parquet")


def meta_features(workspace: Workspace) -> pd.DataFrame:
    path = workspace.latest("04_feature/dataset_meta_features.parquet")
    return pd.read_parquet(path).set_index("dataset", drop=False)


def test_the_example_goes_from_images_to_meta_features(workspace):
    workspace.run("data_ingestion", "meta_features")
    found = manifest(workspace, "example_shapes")
    assert found["class_name"].value_counts().to_dict() == {
        "circle": 20,
        "square": 16,
        "triangle": 12,
    }
    assert (found["status"] == "included").all()
    summary = json.loads((workspace.data / "08_reporting/dataset_summary.json").read_text())
    assert summary["example_shapes"]["fold_sizes"] == dict.fromkeys("0123", 12)
    picture = workspace.data / "08_reporting/dataset_pictures/example_shapes.png"
    assert Image.open(picture).width > 500
    table = meta_features(workspace)
    assert list(table.columns) == ["dataset", *meta_feature_columns(), "data_hash"]
    row = table.loc["example_shapes"]
    assert (row["n_instances"], row["n_classes"], row["image_width"]) == (48, 3, 64)
    assert row["data_hash"] == data_hash(found) == summary["example_shapes"]["data_hash"]


def test_own_dataset_by_parameters_alone(workspace):
    make_dataset(workspace.folder / "mine" / "train", {"a": 6, "b": 5})
    shutil.make_archive(str(workspace.folder / "mine"), "zip", workspace.folder / "mine")
    registry = {"mine": {"path": str(workspace.folder / "mine.zip"), "modality": "CT"}}
    given = {"data_ingestion": {"use": ["mine"], "registry": registry}}
    workspace.run("data_ingestion", "meta_features", params=given)
    assert len(manifest(workspace, "mine")) == 11
    assert meta_features(workspace)["modality"].to_dict() == {"mine": "CT"}


def test_a_bad_dataset_loses_no_good_one(workspace):
    make_dataset(workspace.folder / "bad", {"a": 6})
    registry = {"bad": {"path": str(workspace.folder / "bad"), "modality": "CT"}}
    given = {"data_ingestion": {"use": ["example_shapes", "bad"], "registry": registry}}
    with pytest.raises(InputError, match=r"Dataset 'bad'.*at least two classes"):
        workspace.run("data_ingestion", params=given)
    assert len(manifest(workspace, "example_shapes")) == 48


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"use": ["nowhere"]}, "use names nowhere, not in the registry"),
        ({"n_folds": 0}, r"data_ingestion\.n_folds"),
        ({"folds": 4}, r"data_ingestion\.folds"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(workspace, values, message):
    with pytest.raises(ParameterError, match=message):
        workspace.run("data_ingestion", params={"data_ingestion": values})
    assert not (workspace.data / "02_intermediate").exists()


def test_meta_features_need_manifests(workspace):
    workspace.run("data_ingestion")
    make_dataset(workspace.folder / "mine", {"a": 6, "b": 5})
    registry = {"mine": {"path": str(workspace.folder / "mine"), "modality": "CT"}}
    given = {"data_ingestion": {"use": ["mine"], "registry": registry}}
    with pytest.raises(InputError, match="not been ingested: mine"):
        workspace.run("meta_features", params=given)


# Files, included images, classes, duplicates among the included, and original width.
PAPER = {
    "alzheimer_mri": (6400, 6400, 4, 0, 128),
    "breast_ultrasound": (780, 778, 3, 0, 256),
    "chest_ct": (1000, 998, 4, 152, 400),
    "skin_isic": (2279, 2125, 8, 4, 180),
}


@pytest.mark.skipif(not REAL_DATASETS.is_dir(), reason="the paper's datasets are not at hand")
def test_datasets_of_the_paper(workspace):
    workspace.set_globals("atlas", data_root=str(workspace.data))
    given = {"use": list(PAPER), "datasets_root": str(REAL_DATASETS.resolve())}
    # Probing needs weights that are not in the project.
    params = {"data_ingestion": given, "probes": {"backbones": "none"}}
    workspace.run("data_ingestion", "meta_features", env="atlas", params=params)
    summary = json.loads((workspace.data / "08_reporting/dataset_summary.json").read_text())
    table = meta_features(workspace)
    for name, expected in PAPER.items():
        found = summary[name]
        assert (
            found["n_files"],
            found["n_included"],
            len(found["classes"]),
            found["n_duplicates"],
            table.loc[name, "image_width"],
        ) == expected
        assert set(found["excluded"]) <= {"same image under two classes"}
