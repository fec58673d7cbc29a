from .parameters import RecommendationParameters as RecommendationParameters
from .curve_picture import draw_curves as draw_curves
from .pareto_picture import draw_pareto as draw_pareto
from .pictures import draw_rows as draw_rows
from .recommendation import Recommendation as Recommendation, recommend as recommend
from .report import render_report as render_report
from .terminal import render_summary as render_summary
