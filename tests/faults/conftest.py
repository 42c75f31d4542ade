"""A small problem with its files, and the command line with one fault in it."""

from pathlib import Path

import pytest

PROBLEM = """---
slug: small
parameters:
  - {name: x, type: "[VAR]", pointer: true, const: true}
  - {name: y, type: "[VAR]", pointer: true, const: false}
  - {name: n, type: size_t, pointer: false}
shapes: {x: [n], y: [n]}
cases:
  test: [{name: odd, n: 1003}]
  bench: {cpu: [{name: large, n: 4096}]}
---
A small problem.

## Reference

```python
def reference(x, n):
    return x * 2
```
"""
HEAD = "void solution(const VAR* x, VAR* y, size_t n)"
DOUBLES = f"{HEAD} {{ for (size_t i = 0; i < n; i++) y[i] = 2 * x[i]; }}\n"
LOOPS = f"{HEAD} {{ volatile bool on = true; while (on) {{}} }}\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a problem, a right kernel, one that never ends, and one that breaks off."""
    (tmp_path / "small.md").write_text(PROBLEM)
    (tmp_path / "doubles.cpp").write_text(DOUBLES)
    (tmp_path / "loops.cpp").write_text(LOOPS)
    (tmp_path / "doubles.py").write_text("def solution(x, y, n):\n    y.copy_(x * 2)\n")
    return tmp_path
