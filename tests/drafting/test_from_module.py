"""Drafts of problems from PyTorch code: they read back, agree with their prose, and grade."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.arena.host import Arena
from harness.drafting.from_module import draft
from harness.errors import UserError
from harness.problem.catalogue import load_problem
from harness.proof.prose import disagreements
from harness.records import Limits, Problem, Role, Verdict

if TYPE_CHECKING:
    from tests.conftest import GradeSource

Draft = Callable[..., Problem]


@dataclass(frozen=True)
class Sample:
    """A file, and what must be found in it."""

    source: str
    shapes: dict[str, tuple[str, ...]]
    let: dict[str, str] = field(default_factory=dict)
    given: dict[str, tuple[int, ...]] = field(default_factory=dict)
    require: tuple[str, ...] = ()
    reduction: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)


ELEMENTWISE = Sample(
    "import torch\ndef squash(x):\n    return torch.sigmoid(x) * 2\n",
    {"x": ("rows", "columns"), "y": ("rows", "columns")},
    given={"x": (33, 20)},
)
SCALAR = Sample(
    """
import torch

def sharpen(signal, strength=0.5, steps=2, wrap=True):
    rest = torch.roll(signal, steps) if wrap else torch.zeros_like(signal)
    return signal + strength * (signal - rest)

def get_inputs():
    return [torch.randn(500)]
""",
    {"signal": ("n",), "y": ("n",)},
)
TWO_OUTPUTS = Sample(
    """
import torch

def extremes(table):
    least, place = table.min(dim=1)
    return least, place

def example_inputs():
    return (torch.randn(12, 40),)
""",
    {"table": ("rows", "columns"), "least": ("rows",), "place": ("rows",)},
)
PERCEPTRON = Sample(
    """
from torch import nn, randn

class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Linear(24, 40)
        self.narrow = nn.Linear(40, 3, bias=False)

    def forward(self, x):
        return self.narrow(self.wide(x).relu())

def get_inputs():
    return [randn(16, 24)]
""",
    {
        "x": ("rows", "columns"),
        "wide_weight": ("wide_rows", "columns"),
        "wide_bias": ("wide_rows",),
        "narrow_weight": ("narrow_rows", "wide_rows"),
        "y": ("rows", "narrow_rows"),
    },
    reduction="columns + wide_rows",
)
PICTURE = Sample(
    '''
import torch
import torch.nn as nn

SIDE = 224

class Tail(nn.Module):
    def forward(self, x):
        return torch.relu(x)

class Model(nn.Module):
    """A strided convolution, pooled."""

    def __init__(self, channels, filters):
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, 3, stride=2, padding=1, bias=False)
        self.pool = nn.MaxPool2d(2)
        self.tail = Tail()

    def forward(self, picture):
        return self.tail(self.pool(self.conv(picture)))

def get_inputs():
    return [torch.rand(32, 3, SIDE, SIDE)]

def get_init_inputs():
    return [3, 16]
''',
    {
        "picture": ("batch", "channels", "height", "width"),
        "conv_weight": ("conv_filters", "channels", "conv_kernel_h", "conv_kernel_w"),
        "y": ("batch", "conv_filters", "y_height", "y_width"),
    },
    let={
        "y_height": "(height - conv_kernel_h) // 4 + 1",
        "y_width": "(width - conv_kernel_w) // 4 + 1",
    },
    reduction="channels * conv_kernel_h * conv_kernel_w",
)
SOFTMAX = Sample(
    """
import torch

def reference(x):
    return torch.softmax(x, dim=1)

def get_inputs():
    return torch.randn(5, 30)
""",
    {"x": ("rows", "columns"), "y": ("rows", "columns")},
    reduction="columns",
)
LOOKUP = Sample(
    """
import torch

