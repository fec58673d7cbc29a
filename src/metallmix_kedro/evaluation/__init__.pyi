from .ablation_parameters import CONDITIONS as CONDITIONS, Condition as Condition
from .judge_parameters import JudgeParameters as JudgeParameters
from .methods.one_shot import by_short_list as by_short_list
from .parameters import EvaluationParameters as EvaluationParameters
from .protocols.knowledge import Settings as Settings
from .protocols.replay import ReplayTable as ReplayTable, replay_tables as replay_tables
from .protocols.task import Task as Task
