"""Recommend on many machines that are not ours, and count what comes out differently.

``python -m benchmarks.foreign_machines [HOW_MANY]`` (200 if nothing is said, seconds each)
draws working folders, environments, locales and terminals (`tests.foreign_machines`). Each has to
give the recommendation that we get, byte by byte, or one readable error.
"""

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.foreign_machines import comparable, run, situations

PROJECT = Path(__file__).parents[1]
SEED = 1


def main() -> None:
    """Print each failure, then how many came out how."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    usual = {"PYTHONPATH": f"{PROJECT / 'src'}:{PROJECT}"}
    counted: Counter[str] = Counter()
    ours = b""
    with tempfile.TemporaryDirectory(prefix="foreign-") as folder:
        project = Path(folder) / "project"
        left_out = shutil.ignore_patterns(".git", ".*_cache", "__pycache__", "local", "runs")
        shutil.copytree(PROJECT, project, ignore=left_out)
        (project / "conf/local").mkdir()
        for number, situation in enumerate(situations(count, SEED)):
            outcome = run(project, situation, usual)
            made, ours = outcome.recommendation, ours or outcome.recommendation or b""
            if not outcome.readable:
                verdict = "unreadable"
            elif made is None:
                verdict = "one readable error" if outcome.code else "nothing"
            elif comparable(made, situation.provider) != comparable(ours, situation.provider):
                verdict = "another recommendation"
            else:
                verdict = "failed after all" if outcome.code else "the same"
            counted[verdict] += 1
            if verdict != "the same":
                print(f"{number}: {verdict}: {situation}\n{outcome.said[-1500:]}\n", flush=True)
    print(", ".join(f"{verdict}: {n}" for verdict, n in counted.most_common()))


if __name__ == "__main__":
    main()
