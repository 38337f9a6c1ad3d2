"""The OAuth endpoints and pages over HTTP."""
