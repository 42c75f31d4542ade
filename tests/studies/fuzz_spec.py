"""
Damaged problem files, by the hundred thousand: each loads, or its author is told; nothing else.

    nice -n 10 python tests/studies/fuzz_spec.py [COUNT [SEED [CORPUS]]]

Run by hand. It prints the table that stands in fuzz_spec.md, and writes to the folder CORPUS the
smallest input of each kind of answer; the normal tests replay those that were kept.
"""

import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ProblemError, UserError
from harness.problem.missing import missing_to_grade
from harness.problem.normalise import normalise
from harness.problem.remarks import remarks
from harness.problem.spec import _read_text, read_problem

ROOT = Path(__file__).parents[2]
FILES = [*ROOT.glob("problems/*.md"), *ROOT.glob("tests/pipeline/kinds/*.md")]
FRAGMENTS = [
    "slug: one",
    "title: 'a title'",
    "tags: [a, b]",
    "gpus: [B200]",
    'parameters:\n  - {name: x, type: "[VAR]", pointer: true, const: true}',
    "parameters:\n  - name: x\n    type: [VAR]\n    pointer: 'true'\n    constant: 'false'",
    "parameters: [{name: t, type: torch.Tensor}, {name: n, type: size_t, pointer: false}]",
    "let: {h: n // 2, w: h + 1}",
    "shapes: {x: [n, h]}",
    "require: [n % 2 == 0, n >= 1]",
    "dtypes: [float32, bfloat16]",
    "cases: {defaults: {n: 4}, test: [{name: a}, {n: 8}], bench: {cpu: [{n: 2**10}]}}",
    "flops: 2 * n",
    "tolerance: {absolute: 1.0e-3, because: so}",
    "tolerance: exact",
    "inputs: {x: {integers: [0, n - 1]}}",
    "lazy: {zeros: it is right}",
    "allow: [matmul]",
    "precision: tf32",
]
# what most fragments speak of
SOUND = """parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: n, type: size_t, pointer: false}
cases: {test: [{name: small, n: 4}]}
shapes: {x: [n]}"""
BODIES = [
    "Text.",
    "# Title\n\n## Reference\n```python\ndef reference(x):\n    return x\n```\n",
    "~~~py\n## Reference\n~~~\n\n## Reference\n\n```\nnone\n```\n",
]
DEFINITION = """class one(Problem):
    parameters = [
        {"name": "x", "type": "float", "pointer": True, "const": True},
        {"name": "n", "type": "size_t", "pointer": False, "const": False},
    ]
"""
WORDS = r"""{ } [ ] ( ) : - , & * ! ? | > % @ ` ' " # ~ << &a *a !!int !!python/name:os.system
1e999 .inf .nan NO on yes null true True "true" false 0x1f 0o7 1:30 -1 2**63 2**62 n // / ** n**n
__import__('os') max(n,1) n[0] n.real lambda: not and or == = != VAR [VAR] torch.Tensor float4
const constant pointer parameters cases shapes require let flops solution register ../etc/passwd
name type ## Reference ```python ``` ~~~ def reference return \ "\e" "\ud800" "\UFFFFFFFF"
%YAML ... class parameters=""".split()  # noqa: SIM905 — a list of quoted words is harder to read
CHARACTERS = ["\x00", "\x1b", "\x85", "\u2028", "\ufeff", "\r", "\ud800", "\u00e9", "\U0001f600"]
BLANKS = ["\n", "\n---\n", "  ", "\t", "\r\n", "\n\n", "\n  - ", "\n## Reference\n"]
PIECES = [*WORDS, *CHARACTERS, *BLANKS, "[" * 40, "(" * 250]
Mutation = Callable[[random.Random, str], str]


