"""Networks pretrained on ImageNet: facts, weights and construction (paper, section 2.1, Table 1).

`registry` holds the facts and imports no training library; `build` makes the network, with its
pretrained weights or an error; `preprocessing` makes its input from pixel values.

To add a backbone that ``keras.applications`` has:

1. Add its facts to ``registry.toml``. Take them from the table of Keras Applications and its
   preprocessing from the docstring of its ``preprocess_input``; the tests compare the parameter
   count, the depth and the preprocessing with what Keras builds.
2. Add its name to ``search_space.backbone`` in the parameters.

One that Keras lacks needs a builder like `efficientnet_lite` besides, with a stable name for
every layer, and a reader that puts published weights into it and refuses what does not fit.
Weights come from Keras' own download (``imagenet``), from an installed package
(``pip:<distribution>``) or from a file of the user's; `weights` resolves all three, and names
them for the record of a trial. Show that such weights work by classifying real photographs:
padding, batch-norm epsilon or input scale that are slightly off change no shape.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
