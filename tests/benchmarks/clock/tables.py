"""The tables of clock.md, from the rows of a run."""

import json
import math
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def read(file: Path) -> list[Row]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def share(count: int, total: int) -> str:
    """With the interval of Wilson that holds the truth in 95 %."""
    if not total:
        return "-"
    z, p = 1.96, count / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"{count}/{total} = {100 * p:.0f} % ({100 * low:.0f}-{100 * high:.0f})"


def table(head: list[str], rows: list[list[str]]) -> None:
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def is_stable(row: Row) -> bool:
    return row.get("state") not in {None, "unstable"}


def is_near(row: Row, truth: float = 1.0) -> bool:
    return bool(abs(row["speedup"] / truth - 1.0) <= 0.02)


def groups(rows: list[Row], name: str) -> Iterator[tuple[str, list[Row]]]:
    found = [row for row in rows if row["experiment"] == name]
    if found:
        yield "all", found
    for kind in dict.fromkeys(row["kind"] for row in found):
        yield kind, [row for row in found if row["kind"] == kind]


def print_identical(rows: list[Row], name: str) -> None:
    print(f"\n### Identical code, `{name}`\n")
    lines = []
    for kind, found in groups(rows, name):
        stable = [row for row in found if is_stable(row)]
        called = [row for row in found if row["state"] in {"faster", "slower"}]
        means = [row["means"] for row in found if "means" in row]
        lines.append(
            [
                kind,
                share(len(stable), len(found)),
                share(sum(map(is_near, stable)), len(stable)),
                share(len(called), len(found)),
                share(sum(not row["ci_low"] <= 1 <= row["ci_high"] for row in found), len(found)),
                f"{100 * statistics.median(width(row) for row in found):.1f} %",
                f"{statistics.median(row['seconds'] for row in found):.1f} s",
                share(sum(abs(value - 1) <= 0.02 for value in means), len(means)),
            ]
        )
    head = [
        "kind",
        "stable",
        "of these within 2 %",
        "called faster or slower",
        "interval without 1",
        "half-width",
        "seconds",
        "means within 2 %",
    ]
    table(head, lines)


def width(row: Row) -> float:
    return float(math.sqrt(row["ci_high"] / row["ci_low"])) - 1.0


def print_slow(rows: list[Row], name: str, truth: float) -> None:
    print(f"\n### A true slowdown, `{name}`\n")
    lines = []
    for kind, found in groups(rows, name):
        caught = sum(row["state"] == "slower" for row in found)
        holds = sum(row["ci_low"] <= truth <= row["ci_high"] for row in found)
        means = [row["means"] for row in found if "means" in row]
        lines.append(
            [
                kind,
                share(caught, len(found)),
                str(sum(row["state"] == "faster" for row in found)),
                share(holds, len(found)),
                f"{statistics.median(row['speedup'] for row in found):.3f}",
                f"{100 * statistics.median(width(row) for row in found):.1f} %",
                f"{statistics.median(row['seconds'] for row in found):.1f} s",
                share(sum(abs(value / truth - 1) <= 0.02 for value in means), len(means)),
            ]
        )
    head = [
        "kind",
        "called slower",
        "faster",
        f"interval holds {truth:.3f}",
        "median",
        "half-width",
        "seconds",
        "means within 2 % of it",
    ]
    table(head, lines)


def print_attacks(rows: list[Row]) -> None:
    print("\n### Attackers beside their honest twins\n")
    lines = []
    for kind, found in groups(rows, "attack"):
        if kind == "all":
            continue
        refused = [row["attack"] for row in found if row["attack"]["verdict"] != "accepted"]
        gains = [
            math.log(row["attack"]["speedup"] / row["twin"]["speedup"])
            for row in found
            if row["attack"]["verdict"] == row["twin"]["verdict"] == "accepted"
        ]
        bound = "-"
        if len(gains) > 2:
            middle, error = statistics.mean(gains), statistics.stdev(gains) / math.sqrt(len(gains))
            gain, most = (100 * math.expm1(middle + times * error) for times in (0.0, 1.73))
            bound = f"{gain:+.1f} %, at most {most:+.1f} %"
        verdicts = ", ".join(sorted({f"{one['verdict']} ({one['reason']})" for one in refused}))
        twins = sum(row["twin"]["verdict"] == "accepted" for row in found)
        lines.append(
            [
                kind,
                share(len(refused), len(found)),
                verdicts or "-",
                bound,
                str(sum(row["attack"].get("state") == "unstable" for row in found)),
                f"{twins}/{len(found)}",
            ]
        )
    table(["attacker", "refused", "as", "gain of the others", "unstable", "twins accepted"], lines)


