"""The parts of `make demo`: where tables come from, the sections of the page, and the page."""
