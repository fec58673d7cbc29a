"""From a scored space to a short list, a Pareto front and the evidence (section 2.4).

`target` is what is known beforehand, `scoring` predicts, `listing` and `pareto` pick,
`prospects` says what to expect, `gather` makes the evidence of it. It may import `surrogate`,
`retrieval`, `attribution`, what these stand on, and `explanation.evidence`; it knows of no
language model.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
