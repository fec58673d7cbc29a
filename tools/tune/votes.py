"""Measure what a model's votes are worth on the lists of a tuning set's test.jsonl (README.md)."""

import argparse
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from types import SimpleNamespace
from typing import Any

from metallmix_kedro.explanation import weighed
from metallmix_kedro.explanation.choice import combine
from metallmix_kedro.language_models import (
    LETTERS,
    Ballot,
    LanguageModel,
    LLMParameters,
    Request,
    ballot_schema,
    connect,
    cyclic_orders,
    letter_log_probabilities,
    read_letter,
)

ROLES = {"system": "system", "user": "human"}
WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1000.0)


def main() -> None:
    """Ask and print as JSON: a line a list, then the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="GGUF file")
    parser.add_argument("--adapter", help="GGUF file of a LoRA")
    parser.add_argument("--examples", type=Path, required=True, help="test.jsonl")
    parser.add_argument("--lists", type=int, default=1000, help="of each dataset, at most so many")
    parser.add_argument("--pairs", action="store_true", help="ask of two at a time instead")
    parser.add_argument("--threads", type=int)
    wanted = parser.parse_args()
    parameters = LLMParameters.model_validate(
        {
            "provider": "embedded",
            "embedded": {"path": wanted.model, "adapter": wanted.adapter},
            "num_thread": wanted.threads,
        }
    )
    model = connect(parameters)
    lists = list(read_lists(wanted.examples, wanted.lists))
    hear = in_pairs if wanted.pairs else in_orders
    rows = []
    for one in lists:
        rows.append(votes(one, hear(model, one)))
        print(json.dumps({"list": one[0]["list"], **rows[-1]}), flush=True)
    found = {"model": model.identity.name, "digest": model.identity.digest, **summary(rows)}
    print(json.dumps(found, indent=2))


def read_lists(path: Path, most: int) -> Iterator[list[dict[str, Any]]]:
    """Return the lines of each list of candidates: the same one in every cyclic order."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    choices = [one for one in lines if one["task"] == "choice"]
    for _, of_dataset in itertools.groupby(choices, lambda one: one["dataset"]):
        groups = itertools.groupby(of_dataset, lambda one: one["list"])
        yield from itertools.islice((list(lines) for _, lines in groups), most)


@dataclass(frozen=True)
class Heard:
    """What a model said to a list: ballots, support by reference, and how steadily it said so."""

    ballots: list[Ballot]
    support: dict[str, float]
    consistency: float


def references(line: dict[str, Any]) -> list[str]:
    """Name the candidates of a list in the order of its first line."""
    return [f"C{place}" for place in range(len(line["regrets"]))]


def in_orders(model: LanguageModel, lines: list[dict[str, Any]]) -> Heard:
    """Ask about all candidates in every cyclic order, as a recommendation does."""
    refs = references(lines[0])
    orders = zip(cyclic_orders(refs), lines, strict=True)
    return _combined([ask(model, line, order) for order, line in orders], refs)


def in_pairs(model: LanguageModel, lines: list[dict[str, Any]]) -> Heard:
    """Ask about each pair, both ways round; support is the mean over the pairs of a candidate."""
    line, refs = lines[0], references(lines[0])
    heard = []
    for two in itertools.combinations(range(len(refs)), 2):
        orders = two, two[::-1]
        ballots = [ask(model, only(line, o), (refs[o[0]], refs[o[1]])) for o in orders]
        heard.append(_combined(ballots, [refs[place] for place in two]))
    return Heard(
        [ballot for pair in heard for ballot in pair.ballots],
        {ref: fmean(pair.support[ref] for pair in heard if ref in pair.support) for ref in refs},
        fmean(pair.consistency == 1.0 for pair in heard),
    )


def _combined(ballots: list[Ballot], refs: list[str]) -> Heard:
    candidates = [SimpleNamespace(ref=ref, relative_score=0.0) for ref in refs]
    found = combine(candidates, ballots, 0.0)  # type: ignore[arg-type]
    return Heard(ballots, dict(found.support), found.consistency)


def only(line: dict[str, Any], places: tuple[int, int]) -> dict[str, Any]:
    """Leave two candidates of a question, in this order."""
    *before, asked, reply = line["messages"]
    rows = asked["content"].splitlines()
    start = next(n for n, row in enumerate(rows) if row.startswith("Candidates:")) + 1
    candidates = rows[start : start + len(line["regrets"])]
    two = [
        f"{letter} {candidates[place].partition(' ')[2]}"
        for letter, place in zip(LETTERS, places, strict=False)
    ]
    content = "\n".join([*rows[:start], *two, *rows[start + len(candidates) :]])
    return {**line, "messages": [*before, {**asked, "content": content}, reply]}


def votes(lines: list[dict[str, Any]], heard: Heard) -> dict[str, Any]:
    """Say what is chosen of a list, by the vote alone and beside the surrogate."""
    first, refs = lines[0], references(lines[0])
    regrets = dict(zip(refs, first["regrets"], strict=True))
    # As a recommendation lists them: what is predicted best first.
    ranked = sorted(zip(first["predicted"], refs, strict=True), reverse=True)
    support = [heard.support[ref] for _, ref in ranked]
    found = []
    for weight in WEIGHTS:
        combined = weighed([score for score, _ in ranked], support, weight)
        found.append(regrets[ranked[combined.index(max(combined))][1]])
    best = min(regrets.values())
    asked = [regrets[one.order[LETTERS.index(one.choice or "A")]] for one in heard.ballots]
    return {
        "letters": [ballot.choice for ballot in heard.ballots],
        "one question names the best": fmean(regret == best for regret in asked),
        "vote is best": float(regrets[max(refs, key=heard.support.__getitem__)] == best),
        "surrogate's first is best": float(regrets[ranked[0][1]] == best),
        "chance": fmean(regret == best for regret in regrets.values()),
        "position consistency": heard.consistency,
        "support of the best": max(heard.support[ref] for ref in refs if regrets[ref] == best),
        "regret of any": fmean(regrets.values()),
        "regrets": found,
    }


def ask(model: LanguageModel, line: dict[str, Any], order: tuple[str, ...]) -> Ballot:
    """Ask one question."""
    messages = [(ROLES[one["role"]], one["content"]) for one in line["messages"][:-1]]
    answer = model.ask(
        Request(messages, ballot_schema(len(order)), 0.0, 42, 32, log_probabilities=True), 600
    )
    if answer.error is not None:
        raise SystemExit(f"{line['list']}: {answer.error}")
    return Ballot(
        order=order,
        choice=read_letter(answer.text, len(order)),
        log_probabilities=letter_log_probabilities(answer.tokens, len(order)),
        raw=answer.text,
        thinking=None,
        error=None,
        attempts=1,
    )


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Average over lists; what is written by letter is told too, since small models have one."""
    letters = [letter for row in rows for letter in row.pop("letters")]
    regrets = [fmean(column) for column in zip(*(row.pop("regrets") for row in rows), strict=True)]
    return {
        "lists": len(rows),
        "letters": {letter: letters.count(letter) for letter in sorted(set(letters))},
        **{name: round(fmean(row[name] for row in rows), 4) for name in rows[0]},
        "regret by weight": {
            str(w): round(regret, 4) for w, regret in zip(WEIGHTS, regrets, strict=True)
        },
    }


if __name__ == "__main__":
    main()
