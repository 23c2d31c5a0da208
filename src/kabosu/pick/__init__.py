"""Which explanations to read: functions of Explanations."""

from kabosu.pick.aggregate import Aggregate, aggregate, summary
from kabosu.pick.submodular import pick

__all__ = ["Aggregate", "aggregate", "pick", "summary"]
