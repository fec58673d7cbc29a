"""The project's own commands: Kedro's ``run`` made readable, ``runs``, ``replay``, ``classify``.

Kedro takes `cli` from here; what stands behind a command is imported when it is called. It
may import all rooms.
"""

import click
from kedro.framework.cli.utils import CONTEXT_SETTINGS, LazyGroup


@click.group(
    name="metallmix-kedro",
    context_settings=CONTEXT_SETTINGS,
    cls=LazyGroup,
    lazy_subcommands={
        "run": "metallmix_kedro.cli.run.run",
        "runs": "metallmix_kedro.cli.audit.runs",
        "replay": "metallmix_kedro.cli.audit.replay",
        "classify": "metallmix_kedro.cli.classify.classify",
    },
)
def cli() -> None:
    """Recommend a configuration for a dataset: a backbone and hyperparameters for images."""
