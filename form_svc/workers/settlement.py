"""Brings submissions to their end whose calls broke off."""

from __future__ import annotations

from form_svc.commands.submitting import PAGE, Submitting

INTERVAL_SECONDS = 1.0


class Settlement:
    """The work of one round: a bounded number of submissions. Several processes may do it at once."""

    def __init__(self, submitting: Submitting) -> None:
        self._submitting = submitting

    async def run(self) -> bool:
        """Take up what is due; say whether there may be more."""
        return await self._submitting.drive_due() == PAGE
