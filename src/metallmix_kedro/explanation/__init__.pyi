from . import evidence as evidence, formatting as formatting, llm as llm, names as names
from .choice import Choice as Choice, weighed as weighed
from .claims import (
    Check as Check,
    check_explanation as check_explanation,
    sentences as sentences,
)
from .evidence import (
    Attribution as Attribution,
    Budget as Budget,
    Candidate as Candidate,
    Evidence as Evidence,
    OwnTrial as OwnTrial,
    OwnTrials as OwnTrials,
    RetrievedTrial as RetrievedTrial,
    Target as Target,
    TopFeature as TopFeature,
    said_values as said_values,
)
from .explanation import explain_from_attributions as explain_from_attributions
from .free_choice import (
    FREE_CHOICE as FREE_CHOICE,
    only as only,
    with_free_choice as with_free_choice,
)
from .names import rows as rows
from .prompt import (
    DecisionPrompts as DecisionPrompts,
    PromptTexts as PromptTexts,
    neutralise as neutralise,
)
from .reply import (
    DecidedBy as DecidedBy,
    Decision as Decision,
    LLMReply as LLMReply,
    decide as decide,
    read_free_choice as read_free_choice,
)
from .tuning_examples import (
    choice_example as choice_example,
    explanation_example as explanation_example,
)
