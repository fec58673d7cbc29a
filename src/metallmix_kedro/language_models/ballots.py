"""Asking for the choice under several orders of the candidates.

Small models choose by position. So every order is a ballot of its own: the candidates stand
under letters that say nothing but their place, and a choice counts only if it follows the
candidate and not the letter (`explanation.choice.tally`).
"""

import json
import math
import random
import re
import string
from collections.abc import Mapping, Sequence
from math import factorial
from typing import Any

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.language_models.language_model import Token
from metallmix_kedro.language_models.reply_text import ModelText, UnusableReplyError, load_object

LETTERS = string.ascii_uppercase
PROBABILITY_DECIMALS = 3

_CHOICE = re.compile(r'"choice"\s*:\s*"([A-Z])')


class Ballot(BaseModel):
    """One order of the candidates and what the model said to it.

    ``order`` are references, the first under the letter A. ``choice`` is the reference that was
    chosen, missing if the reply could not be used (``error`` says why). ``probabilities`` are
    those of the letters, made to sum to 1, by reference; missing if the server gives none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: tuple[str, ...]
    choice: str | None
    probabilities: dict[str, float] | None
    raw: ModelText
    thinking: ModelText | None
    error: ModelText | None
    attempts: int
    prompt_tokens: int | None
    reply_tokens: int | None
    prefill_s: float | None
    decoding_s: float | None


def make_orders(refs: Sequence[str], n_orders: int, seed: int) -> list[tuple[str, ...]]:
    """Make different orders in which every candidate stands in different places.

    They are the rotations of a random order, then those of its reverse: over as many orders as
    candidates, each candidate takes each place once, so that a model which looks at places alone
    votes for all equally.

    Parameters
    ----------
    refs : sequence of str
        At least one, none twice.
    n_orders : int
        How many; fewer where there are not so many.
    seed : int

    Returns
    -------
    list of tuple of str

    Examples
    --------
    >>> make_orders(["C1", "C2"], 4, seed=0)
    [('C1', 'C2'), ('C2', 'C1')]
    """
    generator = random.Random(seed)  # noqa: S311 (nothing secret)
    orders: dict[tuple[str, ...], None] = {}
    wanted = min(n_orders, factorial(min(len(refs), 8)))
    while len(orders) < wanted:
        base = generator.sample(list(refs), len(refs))
        for one in (base, base[::-1]):
            for turn in range(len(refs)):
                orders.setdefault(tuple(one[turn:] + one[:turn]))
    return list(orders)[:wanted]


def ballot_schema(n_options: int) -> dict[str, Any]:
    """Return the JSON Schema of a vote among letters."""
    return {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": list(LETTERS[:n_options])}},
        "required": ["choice"],
    }


def read_vote(raw: str, order: Sequence[str]) -> str:
    """Read which candidate a ballot names.

    Raises
    ------
    UnusableReplyError
        If the text is not ``{"choice": "<letter>"}`` with one of the letters of the order.
    """
    choice = load_object(raw).get("choice")
    letters = LETTERS[: len(order)]
    if not isinstance(choice, str) or len(choice) != 1 or choice not in letters:
        shown = json.dumps(choice, default=str)[:60]
        raise UnusableReplyError(f"'choice' is {shown}; it has to be one of {', '.join(letters)}")
    return order[letters.index(choice)]


def letter_probabilities(tokens: Sequence[Token], order: Sequence[str]) -> dict[str, float] | None:
    """Read the probabilities of all letters at the place where the letter was written.

    Parameters
    ----------
    tokens : sequence of Token
        Of the whole reply.
    order : sequence of str

    Returns
    -------
    dict of str to float, or None
        By reference, summing to 1; None if the tokens hold no such place.
    """
    place = _choice_token(tokens)
    if place is None:
        return None
    shares = dict.fromkeys(order, 0.0)
    for text, log_probability in place.alternatives:
        letter = text.strip(" \t\n\"'")
        if len(letter) == 1 and letter in LETTERS[: len(order)]:
            shares[order[LETTERS.index(letter)]] += math.exp(min(log_probability, 0.0))
    return _normalised(shares)


def _choice_token(tokens: Sequence[Token]) -> Token | None:
    match = _CHOICE.search("".join(token.text for token in tokens))
    if match is None:
        return None
    end = 0
    for token in tokens:
        end += len(token.text)
        if end > match.start(1):
            return token
    return None


def _normalised(shares: Mapping[str, float]) -> dict[str, float] | None:
    total = sum(shares.values())
    if total <= 0:
        return None
    return {ref: round(share / total, PROBABILITY_DECIMALS) for ref, share in shares.items()}
