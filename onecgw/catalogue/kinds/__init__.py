"""The kinds of tools: how each one is requested from 1C, answered and described."""
