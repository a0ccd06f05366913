"""What is said of stored records that cannot be read."""

from __future__ import annotations


class UnknownRecordFormat(Exception):
    """The record was written by a newer release."""
