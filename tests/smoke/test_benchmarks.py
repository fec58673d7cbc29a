"""The benchmarks still run; what they measure is not looked at here."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from benchmarks.within_budget_curves import Account
from tests.workspace import PROJECT, Workspace


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("-m", "benchmarks.decision", "--datasets=3", "--trials=20", "--repeats=1"), "median"),
        (("-m", "benchmarks.large_history", "--one", "--datasets=4", "--trials=60"), "peak_gb"),
        (("-m", "benchmarks.images", "--images=40", "--repeats=1"), "ratio"),
    ],
)
def test_a_benchmark_runs_to_its_end(command, said):
    assert said in run(*command)


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("tensorflow"), reason="needs the extra [experiments]")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "benchmarks.trials --trials=2 --subset=24 --image-size=32 --folds=2 --epochs=1 "
            "--backbones MobileNetV2_0.35 --weights MobileNetV2_0.35=random:0",
            "at least 40",
        ),
        (
            "benchmarks.heads_together --units 8 --optimizers sgd --heads 2 --features=8 "
            "--steps=1 --repeats=1",
            "The gain ends",
        ),
        ("benchmarks.grid_bookkeeping --sizes 10 20 --repeats=1", "starting again"),
        ("benchmarks.feature_cache --max-memory-gb=0.0001 --image-size=32", "at most 0.1"),
    ],
)
def test_a_benchmark_of_the_experiment_grid_runs_to_its_end(command, said):
    assert said in " ".join(run("-m", *command.split()).split())


def test_the_start_of_a_recommendation_imports_no_training_library(fabricated: Workspace):
    printed = run("benchmarks/recommendation_start.py", "--repeats=2", f"--data={fabricated.data}")
    assert json.loads(printed)["forbidden_modules_imported"] == []


def test_a_method_is_drawn_with_the_first_of_what_validates_best(tmp_path):
    account = Account(tmp_path / "trials.jsonl", "random", "flowers")
    account.trial(0.8, 0.7)
    account.trial(0.8, 0.9)
    assert account.lines[-1]["best_test"] == 0.7
