"""Make a LoRA adapter in GGUF out of a GGUF model and a tuning set (README.md beside it)."""

import argparse
import itertools
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache, PreTrainedTokenizerBase

RANK = 8
ALPHA = 16.0
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""What llama.cpp calls the linear layers of the architectures llama and qwen2."""


@dataclass(frozen=True)
class Tokens:
    """An example as tokens, of which those from `answer` on are learned."""

    ids: list[int]
    answer: int


def main() -> None:
    """Tune and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="GGUF file of the base model")
    parser.add_argument("--examples", type=Path, required=True, help="train.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="adapter to write (.gguf)")
    parser.add_argument("--n-examples", type=int, help="only so many, drawn at random")
    parser.add_argument("--task", choices=["choice", "explanation"], help="only these")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rows", type=int, default=6, help="examples of one dataset in a step")
    parser.add_argument("--step-size", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--bf16", action="store_true", help="faster where the processor has it")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    wanted = parser.parse_args()
    torch.manual_seed(wanted.seed)
    torch.set_num_threads(wanted.threads or torch.get_num_threads())
    read = {"pretrained_model_name_or_path": wanted.model.parent, "gguf_file": wanted.model.name}
    tokenizer = AutoTokenizer.from_pretrained(**read)
    dtype = torch.bfloat16 if wanted.bf16 else torch.float32
    base = AutoModelForCausalLM.from_pretrained(**read, dtype=dtype)
    lora = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=[n.split(".")[1] for n in NAMES])
    model = get_peft_model(base, lora).to(wanted.device)
    model.print_trainable_parameters()
    lines = [json.loads(line) for line in wanted.examples.read_text("utf-8").splitlines()]
    lines = [one for one in lines if wanted.task in (None, one["task"])]
    np.random.default_rng(wanted.seed).shuffle(lines)
    train(model, batches(lines[: wanted.n_examples], tokenizer, wanted), wanted)
    write(model, base.config, wanted.out)


def batches(
    lines: list[dict], tokenizer: PreTrainedTokenizerBase, wanted: argparse.Namespace
) -> list[list[Tokens]]:
    """Put examples of one dataset and task together: most of what they are asked is the same."""
    rng = np.random.default_rng(wanted.seed)
    steps = []
    for _ in range(wanted.epochs):
        rng.shuffle(lines)
        of_epoch = []
        ordered = sorted(lines, key=alike)
        for _, group in itertools.groupby(ordered, alike):
            rows = [tokenised(one["messages"], tokenizer) for one in group]
            of_epoch += [rows[i : i + wanted.rows] for i in range(0, len(rows), wanted.rows)]
        rng.shuffle(of_epoch)
        steps += of_epoch
    return steps


def alike(line: dict) -> tuple[str, str]:
    """Say what lines have to share to be read together."""
    return line["dataset"], line["task"]


def tokenised(messages: list[dict], tokenizer: PreTrainedTokenizerBase) -> Tokens:
    """Write messages as the model's own template has them."""
    asked = tokenizer.apply_chat_template(messages[:-1], tokenize=False, add_generation_prompt=True)
    answer = messages[-1]["content"] + tokenizer.eos_token
    start = tokenizer(asked, add_special_tokens=False)["input_ids"]
    return Tokens(start + tokenizer(answer, add_special_tokens=False)["input_ids"], len(start))


def train(model: PeftModel, steps: list[list[Tokens]], wanted: argparse.Namespace) -> None:
    """Run all steps; the step size rises over the first tenth and falls to zero (cosine)."""
    optimizer = torch.optim.AdamW(
        [one for one in model.parameters() if one.requires_grad], lr=wanted.step_size
    )
    begun = time.monotonic()
    for number, rows in enumerate(steps):
        done = number / len(steps)
        factor = min(10 * (number + 1) / len(steps), 1.0) * (1 + math.cos(math.pi * done)) / 2
        optimizer.param_groups[0]["lr"] = wanted.step_size * factor
        loss = step(model, rows, wanted.device)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        spent = time.monotonic() - begun
        left = spent / (number + 1) * (len(steps) - number - 1) / 60
        print(
            f"step {number + 1} of {len(steps)}, loss {loss:.3f}, {left:.0f} min left", flush=True
        )


def step(model: PeftModel, rows: list[Tokens], device: str) -> float:
    """Add the gradient of the mean loss of an answer; the common prefix is read once, without."""
    shared = len(common_prefix([one.ids for one in rows]))
    shared = min(shared, *(one.answer - 1 for one in rows))
    longest = max(len(one.ids) for one in rows) - shared
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full((len(rows), longest), -100)
    seen = torch.zeros(len(rows), shared + longest, dtype=torch.long)
    for place, one in enumerate(rows):
        length = len(one.ids)
        ids[place, : length - shared] = torch.tensor(one.ids[shared:])
        labels[place, one.answer - shared : length - shared] = torch.tensor(one.ids[one.answer :])
        seen[place, :length] = 1
    cache = DynamicCache(config=model.config)
    with torch.no_grad():
        prefix = torch.tensor([rows[0].ids[:shared]], device=device)
        model(input_ids=prefix, past_key_values=cache, use_cache=True, logits_to_keep=1)
    cache.batch_repeat_interleave(len(rows))
    network = model.get_base_model()
    hidden = network.model(
        input_ids=ids.to(device),
        attention_mask=seen.to(device),
        past_key_values=cache,
        use_cache=True,
    ).last_hidden_state
    # What is not learned needs no probabilities of the whole vocabulary.
    following = labels[:, 1:].to(device)
    learned = following != -100
    logits = network.lm_head(hidden[:, :-1][learned])
    loss = torch.nn.functional.cross_entropy(
        logits.float(), following[learned], reduction="sum"
    ) / len(rows)
    loss.backward()
    return loss.item()


def common_prefix(rows: list[list[int]]) -> list[int]:
    """Return what all begin with."""
    same = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False))
    return [column[0] for column in same]


def write(model: PeftModel, config: object, path: Path) -> None:
    """Write the adapter as llama.cpp reads one."""
    architecture = {"llama": "llama", "qwen2": "qwen2"}[config.model_type]
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, ALPHA)
    for name, data in tensors(model, config):
        writer.add_tensor(name, data.detach().float().cpu().contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(model: PeftModel, config: object) -> Iterator[tuple[str, torch.Tensor]]:
    """Name the two matrices of every layer; without the permutation it is silently wrong."""
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for name, layer in model.named_modules():
        if not hasattr(layer, "lora_A") or "default" not in layer.lora_A:
            continue
        number, _, kind = name.partition("layers.")[2].partition(".")
        called = NAMES[kind]
        b = layer.lora_B["default"].weight
        if config.model_type == "llama" and called in heads:
            b = permuted(b, heads[called])
        yield f"blk.{number}.{called}.weight.lora_a", layer.lora_A["default"].weight
        yield f"blk.{number}.{called}.weight.lora_b", b


def permuted(rows: torch.Tensor, n_heads: int) -> torch.Tensor:
    """Order rows as llama.cpp has those of llama's q and k: halves of a head interleaved."""
    halves = rows.reshape(n_heads, 2, rows.shape[0] // n_heads // 2, *rows.shape[1:])
    return halves.swapaxes(1, 2).reshape(rows.shape)


if __name__ == "__main__":
    main()
