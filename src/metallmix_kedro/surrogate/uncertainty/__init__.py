"""How sure the surrogate is: scales, calibration, spread and its outlook.

It may import `history`, `meta_features`, `search_space` and `support`.
"""
