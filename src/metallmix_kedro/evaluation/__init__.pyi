from .methods.one_shot import by_short_list as by_short_list
from .parameters import (
    CONDITIONS as CONDITIONS,
    Condition as Condition,
    EvaluationParameters as EvaluationParameters,
    JudgeParameters as JudgeParameters,
)
from .protocols.knowledge import Settings as Settings
from .protocols.replay import ReplayTable as ReplayTable, replay_tables as replay_tables
from .protocols.task import Task as Task
