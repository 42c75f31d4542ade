"""`grade doctor`: attack the sandbox of this machine, and say what holds."""

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a document instead of a table.")
def doctor(as_json: bool) -> int:
    """Attack this machine's sandbox for real; exit 0 if its highest level holds."""
    import json

    from rich.console import Console

    from harness.report.doctor import examination_document, render_examination
    from harness.sandbox.doctor import examine

    console = Console(highlight=False, markup=False, emoji=False)
    with Console(stderr=True).status("attacking the sandbox"):
        examination = examine()
    if as_json:
        click.echo(json.dumps(examination_document(examination), indent=2))
    else:
        for part in render_examination(examination):
            console.print(part)
    return 0 if examination.is_well else 1
