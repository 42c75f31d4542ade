"""What a problem was proved to be, for the terminal: a line a look, and under it what there is."""

from rich.text import Text

from harness.records import Finding, Outcome, Proof
from harness.sandbox.box import printable

_STYLES = {
    Outcome.OK: "green",
    Outcome.FAULT: "bold red",
    Outcome.NOTE: "yellow",
    Outcome.SKIPPED: "dim",
}


def render_finding(finding: Finding) -> Text:
    line = Text()
    line.append(f"  {finding.outcome:<8}", _STYLES[finding.outcome])
    line.append(f"{finding.about:<13}{printable(finding.words)}")
    for detail in finding.details:
        line.append(f"\n            {printable(detail)}")
    return line


def render_conclusion(proofs: list[Proof]) -> Text:
    failed = [proof.name for proof in proofs if not proof.holds]
    if not failed:
        count = "the problem holds" if len(proofs) == 1 else f"all {len(proofs)} problems hold"
        return Text(count, "bold green")
    return Text(f"to be mended: {', '.join(failed)}", "bold red")
