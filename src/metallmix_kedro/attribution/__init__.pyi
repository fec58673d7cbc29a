from .parameters import ExplainabilityParameters as ExplainabilityParameters
from .tables import by_value as by_value
from .trials import attribute_trials as attribute_trials
from .values import readable_value as readable_value, readable_values as readable_values
