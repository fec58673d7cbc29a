"""A recommendation as data and as what people look at: JSON, page, pictures, terminal.

`recommendation` is the result, its JSON Schema stands beside it; `parameters` are those of the
decision and of the language model together; `report`, `pareto_picture`, `pictures` and `terminal`
show the result. It may import `decision`, `explanation`, `language_models` and what these stand on.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
