"""What runs on the hosts of others: a workflow gives a stranger's pull request nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = sorted((Path(__file__).parents[2] / ".github" / "workflows").glob("*.y*ml"))
# others run with the rights of the base branch on what a stranger has sent
TRIGGERS = {"push", "pull_request", "schedule", "workflow_dispatch"}


def trust_in(text: str) -> list[str]:
    """What of a workflow a pull request could use; empty for one that gives nothing."""
    told: dict[Any, Any] = yaml.safe_load(text)
    found = sorted(set(told[True]) - TRIGGERS)  # YAML reads the key `on` as true
    rights = [
        told.get("permissions"),
        *(job.get("permissions", {}) for job in told["jobs"].values()),
    ]
    found += ["permissions"] if rights[0] is None else []
    found += [f"{name}: {right}" for each in rights for name, right in (each or {}).items()
              if right not in {"read", "none"}]  # fmt: skip
    for step in (step for job in told["jobs"].values() for step in job["steps"]):
        given = step.get("with", {})
        if "checkout" in step.get("uses", "") and given.get("persist-credentials") is not False:
            found.append("credentials")
        if "${{" in step.get("run", ""):
            found.append("a stranger's words in a command")
    return found + (["secrets"] if "secrets." in text else [])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_workflow_trusts_a_pull_request(path: Path) -> None:
    """I6: it runs without secrets, with the right to read alone, and with no words of a stranger's
    in a command.
    """
    assert trust_in(path.read_text()) == []


NAIVE = """
on: {pull_request_target: {}}
jobs:
  run:
    steps:
      - uses: actions/checkout@v4
      - run: echo ${{ github.event.pull_request.title }} ${{ secrets.TOKEN }}
"""


def test_a_workflow_that_trusts_is_found_out() -> None:
    """Each of the well known mistakes is seen."""
    assert trust_in(NAIVE) == [
        "pull_request_target", "permissions", "credentials", "a stranger's words in a command",
        "secrets",
    ]  # fmt: skip
