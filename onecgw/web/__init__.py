"""HTTP in and out; no business rules."""
