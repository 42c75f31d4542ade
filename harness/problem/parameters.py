"""The parameters of a signature, in whichever dialect they are written."""

import re

from harness.dtypes import DTYPES, DType
from harness.problem import fields
from harness.problem.fields import Notes
from harness.problem.marks import Node
from harness.records import Param

MAX_PARAMETERS = 128
PARAMETER_KEYS = ("name", "type", "pointer", "const", "constant")
_ALIASES = {
    "float": "float32", "double": "float64", "half": "float16", "int": "int32",
    **{f"{sign}int{bits}_t": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}  # fmt: skip
_ADORNMENT = re.compile(r"\bconst\b|[*&\s]|\b\w++(?:::|\.)")
_FOREIGN = {
    "long": "int64_t", "longlong": "int64_t", "unsignedlong": "uint64_t", "short": "int16_t",
    "unsigned": "uint32_t", "unsignedint": "uint32_t", "char": "int8_t", "unsignedchar": "uint8_t",
    "f64": "double", "f32": "float", "f16": "half", "bf16": "bfloat16", "__half": "half",
    "i64": "int64_t", "i32": "int32_t", "Tensor": "[VAR]", "T": "[VAR]",
}  # fmt: skip


def read_parameters(node: Node, notes: Notes) -> tuple[Param, ...]:
    params: list[Param] = []
    for item in fields.listed(node, notes, "parameters", MAX_PARAMETERS):
        given = fields.entries(item, notes, "a parameter")
        if item.kind != "map":
            continue
        for key, (mark, value) in tuple(given.items()):
            if key not in PARAMETER_KEYS:
                near = fields.nearest(key, PARAMETER_KEYS)
                mend = f"did you mean `{near}`?" if near else f"one of {', '.join(PARAMETER_KEYS)}"
                notes.add(mark, f"`{key}` is not a key of a parameter", mend)
                given.setdefault(near, (mark, value))  # told once, not as a lack as well
        for key in ("name", "type"):
            if key not in given:
                notes.add(item, f"the parameter has no `{key}`", f"add `{key}: …`")
        if not {"name", "type"} <= given.keys():
            continue
        param = _param({key: value for key, (_, value) in given.items()}, item, notes)
        if any(param.name == other.name for other in params):
            notes.add(given["name"][1], f"a second parameter named `{param.name}`", "rename one")
        params.append(param)
    return tuple(params)


def _param(given: dict[str, Node], item: Node, notes: Notes) -> Param:
    name = fields.name(given["name"], notes, "the parameter")
    dtype, is_tensor = _type(given["type"], notes)
    if "pointer" not in given and not is_tensor:
        notes.add(
            item, f"`{name}` does not say whether it is a pointer", "add `pointer: true|false`"
        )
    # where it is not said, the likelier guess keeps one fault from being told as ten
    guess = dtype is None
    pointer = fields.boolean(given["pointer"], notes, "pointer") if "pointer" in given else guess
    spellings = [key for key in ("const", "constant") if key in given]
    values = [fields.boolean(given[key], notes, key) for key in spellings]
    if len(set(values)) > 1:
        notes.add(given["constant"], f"`{name}`: const and constant disagree", "keep `const`")
    if pointer and not values and not is_tensor:
        notes.add(item, f"`{name}`: read or written?", "add `const: true` (read) or `const: false`")
    # where tensors are declared, the result is returned: what is declared is read
    const = values[0] if values else is_tensor
    return Param(name=name, dtype=dtype, pointer=pointer, const=const)


def _type(node: Node, notes: Notes) -> tuple[DType | None, bool]:
    """The element type; None is the variant's. And whether it was called a tensor."""
    if node.kind == "list" and len(node.items) == 1:  # an unquoted [VAR] is a list of one word
        (node,) = node.items
    word = fields.text(node, notes, "type").strip("[]")
    if word in {"VAR", "torch.Tensor"} or not word:
        return None, word == "torch.Tensor"
    spelling = _ALIASES.get(word, word)
    if spelling not in DTYPES:
        notes.add(node, f"the type `{word}` is not known", _nearest_type(word))
        return None, False
    return DTYPES[spelling], False


def _nearest_type(word: str) -> str:
    known = ("[VAR]", *DTYPES, *_ALIASES)
    bare = _ADORNMENT.sub("", word)  # const std::size_t&, torch.float32
    meant = _FOREIGN.get(bare) or (bare if bare in known else fields.nearest(bare, known))
    if "*" in word and meant:
        return f"write `{meant}` and `pointer: true`"
    return f"did you mean `{meant}`?" if meant else f"one of {', '.join(known)}"
