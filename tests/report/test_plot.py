"""The picture of a timing: nothing left out, nothing made up, nothing that acts."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.clock.statistics import launch_values
from harness.records import Clock, Launch, Round, State, Timing
from harness.report.plot import Heading, heading_of, render_plot
from tests.report.grades import timing_of

SVG = "{http://www.w3.org/2000/svg}"
HEADING = heading_of(
    file="some.cpp", problem="some-problem", dtype="float32", threads=1, machine="a machine"
)
RATIO = re.compile(r"([0-9.e+-]+)x")


def drawn(*timings: Timing, heading: Heading = HEADING) -> ET.Element:
    return ET.fromstring(render_plot(heading, timings))


def per_cent(element: ET.Element, name: str) -> float:
    return float(element.attrib[name].removesuffix("%"))


class Reader:
    """A panel, read as a person would: by its ticks, and by nothing else."""

    def __init__(self, panel: ET.Element) -> None:
        self.panel = panel
        ticks = [each for each in panel.iter(f"{SVG}text") if "tick" in each.get("class", "")]
        places = [per_cent(tick, "x") for tick in ticks]
        logs = [math.log(float((tick.text or "").removesuffix("x"))) for tick in ticks]
        self._slope, self._offset = np.polyfit(places, logs, 1)

    def ratio(self, place: float) -> float:
        return math.exp(self._slope * place + self._offset)

    def dots(self, kind: str) -> Iterator[float]:
        """Those that lie on the axis by their places, the others by what their pointers say."""
        for group in self.panel.iter(f"{SVG}g"):
            if group.get("class") != kind:
                continue
            for mark in group:
                if mark.tag == f"{SVG}circle":
                    yield self.ratio(per_cent(mark, "cx"))
                else:
                    yield self.said(mark)

    def said(self, mark: ET.Element) -> float:
        (title,) = mark.iter(f"{SVG}title")
        found = RATIO.fullmatch(title.text or "")
        assert found is not None
        return float(found[1])

    def posts(self) -> list[float]:
        """The values of the launches, and then of A/A."""
        pictures = self.panel.iter(f"{SVG}svg")
        posts = [each for each in pictures if each[0].get("class") == "launch-value"]
        return [self.ratio(per_cent(post, "x")) for post in posts]

    def lanes(self, kind: str) -> list[list[float]]:
        """How far down each dot lies, for each launch."""
        groups = (each for each in self.panel.iter(f"{SVG}g") if each.get("class") == kind)
        return [[float(dot.get("cy") or dot.attrib["y"]) for dot in group] for group in groups]

    def one(self, kind: str) -> ET.Element:
        (found,) = (each for each in self.panel.iter() if each.get("class") == kind)
        return found

    @property
    def words(self) -> list[str]:
        return ["".join(text.itertext()) for text in self.panel.iter(f"{SVG}text")]


def panels(figure: ET.Element) -> list[Reader]:
    return [Reader(each) for each in figure.findall(f"{SVG}g")]


def rounds_of(timing: Timing) -> list[Round]:
    return [r.by(timing.clock) for launch in timing.launches for r in launch.rounds]


@pytest.mark.parametrize("slower", [0.05, 0.8, 1.0, 3.0])
@pytest.mark.parametrize("noise", ["quiet", "swamped"])
def test_every_sample_is_drawn_where_its_ratio_lies(noise: str, slower: float) -> None:
    """Read back by the ticks alone, or by its pointer, each ratio is that of the timing."""
    timing = timing_of(noise, slower=slower)
    (panel,) = panels(drawn(timing))
    rounds = rounds_of(timing)
    for kind, expected in (
        ("first", [r.baseline_ns / r.candidate_ns for r in rounds]),
        ("second", [r.again_ns / r.candidate_ns for r in rounds]),
        ("own", [r.again_ns / r.baseline_ns for r in rounds]),
    ):
        assert list(panel.dots(kind)) == pytest.approx(expected, rel=0.006)


def test_the_interval_is_that_of_the_timing() -> None:
    """As a band, as a line, and in words that agree with the table of the terminal."""
    timing = replace(timing_of(), speedup=1.2345, ci_low=1.1851, ci_high=1.3149)
    (panel,) = panels(drawn(timing))
    band, line = panel.one("interval"), panel.one("estimate")
    low = per_cent(band, "x")
    ends = panel.ratio(low), panel.ratio(low + per_cent(band, "width"))
    assert ends == pytest.approx((1.1851, 1.3149), rel=1e-3)
    assert panel.ratio(per_cent(line, "x1")) == pytest.approx(1.2345, rel=1e-3)
    assert "95 % interval 1.19x to 1.31x" in panel.words
    assert f"1.23x {timing.state}" in panel.words


def test_a_narrow_interval_is_told_with_more_digits() -> None:
    """From 1.00x to 1.00x says nothing."""
    timing = replace(timing_of(), speedup=1.0012, ci_low=0.9981, ci_high=1.0043)
    (panel,) = panels(drawn(timing))
    assert "95 % interval 0.998x to 1.004x" in panel.words


def test_each_launch_says_its_own_value() -> None:
    """Beside its rounds, and the baseline against itself below; on the same axis."""
    timing = timing_of("biased")
    (panel,) = panels(drawn(timing))
    logs = [
        np.log([x / r.candidate_ns for r in launch.rounds for x in (r.baseline_ns, r.again_ns)])
        for launch in timing.launches
    ]
    expected = [*np.exp(launch_values(logs)), timing.aa]
    assert panel.posts() == pytest.approx(expected, rel=1e-3)
    assert panel.ratio(per_cent(panel.one("one"), "x1")) == pytest.approx(1.0, rel=1e-3)


def test_the_clock_that_decided_is_drawn() -> None:
    """By the processor's clock it is another picture, and says so."""
    wall = timing_of("quiet")
    known = [
        replace(r, processor_ns=(r.candidate_ns / 2, r.baseline_ns, r.again_ns))
        for r in wall.launches[0].rounds
    ]
    processor = replace(
        wall, clock=Clock.PROCESSOR, launches=(Launch(rounds=tuple(known), parent=0),) * 2
    )
    (panel,) = panels(drawn(processor))
    assert "baseline eager, processor clock" in panel.words
    expected = [2 * r.baseline_ns / r.candidate_ns for r in wall.launches[0].rounds] * 2
    assert list(panel.dots("first")) == pytest.approx(expected, rel=0.006)


