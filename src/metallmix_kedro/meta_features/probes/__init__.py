"""Probes: forward passes through frozen backbones that say what a dataset is like.

No trial is run. `statistics` holds the figures, `traits` those that need no network, `measuring`
takes them of images, `features` turns them into what the surrogate learns from, `speed` compares
machines.
"""
