"""What outcomes say: scores, intervals, tests, and how sure one may be.

It may import `evaluation.protocols`, `evaluation.methods` and `evaluation.outcomes`.
"""
