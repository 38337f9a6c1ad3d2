"""Answers that are computed from several reports: pure functions, no I/O."""
