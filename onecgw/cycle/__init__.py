"""The cash conversion cycle: its calendar, its formulas, and what of 1C's reports it reads."""
