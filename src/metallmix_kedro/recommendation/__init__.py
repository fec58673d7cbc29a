"""Decide, explain and report a configuration for a target (paper, section 2.4).

`candidates` makes the short list, `gather` the evidence, `llm`, `prompt`, `reply` and `checks` ask
the language model and check what it says, `explanation` explains without one, `recommendation`
is the result, `report` and `terminal` show it.
"""
