"""What our own keys declare: derived sizes, shapes, rules, dtypes, tolerance, inputs."""

from harness.problem import fields
from harness.problem.cases import known_dtypes
from harness.problem.fields import Notes
from harness.problem.marks import Node
from harness.records import Distribution, Param, Tolerance

# who answers without computing: constants, an input, its mean, the answer to another question
LAZY = ("zeros", "ones", "copy", "mean", "stale")
MAX_AXES = 8
MAX_RULES = 64


def read_require(node: Node, notes: Notes, *, known: tuple[str, ...]) -> tuple[str, ...]:
    items = fields.listed(node, notes, "require", MAX_RULES)
    return tuple(fields.formula(item, notes, "require", known) for item in items)


def read_let(
    node: Node, notes: Notes, *, scalars: list[str], params: tuple[Param, ...]
) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    given = fields.entries(node, notes, "let")
    if len(given) > MAX_RULES:
        notes.add(node, f"{len(given)} derived sizes", f"at most {MAX_RULES}")
        return ()
    for key, (mark, value) in given.items():
        fields.name(mark, notes, "let")
        if any(key == param.name for param in params):
            notes.add(mark, f"`{key}` is a parameter already", "give the derived size another name")
        known = (*scalars, *(name for name, _ in found))
        found.append((key, fields.formula(value, notes, f"let {key}", known)))
    return tuple(found)


def read_shapes(
    node: Node, notes: Notes, *, params: tuple[Param, ...], known: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    tensors = [param.name for param in params if param.pointer]
    found = []
    for key, (mark, value) in fields.entries(node, notes, "shapes").items():
        if key not in tensors:
            near = fields.nearest(key, tensors)
            mend = f"did you mean `{near}`?" if near else "shapes are for pointer parameters"
            notes.add(mark, f"`{key}` is not a pointer parameter", mend)
        axes = fields.listed(value, notes, f"the shape of {key}")
        if len(axes) > MAX_AXES:
            notes.add(value, f"`{key}` has {len(axes)} axes", f"at most {MAX_AXES}")
        found.append(
            (key, tuple(fields.formula(axis, notes, f"shape of {key}", known) for axis in axes))
        )
    for tensor in tensors:
        if tensor not in dict(found):
            notes.add(node, f"`{tensor}` has no shape", f"add `{tensor}: [ … ]`")
    return tuple(found)


def read_dtypes(node: Node, notes: Notes) -> tuple[str, ...]:
    found = tuple(
        fields.choice(item, notes, "dtype", known_dtypes())
        for item in fields.listed(node, notes, "dtypes")
    )
    if len(set(found)) < len(found):
        notes.add(node, "one of the dtypes stands twice", "keep one")
    if node.kind == "list" and not found:
        notes.add(node, "dtypes is empty", "name at least one, like float32")
    return found


def read_tolerance(node: Node, notes: Notes, *, known: tuple[str, ...]) -> Tolerance:
    if node.kind == "str":
        fields.choice(node, notes, "tolerance", ("exact",))
        return Tolerance(exact=True)
    given = fields.entries(node, notes, "tolerance")
    options = ("reduction", "absolute", "relative", "because")
    for key, (mark, _) in given.items():
        if key not in options:
            near = fields.nearest(key, options)
            mend = f"did you mean `{near}`?" if near else f"one of {', '.join(options)}"
            notes.add(mark, f"`{key}` is not a key of tolerance", mend)
    values = {key: value for key, (_, value) in given.items()}
    explicit = {"absolute", "relative"} & values.keys()
    because = fields.text(values["because"], notes, "because") if "because" in values else ""
    if explicit and not because:
        notes.add(node, "an explicit bound needs its reason", "add `because: …`")
    limits = {key: fields.number(values[key], notes, key) for key in explicit}
    for key in explicit:
        if limits[key] < 0:
            notes.add(values[key], f"{key}: a bound below zero admits nothing")
    return Tolerance(
        reduction=fields.formula(values["reduction"], notes, "reduction", known)
        if "reduction" in values
        else None,
        absolute=limits.get("absolute"),
        relative=limits.get("relative"),
        because=because,
    )


def read_inputs(
    node: Node, notes: Notes, *, params: tuple[Param, ...], known: tuple[str, ...]
) -> tuple[tuple[str, Distribution], ...]:
    tensors = {param.name: param for param in params if param.pointer}
    found = []
    for key, (mark, value) in fields.entries(node, notes, "inputs").items():
        if key not in tensors:
            near = fields.nearest(key, tensors)
            mend = f"did you mean `{near}`?" if near else "cases give the scalars"
            notes.add(mark, f"`{key}` is not a pointer parameter", mend)
        else:
            found.append((key, _distribution(value, notes, tensors[key], known)))
    return tuple(found)


def _distribution(node: Node, notes: Notes, param: Param, known: tuple[str, ...]) -> Distribution:
    """`normal`, `uniform`, `{uniform: [low, high]}` or `{integers: [low, high]}`."""
    kind, bounds = node, None
    if node.kind == "list":
        mend = "{uniform: [-1, 1]}, or {integers: [0, 9]}"
        notes.add(node, f"`{param.name}`: bounds of which distribution?", mend)
        return Distribution(kind="normal")
    if node.kind == "map" and len(node.entries) == 1:
        ((kind, bounds),) = node.entries
    word = fields.choice(kind, notes, "distribution", ("normal", "uniform", "integers"))
    if param.dtype is not None and not param.dtype.is_float and word != "integers":
        notes.add(
            node, f"`{param.name}` holds whole numbers", f"{param.name}: {{integers: [0, 9]}}"
        )
    if bounds is None:
        if word == "integers":
            notes.add(node, "integers between what?", "{integers: [0, 9]}, both included")
        return Distribution(kind=word)
    if bounds.kind != "list" or len(bounds.items) != 2 or word == "normal":
        notes.add(bounds, f"{word} takes no such bounds", "{uniform: [-1, 1]}, {integers: [0, 9]}")
        return Distribution(kind=word)
    if word == "uniform":
        low, high = (str(fields.number(bound, notes, "a bound")) for bound in bounds.items)
    else:
        low, high = (fields.formula(bound, notes, "a bound", known) for bound in bounds.items)
    return Distribution(kind=word, low=low, high=high)


def read_lazy(node: Node, notes: Notes) -> tuple[tuple[str, str], ...]:
    """The lazy candidates that are right for this problem, each with its reason."""
    found = []
    for key, (mark, value) in fields.entries(node, notes, "lazy").items():
        fields.choice(mark, notes, "lazy candidate", LAZY)
        found.append((key, fields.text(value, notes, f"why {key} is right")))
    return tuple(found)
