"""Measure what a model's votes are worth on the lists of a tuning set's test.jsonl (README.md)."""

import argparse
import itertools
import json
from collections.abc import Iterator
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
    rows = []
    for one in lists:
        rows.append(votes(model, one))
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


def votes(model: LanguageModel, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Ask about a list in every order, and combine the ballots as a recommendation does."""
    first = lines[0]
    refs = [f"C{place}" for place in range(len(first["regrets"]))]
    regrets = dict(zip(refs, first["regrets"], strict=True))
    candidates = [SimpleNamespace(ref=ref, relative_score=0.0) for ref in refs]
    ballots = [ask(model, line, (*refs[k:], *refs[:k])) for k, line in enumerate(lines)]
    heard = combine(candidates, ballots, 0.0)  # type: ignore[arg-type]
    # As a recommendation lists them: what is predicted best first.
    ranked = sorted(zip(first["predicted"], refs, strict=True), reverse=True)
    support = [heard.support[ref] for _, ref in ranked]
    found = []
    for weight in WEIGHTS:
        combined = weighed([score for score, _ in ranked], support, weight)
        found.append(regrets[ranked[combined.index(max(combined))][1]])
    best = min(regrets.values())
    asked = [regrets[ballot.order[LETTERS.index(ballot.choice or "A")]] for ballot in ballots]
    return {
        "letters": [ballot.choice for ballot in ballots],
        "one order is best": fmean(regret == best for regret in asked),
        "vote is best": float(regrets[str(heard.preferred)] == best),
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
