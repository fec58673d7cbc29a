from .claims import check_unchanged as check_unchanged, claimed as claimed
from .executors import open_executor as open_executor
from .grid import TrialGrid as TrialGrid
from .known import history_records as history_records, readable_records as readable_records
from .measuring import MeasuredDataset as MeasuredDataset, TrialMeasurer as TrialMeasurer
from .parameters import ExperimentGridParameters as ExperimentGridParameters
from .retrace import retrace_searches as retrace_searches
