"""What a problem was proved to be, for the terminal: a line a look, and under it what there is."""

from rich.table import Table
from rich.text import Text

from harness.records import Finding, Outcome, Proof
from harness.sandbox.box import printable

_STYLES = {
    Outcome.OK: "green",
    Outcome.FAULT: "bold red",
    Outcome.NOTE: "yellow",
    Outcome.SKIPPED: "dim",
}


def render_finding(finding: Finding) -> Table:
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=0)
    row.add_column(width=7)
    row.add_column(width=11)
    row.add_column(overflow="fold")
    words = "\n".join(printable(line) for line in (finding.words, *finding.details))
    row.add_row("", Text(finding.outcome, _STYLES[finding.outcome]), finding.about, Text(words))
    return row


def render_conclusion(proofs: list[Proof]) -> Text:
    failed = [proof.name for proof in proofs if not proof.holds]
    if not failed:
        count = "the problem holds" if len(proofs) == 1 else f"all {len(proofs)} problems hold"
        return Text(count, "bold green")
    return Text(f"to be mended: {', '.join(failed)}", "bold red")
