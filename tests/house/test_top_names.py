"""Every name that kabosu lists is there after one import, whatever else was imported, and costs nothing until it is asked for."""

import subprocess
import sys

ASK = """
import sys, kabosu as kb
late = ("pick", "plots", "targets", "testing")
assert not [n for n in late if f"kabosu.{n}" in sys.modules], "imported too early"
assert kb.targets.Box and kb.testing.check_domain
assert not [n for n in kb.__all__ if getattr(kb, n, None) is None]
"""


def test_every_listed_name_is_there_in_a_fresh_process():
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
