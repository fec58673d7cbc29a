"""Language models as such: an Ollama server, one inside the process, and talking to either.

`providers` connects, `language_model` is what all of them offer, `conversation` asks,
`ballots` and `reply_text` read the answers, `vote_weights` says what a
model's vote counts. It may import `support`, and knows nothing of what is asked.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
