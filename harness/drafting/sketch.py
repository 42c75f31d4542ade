"""What the box says of a module, read strictly: words, names, numbers, formulas, nothing else."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.dtypes import DTYPES, DType
from harness.problem.shapes import ShapeError, names_in

_NAME = re.compile(r"[A-Za-z_]\w{0,120}", re.ASCII)
_DOTTED = re.compile(r"[A-Za-z_][\w.]{0,240}", re.ASCII)
_SYMBOL = re.compile(r"s\d{1,4}", re.ASCII)
_MAX_SIZE = 2**40


class Garbled(ValueError):  # noqa: N818 — the box said something that is no answer
    pass


class Refusal(Exception):  # noqa: N818 — why there is no sketch, for the author
    def __init__(self, line: int, what: str, mend: str) -> None:
        super().__init__(what)
        self.line, self.what, self.mend = line, what, mend


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """A tensor that goes in."""

    name: str  # of a weight with its dots
    dtype: DType
    axes: tuple[str, ...]
    is_weight: bool
    drawn: str  # "normal", "uniform" or "integers"
    low: str
    high: str
    is_derived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A number, or nothing, that is passed on as it is."""

    name: str
    kind: str  # "int", "float", "bool" or "NoneType"
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A tensor that comes back."""

    dtype: DType
    axes: tuple[str, ...]
    is_lent: bool  # it lies in the memory of an input
    keeps_precision: bool  # computed from float64 it is float64


@dataclass(slots=True)
class Sketch:
    kind: str = (
        ""  # "function", "module", or "hollow": a module whose numbers all come from outside
    )
    entry: str = ""
    has_init: bool = False
    arguments: list[Going | Given] = field(default_factory=list)
    weights: list[Going] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    returns: str = ""
    outputs: list[Coming] = field(default_factory=list)
    require: list[str] = field(default_factory=list)
    flops: str = ""
    reduction: str = ""
    symbols: list[str] = field(default_factory=list)
    cases: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    @property
    def tensors(self) -> tuple[Going, ...]:
        return (*(a for a in self.arguments if isinstance(a, Going)), *self.weights)


def read_sketch(text: str) -> Sketch:
    """The sketch, or the Refusal that the box told; Garbled if it is neither."""
    *lines, end = text.split("\n")
    if end != "end" or not lines:
        raise Garbled("the answer is not complete")
    sketch = Sketch()
    for line in lines:
        word, *fields = line.split("\t")
        _read(sketch, word, fields)
    known = set(sketch.symbols)
    for formula in _formulas(sketch):
        if not names_in(formula) <= known:
            raise Garbled(f"`{formula}` uses unknown sizes")
    if not sketch.entry or any(len(sizes) != len(known) for _, sizes in sketch.cases):
        raise Garbled("the answer does not fit together")
    return sketch


def _read(sketch: Sketch, word: str, fields: Sequence[str]) -> None:
    if not (_takes_signature(sketch, word, fields) or _takes_finding(sketch, word, fields)):
        raise Garbled(f"`{word[:40]}` is no line of an answer")


def _takes_signature(sketch: Sketch, word: str, fields: Sequence[str]) -> bool:
    match word, *fields:
        case "error", line, what, mend:
            raise Refusal(_number(line), what, mend)
        case "subject", ("function" | "module" | "hollow") as kind, name, ("init" | "plain") as how:
            sketch.kind, sketch.entry, sketch.has_init = kind, _name(name), how == "init"
        case "scalar", name, ("int" | "float" | "bool" | "NoneType") as kind, value:
            sketch.arguments.append(Given(name=_name(name), kind=kind, value=_value(kind, value)))
        case "input", *rest:
            sketch.arguments.append(_going(rest, is_weight=False))
        case "weight", *rest:
            sketch.weights.append(_going(rest, is_weight=True))
        case _:
            return False
    return True


def _takes_finding(sketch: Sketch, word: str, fields: Sequence[str]) -> bool:
    match word, *fields:
        case "written", name if name in {tensor.name for tensor in sketch.tensors}:
            sketch.written.append(name)
        case "returns", ("one" | "several") as returns:
            sketch.returns = returns
        case "output", dtype, ("lent" | "own") as lent, ("keeps" | "fixes") as keeps, axes:
            sketch.outputs.append(
                Coming(
                    dtype=_dtype(dtype), axes=_axes(axes),
                    is_lent=lent == "lent", keeps_precision=keeps == "keeps",
                )
            )  # fmt: skip
        case "require", formula:
            sketch.require.append(_formula(formula))
        case (("flops" | "reduction"), formula):
            setattr(sketch, word, _formula(formula))
        case "size", symbol if _SYMBOL.fullmatch(symbol):
            sketch.symbols.append(symbol)
        case "case", ("sample" | "test" | "cpu" | "cuda") as tier, *sizes:
            sketch.cases.append((tier, tuple(_number(size) for size in sizes)))
        case _:
            return False
    return True


def _going(fields: Sequence[str], *, is_weight: bool) -> Going:
    match fields:
        case [name, dtype, ("normal" | "uniform" | "integers") as drawn, low, high,
              ("derived" | "seen") as how, axes]:  # fmt: skip
            bound = _BOUNDS[drawn]
            return Going(
                name=_dotted(name) if is_weight else _name(name),
                dtype=_dtype(dtype), axes=_axes(axes), is_weight=is_weight,
                drawn=drawn, low=bound(low), high=bound(high), is_derived=how == "derived",
            )  # fmt: skip
        case _:
            raise Garbled("not a tensor")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise Refusal(0, f"`{text[:40]}` is no name for a parameter", "use letters, digits and _")
    return text


def _dotted(text: str) -> str:
    if not _DOTTED.fullmatch(text):
        raise Refusal(0, f"`{text[:40]}` is no name for a weight", "use letters, digits and _")
    return text


def _dtype(text: str) -> DType:
    if text not in DTYPES:
        raise Refusal(0, f"tensors of {text[:40]} have no type in a problem", "use another dtype")
    return DTYPES[text]


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15 or int(text) > _MAX_SIZE:
        raise Garbled("not a size")
    return int(text)


def _value(kind: str, text: str) -> float:
    if kind == "NoneType":
        return 0
    if kind == "bool":
        return text == "True"
    if kind == "int":
        if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
            raise Refusal(0, f"the number {text[:40]} is too large for a parameter", "")
        return int(text)
    _decimal(text)
    return float(text)


def _decimal(text: str) -> str:
    if not re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?(e[-+]?\d{1,3})?", text, re.ASCII):
        raise Refusal(0, f"{text[:40]} is no finite number", "use finite numbers in the example")
    return text


def _formula(text: str) -> str:
    try:
        names_in(text)
    except ShapeError as error:
        raise Garbled(str(error)) from error
    return text


def _axes(text: str) -> tuple[str, ...]:
    return () if text == "-" else tuple(_formula(axis) for axis in text.split("; "))


_BOUNDS: Mapping[str, Callable[[str], str]] = {
    "normal": lambda _: "", "uniform": _decimal, "integers": _formula,
}  # fmt: skip


def _formulas(sketch: Sketch) -> Iterator[str]:
    for tensor in sketch.tensors:
        yield from tensor.axes
        if tensor.drawn == "integers":
            yield from (tensor.low, tensor.high)
    for output in sketch.outputs:
        yield from output.axes
    yield from sketch.require
    yield from (formula for formula in (sketch.flops, sketch.reduction) if formula)
