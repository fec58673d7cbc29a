from .ballots import (
    Ballot as Ballot,
    LETTERS as LETTERS,
    ballot_schema as ballot_schema,
    letter_probabilities as letter_probabilities,
    make_orders as make_orders,
    read_vote as read_vote,
)
from .conversation import Conversation as Conversation, Exchange as Exchange
from .language_model import (
    Identity as Identity,
    LLMUnavailableError as LLMUnavailableError,
    LanguageModel as LanguageModel,
    Message as Message,
    ProviderUsed as ProviderUsed,
    Request as Request,
)
from .parameters import (
    LLMParameters as LLMParameters,
    ModelName as ModelName,
    PAPER_MODELS as PAPER_MODELS,
    ServerParameters as ServerParameters,
)
from .providers import connect as connect, connect_early as connect_early
from .reply_text import (
    ModelText as ModelText,
    UnusableReplyError as UnusableReplyError,
    load_object as load_object,
    short as short,
    split_thinking as split_thinking,
    storable as storable,
)
