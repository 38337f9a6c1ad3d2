"""When a call to 1C may run: limiter, breaker, deadline, fan-out, caches."""