def test_what_lies_beyond_is_counted() -> None:
    """How many ratios have no place on the axis, and how far they go."""
    steady = (Round(candidate_ns=1e6, baseline_ns=1e6, again_ns=1.01e6),) * 7
    burst = Round(candidate_ns=1e6, baseline_ns=3e7, again_ns=1e6)
    calm = replace(timing_of(), launches=(Launch(rounds=steady, parent=0),) * 2)
    loud = replace(calm, launches=(Launch(rounds=(*steady, burst), parent=0),) * 2)
    one, other = panels(drawn(calm, loud))
    assert not any("beyond:" in words for words in one.words)
    # the baseline over the candidate, and the baseline over itself
    assert "beyond: 4 of 48 ratios, 0.0333x to 30.00x" in other.words


def test_several_cases_are_several_panels() -> None:
    """In their order, one below the other, in one picture that is high enough."""
    timings = [replace(timing_of(seed=seed), case=f"case-{seed}") for seed in range(3)]
    figure = drawn(*timings)
    assert [panel.words[0] for panel in panels(figure)] == ["case-0", "case-1", "case-2"]
    downs = [float(each.attrib["transform"][12:-1]) for each in figure.findall(f"{SVG}g")]
    assert downs == sorted(downs)
    heights = {b - a for a, b in pairwise(downs)}
    assert min(heights) > 200
    assert float(figure.attrib["height"]) > downs[-1] + 200


@pytest.mark.parametrize("state", State)
def test_a_picture_says_what_it_shows(state: State) -> None:
    """To who does not see it: file, case, estimate, state and interval; and why it is unstable."""
    timing = replace(timing_of(), state=state)
    figure = drawn(timing)
    assert figure.attrib["role"] == "img"
    for said in (figure.attrib["aria-label"], figure.findtext(f"{SVG}desc") or ""):
        assert f"some: {timing.speedup:.2f}x, {state}, 95 % interval" in said
    assert figure.findtext(f"{SVG}title") == "some.cpp"
    is_explained = any("unstable:" in (text.text or "") for text in figure.iter(f"{SVG}text"))
    assert is_explained == (state is State.UNSTABLE)


