"""The report of a training: one HTML page with all its pictures inside."""

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metallmix_kedro.explanation import formatting
from metallmix_kedro.images import open_image
from metallmix_kedro.support import html_template
from metallmix_kedro.trained import pictures
from metallmix_kedro.trained.candidates import TrainedTarget
from metallmix_kedro.trained.scores import Asked, most_wrong

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_THUMBNAIL = (160, 160)


def render_page(done: TrainedTarget, card: dict[str, Any], n_mistakes: int) -> str:
    """Render the report.

    Parameters
    ----------
    done : TrainedTarget
    card : dict
        From `card.describe_model`.
    n_mistakes : int
        Images shown that it is most wrong about.

    Returns
    -------
    str
        A whole HTML document that loads nothing; names are escaped.
    """
    asked, names = Asked.of(done), done.plan.class_names
    drawn = {
        "Learning curves": pictures.plot_curves(done),
        "What is taken for what": pictures.plot_confusion(asked, names),
        "Scores by class": pictures.plot_classes(asked, names),
        "Calibration": pictures.plot_calibration(asked),
    }
    if card["search"]:
        drawn = {"Best validation accuracy so far": pictures.plot_search(done), **drawn}
    path = Path(__file__).parent / "templates/training.html.j2"
    template = html_template(path, percent=formatting.percent, duration=formatting.duration)
    return template.render(
        card=card,
        pictures={title: _embedded(figure) for title, figure in drawn.items()},
        mistakes=_mistakes(done, asked, n_mistakes),
    )


def _embedded(figure: "Figure") -> str:
    """Return a figure as the address of a picture that stands in the page itself."""
    stream = io.BytesIO()
    # The version of matplotlib would change the bytes.
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _mistakes(done: TrainedTarget, asked: Asked, count: int) -> list[dict[str, Any]]:
    names, paths = done.plan.class_names, done.plan.images["path"]
    return [
        {
            "picture": _thumbnail(done.plan.root / paths.iloc[int(asked.rows[place])]),
            "path": paths.iloc[int(asked.rows[place])],
            "is": names[int(asked.truth[place])],
            "taken_for": names[int(asked.predicted[place])],
            "probability": float(asked.probabilities[place].max()),
        }
        for place in most_wrong(asked, count)
    ]


def _thumbnail(path: Path) -> str:
    stream = io.BytesIO()
    with open_image(path) as image:
        small = image.convert("RGB")
        small.thumbnail(_THUMBNAIL)
        small.save(stream, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
