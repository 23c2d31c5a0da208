"""Words, tables and pages: functions of an Explanation."""
