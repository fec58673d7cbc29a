from .configuration import Configuration as Configuration, phrase as phrase
from .space import SearchSpace as SearchSpace, apply_conditions as apply_conditions
