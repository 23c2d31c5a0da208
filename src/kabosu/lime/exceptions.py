"""The error of lime."""


class LimeError(Exception):
    """A mode or an answer that cannot be explained."""
