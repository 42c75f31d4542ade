"""
The command line: the only place that prints or exits.

    0 accepted   1 any other verdict   2 usage or a bad problem file
    3 the harness or the machine failed   4 accepted, but a gate was missed   5 not gradable here
"""

import signal
import sys
import traceback
from typing import NoReturn, TextIO, cast

import click
from click.shell_completion import CompletionItem

from harness.cli.doctor import doctor
from harness.cli.machine import machine
from harness.cli.plot import plot
from harness.cli.problems import problems
from harness.cli.run import run, schema
from harness.cli.scores import scores
from harness.errors import HarnessError, UserError
from harness.report.harmless import Harmless
from harness.sandbox.box import printable

OWN_OPTIONS = {"--help", "-h", "--version"}


class _Verbs(click.Group):
    """`grade FILE …` means `grade run FILE …`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in OWN_OPTIONS:
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            return found + run.shell_complete(click.Context(run, parent=ctx), incomplete)
        return [*found, CompletionItem(incomplete, type="file")]


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    # \b tells click to leave the lines below it alone
    help="Grade a kernel: is it right, how fast is it against PyTorch, and why.\n\n\b\n"
    "grade FILE --problem SLUG      grade a submission; its options: grade run --help\n"
    "grade problems list            what can be graded\n"
    "grade scores GRADE.json …      many grades together: pass rate, speedups\n"
    "grade doctor                   attack this machine's sandbox: does it hold?\n"
    "grade machine                  what this machine can do at most, for % of the limit",
    epilog="Exit codes: 0 accepted, 1 another verdict, 2 usage or a bad problem file,"
    " 3 the harness failed, 4 a gate was missed, 5 not gradable here.",
)
@click.version_option(package_name="harness")
def cli() -> None:
    """The verbs."""


cli.add_command(run)
cli.add_command(schema)
cli.add_command(problems)
cli.add_command(doctor)
cli.add_command(machine)
cli.add_command(scores)
cli.add_command(plot)


def main() -> NoReturn:
    # `grade … | head` is no fault of anybody's
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # a polite kill ends like Ctrl-C: everything that was started is put away
    signal.signal(signal.SIGTERM, _interrupt)
    # whatever is written from here on, by whomever, is no order to a CI
    sys.stdout = cast("TextIO", Harmless(sys.stdout))
    sys.stderr = cast("TextIO", Harmless(sys.stderr))
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except UserError as error:
        click.echo(f"grade: {printable(str(error))}", err=True)
        sys.exit(2)
    except HarnessError as error:
        click.echo(f"grade: the harness failed: {printable(str(error))}", err=True)
        sys.exit(3)
    except (KeyboardInterrupt, click.Abort):
        click.echo("grade: stopped", err=True)
        sys.exit(130)
    except Exception:  # noqa: BLE001 — the top of the command line: a fault of ours, never a verdict
        traceback.print_exc()
        click.echo("grade: the harness failed in a way it did not foresee (above)", err=True)
        sys.exit(3)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: putting away takes a moment
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
