"""The project's own commands: Kedro's ``run`` with readable errors, ``runs`` and ``replay``."""

import click
from kedro.framework.cli.utils import CONTEXT_SETTINGS, LazyGroup


@click.group(
    name="metallmix-kedro",
    context_settings=CONTEXT_SETTINGS,
    cls=LazyGroup,
    lazy_subcommands={
        "run": "metallmix_kedro.commands.run.run",
        "runs": "metallmix_kedro.commands.audit.runs",
        "replay": "metallmix_kedro.commands.audit.replay",
    },
)
def cli() -> None:
    """Recommend a pretrained backbone and its hyperparameters for an image dataset."""
