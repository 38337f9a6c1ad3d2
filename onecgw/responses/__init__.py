"""What 1C's JSON becomes on its way to the caller: checked, redacted, truncated."""
