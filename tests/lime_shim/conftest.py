"""Scripts that are run by tests, and are no tests."""

collect_ignore_glob = ["tutorials/*.py", "upstream.py"]
