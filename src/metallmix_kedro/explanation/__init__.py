"""Evidence in words: what a language model is shown and asked, and what stands of its reply.

`evidence` is the data, `names` says what its parts are called, `prompt` shows it; `llm` asks for
ballots, which `choice` counts, and for an explanation: `claims`, each of which picks one of the
`statements` that can be made of a candidate and adds free `words`. `reply` decides what stands of
it; `free_choice` is the paper's own way, `explanation` explains without a model. It may import
`language_models`, `attribution`, `history`, `meta_features`, `search_space`, `declared` and
`support`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
