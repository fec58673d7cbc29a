"""The configurations one can choose among (paper, section 2.1, Table 1).

May import: declared, support.
"""

from metallmix_kedro.search_space.configuration import Configuration, phrase
from metallmix_kedro.search_space.space import SearchSpace, apply_conditions

__all__ = ["Configuration", "SearchSpace", "apply_conditions", "phrase"]
