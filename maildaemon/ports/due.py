"""Which queues hold something that is due."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

Queue = tuple[int, str]
"""The row of a mailbox, and the name of the step that works its queue off: `process`, `fire`,
`deliver` or `settle`.
"""


class Due(Protocol):
    """One look at the queues of all mailboxes, which costs about as much as at one."""

    def queues(self, mailbox_ids: Collection[int], now: datetime) -> frozenset[Queue]:
        """Return which queues hold something that is due; whether it may be done is for the step
        to say.
        """

    def alarms(self, now: datetime) -> bool:
        """Tell whether an alarm is to be spread or told, by whatever path."""