def _insert(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(PIECES) + text[at:]


def _replace(chance: random.Random, text: str) -> str:
    words = list(re.finditer(r"\w+|[^\w\s]", text)) or list(re.finditer("", text))
    found = chance.choice(words)
    return text[: found.start()] + chance.choice(PIECES) + text[found.end() :]


def _delete(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + text[at + chance.choice([1, 1, 2, 5, 30]) :]


def _repeat(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    piece = text[at : at + chance.choice([1, 4, 20, 100])]
    return text[:at] + piece * chance.choice([2, 2, 3, 40]) + text[at:]


def _swap_lines(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return "\n".join(lines)


def _splice(chance: random.Random, text: str) -> str:
    other = _front(chance)
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _any_character(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chr(chance.randrange(chance.choice([128, 0x3000]))) + text[at:]


MUTATIONS: list[Mutation] = [
    _insert, _insert, _replace, _replace, _delete, _repeat, _swap_lines, _splice, _any_character,
]  # fmt: skip


def _front(chance: random.Random) -> str:
    keys = chance.sample(FRAGMENTS, chance.randint(1, 5))
    keys = [SOUND, *keys[:2]] if chance.random() < 0.5 else keys
    return "---\n" + "\n".join(keys) + "\n---\n" + chance.choice(BODIES)


def _damaged(chance: random.Random, text: str) -> str:
    for _ in range(chance.choice([1, 1, 2, 3, 6])):
        text = chance.choice(MUTATIONS)(chance, text)
    return text


@dataclass
class Tally:
    answers: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, bytes] = (0.0, b"")
    slow: int = 0
    broken: list[str] = field(default_factory=list)
    smallest: dict[str, bytes] = field(default_factory=dict)


def _answer(path: Path) -> str:
    """How the file was taken; any other exception is the finding that this study looks for."""
    try:
        problem = read_problem(path)
        list(remarks(problem))
        missing_to_grade(problem)
    except ProblemError as error:
        first = error.faults[0]
        assert first.line >= 1
        assert first.column >= 1
        return "fault: " + re.sub(r"`[^`]*`|'[^']*'|-?\d+", "…", first.what)[:60]
    except UserError as error:
        return "refused: " + re.sub(r".*?: |\(.*|\d+", "", str(error))[:40]
    return "loaded"


def _try(path: Path, data: bytes, tally: Tally, *, normal: bool) -> None:
    path.write_bytes(data)
    begin = time.process_time()  # what it costs, however busy the machine is
    try:
        answer = _answer(path)
        if normal:
            once = normalise(data.decode(errors="replace"))
            assert normalise(once) == once, "normalise is not idempotent"
    except Exception as error:  # noqa: BLE001 — whatever it is, it is what we look for
        answer = f"BROKEN: {type(error).__name__}: {error}"[:100]
        tally.broken.append(f"{answer}\n{data!r}")
    spent = time.process_time() - begin
    tally.slowest = max(tally.slowest, (spent, data))
    tally.slow += spent > 1
    tally.answers[answer] += 1
    if len(data) < len(tally.smallest.get(answer, b"x" * 3000)):
        tally.smallest[answer] = data


def run(count: int, seed: int) -> Tally:
    chance, tally = random.Random(seed), Tally()
    seeds = [path.read_text() for path in FILES]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one" / "problem.md"
        path.parent.mkdir()
        definition = path.with_name("def.py")
        for number in range(count):
            whole = chance.random() < 0.06
            text = _damaged(chance, chance.choice(seeds) if whole else _front(chance))
            if chance.random() < 0.05:
                broken = _damaged(chance, DEFINITION)
                definition.write_bytes(broken.encode(errors="surrogatepass"))
            _try(path, text.encode(errors="surrogatepass"), tally, normal=number % 4 == 0)
            definition.unlink(missing_ok=True)
            if number % 1000 == 0:
                _read_text.cache_clear()
    return tally


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tally = run(count, seed)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    minutes = (time.perf_counter() - begin) / 60
    print("| what | number |\n|---|---|")
    print(f"| inputs | {count} |\n| seed | {seed} |")
    print(f"| normalised as well, twice | {count // 4} |")
    print(f"| neither loaded nor told | {len(tally.broken)} |")
    print(f"| over one second | {tally.slow} |\n| slowest | {tally.slowest[0] * 1000:.0f} ms |")
    print(f"| growth of memory | {grown / 1024:.0f} MiB |\n| minutes | {minutes:.0f} |")
    print("\n| answer | inputs |\n|---|---|")
    for answer, times in tally.answers.most_common():
        print(f"| {answer.replace('|', '/')} | {times} |")
    if len(sys.argv) > 3:
        for answer, data in tally.smallest.items():
            name = re.sub(r"[^a-z]+", "-", answer.lower()).strip("-")[:60]
            (Path(sys.argv[3]) / f"{name}.md").write_bytes(data)
    print("slowest:", tally.slowest[1], file=sys.stderr)
    print(*tally.broken, sep="\n\n", file=sys.stderr)


if __name__ == "__main__":
    main()
