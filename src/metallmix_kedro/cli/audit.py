"""``kedro runs`` and ``kedro replay``: what was run, and whether it can be repeated."""

from collections.abc import Iterator
from pathlib import Path

import click
from kedro.config import OmegaConfigLoader
from kedro.framework.cli.utils import CONTEXT_SETTINGS, env_option
from kedro.framework.startup import ProjectMetadata
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from metallmix_kedro.audit import (
    RECOMMENDATION,
    Comparison,
    ReplayReport,
    ReplayRunner,
    RunRecord,
    list_records,
    read_record,
    record_path,
)
from metallmix_kedro.audit import replay as repeat
from metallmix_kedro.cli.conf_archive import unpacked
from metallmix_kedro.cli.errors import readable_errors, verbose_option
from metallmix_kedro.hooks import RECORD_FOLDER
from metallmix_kedro.settings import CONFIG_LOADER_ARGS
from metallmix_kedro.support import ArtifactError

COLOURS = {"finished": "green", "failed": "red", "running": "yellow"}

conf_source_option = click.option(
    "--conf-source", help="Path of the folder with the configuration, if not ./conf."
)


def record_folder(env: str | None, conf_source: str | None, project_path: Path) -> Path:
    """Find the folder of the run records of an environment."""
    source = conf_source or str(project_path / "conf")
    loader = OmegaConfigLoader(conf_source=source, env=env, **CONFIG_LOADER_ARGS)
    return project_path / str(loader["globals"]["data_root"]) / RECORD_FOLDER


@click.command(name="runs", context_settings=CONTEXT_SETTINGS)
@env_option
@conf_source_option
@click.option("--last", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@verbose_option
@click.pass_obj
def runs(
    metadata: ProjectMetadata, env: str | None, conf_source: str | None, last: int, verbose: bool
) -> None:
    """List the recorded runs, the latest last."""
    with readable_errors(verbose):
        conf_source = unpacked(conf_source)
        folder = record_folder(env, conf_source, metadata.project_path)
        records = list_records(folder)
        if not records:
            raise ArtifactError(f"No run is recorded in {folder}. Every kedro run leaves one.")
        Console().print(_table(records[-last:]))


def _table(records: list[RunRecord]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("run id", no_wrap=True)
    table.add_column("pipelines")
    table.add_column("status")
    table.add_column("seconds", justify="right")
    table.add_column("commit")
    for record in records:
        seconds = (record.ended - record.started).total_seconds() if record.ended else None
        changed = "+" if record.git and record.git.dirty else ""
        replayed = " (replay)" if record.runner == ReplayRunner.__name__ else ""
        table.add_row(
            record.run_id,
            ", ".join(record.pipelines) + replayed,
            Text(record.status, style=COLOURS[record.status]),
            "" if seconds is None else f"{seconds:.1f}",
            record.git.commit[:7] + changed if record.git else "",
        )
    return table


@click.command(name="replay", context_settings=CONTEXT_SETTINGS)
@click.argument("run_id", default="latest")
@env_option
@conf_source_option
@verbose_option
@click.pass_obj
def replay(
    metadata: ProjectMetadata, run_id: str, env: str | None, conf_source: str | None, verbose: bool
) -> None:
    """Repeat a recorded recommendation and say whether it comes out byte for byte the same.

    RUN_ID is one that "kedro runs" lists; without it, the latest recommendation is repeated. The
    recorded versions of all inputs, the recorded parameters and the recorded reply of the LLM
    are used, whatever has changed since. Nothing stored is touched. The exit code is 0 if the
    result is identical, else 1.
    """
    with readable_errors(verbose):
        conf_source = unpacked(conf_source)
        folder = record_folder(env, conf_source, metadata.project_path)
        record = latest(folder) if run_id == "latest" else read_record(record_path(folder, run_id))
        report = repeat(record, metadata.project_path, conf_source)
        Console().print(describe(report))
    if not report.identical:
        raise click.exceptions.Exit(1)


def latest(folder: Path) -> RunRecord:
    """Find the latest run that saved a recommendation.

    Raises
    ------
    metallmix_kedro.support.errors.ArtifactError
        If there is none.
    """
    for record in reversed(list_records(folder)):
        if RECOMMENDATION in record.saved:
            return record
    raise ArtifactError(
        f"No run recorded in {folder} saved a recommendation. "
        "Make one with: kedro run --pipelines=recommendation"
    )


def describe(report: ReplayReport) -> Group:
    """Say in the terminal what a replay found, the verdict last."""
    lines = [Text(f"Replay of {report.run_id}", style="bold")]
    for output in report.outputs:
        lines += [Text(f"  {output.name}: {_verdict(output)}"), *_differences(output)]
    lines += [
        Text(f"  Changed since the run, at the place of a recorded input: {name}", style="yellow")
        for name in report.changed_inputs
    ]
    if not report.identical:
        lines += [
            Text(f"  {name} was {then or 'absent'}, is {now or 'absent'}", style="yellow")
            for name, (then, now) in report.changed_packages.items()
        ]
    if report.identical:
        lines.append(Text("Identical, byte for byte.", style="bold green"))
    else:
        lines.append(Text("Not identical.", style="bold red"))
    return Group(*lines)


def _verdict(output: Comparison) -> str:
    made = "made again identically" if output.identical else "came out differently"
    if output.stored_intact is None:
        return f"{made}; the stored version {output.version} was deleted"
    if not output.stored_intact:
        return f"{made}; the stored version {output.version} was altered after the run"
    return made


def _differences(output: Comparison) -> Iterator[Text]:
    for difference in output.differences:
        yield Text(f"      {difference}", style="dim")
