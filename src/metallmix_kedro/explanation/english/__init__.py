"""Claims in English sentences, and whether the evidence supports them.

It may import `explanation`, `declared`, `meta_features` and `search_space`.
"""
