"""`grade FILE`: grade one submission, tell how it goes, and exit with the verdict."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click
from click.shell_completion import CompletionItem

from harness.cli.asked import Finite, arch, device, policy_of, reward
from harness.cli.target import file_target, json_target, write

if TYPE_CHECKING:
    from rich.console import Console

    from harness.records import CaseResult, Grade, Stage, Timing

ACCEPTED, REJECTED, MISSED_GATE, NOT_GRADABLE = 0, 1, 4, 5
PATH = click.Path(path_type=Path)


def complete_slug(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from harness.problem.catalogue import slugs

    return [CompletionItem(slug) for slug in slugs() if slug.startswith(incomplete)]


@click.command()
@click.argument("file", type=PATH)
@click.option(
    "--problem", metavar="SLUG|PATH", shell_complete=complete_slug,
    help="What it should compute; default: its own `grade: problem=…` line.",
)  # fmt: skip
@click.option(
    "--problems", "folder", type=PATH, metavar="DIR", help="Look for problems here first."
)
@click.option("--case", metavar="NAME", help="Only this case.")
@click.option("--tier", type=click.Choice(["sample", "test", "bench"]), help="Only these cases.")
@click.option("--seed", metavar="S", help="Repeat one draw of --case; never ranked.")
@click.option("--keep", type=PATH, metavar="DIR", help="Keep the tensors of --seed as .npy files.")
@click.option("--dtype", metavar="D", help="Default: the problem's first.")
@click.option(
    "--device", default="auto", metavar="auto|cpu|cuda[:N]|emulated", show_default=True,
    callback=lambda _, __, value: device(value),
)  # fmt: skip
@click.option("--no-time", is_flag=True, help="Check only; run no bench cases.")
@click.option("--threads", type=int, default=1, show_default=True, help="For both sides alike.")
@click.option(
    "--budget", type=Finite(0.1, 3600), metavar="SECONDS",
    help="For timing one bench case; default: 10. At least five launches are made where they"
    " take 20 s together at most, three however long; with --reward three.",
)  # fmt: skip
@click.option(
    "--half-width", type=Finite(0.01, 100), metavar="PERCENT",
    help="A case is done when its interval is this narrow to either side; default: 1.",
)  # fmt: skip
@click.option("--quick", is_flag=True, help="The same as --budget 3 --half-width 2.")
@click.option("--precise", is_flag=True, help="The same as --budget 30 --half-width 0.5.")
@click.option(
    "--reward", metavar="X[,X…]", callback=lambda _, __, value: reward(value),
    help="Or done when it is clear which of these speedups it exceeds; 2 s a case.",
)  # fmt: skip
@click.option(
    "--own", is_flag=True,
    help="Do not freeze it between its turns, nor the other of --against: for kernels of your"
    " own; never ranked.",
)  # fmt: skip
@click.option(
    "--baseline", default="eager", show_default=True,
    type=click.Choice(["eager", "channels_last", "onednn", "compile", "best"]),
    help="How PyTorch is asked for the same; compile: by what torch.compile's compiler makes of it"
    " ahead of time; best: in the quickest way of all, by a short heat.",
)  # fmt: skip
@click.option(
    "--against", type=PATH, metavar="FILE", help="Measure against this submission, not PyTorch."
)
@click.option(
    "--compiler", type=click.Choice(["g++", "clang++"]), default="g++", show_default=True,
    help="For C and C++.",
)  # fmt: skip
@click.option(
    "--arch", metavar="sm_NN", callback=lambda _, __, value: arch(value),
    help="A CUDA source, or what a Triton kernel launches, must also compile for this card; none is"
    " needed.",
)  # fmt: skip
@click.option(
    "--isolation", type=click.Choice(["strict", "best", "off"]), default="best", show_default=True,
    help="strict: sandbox level 3 or no grade at all (see `grade doctor`).",
)  # fmt: skip
@click.option("--json", "json_file", metavar="FILE|-", help="Write the grade as JSON.")
@click.option(
    "--plot", "plot_file", metavar="FILE.svg",
    help="Draw every paired sample, the interval, and the baseline against itself.",
)  # fmt: skip
@click.option(
    "--min-speedup", type=Finite(min=0), metavar="X",
    help="Exit 4 unless the interval's lower end reaches X.",
)  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Every case, and what the sandbox holds.")
def run(
    file: Path,
    problem: str | None,
    folder: Path | None,
    json_file: str | None,
    plot_file: str | None,
    min_speedup: float | None,
    verbose: bool,
    **asked: Any,
) -> int:
    """Grade a submission (.cpp .cc .c .cu .py)."""
    from rich.console import Console

    from harness.pipeline import grade
    from harness.report.document import render_json
    from harness.report.terminal import render_grade

    policy = policy_of(asked, min_speedup)
    target = json_target(json_file)
    plot = None if plot_file is None else _plot_target(plot_file, target, asked)
    # what strangers wrote is text: no markup, no :emoji:
    console = Console(stderr=json_file == "-", highlight=False, markup=False, emoji=False)
    with _Progress(console) as progress:
        result = grade(file, problem, policy=policy, problems=folder, tell=progress.tell)
    # a verdict is shown once all of it could be said
    parts = list(render_grade(result, verbose=verbose))
    document = render_json(result) if json_file else ""
    if target is not None:
        write(target, document)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))
    if plot is not None:
        _draw(plot, result, console)
    if json_file == "-":
        sys.stdout.write(document)
        sys.stdout.flush()
    return exit_code(result, min_speedup, console)


def _plot_target(name: str, beside: Path | None, asked: dict[str, Any]) -> Path:
    if asked["no_time"]:
        raise click.UsageError("--plot draws a timing; drop --no-time")
    path = file_target("--plot", name)
    if beside is not None and path.resolve() == beside.resolve():
        raise click.UsageError("--plot and --json name the same file")
    return path


def _draw(path: Path, result: "Grade", console: "Console") -> None:
    from harness.report.plot import heading_of, render_plot

    if not result.timing:
        console.print(f"{path} was not written: nothing was timed", soft_wrap=True)
        return
    heading = heading_of(
        file=result.submission.path.name,
        problem=result.problem.slug,
        dtype=result.dtype,
        threads=result.machine.threads,
        machine=result.machine.name,
    )
    write(path, render_plot(heading, result.timing))


def exit_code(result: "Grade", min_speedup: float | None, console: "Console") -> int:
    from harness.records import State, Verdict

    if result.verdict is Verdict.NOT_GRADABLE:
        return NOT_GRADABLE
    if result.verdict is not Verdict.ACCEPTED:
        return REJECTED
    if min_speedup is None:
        return ACCEPTED
    score = result.score
    is_stable = score.state is not None and score.state is not State.UNSTABLE
    if is_stable and score.ci_low is not None and score.ci_low >= min_speedup:
        return ACCEPTED
    found = "nothing was timed" if score.ci_low is None else f"{score.state}, {score.ci_low:.3f}"
    console.print(f"gate missed: --min-speedup {min_speedup:g}, and the lower end is {found}")
    return MISSED_GATE


class _Progress:
    """One line that says what goes on, on a terminal; nothing where output is piped."""

    def __init__(self, console: "Console") -> None:
        self._status = console.status("") if console.is_terminal else None
        self._stage = ""

    def tell(self, event: "Stage | CaseResult | Timing") -> None:
        from harness.records import CaseResult, Timing
        from harness.report.terminal import describe_timing

        if self._status is None:
            return
        if isinstance(event, CaseResult):
            self._show(f"{self._stage}  {event.name}: {event.verdict}")
        elif isinstance(event, Timing):
            self._show(f"{self._stage}  {describe_timing(event)}")
        else:
            self._stage = event.name
            self._show(f"{event.name}  {event.detail}")

    def _show(self, words: str) -> None:
        from rich.text import Text

        assert self._status is not None
        self._status.update(Text(words))

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()


@click.command()
@click.argument("what", type=click.Choice(["grade", "machine", "scores"]), default="grade")
def schema(what: str) -> None:
    """Print the JSON Schema of what --json writes: of a grade, or of those commands."""
    import json

    from harness.report.schema import machine_schema, scores_schema
    from harness.report.schema import schema as grade_schema

    made = {"grade": grade_schema, "machine": machine_schema, "scores": scores_schema}[what]
    click.echo(json.dumps(made(), indent=2))
