"""How good the surrogate is: one dataset left out at a time, its report and its picture.

It may import `surrogate`, `history`, `search_space` and `support`.
"""
