"""Numbers and names as people read them, in the evidence, the report and the terminal."""

from metallmix_kedro.explanation.evidence import Candidate

ROLES = {
    "surrogate_best": "surrogate's best",
    "most_promising": "most promising after your trials",
    "best_on_average": "best on average",
    "different": "different",
    "free_choice": "composed by the language model",
}
"""The roles of a candidate in words."""

ORDER_BEGINS = {
    "surrogate_best": "the surrogate's best first",
    "most_promising": "first what promises most beyond your trials",
}
"""How the order of the candidates begins, by the role of the first."""

DECIDERS = {
    "llm": "language model",
    "surrogate": "surrogate",
}
"""Who decided, in words."""


def readable_name(name: str) -> str:
    """Write the name of a feature or metric with spaces."""
    return name.replace("_", " ")


def chance(candidate: Candidate) -> str:
    """Write a candidate's chance to beat the best on average; empty if there is none.

    It is a share of a few hundred draws, so that none is certain.
    """
    return "" if candidate.chance is None else share(candidate.chance)


def share(chance: float) -> str:
    """Write a chance, which is never certain.

    Examples
    --------
    >>> share(0.318), share(1.0)
    ('32 %', '99 %')
    """
    return f"{min(max(100 * chance, 1), 99):.0f} %"


def percent(share: float) -> str:
    """Write a share with one decimal.

    Examples
    --------
    >>> percent(0.8734)
    '87.3 %'
    """
    return f"{100 * share:.1f} %"


def percent_range(low: float, high: float) -> str:
    """Write an interval of shares.

    Examples
    --------
    >>> percent_range(0.61, 0.9734)
    '61.0 to 97.3 %'
    """
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def signed(contribution: float) -> str:
    """Write a contribution with its sign.

    Examples
    --------
    >>> signed(0.0314), signed(-0.2)
    ('+0.031', '−0.200')
    """
    return f"{contribution:+.3f}".replace("-", "−")


def ratio(times: float) -> str:
    """Write how many times as long something takes.

    Examples
    --------
    >>> ratio(1), ratio(2.34), ratio(31.6)
    ('1.0 ×', '2.3 ×', '32 ×')
    """
    return f"{times:.1f} ×" if times < 9.95 else f"{times:.0f} ×"


def duration(seconds: float) -> str:
    """Write seconds so that the size is seen at once.

    Examples
    --------
    >>> duration(3.21), duration(42), duration(200), duration(7500)
    ('3.2 s', '42 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"