class Lookup(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(100, 8)

    def forward(self, words):
        return self.table(words)

def get_inputs():
    return [torch.randint(0, 100, (6, 9))]
""",
    {
        "words": ("rows", "columns"),
        "table_weight": ("table_rows", "table_columns"),
        "y": ("rows", "columns", "table_columns"),
    },
    inputs={"words": "0 table_rows - 1"},
)
HEADS = Sample(
    """
import torch

def split_heads(x):
    batch, length, width = x.shape
    return x.reshape(batch, length, 4, width // 4).transpose(1, 2)

def get_inputs():
    return [torch.randn(2, 10, 64)]
""",
    {"x": ("batch", "length", "width"), "y": ("batch", "4", "length", "y_width")},
    let={"y_width": "width // 4"},
    require=("width % 4 == 0",),
)
NORMS = Sample(
    """
import torch

class Normed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.LayerNorm(12)
        self.batch = torch.nn.BatchNorm1d(12)

    def forward(self, x):
        return self.batch(self.layer(x))

def get_inputs():
    return [torch.randn(20, 12)]
""",
    {
        "x": ("rows", "12"),
        **{f"layer_{word}": ("12",) for word in ("weight", "bias")},
        **{f"batch_{word}": ("12",) for word in ("weight", "bias")},
        **{f"batch_running_{word}": ("12",) for word in ("mean", "var")},
        "y": ("rows", "12"),
    },
    reduction="12",
    inputs={"batch_running_mean": "0.5 2.0", "batch_running_var": "0.5 2.0"},
)
IN_PLACE = Sample(
    """
import torch

def decay(state, rate):
    state.mul_(rate).clamp_(min=-1)

def get_inputs():
    return [torch.randn(300), 0.25]
""",
    {"state": ("n",)},
    inputs={"state": " "},
)
VIEWED = Sample(
    "def turned(x):\n    x.add_(1)\n    return x.T\n",
    {"x": ("rows", "columns"), "y": ("columns", "rows")},
    given={"x": (7, 20)},
)
LOOP = Sample(
    """
import torch

def recurrence(x):
    state, seen = torch.zeros_like(x[0]), []
    for step in range(len(x)):
        state = 0.5 * state + x[step]
        seen.append(state)
    return torch.stack(seen)

def get_inputs():
    return [torch.randn(6, 16)]
""",
    {"x": ("rows", "columns"), "y": ("rows", "columns")},
)
OWN_NUMBERS = Sample(
    """
import torch

class Smooth(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("taps", torch.tensor([0.25, 0.5, 0.25]), persistent=False)
        self.steps = float(self.taps.sum())

    def forward(self, x):
        return torch.conv1d(x[:, None], self.taps.view(1, 1, 3))[:, 0] / self.steps

def get_inputs():
    return [torch.randn(4, 50)]
""",
    {"x": ("rows", "columns"), "y": ("rows", "y_columns")},
    let={"y_columns": "columns - 2"},
)
ROOTS = Sample(
    """
import torch

def roots(x):
    return x.sqrt().sum()

def get_inputs():
    return [torch.rand(40, 5)]
""",
    {"x": ("rows", "columns"), "y": ()},
    reduction="rows * columns",
    inputs={"x": "0.0 1.0"},
)
CAUSAL = Sample(
    """
import torch

class Causal(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.ones(32, 32).tril())

    def forward(self, scores):
        rows = scores.shape[-1]
        hidden = scores.masked_fill(self.mask[:rows, :rows] == 0, float("-inf"))
        return torch.softmax(hidden, dim=-1)

def get_inputs():
    return [torch.randn(3, 16, 16)]
""",
    {"scores": ("batch", "length", "length"), "y": ("batch", "length", "length")},
    require=("length <= 32",),
    reduction="length",
)
RECURRENT = Sample(
    """
import torch

class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = torch.nn.LSTM(5, 6, batch_first=True)

    def forward(self, x):
        return self.cell(x)[0]

def get_inputs():
    return [torch.randn(3, 7, 5)]
""",
    {
        "x": ("batch", "length", "5"),
        "cell_weight_ih_l0": ("24", "5"),
        "cell_weight_hh_l0": ("24", "6"),
        "cell_bias_ih_l0": ("24",),
        "cell_bias_hh_l0": ("24",),
        "y": ("batch", "length", "6"),
    },
)
SAMPLES = {
    "elementwise": ELEMENTWISE, "scalar": SCALAR, "two-outputs": TWO_OUTPUTS,
    "perceptron": PERCEPTRON, "picture": PICTURE, "softmax": SOFTMAX, "lookup": LOOKUP,
    "heads": HEADS, "norms": NORMS, "in-place": IN_PLACE, "viewed": VIEWED, "loop": LOOP,
    "own-numbers": OWN_NUMBERS, "roots": ROOTS,
    "causal": CAUSAL, "recurrent": RECURRENT,
}  # fmt: skip


@pytest.fixture(scope="module")
def drafted(arena: Arena, tmp_path_factory: pytest.TempPathFactory) -> Draft:
    @functools.cache
    def make(kind: str) -> Problem:
        folder = tmp_path_factory.mktemp("drafts")
        source = folder / "module.py"
        source.write_text(SAMPLES[kind].source)
        path = folder / f"{kind}.md"
        path.write_text(draft(source, kind, arena=arena, shapes=SAMPLES[kind].given))
        return load_problem(path)

    return make


def as_submission(problem: Problem) -> str:
    """The reference itself, handed in."""
    assert problem.reference is not None
    given = ", ".join(f"{p.name}={p.name}" for p in problem.params if p.role is not Role.OUTPUT)
    outputs = ", ".join(p.name for p in problem.params if p.role.is_written)
    return (
        f"{problem.reference.source}\n\n"
        f"def solution({', '.join(p.name for p in problem.params)}):\n"
        f"    results = reference({given})\n"
        "    results = results if isinstance(results, tuple) else (results,)\n"
        f"    for output, result in zip(({outputs},), results):\n"
        "        output.copy_(result)\n"
    )


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_draft_is_a_problem_that_grades(
    drafted: Draft, grade_source: "GradeSource", kind: str
) -> None:
    """Sizes, rules and ranges are found, the prose agrees, and every case can be run."""
    sample, problem = SAMPLES[kind], drafted(kind)
    assert dict(problem.shapes) == sample.shapes
    assert dict(problem.let) == sample.let
    assert problem.require == sample.require
    assert problem.tolerance.reduction == sample.reduction
    drawn = {name: f"{found.low} {found.high}" for name, found in problem.inputs}
    assert drawn == sample.inputs
    assert list(disagreements(problem)) == []
    assert {case.tier.value for case in problem.cases} == {"sample", "test", "bench"}
    graded = grade_source(as_submission(problem), "same.py", problem=problem)
    assert graded.verdict is Verdict.ACCEPTED, graded.message


def test_scalars_of_the_example_are_parameters(drafted: Draft) -> None:
    """Numbers and truths keep their kinds and, in every case, their values."""
    problem = drafted("scalar")
    kinds = {p.name: p.dtype.name for p in problem.params if p.dtype is not None}
    assert kinds == {"strength": "float32", "steps": "int32", "wrap": "bool", "n": "size_t"}
    assert all(
        {"strength": 0.5, "steps": 2, "wrap": 1}.items() <= dict(case.scalars).items()
        for case in problem.cases
    )


def test_sizes_too_large_to_run_are_for_cards(drafted: Draft) -> None:
    """The example's own sizes stay as a bench case where the cpu's are smaller."""
    cases = {case.device: dict(case.scalars) for case in drafted("picture").cases}
    assert cases["cuda"]["height"] == 224
    assert cases["cpu"]["height"] < 224


def test_what_makes_examples_is_left_out(drafted: Draft) -> None:
    """The reference holds the module's own source and no example inputs."""
    reference = drafted("picture").reference
    assert reference is not None
    assert "self.pool(self.conv(picture))" in reference.source
    assert "get_inputs" not in reference.source
    assert "def get_init_inputs" in reference.source


def test_a_docstring_becomes_the_description(drafted: Draft) -> None:
    """What the author said of the module begins the text."""
    assert drafted("picture").body.startswith("A strided convolution, pooled.")


REFUSED = {
    "syntax": ("def f(x):\n    return (x\n", ":2: not valid Python"),
    "nothing there": ("import torch\nWIDTH = 3\n", "no function and no class"),
    "several": (
        "def one(x):\n    return x\ndef other(x):\n    return x\n",
        "several could be meant: one, other",
    ),
    "no shape": ("def f(x, scale):\n    return x * scale\n", "say its shape, like --shape x=3,8"),
    "raises": (
        (
            "import torch\n\ndef f(x):\n    return x @ x\n\n"
            "def get_inputs():\n    return [torch.randn(3, 4)]\n"
        ),
        ":4: running f raised RuntimeError",
    ),
    "import": ("import torch\nimport no_such_thing\n", ":2: importing the file raised"),
    "constructor": (
        (
            "import torch\nclass M(torch.nn.Module):\n    def __init__(self, width):\n"
            "        super().__init__()\n    def forward(self, x):\n        return x\n"
            "def get_inputs():\n    return [torch.ones(3)]\n"
        ),
        "def get_init_inputs(): return [...]",
    ),
    "random": (
        (
            "import torch\ndef f(x):\n    return x + torch.randn(3)\n"
            "def get_inputs():\n    return [torch.randn(3)]\n"
        ),
        "gives other results when it is called again",
    ),
    "shape of the data": (
        (
            "import torch\ndef f(x):\n    return x[x > 0]\n"
            "def get_inputs():\n    return [torch.randn(50)]\n"
        ),
        "a shape that depends on its inputs' values",
    ),
    "no tensor": (
        (
            "import torch\ndef f(x):\n    return x.tolist()\n"
            "def get_inputs():\n    return [torch.randn(3)]\n"
        ),
        "it returns a float",
    ),
    "prints": (
        (
            "import torch\ndef f(x):\n    print(x)\n    return x + 1\n"
            "def get_inputs():\n    return [torch.randn(3)]\n"
        ),
        "a reference prints nothing",
    ),
    "leaves": ("import os\nos._exit(3)\n", "it could not be traced, it ended with exit code 3"),
    "inputs": (
        (
            "import torch\ndef f(x):\n    return x + 1\ninputs = 3\n"
            "def get_inputs():\n    return [torch.randn(3)]\n"
        ),
        "`inputs` at its top would be taken",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_drafted_is_told(arena: Arena, tmp_path: Path, why: str) -> None:
    """With the file, the line where there is one, and what to do; never our own frames."""
    source, words = REFUSED[why]
    path = tmp_path / "module.py"
    path.write_text(source)
    with pytest.raises(UserError) as caught:
        draft(path, "small", arena=arena)
    told = str(caught.value)
    assert told.startswith(str(path))
    assert words in told
    assert "Traceback" not in told
    assert "harness" not in told


def test_a_name_chooses(arena: Arena, tmp_path: Path) -> None:
    """Of several functions the named one is drafted, and an unknown name is told."""
    path = tmp_path / "module.py"
    path.write_text("def one(x):\n    return x + 1\ndef other(x):\n    return x * 2\n")
    text = draft(path, "small", arena=arena, name="other", shapes={"x": (40,)})
    assert "return other(x)" in text
    with pytest.raises(UserError, match="no function or module `third`"):
        draft(path, "small", arena=arena, name="third")


def test_a_hang_ends(arena: Arena, tmp_path: Path) -> None:
    """A file that never ends is ended, and its author is told."""
    path = tmp_path / "module.py"
    path.write_text("while True:\n    pass\n")
    with pytest.raises(UserError, match=r"no end within 0\.5 s"):
        draft(path, "small", arena=arena, limits=Limits(load_s=0.5))
