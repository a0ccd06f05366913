"""Caches: a port with the memory of the process as first level and Redis as second."""
