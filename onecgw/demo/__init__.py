"""A 1C that is always up: the HTTP service of an invented company whose books reconcile."""
