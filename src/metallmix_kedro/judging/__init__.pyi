from .ablation_keys import current_rows as current_rows, fingerprint as fingerprint
from .ablation_table import (
    model_table as model_table,
    row_table as row_table,
    summary_table as summary_table,
)
from .check import rate_labelled as rate_labelled, report_judge as report_judge
from .judge import judge_recommendation as judge_recommendation
from .tuning_set import build_tuning_set as build_tuning_set
from .vote_weight import weight_table as weight_table
