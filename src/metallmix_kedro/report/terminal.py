"""The summary at the end of a run, readable at 80 columns."""

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from metallmix_kedro.explanation import Candidate, formatting, names
from metallmix_kedro.report.curve_picture import of_more_images
from metallmix_kedro.report.recommendation import Recommendation

STOP_BELOW = 0.1
"""Chance of anything better below which one had better stop."""
MAX_WORD = 30
"""Columns that a word may take before it is broken."""
_SHOWN_TRIALS = 4


def render_summary(
    recommendation: Recommendation, json_path: str, report_path: str
) -> RenderableType:
    """Show what is recommended, how sure it is, what it rests on, and where the rest lies.

    Parameters
    ----------
    recommendation : Recommendation
    json_path, report_path : str
        Where the recommendation and its report were saved; empty if they were not.

    Returns
    -------
    rich.console.RenderableType
        Print it with a rich console.
    """
    parts = [
        Panel(
            _configuration(recommendation),
            title=_text(
                f"Recommendation for {' '.join(recommendation.target.name.split())}", "bold"
            ),
            box=box.ROUNDED,
            padding=(1, 2),
        ),
        *([_text(f"Read as {recommendation.read}.")] if recommendation.read else []),
        _titled("Candidates", _candidates(recommendation)),
        _titled("Similar past trials", _trials(recommendation)),
        _titled("Why", _text(recommendation.explanation)),
        *_warnings(recommendation),
        *_paths(json_path, report_path),
    ]
    return Group(*parts)


def _configuration(recommendation: Recommendation) -> Table:
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold")
    for name, value in names.rows(recommendation.configuration):
        table.add_row(name, _text(value))
    table.add_row()
    score, time = recommendation.score, recommendation.training_time_s
    measure, own = recommendation.evidence.measure, recommendation.evidence.own_trials
    interval = f"{100 * recommendation.interval_level:.0f} % interval"
    scores = formatting.percent_range(score.low, score.high)
    times = f"{formatting.duration(time.low)} to {formatting.duration(time.high)}"

    def add(name: str, value: str, note: str) -> None:
        table.add_row(name, Text.assemble(value, (f"   {note}", "not bold")))

    add(f"predicted {measure.label}", formatting.percent(score.value), f"{interval} {scores}")
    if curves := recommendation.learning_curves:
        most = ", as many as the history knows of" if curves.n_train >= curves.largest else ""
        images = f"of your {recommendation.target.meta_features.n_instances:,} images{most}"
        add("trained on", f"{curves.n_train:,.0f}", images)
    add("training time", formatting.duration(time.value), f"{interval} {times}")
    fastest = f"the fastest candidate, {time.relative_to}, is 1"
    add("relative time", formatting.ratio(time.relative), fastest)
    table.add_row("", _text(time.holds_for, "not bold"))
    if recommendation.chosen.chance is not None:
        chance = formatting.chance(recommendation.chosen)
        add("beats the average", chance, "chance to beat what is best on average")
    if own is not None:
        counted = f"of {own.n_trials} trials on this dataset, which count here"
        add("your best so far", formatting.percent(own.best[0].score), counted)
        table.add_row("what next", _text(_what_next(recommendation, own.best[0].score)))
    if recommendation.near_tie:
        table.add_row("nearly as good", _text(recommendation.near_tie, "not bold"))
    for said in of_more_images(recommendation):
        table.add_row("more images", _text(said, "not bold"))
    table.add_row("decided by", _text(_decided_by(recommendation)))
    return table


def _what_next(recommendation: Recommendation, best: float) -> str:
    """Say whether to stop or what to try, after trials on the target itself."""
    candidates = recommendation.evidence.candidates
    chances = [one.gain_chance for one in candidates if one.gain_chance is not None]
    yours, first = formatting.percent(best), candidates[0].ref
    if best >= 1:
        return f"stop: your {yours} cannot be beaten"
    if not chances:
        return f"try {first}"
    if max(chances) < STOP_BELOW:
        by = f"chance {formatting.share(max(chances))} by the likeliest"
        return f"stop: your {yours} is unlikely to be beaten ({by})"
    return f"try {first}: chance {formatting.share(chances[0])} to beat your {yours}"


