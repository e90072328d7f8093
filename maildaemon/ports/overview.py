"""What the services need from the database to tell people how it stands."""

from datetime import datetime, timedelta
from typing import Protocol

from maildaemon.domain.overview import MailboxFacts
from maildaemon.domain.policy import Policy
from maildaemon.domain.standing import Standing
from maildaemon.domain.transcript import Transcript


class Overview(Protocol):
    """Read-only questions about a whole mailbox; each costs what is open, not what is stored."""

    def facts(
        self, mailbox_id: int, policy: Policy, poll_every: timedelta, since: datetime, now: datetime
    ) -> MailboxFacts:
        """Return how a mailbox stands now, and what has happened in it since then. Lists end
        somewhere; what is left out of the open conversations is counted.
        """

    def standing(self, mailbox_id: int, now: datetime) -> Standing:
        """Return how a mailbox is doing."""

    def transcript(self, thread_id: int) -> Transcript | None:
        """Return what a thread's customer and our people have written to each other, in order of
        time; None if it has no customer, or nothing of it is his or for him.
        """
