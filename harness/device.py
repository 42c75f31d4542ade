"""On which device a submission is graded: by what was asked, what it is, and what is here."""

from harness.records import Device, Language, Policy, Submission

_NO_CARD = "CUDA sources cannot be graded on a card yet; --device emulated checks them without one"


def device_of(submission: Submission, policy: Policy) -> tuple[Device, str]:
    """The device; and why it cannot be graded there, if it cannot."""
    asked = policy.device if policy.device != "auto" else submission.device or "auto"
    if submission.language is Language.CUDA:
        # on a CPU a CUDA source can only be emulated: to ask for the one is to ask for the other
        if asked in {"auto", "cpu", "emulated"}:
            return Device.EMULATED, ""
        return Device.CUDA, _NO_CARD
    if asked in {"auto", "cpu"}:
        return Device.CPU, ""
    if asked == "emulated":
        return Device.EMULATED, "only CUDA sources are emulated; this one runs on the CPU as it is"
    return Device.CUDA, f"no device `{asked}` here: this version grades on the CPU"
