from .ballots import (
    Ballot as Ballot,
    LETTERS as LETTERS,
    ballot_schema as ballot_schema,
    cyclic_orders as cyclic_orders,
    letter_log_probabilities as letter_log_probabilities,
    option_log_probabilities as option_log_probabilities,
    read_letter as read_letter,
)
from .conversation import Conversation as Conversation, Exchange as Exchange
from .language_model import (
    Identity as Identity,
    LLMUnavailableError as LLMUnavailableError,
    LanguageModel as LanguageModel,
    Message as Message,
    ProviderUsed as ProviderUsed,
    Request as Request,
    Token as Token,
)
from .parameters import (
    LLMParameters as LLMParameters,
    ModelName as ModelName,
    ServerParameters as ServerParameters,
)
from .providers import connect as connect
from .reply_text import (
    ModelText as ModelText,
    UnusableReplyError as UnusableReplyError,
    load_object as load_object,
    short as short,
    split_thinking as split_thinking,
    storable as storable,
)
from .vote_weights import (
    Heard as Heard,
    VoteWeight as VoteWeight,
    WEIGHT_COLUMNS as WEIGHT_COLUMNS,
    heard as heard,
    read_weights as read_weights,
)
