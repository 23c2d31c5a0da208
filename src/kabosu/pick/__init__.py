"""Which explanations to read: functions of Explanations."""
