"""Says how the sign-ins of mailboxes are that log in by OAuth2, and when they end."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from maildaemon.cli.output import local
from maildaemon.errors import OperatorError
from maildaemon.services.check import Finding, Result, failed

if TYPE_CHECKING:
    from maildaemon.domain.grants import Grant
    from maildaemon.settings import MailboxSettings, Settings


def check_sign_ins(
    settings: "Settings", mailboxes: "Iterable[MailboxSettings]"
) -> Iterator[Finding]:
    """Say of each whether somebody has signed in, and how long that holds; no server is asked."""
    from maildaemon.logins import make_sign_ins

    for mailbox in mailboxes:
        for sign_in in make_sign_ins(settings, mailbox):
            about = f"sign-in of {sign_in.username}"
            try:
                grant = sign_in.grant()
            except OperatorError as unreadable:
                yield failed("sign_in", unreadable, mailbox.name)
                continue
            if grant is None:
                error = OperatorError(
                    "nobody has signed in yet",
                    where=about,
                    advice=f"run: maildaemon auth {mailbox.name}",
                )
                yield failed("sign_in", error, mailbox.name)
            else:
                yield _standing(mailbox.name, about, grant)


def _standing(mailbox: str, about: str, grant: "Grant") -> Finding:
    from maildaemon.adapters.clock import utc_now
    from maildaemon.domain.grants import is_to_be_told

    what = f"{about}: since {local(grant.granted_at)}, {until(grant)}"
    if not is_to_be_told(grant, utc_now()):
        return Finding("sign_in", Result.OK, what, mailbox=mailbox)
    advice = f"sign in again before that: maildaemon auth {mailbox}"
    return Finding("sign_in", Result.WARNING, what, advice, mailbox)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What is known of a sign-in, without asking anybody."""

    account: str
    signed_in_at: datetime | None
    ends_at: datetime | None = None
    ends_for_good: bool = False
    token_ends_at: datetime | None = None

    def __str__(self) -> str:
        """Return it in words."""
        if self.signed_in_at is None:
            return f"nobody has signed in for {self.account}"
        return f"{self.account} since {local(self.signed_in_at)}, {until(self)}"


def signed_in(settings: "Settings", mailbox: "MailboxSettings") -> tuple[SignedIn, ...]:
    """Return the sign-ins of a mailbox; not those that whoever asks may not read."""
    from maildaemon.logins import make_sign_ins

    found = []
    for sign_in in make_sign_ins(settings, mailbox):
        with suppress(OperatorError):
            found.append(_known(sign_in.username, sign_in.grant()))
    return tuple(found)


def _known(account: str, grant: "Grant | None") -> SignedIn:
    if grant is None:
        return SignedIn(account, None)
    return SignedIn(
        account, grant.granted_at, grant.ends_at, grant.ends_for_good, grant.access.expires_at
    )


def until(grant: "Grant | SignedIn") -> str:
    """Return how long a sign-in holds, as far as anybody knows."""
    if grant.ends_at is None:
        return "until it is withdrawn"
    if grant.ends_for_good:
        return f"ends on {local(grant.ends_at)}"
    return f"ends on {local(grant.ends_at)} if it is not used before"
