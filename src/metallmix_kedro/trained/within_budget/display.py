"""What is shown while configurations are tried: what is tried, what leads, what time is left."""

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from metallmix_kedro.explanation import formatting


class SearchDisplay:
    """A live table on stderr; where that is no terminal, a line for each step.

    Parameters
    ----------
    budget_s : float
        Seconds that may be used.
    """

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._now, self._leads = "", "nothing yet"

    def __enter__(self) -> "SearchDisplay":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def begin(self, now: str) -> None:
        """Say what is tried now."""
        self._now = now

    def tick(self, used_s: float) -> None:
        """Show the time that is left."""
        if self._live.is_started:
            table = Table(show_header=False)
            table.add_row("tried now", Text(self._now))
            table.add_row("leads", Text(self._leads))
            left_s = max(0.0, self._budget_s - used_s)
            table.add_row("time left", formatting.duration(left_s))
            self._live.update(table, refresh=True)

    def ended(self, leads: str | None, score: float | None, used_s: float) -> None:
        """Take in what leads after a step, with its validation accuracy."""
        if leads is not None and score is not None:
            self._leads = f"{leads}: validation accuracy {formatting.percent(score)}"
        self.tick(used_s)
        if not self._live.is_started:
            self._console.print(
                f"{used_s:.0f} of {self._budget_s:g} s: tried {self._now}; leads: {self._leads}",
                highlight=False,
                soft_wrap=True,
                markup=False,
            )
