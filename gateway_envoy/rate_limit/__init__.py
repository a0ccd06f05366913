"""The rate limit service: counts the calls to all gateways in one Redis."""
