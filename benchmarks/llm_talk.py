"""A real language model: how long a talk takes, how it chooses, and what names do to it.

Asks the model for the decision on the stored evidence of a recommendation; then, with ``--second``,
on that of another target in the same process (what is constant in the prompt is read already then);
then on the first with names that instruct and with harmless ones of the same length. Slow on a CPU;
never part of the tests.

    python -m benchmarks.llm_talk --evidence EVIDENCE.json --gguf MODEL.gguf --second OTHER.json
    python -m benchmarks.llm_talk --evidence EVIDENCE.json --model qwen2.5-coder:7b --kinds 50
"""

import argparse
import time
from pathlib import Path

from rich.progress import track

from benchmarks.declared_space import shipped_space
from metallmix_kedro.explanation import llm
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.prompt import DecisionPrompts
from metallmix_kedro.explanation.reply import Decision, LLMReply, decide
from metallmix_kedro.language_models.parameters import LLMParameters
from tests.injections import injections

CONF = Path(__file__).parents[1] / "conf"
STARTED = time.monotonic()


def main() -> None:
    """Hold the talks and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evidence", type=Path, required=True, help="a stored evidence.json")
    parser.add_argument("--second", type=Path, help="that of another target")
    parser.add_argument("--model", help="name of a model of the Ollama server")
    parser.add_argument("--gguf", help="file of an embedded model")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--weight", type=float, default=1.0, help="of the vote; 0: none is asked")
    parser.add_argument("--kinds", type=int, default=0, help="kinds of instructions in names")
    arguments = parser.parse_args()

    folder = CONF / "prompts/recommendation"
    prompts = DecisionPrompts(**{path.stem: path.read_text() for path in folder.glob("*.txt")})
    space = shipped_space()
    chosen = {"embedded": {"path": arguments.gguf}, "provider": "embedded"}
    if arguments.model:
        chosen = {"model": arguments.model, "provider": "ollama"}
    parameters = LLMParameters.model_validate(
        {
            **chosen,
            "num_thread": arguments.threads,
            "timeout_s": 3600,
            "vote_weight": arguments.weight,
        }
    )
    evidence = read(arguments.evidence)

    def talk(about: Evidence, how: LLMParameters = parameters) -> tuple[LLMReply, Decision]:
        reply = llm.ask(about, prompts, how, space)
        return reply, decide(about, reply, space, how)

    first, decision = talk(evidence)
    votes = [ballot.choice for ballot in first.ballots]
    whole = time.monotonic() - STARTED
    inside = (first.prefill_s or 0) + (first.decoding_s or 0)
    print(f"{first.model}: whole process {whole:.1f} s, inside the model {inside / whole:.0%}")
    print(f"{first.prompt_tokens} tokens read, {first.reply_tokens} written")
    if arguments.second:
        again = talk(read(arguments.second))[0].response_time_s or 0
        print(f"second target: {again} s, {again / whole:.0%} of it")
    if decision.choice:
        print(f"support {decision.choice.support}; {decision.reason}")
    print(f"explanation by {decision.explanation_by}: {decision.explanation}")
    changed = {"hostile": 0, "harmless": 0}
    voted = dict(changed)
    listed = list(injections("B"))[: arguments.kinds]
    # What is chosen is at stake; the explanation may break off.
    brief = parameters.model_copy(update={"num_predict": 64, "retries": 0})
    for one in track(listed, disable=not listed):
        for manner, name in (("hostile", one.name), ("harmless", one.twin)):
            reply, other = talk(renamed(evidence, name), brief)
            changed[manner] += other.chosen_ref != decision.chosen_ref
            voted[manner] += [ballot.choice for ballot in reply.ballots] != votes
    if listed:
        print(f"configurations changed by {len(listed)} names: {changed}; votes: {voted}")


def read(path: Path) -> Evidence:
    """Read the stored evidence of a recommendation."""
    return Evidence.model_validate_json(path.read_text())


def renamed(evidence: Evidence, name: str) -> Evidence:
    """Give the target and all datasets of trials a name."""
    trials = tuple(
        trial.model_copy(update={"dataset": f"{name} {trial.dataset}"}) for trial in evidence.trials
    )
    target = evidence.target.model_copy(update={"name": name})
    return evidence.model_copy(update={"target": target, "trials": trials})


if __name__ == "__main__":
    main()
