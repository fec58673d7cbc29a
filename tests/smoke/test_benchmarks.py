"""The benchmarks still run; what they measure is not looked at here."""

import json
import subprocess
import sys

import pytest

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
        (("benchmarks/images.py", "--images=40", "--repeats=1"), "ratio"),
    ],
)
def test_a_benchmark_runs_to_its_end(command, said):
    assert said in run(*command)


def test_the_start_of_a_recommendation_imports_no_training_library(fabricated: Workspace):
    printed = run("benchmarks/recommendation_start.py", "--repeats=2", f"--data={fabricated.data}")
    assert json.loads(printed)["forbidden_modules_imported"] == []
