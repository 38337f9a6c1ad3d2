"""What is rendered from code: one module per file; `python -m tests.render` writes them all."""