def _decided_by(recommendation: Recommendation) -> str:
    decider = formatting.DECIDERS[recommendation.decided_by]
    if recommendation.decided_by == "llm":
        return f"{decider} ({recommendation.provenance.llm_reply.model})"
    return decider


def _candidates(recommendation: Recommendation) -> Table:
    table = _table()
    table.add_column("configuration", ratio=1, min_width=_longest_word(recommendation))
    table.add_column(recommendation.evidence.measure.label, justify="right")
    table.add_column("time", justify="right")
    table.add_column("ratio", justify="right", no_wrap=True)
    for candidate in recommendation.evidence.candidates:
        chosen = candidate.ref == recommendation.chosen_ref
        cells = _candidate_cells(candidate, recommendation.relative_training_times[candidate.ref])
        table.add_row(*cells, style="bold green" if chosen else None)
    return table


def _table() -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("", no_wrap=True)
    return table


def _longest_word(recommendation: Recommendation) -> int:
    """Return the width at which no name of a configuration is broken."""
    shown = [
        *(one.configuration for one in recommendation.evidence.candidates),
        *(one.configuration for one in recommendation.evidence.trials),
    ]
    words = (word for one in shown for word in names.title(one).split())
    return min(max((len(word) for word in words), default=0), MAX_WORD)


def _candidate_cells(candidate: Candidate, relative_time: float) -> Iterator[RenderableType]:
    chosen = candidate.configuration
    roles = ", ".join(formatting.ROLES[role] for role in candidate.roles)
    yield candidate.ref
    yield Group(
        _text(names.title(chosen)),
        # All of it, or two candidates that differ in one value would look the same.
        _text("; ".join(part for part in (names.details(chosen), roles) if part), "dim"),
    )
    yield formatting.percent(candidate.score)
    yield formatting.duration(candidate.training_time_s)
    yield formatting.ratio(relative_time)


def _trials(recommendation: Recommendation) -> RenderableType:
    trials = recommendation.evidence.trials
    column = recommendation.evidence.measure.column
    table = _table()
    table.add_column("dataset", overflow="ellipsis", max_width=22, no_wrap=True)
    table.add_column("configuration", min_width=_longest_word(recommendation))
    table.add_column(recommendation.evidence.measure.label, justify="right")
    table.add_column("time", justify="right")
    for trial in trials[:_SHOWN_TRIALS]:
        table.add_row(
            trial.ref,
            _text(trial.dataset),
            _text(names.title(trial.configuration)),
            formatting.percent(trial.metrics[column]) if column in trial.metrics else "",
            formatting.duration(trial.training_time_s),
        )
    hidden = len(trials) - _SHOWN_TRIALS
    if hidden <= 0:
        return table
    return Group(table, Text(f"and {hidden} more in the report", "dim"))


def _warnings(recommendation: Recommendation) -> Iterator[RenderableType]:
    if not recommendation.warnings:
        return
    table = Table.grid(padding=(0, 1))
    for warning in recommendation.warnings:
        table.add_row(Text("!", "bold yellow"), _text(warning))
    yield _titled("Before you rely on this", table)


def _paths(json_path: str, report_path: str) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2))
    # Folded, not cut: a path has to be copied whole.
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, path in (("report", report_path), ("JSON", json_path)):
        if path:
            table.add_row(name, _text(path))
    yield Padding(table, (1, 0, 0, 0))


def _titled(title: str, body: RenderableType) -> RenderableType:
    return Group(Text(f"\n{title}", "bold cyan"), body)


def _text(words: str, style: str = "") -> Text:
    """Take somebody else's words as they are: no markup, and no control sequences."""
    return Text("".join(sign for sign in words if sign.isprintable() or sign == "\n"), style)
