"""What the doctor found, as a table and as a document."""

from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from harness.cards import Cards
from harness.sandbox.box import printable
from harness.sandbox.doctor import MODULE, PROGRAM, Examination, Finding

_WORDS = {True: ("stopped", "green"), False: ("went through", "bold red"), None: ("?", "yellow")}


def render_examination(examination: Examination) -> list[Table | Text]:
    table = Table(box=None, pad_edge=False)
    for heading in ("attack", "program box", "module box", "by"):
        table.add_column(heading, overflow="fold")
    axes: dict[str, dict[str, Finding]] = {}
    for finding in examination.findings:
        axes.setdefault(finding.axis, {})[finding.door] = finding
    for axis, doors in axes.items():
        cells = [_cell(doors[door].holds) for door in (PROGRAM, MODULE)]
        table.add_row(axis, *cells, _reasons(doors))
    return [table, Text(_summary(examination))]


def _cell(holds: bool | None) -> Text:
    word, style = _WORDS[holds]
    return Text(word, style)


def _reasons(doors: dict[str, Finding]) -> str:
    found = dict.fromkeys(f.reason for f in doors.values() if f.holds is not False)
    return " / ".join(found)[:60]


def _summary(examination: Examination) -> str:
    isolation = examination.isolation
    lines = [f"\nsandbox level {isolation.level}, frozen by {isolation.freeze}"]
    lost = (item for item in isolation.properties if not item.holds)
    lines += [f"  {item.name}: not held ({item.reason})" for item in lost]
    if isolation.missing:
        lines.append(isolation.missing)
    return "\n".join(lines)


def examination_document(examination: Examination) -> dict[str, Any]:
    isolation = examination.isolation
    return {
        "level": isolation.level,
        "freeze": isolation.freeze,
        "missing": isolation.missing or None,
        "is_well": examination.is_well,
        "properties": {
            item.name: {"holds": item.holds, "reason": item.reason or None}
            for item in isolation.properties
        },
        "attacks": [
            {"attack": f.axis, "door": f.door, "stopped": f.holds, "reason": f.reason}
            for f in examination.findings
        ],
    }


def render_cards(cards: Cards, compiler: str) -> Text:
    lines = ["\ncuda"]
    lines += [f"  {printable(c.name)}, {c.arch}, CUDA {cards.driver}" for c in cards.found]
    if cards.trouble:
        lines.append(f"  {cards.trouble}")
    lines.append("  CUDA sources are emulated on the CPU: right or wrong, and no time")
    lines.append(f"  {compiler or 'no nvcc: `.github/setup nvcc`'}; --arch compiles with it")
    return Text("\n".join(lines))


def cards_document(cards: Cards, compiler: str) -> dict[str, Any]:
    return {
        "cards": [asdict(card) for card in cards.found],
        "driver": cards.driver or None,
        "trouble": cards.trouble or None,
        "nvcc": compiler or None,
    }
