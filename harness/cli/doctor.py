"""`grade doctor`: attack the sandbox of this machine, and say what holds."""

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a document instead of a table.")
def doctor(as_json: bool) -> int:
    """Attack this machine's sandbox for real; exit 0 if its highest level holds. Look for cards."""
    import json

    from rich.console import Console

    from harness.build.nvcc import toolkit
    from harness.cards import cards
    from harness.report.doctor import (
        cards_document,
        examination_document,
        render_cards,
        render_examination,
    )
    from harness.sandbox.doctor import examine

    console = Console(highlight=False, markup=False, emoji=False)
    with Console(stderr=True).status("attacking the sandbox"):
        examination = examine()
    found, compiler = cards(), toolkit()
    if as_json:
        document = {**examination_document(examination), "cuda": cards_document(found, compiler)}
        click.echo(json.dumps(document, indent=2))
    else:
        for part in render_examination(examination):
            console.print(part)
        console.print(render_cards(found, compiler))
    return 0 if examination.is_well else 1
