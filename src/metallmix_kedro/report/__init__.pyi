from .parameters import RecommendationParameters as RecommendationParameters
from .pictures import draw_pictures as draw_pictures
from .recommendation import Recommendation as Recommendation, recommend as recommend
from .report import render_report as render_report
from .terminal import render_summary as render_summary
