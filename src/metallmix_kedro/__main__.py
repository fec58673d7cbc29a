"""Run the project as ``python -m metallmix_kedro``, with the options of ``kedro run``."""

from pathlib import Path

from kedro.framework.startup import bootstrap_project
from kedro.utils import find_kedro_project

from metallmix_kedro.cli.run import run


def main() -> None:
    """Run from inside the project's folder."""
    bootstrap_project(find_kedro_project(Path.cwd()) or Path.cwd())
    run()


if __name__ == "__main__":
    main()
