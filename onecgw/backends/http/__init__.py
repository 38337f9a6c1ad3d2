"""HTTP/1.1 to 1C: connections, 1C's sessions, response bodies."""
