"""How sure the surrogate is: scales, residuals, calibration, scenarios and their outlook.

It may import `surrogate`, `history`, `meta_features`, `search_space` and `support`.
"""
