"""Conclusions that are composed of several reports: pure arithmetic, no I/O."""