def test_the_same_timing_is_the_same_picture() -> None:
    """Byte for byte."""
    assert render_plot(HEADING, [timing_of()]) == render_plot(HEADING, [timing_of()])


def test_a_picture_reaches_for_nothing_outside() -> None:
    """No script, no link, no font or style from elsewhere; and its style names its own alone."""
    text = render_plot(HEADING, [timing_of()])
    assert not re.search(r"<script|href|url\(|@import|@font-face|\son\w+=", text)
    assert text.count("http") == 1  # the name of the language
    (style,) = drawn(timing_of()).iter(f"{SVG}style")
    rules = re.sub(r"/\*.*?\*/|@media[^{]*\{", "", style.text or "")
    selectors = re.findall(r"([^{}]+)\{[^{}]*\}", rules)
    assert all(re.match(r"\s*}?\s*(svg:root|\.grade-plot\b)", each) for each in selectors)
    assert "prefers-color-scheme: dark" in (style.text or "")


NASTY = (
    "<script>alert(1)</script>", '"', "'", "&", "]]>", "<!--", "-->", "</style>", "</text>",
    "\x00", "\x1b[2J", "\u202e", "\ufffe", "\ud800", "\n", "&amp;", "<svg/onload=x>",
)  # fmt: skip
nasty = st.lists(st.sampled_from(NASTY) | st.text(max_size=4), max_size=8).map("".join)


@given(name=nasty, file=nasty, baseline=nasty)
@settings(max_examples=20, deadline=None, database=None)
@example(name="</title><script>", file='" onload="x', baseline="]]><x>")
def test_names_are_text(name: str, file: str, baseline: str) -> None:
    """Whatever a stranger calls a case or a file: the same elements, and the words as words."""
    plain = drawn(timing_of(rounds=4))
    heading = replace(HEADING, title=file)
    timing = replace(timing_of(rounds=4), case=name, baseline=baseline)
    figure = drawn(timing, heading=heading)
    assert [each.tag for each in figure.iter()] == [each.tag for each in plain.iter()]
    assert [list(each.attrib) for each in figure.iter()] == [
        list(each.attrib) for each in plain.iter()
    ]
    render_plot(heading, [timing]).encode()


def test_a_hostile_name_can_still_be_read() -> None:
    """It is escaped, not dropped."""
    timing = replace(timing_of(rounds=4), case="a<b> & 'c'")
    (panel,) = panels(drawn(timing))
    assert panel.words[0] == "a<b> & 'c'"


def test_long_names_are_cut() -> None:
    """The words in the picture are short, and the whole of them is in what it says of itself."""
    timing = replace(timing_of(rounds=4), case="long-" * 50)
    figure = drawn(timing)
    (panel,) = panels(figure)
    assert len(panel.words[0]) <= 90
    assert panel.words[0].endswith("…")
    assert "long-" * 50 in figure.attrib["aria-label"]


@pytest.mark.parametrize("rounds", [1, 4, 60])
def test_dots_stay_in_their_lanes(rounds: int) -> None:
    """However many: those of a launch lie between those of the one before and the one after."""
    (panel,) = panels(drawn(timing_of("quiet", rounds=rounds)))
    lanes = panel.lanes("first") + panel.lanes("own")
    assert len(lanes) == 10
    heights = [y for lane in lanes for y in lane]
    assert heights == sorted(heights)


def test_launches_of_one_parent_lie_together() -> None:
    """In their order, whichever was measured when; each parent has its name and its ground."""
    timing = timing_of("quiet", rounds=4)
    marked = [
        Launch(rounds=launch.rounds * (number + 1), parent=number % 2)
        for number, launch in enumerate(timing.launches)
    ]
    (panel,) = panels(drawn(replace(timing, launches=tuple(marked))))
    assert [len(lane) // 4 for lane in panel.lanes("first")] == [1, 3, 5, 2, 4]
    at = panel.words.index("parent")
    assert panel.words[at + 1 : at + 3] == ["1", "2"]


@pytest.mark.parametrize("launches", [2, 100])
def test_many_launches_take_little_room_each(launches: int) -> None:
    """A hundred of them still make a picture that fits a screen or two, with a post for each."""
    timing = timing_of("quiet", rounds=4)
    figure = drawn(replace(timing, launches=timing.launches[:1] * launches))
    (panel,) = panels(figure)
    assert len(panel.posts()) == launches + 1
    assert float(figure.attrib["height"]) < 1300
