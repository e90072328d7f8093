"""One mailbox as the loop steps see it, and the log they all write."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from maildaemon.domain.policy import Policy, Reads
from maildaemon.ports import Lookup, Scanner

_log = logging.getLogger("maildaemon")


@dataclass(frozen=True, slots=True)
class Desk:
    """A mailbox's row, the policy it is run by, and the key that signs what leaves it.

    `hold_for`: how long a refused file is kept for staff to release. `colleagues` are the accounts
    of which only Sent is read, by row and name: what they answer counts here. Of such an account,
    `homes` are the rows of the mailboxes whose threads it may answer. `scanner` None: files are
    not scanned for viruses. `lookup` None: order numbers are looked up nowhere. `require_lease` is
    called right before what no transaction can take back: LeaseLostError if the mailbox may be
    another daemon's by now.
    """

    mailbox_id: int
    policy: Policy
    key: bytes
    hold_for: timedelta
    colleagues: tuple[tuple[int, str], ...] = ()
    homes: tuple[int, ...] = ()
    scanner: Scanner | None = None
    lookup: Lookup | None = None
    require_lease: Callable[[], None] = lambda: None


def log(
    event: str,
    level: int = logging.INFO,
    /,
    *,
    failure: Exception | None = None,
    **facts: object,
) -> None:
    """Write one log line: a stable name (noun.past) and its facts; never a body or a subject.

    A fact that is None is left out. `failure` adds its traceback.
    """
    known = {key: value for key, value in facts.items() if value is not None}
    _log.log(level, event, extra={"facts": known}, exc_info=failure)


def mailbox_and_mode(policy: Policy) -> str:
    """Return which mailbox it is and what may be sent from it, for one line of the log."""
    special = ", ".join(f"{section}: {mode}" for section, mode in policy.modes)
    mode = policy.reads if policy.reads is Reads.SENT_ONLY else policy.mode
    return f"{policy.mailbox} ({mode}{f'; {special}' if special else ''})"
