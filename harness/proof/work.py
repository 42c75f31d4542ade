"""Do `flops` and `bytes` say what the reference really does? Within a factor that is stated."""

from harness.oracle.draw import Seed
from harness.oracle.expect import Oracle
from harness.problem.shapes import arguments_of, bytes_of, flops_of
from harness.proof.draws import drawn, runnable
from harness.records import Finding, Outcome, Problem

# torch knows what a product or a convolution takes; for everything else one operation an element
# is a measure, not a count
KNOWN_FACTOR = 1.5
COUNTED_FACTOR = 8.0
MOST_TRAFFIC = 2.0  # of every input read once and every output written once


def prove_flops(problem: Problem, oracle: Oracle) -> Finding:
    ratios: list[float] = []
    wrong: list[str] = []
    for case in runnable(problem):
        with drawn(problem, case, problem.dtypes[0], Seed.fresh("normal"), oracle) as one:
            known, others = oracle.module.count(one.arguments, one.inputs)
        said = flops_of(problem, case)
        if said is None:
            words = f"no formula (in case `{case.name}` the reference counts {known + others})"
            return Finding(about="flops", outcome=Outcome.SKIPPED, words=words)
        if known + others == 0:
            continue
        ratios.append(said / (known + others))
        least = known / KNOWN_FACTOR + others / COUNTED_FACTOR
        most = known * KNOWN_FACTOR + others * COUNTED_FACTOR
        if not least <= said <= most:
            wrong.append(
                f"case `{case.name}`: {said}, and the reference counts {known} in products and"
                f" {others} elsewhere: {least:.0f} to {most:.0f} would do"
            )
    if not ratios:
        words = "the reference computes nothing that can be counted"
        return Finding(about="flops", outcome=Outcome.SKIPPED, words=words)
    words = f"{min(ratios):.2f} to {max(ratios):.2f} times what the reference counts"
    if wrong:
        words += f"; within {KNOWN_FACTOR:g} in products, within {COUNTED_FACTOR:g} elsewhere"
    outcome = Outcome.FAULT if wrong else Outcome.OK
    return Finding(about="flops", outcome=outcome, words=words, details=tuple(wrong))


def prove_bytes(problem: Problem) -> Finding:
    if problem.bytes is None:
        words = "every input read once, every output written once"
        return Finding(about="bytes", outcome=Outcome.OK, words=words)
    dtype, wrong = problem.dtypes[0], []
    for case in problem.cases:
        said = bytes_of(problem, case, dtype)
        arguments = arguments_of(problem, case, dtype)
        written = sum(a.nbytes for a in arguments if a.role.is_written)
        most = MOST_TRAFFIC * sum(
            a.nbytes * (a.role.is_read + a.role.is_written) for a in arguments
        )
        if not written <= said <= most:
            wrong.append(
                f"case `{case.name}`: {said} bytes; the outputs alone are {written},"
                f" and {MOST_TRAFFIC:g} times all tensors {most:.0f}"
            )
    if wrong:
        words = "the formula does not fit the tensors' sizes"
        return Finding(about="bytes", outcome=Outcome.FAULT, words=words, details=tuple(wrong))
    words = f"between the outputs' size and {MOST_TRAFFIC:g} times that of all tensors"
    return Finding(about="bytes", outcome=Outcome.OK, words=words)
