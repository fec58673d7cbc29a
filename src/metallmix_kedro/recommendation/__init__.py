"""Decide, explain and report a configuration for a target (paper, section 2.4).

`candidates` makes the short list, `gather` the evidence. `llm` asks a language model
(`llm_providers`: Ollama or an embedded one) with the texts of `prompt`: `ballots` under several
orders, which `choice` counts, and an explanation whose `references` are filled from the evidence
and whose claims `checks` checks. `reply` decides what stands of it; `free_choice` is the paper's
own way, `explanation` explains without a model. `model` is the result, `report` and `terminal`
show it.
"""
