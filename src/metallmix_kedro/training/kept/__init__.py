"""Training one configuration to keep the network, fold by fold, so that a stop loses little.

`plans` says what is trained on which images, `runs` trains, `folds` keeps what is finished on disk,
`progress` shows how far it is, `classifier` makes a network of it that takes images as they are,
`script` writes down how to do the same in plain Keras. It may import what `training` may.
"""
