"""Weights of very small language models, for tests that ask a real one."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "../shared/bin/get-test-llm"


def find_weights(variable: str, model: str) -> Path:
    """Return a GGUF file, or skip the test.

    Parameters
    ----------
    variable : str
        The environment variable that may name the file.
    model : str
        What the reference material beside the repository calls the model.
    """
    named = os.environ.get(variable)
    if named:
        return Path(named)
    if not SCRIPT.exists():
        pytest.skip(f"no weights: {variable} names no GGUF file of a small model")
    result = subprocess.run([str(SCRIPT), model], capture_output=True, text=True)
    if result.returncode:
        pytest.skip(f"the weights of '{model}' cannot be had: {result.stderr.strip()[-200:]}")
    return Path(result.stdout.strip())
