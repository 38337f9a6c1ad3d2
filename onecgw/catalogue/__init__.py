"""The tools: their declarations, the parsing of arguments, JSON Schemas."""
