"""How sure the surrogate is: scales, calibration, scenarios and their outlook.

It may import `surrogate.averages`, `history`, `meta_features`, `search_space` and `support`.
"""
