"""Pictures: functions of an Explanation; matplotlib Axes in, Axes out."""
