from .errors import (
    ArtifactError as ArtifactError,
    InputError as InputError,
    MetallmixError as MetallmixError,
    MissingExtraError as MissingExtraError,
    ParameterError as ParameterError,
    WeightsError as WeightsError,
)
from .extras import require as require
from .figures import (
    Axes as Axes,
    BLUE as BLUE,
    COLOUR_MAP as COLOUR_MAP,
    Figure as Figure,
    GREY as GREY,
    ORANGE as ORANGE,
    VERMILION as VERMILION,
    alike_side_by_side as alike_side_by_side,
    empty_figure as empty_figure,
    frame as frame,
    heat_map as heat_map,
    new_figure as new_figure,
)
from .files import whole_file as whole_file
from .output import forgiving_output as forgiving_output, show as show
from .parameter_errors import describe_offences as describe_offences
from .parameters import Parameters as Parameters
from .paths import (
    FilePath as FilePath,
    as_typed as as_typed,
    from_project as from_project,
    types_at as types_at,
)
from .templates import html_template as html_template, text_template as text_template
from .text_yaml import load_text_yaml as load_text_yaml
from .unchanging import Unchanging as Unchanging
from .working_folder import need_working_folder as need_working_folder
from .xgboost_alone import xgboost as xgboost
