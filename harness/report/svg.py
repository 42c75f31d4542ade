"""
Shapes and words of a picture whose width is free: x is per cent of it, y and all sizes are pixels.

Text goes in as text and comes out escaped, whoever wrote it.
"""

from xml.etree import ElementTree as ET

from rich.cells import cell_len, set_cell_size

EDGE = 2.0  # per cent, where words begin
LONGEST = 90  # letters in a line; on a telephone its edge is earlier than that
DOT = 2.2


def figure_of(kind: str, title: str, description: str, style: str) -> ET.Element:
    """An empty picture that says what it shows to those who do not see it."""
    figure = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": kind,
            "role": "img",
            "aria-label": f"{title}: {description}",
            "width": "100%",
        },
    )
    add(figure, "title", title)
    add(figure, "desc", description)
    add(figure, "style", style)
    return figure


def add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text or None
    return element


def write(
    parent: ET.Element, y: float, text: str, kind: str = "", *, at: float = EDGE
) -> ET.Element:
    if cell_len(text) > LONGEST:
        text = f"{set_cell_size(text, LONGEST - 1).rstrip()}…"
    classes = {"class": kind} if kind else {}
    return add(parent, "text", text, x=_percent(at), y=f"{y:g}", **classes)


def line(
    parent: ET.Element, start: tuple[float, float], end: tuple[float, float], kind: str
) -> None:
    x1, x2 = _percent(start[0]), _percent(end[0])
    add(parent, "line", x1=x1, y1=f"{start[1]:g}", x2=x2, y2=f"{end[1]:g}", **{"class": kind})


def bar(
    parent: ET.Element, ends: tuple[float, float], top: float, height: float, kind: str
) -> ET.Element:
    width = _percent(ends[1] - ends[0])
    place = {"x": _percent(ends[0]), "y": f"{top:g}", "width": width, "height": f"{height:g}"}
    return add(parent, "rect", **place, **{"class": kind})


def dot(parent: ET.Element, at: float, y: float) -> None:
    add(parent, "circle", cx=_percent(at), cy=f"{y:.4g}", r=f"{DOT}")


def post(parent: ET.Element, at: float, top: float, height: float, kind: str) -> None:
    """Three pixels wide, whatever the width."""
    add(moved(parent, at, top), "path", d=f"M-1.5 0h3v{height:g}h-3z", **{"class": kind})


def pointer(parent: ET.Element, at: float, y: float, title: str, *, is_left: bool) -> None:
    """A triangle that ends there."""
    shape = "M7 -4l-7 4 7 4z" if is_left else "M-7 -4l7 4-7 4z"
    add(add(moved(parent, at, y), "path", d=shape), "title", title)


def moved(parent: ET.Element, at: float, y: float) -> ET.Element:
    """A picture of its own within, so that pixels can be counted from a place in per cent."""
    return add(parent, "svg", x=_percent(at), y=f"{y:.6g}", overflow="visible")


def _percent(place: float) -> str:
    return f"{place:.2f}%"
