"""What a history looks like: its winners, what mattered, how alike datasets are; pictures.

It may import `history`, `search_space` and `support`.
"""
