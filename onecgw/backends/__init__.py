"""The 1C bases that answer: one protocol, one package per kind of base."""
