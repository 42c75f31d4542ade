"""On which device a submission is graded: by what was asked, what it is, and what is here."""

from harness.emulation.triton.source import is_triton
from harness.records import Device, Language, Policy, Submission

_NO_CARD = "nothing can be graded on a card yet; --device emulated checks it without one"


def device_of(submission: Submission, policy: Policy) -> tuple[Device, str]:
    """The device; and why it cannot be graded there, if it cannot."""
    asked = policy.device if policy.device != "auto" else submission.device or "auto"
    # on a CPU what was written for a card can only be emulated: to ask for the one is the other
    if asked in {"auto", "cpu", "emulated"}:
        if is_for_cards(submission):
            return Device.EMULATED, ""
        if asked != "emulated":
            return Device.CPU, ""
        return Device.EMULATED, "only CUDA and Triton are emulated; this runs on the CPU as it is"
    if is_for_cards(submission):
        return Device.CUDA, _NO_CARD
    return Device.CUDA, f"no device `{asked}` here: this version grades on the CPU"


def is_for_cards(submission: Submission) -> bool:
    if submission.language is Language.PYTHON:
        return is_triton(submission.source)
    return submission.language is Language.CUDA
