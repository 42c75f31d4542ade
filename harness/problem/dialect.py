"""A problem rendered back into the base dialect: signature and prose, booleans quoted."""

import json

from harness.records import Param, Problem


def render_base_dialect(problem: Problem) -> str:
    head = [
        f"slug: {json.dumps(problem.slug)}",
        f"title: {json.dumps(problem.title, ensure_ascii=False)}",
        f"difficulty: {json.dumps(problem.difficulty)}",
        f"author: {json.dumps(problem.author, ensure_ascii=False)}",
        f"tags: {json.dumps(list(problem.tags), ensure_ascii=False)}",
        "parameters:" if problem.params else "parameters: []",
    ]
    params = "\n\n".join(_render_param(param) for param in problem.params)
    return "---\n" + "\n".join(head) + "\n" + params + "\n---\n\n" + problem.body + "\n"


def _render_param(param: Param) -> str:
    # the wild files write `const` on pointers and `constant` on scalars
    spelling = "const" if param.pointer else "constant"
    kind = param.dtype.name if param.dtype else "[VAR]"
    return (
        f'  - name: "{param.name}"\n'
        f'    type: "{kind}"\n'
        f'    pointer: "{str(param.pointer).lower()}"\n'
        f'    {spelling}: "{str(param.const).lower()}"'
    )
