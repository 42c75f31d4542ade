"""`grade machine`: what this machine can do at most, measured once and kept."""

import click


@click.command()
@click.option("--again", is_flag=True, help="Measure anew, whatever is known.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the figures as JSON.")
def machine(again: bool, json_file: str | None) -> None:
    """
    What this machine can do at most: bandwidth of each cache and of memory, peak FMA.

    Measured once, in half a minute or so, best while nothing else runs; measured again when the
    machine has changed. Every grade then shows how near to the limit a kernel came.
    """
    import json
    import sys

    from rich.console import Console

    from harness.cli.target import json_target, write
    from harness.clock.roofs import document_of, measure, of_this_machine
    from harness.errors import UserError
    from harness.report.machine import render_roofs
    from harness.sandbox.door import Nursery

    if not sys.platform.startswith("linux"):
        raise UserError("measuring needs Linux, as grading does")
    target = json_target(json_file)
    roofs = None if again else of_this_machine()
    if roofs is None:
        with Nursery() as tools, Console(stderr=True).status("measuring") as status:
            roofs = measure(tools, lambda round_: status.update(f"measuring, round {round_}"))
    document = json.dumps(document_of(roofs), indent=2) + "\n"
    if target is not None:
        write(target, document)
    if json_file == "-":
        click.echo(document, nl=False)
        return
    console = Console(highlight=False, markup=False, emoji=False)
    for part in render_roofs(roofs):
        console.print(part)
