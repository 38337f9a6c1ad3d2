"""What can be asked: declarations of tools, parsing of arguments, JSON Schemas."""
