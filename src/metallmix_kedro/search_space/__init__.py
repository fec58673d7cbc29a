"""The configurations one can choose among (paper, section 2.1, Table 1)."""

from metallmix_kedro.search_space.configuration import CONFIGURATION_COLUMNS, Configuration
from metallmix_kedro.search_space.space import STRATEGIES, SearchSpace, Strategy

__all__ = ["CONFIGURATION_COLUMNS", "STRATEGIES", "Configuration", "SearchSpace", "Strategy"]
