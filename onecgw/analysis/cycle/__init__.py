"""The cash conversion cycle: periods, balances and flows, ratios, variance, texts."""
