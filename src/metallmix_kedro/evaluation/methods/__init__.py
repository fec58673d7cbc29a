"""The methods that are compared, by name.

They may import `evaluation.protocols`, `decision`, `retrieval`, `surrogate` and what these
stand on.
"""
