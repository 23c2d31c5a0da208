"""The page on writing a domain runs, block after block, and its domain is as short as it says."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "write_a_domain.md"


def test_the_page_runs():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.S)
    scope = {"__name__": "write_a_domain"}
    import sys
    import types

    module = types.ModuleType("write_a_domain")  # so that what it defines can be pickled, as in a file of its own
    sys.modules["write_a_domain"] = module
    scope = module.__dict__
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), scope)  # noqa: S102
    assert scope["e"].certificate.fidelity[0] > 0.5
    code = [line for block in blocks[:2] for line in block.splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(code) <= 60, len(code)
