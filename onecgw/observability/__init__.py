"""Logging and trace context."""
