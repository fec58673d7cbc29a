"""What is left out, what remains to learn from, and what a method is asked.

It may import `evaluation.parameters`, `surrogate`, `meta_features`, `history` and what these
stand on.
"""
