"""What configurations are worth on average over datasets, and with so many training images.

It may import `history`, `declared` and what these stand on, nothing of `surrogate` around it.
"""
