"""The composition root: what is opened, served and closed, and in which order."""
