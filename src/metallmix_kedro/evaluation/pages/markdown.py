"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


class Nothing:
    """What is written where there is no number, whatever its format."""

    def __format__(self, form: str) -> str:
        return "—"


NOTHING = Nothing()


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        Cells, as many as columns.

    Examples
    --------
    >>> print(markdown_table(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
