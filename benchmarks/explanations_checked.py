"""Explanations as users see them, held against their evidence by a reader of its own.

Leaves datasets of the shipped history out, has each of their candidates explained, and counts the
sentences that the evidence does not bear out. The reader (`tests.independent_check`) shares no code
with what writes and checks explanations: subject, value, sign and comparison are taken out of the
words. Without a model, replies are drawn at random: most from the grammar that models are decoded
under, every fourth broken or hostile. Never part of the tests.

    python -m benchmarks.explanations_checked --n 500
    python -m benchmarks.explanations_checked --n 500 --gguf MODEL.gguf --threads 2
    python -m benchmarks.explanations_checked --n 500 --model qwen2.5-coder:7b
"""

import argparse
import json
import math
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
from rich.progress import track

import benchmarks.declared_space  # noqa: F401 (the hyperparameters of conf/base)
from metallmix_kedro.evaluation import EvaluationParameters, Settings, replay_tables
from metallmix_kedro.explanation import DecisionPrompts, Evidence, LLMReply, decide, llm
from metallmix_kedro.explanation.claims import offered
from metallmix_kedro.history import History
from metallmix_kedro.judging.left_out import leave_out
from metallmix_kedro.language_models import LLMParameters
from metallmix_kedro.report import RecommendationParameters
from metallmix_kedro.retrieval import RetrievalParameters
from metallmix_kedro.surrogate import MetaLearningParameters
from tests.hostile_replies import odd_reply
from tests.independent_check import false_facts

PROMPTS = Path(__file__).parents[1] / "conf/prompts/recommendation"
DATA = Path(__file__).parents[1] / "data"
GROUP = re.compile(r"\(([^()]*)\)(\??)")


def main() -> None:
    """Have explanations made, read them, and print what is false."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=40, help="explanations")
    parser.add_argument("--gguf", help="file of an embedded model")
    parser.add_argument("--model", help="name of a model of the Ollama server")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    usual: dict[str, Any] = {"num_thread": arguments.threads, "timeout_s": 3600, "vote_weight": 0}
    if arguments.gguf:
        usual |= {"provider": "embedded", "embedded": {"path": arguments.gguf}}
    elif arguments.model:
        usual |= {"provider": "ollama", "model": arguments.model}
    prompts = DecisionPrompts(**{path.stem: path.read_text() for path in PROMPTS.glob("*.txt")})

    newest = max((DATA / "05_model_input/history.parquet").glob("*/*.parquet"))
    history = History.scored(pd.read_parquet(newest), "accuracy")
    settings = Settings(
        *(EvaluationParameters(), MetaLearningParameters()),
        *(RecommendationParameters(), RetrievalParameters()),
    )
    tables, _ = replay_tables(history, "measured", settings.evaluation.min_trials)
    each = max(settings.recommendation.n_candidates, math.ceil(arguments.n / len(tables)))
    tables = tables[:: max(1, len(tables) // math.ceil(arguments.n / each))]
    found: Counter[str] = Counter()
    texts = set()
    for number in track(range(arguments.n)):
        if number % each == 0:
            left_out = leave_out(history, tables[number // each], settings)
        evidence = with_first(left_out.evidence, number % each)
        how = LLMParameters.model_validate({**usual, "seed": number})
        if "provider" in usual:
            reply = llm.ask(evidence, prompts, how, left_out.space)
        else:
            reply = drawn_reply(evidence, random.Random(number))  # noqa: S311 (nothing secret)
        decision = decide(evidence, reply, left_out.space, how)
        false = false_facts(decision.explanation, evidence, decision.chosen_ref)
        found["explanations"] += 1
        found[f"by {decision.explanation_by}"] += 1
        found["false sentences"] += len(false)
        texts.add(re.sub(r"\W*\d\S*|\"[^\"]*\"", "#", decision.explanation))
        for sentence in false:
            print(f"{evidence.target.name}: {sentence}")
    print(f"{dict(found)}; {len(texts)} different texts without numbers and names")


def with_first(evidence: Evidence, place: int) -> Evidence:
    """Put a candidate first, so that it is the one that is explained."""
    place %= len(evidence.candidates)
    candidates = evidence.candidates
    turned = (candidates[place], *candidates[:place], *candidates[place + 1 :])
    return evidence.model_copy(update={"candidates": turned})


def drawn_reply(evidence: Evidence, source: random.Random) -> LLMReply:
    """Draw a reply as any model may give it under the grammar; every fourth is a hostile one."""
    ref = evidence.candidates[0].ref
    schema = llm.explanation_schema(offered(evidence, [ref]))
    claims = []
    for item in schema["properties"]["explanation"]["prefixItems"]:
        branch = source.choice(item.get("anyOf", [item]))["properties"]
        pattern = schema["$defs"][branch["words"]["$ref"].rpartition("/")[2]]["pattern"]
        kind, cites = branch["kind"]["const"], source.choice(branch["cites"]["enum"])
        claims.append({"kind": kind, "cites": cites, "words": drawn_words(pattern, source)})
    raw = json.dumps({"explanation": claims})
    raw = odd_reply(source, raw) if source.random() < 0.25 else raw
    return LLMReply(provider_used="ollama", prompt_sha256="", raw=raw, explained_ref=ref)


def drawn_words(pattern: str, source: random.Random) -> str:
    """Draw a text that a pattern of alternatives lets through."""
    while group := GROUP.search(pattern):
        said = "" if group[2] and source.random() < 0.5 else source.choice(group[1].split("|"))
        pattern = f"{pattern[: group.start()]}{said}{pattern[group.end() :]}"
    return pattern.strip("^$")


if __name__ == "__main__":
    main()
