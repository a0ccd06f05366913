"""The audit trail as a chain: entries, their hashes, the signatures of its end, and checking it. No I/O."""
