"""
What the harness raises. A wrong kernel is a value (a verdict), never one of these.

    HarnessError                 the harness or the machine failed             exit 3
     ├── SandboxError            a box could not be made, or isolation asked for is not to be had
     └── ToolError               a tool that the harness needs is missing or broken
    UserError                    what was asked cannot be done as asked        exit 2
     ├── ProblemError            a problem file with faults, each with its place and its mend
     ├── ReferenceFailed         the problem's own Python crashed, hung or answered nonsense
     └── NoBaseline              what was to be timed against does not work here, or is wrong
"""

from harness.records import Fault


class HarnessError(Exception):
    """The harness or the machine failed; nothing is said about the submission."""


class SandboxError(HarnessError):
    pass


class ToolError(HarnessError):
    pass


class UserError(Exception):
    """Bad input; the message says where and what to do."""


class ProblemError(UserError):
    """Every fault of one problem file at once."""

    def __init__(self, path: str, faults: tuple[Fault, ...], text: str = "") -> None:
        super().__init__("\n".join(fault.render(path, text) for fault in faults))
        self.path = path
        self.faults = faults


class ReferenceFailed(UserError):  # noqa: N818 — it says who failed
    pass


class NoBaseline(UserError):  # noqa: N818 — as above
    def __init__(self, name: str, where: str, why: str) -> None:
        super().__init__(f"no baseline `{name}` for {where}: {why}")
        self.why = why
