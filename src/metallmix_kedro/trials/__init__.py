"""Measuring: one configuration trained on one dataset is a trial (paper, section 2.1)."""