def print_own(rows: list[Row]) -> None:
    print("\n### What `--own` buys: frozen between turns, and not\n")
    lines = []
    for kind, found in groups(rows, "own"):
        asked = {
            way: [(width(row[way]), row[way]) for row in found if "ci_low" in row[way]]
            for way in ("frozen", "own")
        }
        worth = {
            way: statistics.median(1 / (half**2 * row["seconds"]) for half, row in pairs)
            for way, pairs in asked.items()
        }
        lines.append(
            [
                kind,
                str(len(found)),
                *(
                    f"{100 * statistics.median(half for half, _ in asked[way]):.2f} %"
                    for way in asked
                ),
                *(
                    f"{statistics.median(row['null_ns'] for _, row in asked[way]) / 1e3:.0f} us"
                    for way in asked
                ),
                f"{worth['own'] / worth['frozen']:.2f}",
            ]
        )
    head = ["kind", "pairs", "half-width frozen", "own", "null frozen", "own"]
    table([*head, "precision a second, own / frozen"], lines)


def print_rewards(rows: list[Row]) -> None:
    print("\n### Rewards with a budget, beside `--precise`\n")
    lines = []
    found = [row["asked"] for row in rows if row["experiment"] == "reward"]
    for asked in found[0] if found else ():
        pairs = [
            (mine, precise)
            for row in found
            for mine, precise in zip(row[asked]["exceeds"], row["precise"]["exceeds"], strict=True)
            if precise is not None
        ]
        took_s = statistics.mean(row[asked]["took_s"] for row in found)
        lines.append(
            [
                asked if asked == "precise" else f"{asked} s",
                share(sum(mine == precise for mine, precise in pairs), len(pairs)),
                str(sum(mine is not None and mine != precise for mine, precise in pairs)),
                f"{took_s:.2f} s",
                f"{3600 / took_s:.0f}",
            ]
        )
    lines.sort(key=lambda line: line[0] == "precise")
    table(["budget", "agrees", "contradicts", "a kernel, in all", "grades an hour"], lines)


def print_forms(rows: list[Row]) -> None:
    print("\n### One copy in four forms, against `out=`\n")
    lines = []
    for kind, found in groups(rows, "form"):
        if kind != "all":
            speedups = [row["speedup"] for row in found]
            states = sorted({row["state"] for row in found})
            lines.append(
                [
                    kind,
                    f"{statistics.median(speedups):.3f}",
                    ", ".join(
                        f"{state} {sum(r['state'] == state for r in found)}" for state in states
                    ),
                ]
            )
    table(["form", "median speedup", "states"], lines)


def print_tables(file: Path) -> None:
    every = read(file)
    for quiet in (False, True):
        for user in ("root", "ordinary"):
            rows = [row for row in every if (row["user"], row["quiet"]) == (user, quiet)]
            if not rows:
                continue
            loads = statistics.median(row["load"] for row in rows)
            other = "no other load of ours" if quiet else "another program on the first core"
            print(f"\n## As {user}, {other} (load average {loads:.1f}), {len(rows)} rows")
            refused = [row for row in rows if row.get("verdict") not in {None, "accepted"}]
            for row in refused:
                print(f"\nrefused: {row['experiment']}, {row['kind']}: {row['verdict']}")
            rows = [row for row in rows if row not in refused]
            print_identical(rows, "again")
            print_identical(rows, "again, --quick")
            print_slow(rows, "slow 5 %", 20 / 21)
            print_slow(rows, "slow 2 %, --precise", 50 / 51)
            print_attacks(rows)
            print_own(rows)
            print_rewards(rows)
            print_forms(rows)
