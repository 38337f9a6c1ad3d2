"""What a failed answer of 1C means, and which of its text may be shown."""
