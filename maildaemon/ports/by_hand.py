"""What the database does at a person's word: changes to threads and to mails of ours."""

from datetime import datetime
from typing import Any, Protocol

from maildaemon.domain.by_hand import HeldMail, ThreadState
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import Priority


class ByHand(Protocol):
    """Everything here is asked for by name, and takes no part in the queues."""

    def thread(self, reference: str) -> ThreadState | None:
        """Return the thread with exactly this reference, None if there is none."""

    def set_status(self, thread_id: int, status: Status, at: datetime) -> None:
        """Say whose turn it is, from then on."""

    def set_priority(self, thread_id: int, priority: Priority) -> None:
        """Say how urgent a thread is."""

    def last_was(self, thread_id: int, event: str) -> str | None:
        """Return what was before the newest event of this kind, None if there is none."""

    def is_asked(self, thread_id: int) -> bool:
        """Tell whether a customer has written in a thread whom no person has answered since."""

    def mute(self, thread_id: int, until: datetime | None) -> None:
        """Let nothing automatic be said in a thread until then; None: let it be said again."""

    def assign(self, thread_id: int, name: str | None) -> None:
        """Note who looks after a thread; None for nobody."""

    def merge(self, source: ThreadState, target: ThreadState, status: Status) -> dict[str, Any]:
        """Move everything of a thread into another, which takes the status, and leave a redirect.
        Return what `split` needs to undo it, ready for JSON.
        """

    def last_merge(self, thread_id: int) -> dict[str, Any] | None:
        """Return what the last `merge` of this thread returned, None if there was none."""

    def split(self, source: ThreadState, target: ThreadState, merge: dict[str, Any]) -> None:
        """Undo a merge. What has come into the other thread since stays there; from now on no
        message makes either of them one with another.
        """

    def mail(self, outbox_id: int) -> HeldMail | None:
        """Return a mail of ours with what decides whether it may go, None if there is none."""

    def release(self, mail: HeldMail, now: datetime) -> None:
        """Queue a mail that was held back, due now; it expires when it would have anyway.

        It counts like any other response, unless it has been counted already. Raises
        StaleClaimError if the thread has got its acknowledgement meanwhile.
        """
