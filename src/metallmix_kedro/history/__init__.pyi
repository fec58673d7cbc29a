from .averages import (
    best_on_average as best_on_average,
    configuration_means as configuration_means,
    shared_enough as shared_enough,
)
from .cells import (
    belongs as belongs,
    coded as coded,
    draw_evenly as draw_evenly,
)
from .collect import collect_history as collect_history
from .columns import (
    ACCURACY as ACCURACY,
    METRICS as METRICS,
    N_TRAIN as N_TRAIN,
    PROTOCOL as PROTOCOL,
    SCORE as SCORE,
    TIMES as TIMES,
    history_columns as history_columns,
    later_values as later_values,
)
from .comparable import (
    same_setting as same_setting,
)
from .noise import (
    half_accuracies as half_accuracies,
    luck_of_images as luck_of_images,
    luck_of_seeds as luck_of_seeds,
)
from .objective import (
    MEASURES as MEASURES,
    Measure as Measure,
    Objective as Objective,
    with_score as with_score,
)
from .relative import (
    NO_SPREAD as NO_SPREAD,
    add_relative_score as add_relative_score,
    has_score as has_score,
    origin as origin,
    range_keys as range_keys,
    with_all_images as with_all_images,
)
from .schema import history_schema as history_schema
from .searches import compare_searches as compare_searches
from .trials import History as History
from .tried import Tried as Tried
