"""Claims in English sentences, and whether the evidence supports them.

It may import `explanation`, `meta_features` and `search_space`.
"""
