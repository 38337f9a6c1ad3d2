"""Attacks on a running gateway, and their effect on its other callers."""
