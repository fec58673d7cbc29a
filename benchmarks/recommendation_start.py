"""Time of the example recommendation against an otherwise empty one-node ``kedro run``.

Both sides are whole processes in the same environment, started one after the other, in turn:

- ours: ``kedro run --pipelines=recommendation`` with ``recommendation.llm.provider=none``, on a
  copy of the shipped data (or of the data root named by ``--data``);
- empty: ``kedro run`` in a project of its own with one node that adds nothing to nothing, Kedro's
  default settings, and the same installed plugins.

The first pair warms the disk cache and does not count. Reported are, for wall time and for
processor time (user and system, which a busy machine changes less), the median of each side, the
ratio of the medians, and the quartiles of the ratios of the pairs. The goal is a ratio of at most
2.2. The modules that a recommendation must not import are looked for in the same run.

    python benchmarks/recommendation_start.py --repeats 15
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1]
FORBIDDEN = ("tensorflow", "keras", "shap", "skopt")
KEDRO = str(Path(sys.executable).parent / "kedro")
OURS = ("run", "--pipelines=recommendation", "--params=recommendation.llm.provider=none")

EMPTY_PROJECT = {
    "pyproject.toml": """
        [tool.kedro]
        package_name = "one_node"
        project_name = "one-node"
        kedro_init_version = "1.7.0"
        source_dir = "src"
    """,
    ".telemetry": "consent: false",
    "conf/base/parameters.yml": "nothing: 0",
    "conf/base/catalog.yml": "{}",
    "conf/local/.gitkeep": "",
    "src/one_node/__init__.py": "",
    "src/one_node/settings.py": "",
    "src/one_node/pipeline_registry.py": """
        from kedro.pipeline import Node, Pipeline

        def register_pipelines():
            return {"__default__": Pipeline([Node(abs, "params:nothing", "same", name="one")])}
    """,
}

LIST_MODULES = """
import atexit, sys
atexit.register(lambda: print("MODULES", *{module.split(".")[0] for module in sys.modules}))
from kedro.framework.cli import main
main()
"""


def make_empty_project(folder: Path) -> Path:
    """Write a Kedro project with one node."""
    for name, text in EMPTY_PROJECT.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder


def make_our_project(folder: Path, data: Path) -> Path:
    """Copy what a recommendation needs, so that the timed runs leave nothing in the project."""
    shutil.copytree(PROJECT / "conf", folder / "conf")
    shutil.copytree(data, folder / "data")
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder)
    (folder / "src").mkdir()  # Kedro wants one; the package is the installed one
    return folder


def call(project: Path, *command: str) -> str:
    """Run a command in a project and return what it printed; stop if it fails."""
    environment = {**os.environ, "KEDRO_ENV": "local", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed in {project}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def seconds(project: Path, *command: str) -> tuple[float, float]:
    """Measure the wall and the processor time of a command, from its process' start to its end."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    call(project, *command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, used


def compare(pairs: Sequence[tuple[float, float]]) -> dict[str, object]:
    """Compare two sides, measured in pairs."""
    ours_s, empty_s = (statistics.median(side) for side in zip(*pairs, strict=True))
    low, middle, high = statistics.quantiles((one / other for one, other in pairs), n=4)
    return {
        "recommendation_s": round(ours_s, 3),
        "empty_run_s": round(empty_s, 3),
        "ratio_of_medians": round(ours_s / empty_s, 2),
        "ratio_quartiles": [round(low, 2), round(middle, 2), round(high, 2)],
    }


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15, help="timed pairs (default 15)")
    parser.add_argument("--data", type=Path, default=PROJECT / "data", help="data root to copy")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours = make_our_project(Path(folder) / "ours", arguments.data)
        empty = make_empty_project(Path(folder) / "empty")
        listed = call(ours, sys.executable, "-c", LIST_MODULES, *OURS)
        modules = listed.split("MODULES", 1)[1].split()
        pairs = [
            (seconds(ours, KEDRO, *OURS), seconds(empty, KEDRO, "run"))
            for _ in range(arguments.repeats + 1)
        ][1:]
    wall, processor = ([(ours[i], empty[i]) for ours, empty in pairs] for i in (0, 1))
    report = {
        "wall": compare(wall),
        "processor": compare(processor),
        "pairs": len(pairs),
        "goal": "<= 2.2",
        "forbidden_modules_imported": sorted(set(FORBIDDEN) & set(modules)),
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
