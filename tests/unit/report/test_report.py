import json
import re
from base64 import b64encode
from hashlib import sha256
from html import escape, unescape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metallmix_kedro.explanation.evidence import OwnTrial, OwnTrials
from metallmix_kedro.explanation.formatting import chance, duration, percent, percent_range, signed
from metallmix_kedro.report.pictures import draw_attributions, draw_intervals
from metallmix_kedro.report.report import render_report
from tests import made_recommendation as made
from tests.made_curves import NEVER, SLOW, made_curves

VOID = {"meta", "br"}
PLOTS = ["pareto", "intervals", "contributions", "attributions"]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


class Page(HTMLParser):
    """Collects tags, attributes and text, and sees that tags are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_report() -> str:
    evidence = made.evidence()
    target = evidence.target.model_copy(update={"name": HOSTILE})
    trial = evidence.trials[0].model_copy(update={"dataset": HOSTILE, "trial_id": HOSTILE})
    shown = evidence.model_copy(update={"target": target, "trials": (trial,)})
    answer = made.reply(provider_used="ollama", model="m:1", raw=HOSTILE, error=HOSTILE)
    return made.page(
        made.recommendation(shown, answer, explanation=HOSTILE, reason=HOSTILE, decided_by="llm")
    )


def test_the_report_shows_what_is_recommended_and_why() -> None:
    recommendation = made.recommendation()

    page = Page(made.page(recommendation))

    assert page.open == []
    for said in (
        recommendation.target.name,
        recommendation.configuration.backbone,
        f"{100 * recommendation.score.value:.1f} %",
        recommendation.explanation,
        recommendation.provenance.evidence_sha256,
        *recommendation.warnings,
        *(trial.trial_id for trial in recommendation.evidence.trials),
        *(check.sentence for check in recommendation.checks),
    ):
        assert said in page.text
    assert [value for name, value in page.attributes if name == "data-plot"] == PLOTS
    for plot in PLOTS:
        assert ("id", plot) in page.attributes


def scripts(html: str) -> list[tuple[str, str]]:
    """Return the attributes and the text of every script."""
    return re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)


@pytest.mark.parametrize("html", [made.page(made.recommendation()), hostile_report()])
def test_the_report_loads_nothing_and_runs_its_own_scripts_alone(html: str) -> None:
    page, written = Page(html), re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    kinds, texts = zip(*scripts(html), strict=True)

    assert page.open == []
    assert not {"img", "link", "iframe", "object", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in ("src", "href", "onerror", "style")]
    assert not re.search(r"@import|url\(", written)
    # Of addresses there is the one that was asked in vain, in words.
    assert {*re.findall(r"https?://[\w.]*\w", written)} <= {"http://127.0.0.1"}
    assert kinds[-2:] == ("", "")
    assert all(kind.startswith(' type="application/json" data-plot=') for kind in kinds[:-2])
    assert texts[-2].startswith("/**\n* plotly.js")
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in texts[-2:]]
    assert unescape(policy) == (
        "default-src 'none'; style-src 'unsafe-inline'; script-src "
        + " ".join(f"'sha256-{one}'" for one in hashes)
    )


def test_the_page_holds_the_picture_and_stays_small() -> None:
    shown = made.recommendation()
    html = made.page(shown)

    figures = [json.loads(text) for _, text in scripts(html)[:-2]]
    assert figures == [one for one in made.figures(shown).values() if one["data"]]
    assert len(html.encode()) < 6e6


def test_what_the_images_are_like_stands_with_the_meta_features_where_they_were_looked_at() -> None:
    bare = made.recommendation()
    seen = bare.model_copy(update={"image_traits": {"grey_share": 1.0, "sharpness": 2.71828}})

    assert "by a sample of its images" not in made.page(bare)
    page = made.page(seen)
    assert "The last 2 are by a sample of its images" in page
    assert "<dt>share of grey images</dt><dd>1</dd>" in page
    assert "<dt>sharpness</dt><dd>2.72</dd>" in page


@given(name=st.text(min_size=1))
@example(name=HOSTILE)
@example(name="</script><!--<script>")
@settings(max_examples=20)
def test_the_picture_cannot_leave_its_script(name: str) -> None:
    shown = made.recommendation()
    figures = made.figures(shown)
    dots, *marks = figures["pareto"]["data"]
    odd = {**dots, "customdata": [[escape(name), *row[1:]] for row in dots["customdata"]]}
    odd_one = {**figures["pareto"], "data": [odd, *marks], "more": name}
    html = render_report(shown, {**figures, "pareto": odd_one})

    written = scripts(html)
    assert len(written) == len(PLOTS) + 2
    assert json.loads(written[0][1])["data"][0] == odd
    assert json.loads(written[0][1])["more"] == name


def test_the_table_compares_the_candidates_with_the_recommended_one() -> None:
    shown = made.recommendation()
    html = made.page(shown)

    rows = re.findall(r'<tr data-ref="([^"]*)"([^>]*)>(.*?)</tr>', html)
    assert [ref for ref, *_ in rows[:5]] == [one.ref for one in shown.evidence.candidates]
    assert [ref for ref, marked, _ in rows if "recommended" in marked] == [shown.chosen_ref]
    mine = shown.configuration.as_dict()
    for (_, _, cells), one in zip(rows, shown.evidence.candidates, strict=False):
        differing = [
            name for name, value in one.configuration.as_dict().items() if value != mine[name]
        ]
        assert cells.count("class=differs") == len(differing)
        assert f">{duration(one.training_time_s)}<" in cells


def test_hostile_names_are_shown_as_text() -> None:
    page = Page(hostile_report())

    assert page.text.count(HOSTILE) >= 5


def test_the_same_recommendation_gives_the_same_page() -> None:
    assert made.page(made.recommendation()) == made.page(made.recommendation())


def test_a_report_without_trials_attributions_and_checks_is_whole() -> None:
    bare = made.evidence().model_copy(update={"trials": (), "attributions": (), "warnings": ()})

    page = Page(made.page(made.recommendation(bare, checks=())))

    assert page.open == []
    assert "Claims of the explanation" not in page.text


def test_what_more_images_would_buy_has_a_picture_where_it_is_known() -> None:
    shown = made.recommendation(curves=made_curves(SLOW, NEVER))
    figures = made.figures(shown)
    odd = {**figures["curves"], "more": "</script><!--<script>"}
    html = render_report(shown, {**figures, "curves": odd})
    assert "What more images would buy" in html
    assert "Yours are 200." in html
    assert "+18.1 points of predicted accuracy. From about 400 training images on" in html
    page = Page(html)
    assert [value for name, value in page.attributes if name == "data-plot"] == [*PLOTS, "curves"]
    assert json.loads(scripts(html)[-3][1]) == odd
    assert page.open == []
    assert "What more images would buy" not in made.page(made.recommendation())


def test_dots_stand_inside_their_intervals_and_the_recommended_one_stands_out() -> None:
    candidates = made.evidence().candidates
    figure = draw_intervals(candidates, candidates[2].ref, made.evidence().measure)

    others, chosen = figure["data"]
    assert (chosen["y"], sorted([*others["y"], *chosen["y"]])) == ([2], [*range(5)])
    assert chosen["marker"]["color"] != others["marker"]["color"]
    for trace in (others, chosen):
        for place, row in enumerate(trace["y"]):
            one, bars = candidates[row], trace["error_x"]
            assert trace["x"][place] == pytest.approx(100 * one.score, abs=0.01)
            ends = (
                trace["x"][place] - bars["arrayminus"][place],
                trace["x"][place] + bars["array"][place],
            )
            assert ends == pytest.approx((100 * one.score_low, 100 * one.score_high), abs=0.02)
            assert trace["customdata"][place][1:] == [
                percent(one.score),
                percent_range(one.score_low, one.score_high),
                duration(one.training_time_s),
            ]


@pytest.mark.parametrize("rows", [0, 1])
def test_an_interval_without_width_and_no_bar_at_all_can_be_drawn(rows: int) -> None:
    sure = (
        made.evidence()
        .candidates[0]
        .model_copy(update={"score": 0.8, "score_low": 0.8, "score_high": 0.8})
    )

    figure = draw_intervals([sure], sure.ref, made.evidence().measure)
    bars = draw_attributions(made.evidence().attributions[:rows])

    assert figure["data"][1]["error_x"]["array"] == [0]
    assert len(bars["data"][0]["x"]) == rows


def test_bars_go_right_where_they_raise_and_left_where_they_lower() -> None:
    shown = made.evidence().attributions
    figure = draw_attributions(shown)

    (bars,) = figure["data"]
    assert bars["x"] == pytest.approx([one.mean_contribution for one in shown], abs=1e-5)
    colours = dict.fromkeys(bars["marker"]["color"])
    assert len(colours) == len({one.mean_contribution >= 0 for one in shown})
    top, bottom = figure["layout"]["yaxis"]["range"][::-1]
    assert top < 0 <= max(bars["y"]) < bottom  # the first row is the upmost


def test_every_row_says_what_it_is_and_names_are_shown_as_they_are() -> None:
    shown = made.evidence().attributions
    odd = shown[0].model_copy(update={"value": HOSTILE})
    figure = draw_attributions([odd, *shown[1:]])

    said = [one["text"] for one in figure["layout"]["annotations"]]
    assert len(said) == len(shown)
    number = f" <b>{signed(odd.mean_contribution)}</b> ({odd.n_trials} trials)"
    assert said[0].endswith(number)
    for text in (said[0].removesuffix(number), figure["data"][0]["customdata"][0][0]):
        assert text.endswith(escape(HOSTILE))
        assert "<" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.96, "10 s"),
        (59.7, "1 min 0 s"),
        (3599.8, "1 h 0 min"),
        (86400, "24 h 0 min"),
    ],
)
def test_durations_at_their_edges(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_own_trials_have_a_section_and_every_candidate_its_chance() -> None:
    shown = made.recommendation()
    assert "Your own trials" not in made.page(shown)
    tried = OwnTrial(configuration=shown.configuration, score=0.8123)
    evidence = shown.evidence.model_copy(
        update={"own_trials": OwnTrials(n_trials=1, best=(tried,))}
    )
    page = made.page(shown.model_copy(update={"evidence": evidence}))
    assert "Your own trials" in page
    assert "1 trial on this dataset is in the history" in page
    assert "0.812" in page
    stated = [one.chance for one in shown.evidence.candidates]
    assert any(one is not None for one in stated)
    for one in shown.evidence.candidates:
        assert f'<td class="number">{chance(one)}</td>' in page
