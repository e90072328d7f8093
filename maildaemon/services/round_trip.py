"""Sends a mail from a mailbox to itself and sees it arrive: the way of a customer's mail and of our
answer, all of it. Learns by that who files sent mail.

The mail is known as ours by its signature (kind `own`): a daemon at work files it and answers it
not. Its Message-ID is unsigned, for it stands in no outbox: in Sent it would look like mail that
the records have forgotten.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maildaemon.domain.delivery import Accepted, Deferred, Envelope, Note, Outcome, Rejected
from maildaemon.domain.message import Address
from maildaemon.domain.policy import Policy
from maildaemon.domain.tokens import issue_loop_token
from maildaemon.errors import (
    MailboxUnavailableError,
    MaildaemonError,
    TransportRefusedError,
    TransportUnavailableError,
)
from maildaemon.ports import Listed, Mailbox, Now, Role, Transport
from maildaemon.services.check import Finding, Result, failed
from maildaemon.services.whereabouts import find_message

_SUBJECT = "[maildaemon] a test mail to ourselves"
_TEXT = """\
`maildaemon check --send` has sent this to see whether mail from this mailbox arrives in it. Nobody
needs to answer it, and it may be deleted.
"""
# Where the clocks differ by more, what "24 hours" means is no longer the same for both.
_MOST_SKEW = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait until the mail arrives, and, counted from sending, for a copy of it in
    Sent; how long to pause between two looks.
    """

    arrival: timedelta = timedelta(minutes=2)
    # As long as the daemon itself waits before it files a copy.
    copy: timedelta = timedelta(minutes=1)
    pause: float = 1.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What a round trip needs beside the servers. `pause` lets so many seconds pass; `learn` keeps
    whether the server files what we send; `tell` says to a person what is being waited for, `count`
    for how many seconds more at most, None when that is over.
    """

    compose: Callable[[Note], bytes]
    now: Now
    pause: Callable[[float], object]
    learn: Callable[[bool], None]
    tell: Callable[[str], None]
    count: Callable[[float | None], None]
    patience: Patience = Patience()


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail to ourselves that a server has taken over; `above`: the folders that are looked into,
    and the highest UID of each before.
    """

    message_id: str
    at: datetime
    above: Mapping[str, int]
    roles: Mapping[str, Role]


async def send_to_self(
    policy: Policy, key: bytes, name: str, mailbox: Mailbox, transport: Transport, tools: Tools
) -> Sent | Finding:
    """Send it; `name` is what tells it from all others, and nobody can guess. Returns what went
    wrong in place of what was sent.
    """
    address = policy.sender.address
    at = tools.now()
    token = issue_loop_token(key, f"check:{name}")
    note = Note(
        message_id=f"check.{name}@{policy.sender.domain}",
        date=at.replace(microsecond=0),
        sender=policy.sender,
        recipient=Address("", address),
        subject=_SUBJECT,
        text=_TEXT,
        loop_token=token,
        # RFC 3834 §5: it answers nobody.
        auto_submitted="auto-generated",
    )

    async def before_dot() -> None:
        pass

    try:
        watched = [one for one in mailbox.folders() if one.role in _LOOKED_INTO]
        sent = Sent(
            note.message_id,
            at,
            {one.name: _highest(mailbox, one.name, at) for one in watched},
            {one.name: one.role for one in watched},
        )
        await transport.open()
        outcome = await transport.send(Envelope(address, address), tools.compose(note), before_dot)
    except MaildaemonError as error:
        return failed("send", error, policy.mailbox, "the mail to ourselves: ")
    finally:
        await transport.close()
    if isinstance(outcome, Accepted):
        return replace(sent, at=tools.now())
    return _refused(policy, outcome)


_LOOKED_INTO = (Role.INBOX, Role.JUNK, Role.SENT)


def _highest(mailbox: Mailbox, folder: str, at: datetime) -> int:
    state = mailbox.examine(folder)
    if state.uidnext is not None:
        return state.uidnext - 1
    return max((one.uid for one in mailbox.list_since(folder, at - timedelta(days=1))), default=0)


def _refused(policy: Policy, outcome: Outcome) -> Finding:
    address = policy.sender.address
    match outcome:
        case Deferred(reply) | Rejected(reply):
            what = (
                f"the server takes no mail from {address} to {address}: {reply.code} {reply.text}"
            )
        case _:
            what = "the server broke off at the end of the mail; whether it took it is not known"
    advice = f"see whether the account may send as {address}, and to the same address"
    known = isinstance(outcome, Rejected)
    error = TransportRefusedError(what) if known else TransportUnavailableError(what)
    return Finding("send", Result.FAILED, what, advice, policy.mailbox, error)


def see_arrive(policy: Policy, sent: Sent, mailbox: Mailbox, tools: Tools) -> Iterator[Finding]:
    """Wait for what was sent, and say where and when it arrived, how the server's clock goes, and
    who files Sent; what was learnt of that is kept, and the mail deleted. If the process dies, it
    stays where it arrived.
    """
    name = policy.mailbox
    try:
        tools.tell(f"waiting for the mail to {policy.sender.address} ...")
        until = sent.at + tools.patience.arrival
        found = _wait_for(mailbox, sent, (Role.INBOX, Role.JUNK), until, tools)
        if found is None:
            yield _missing(policy, tools.patience.arrival)
            return
        folder, listed = found
        yield _arrived(name, sent, folder, tools.now() - sent.at)
        if listed.internal_date is not None:
            yield _clock(name, listed.internal_date, sent.at, tools.now())
        copy = _wait_for_copy(sent, mailbox, tools)
        if Role.SENT in sent.roles.values():
            yield _filing(name, copy, tools)
        yield _removed(name, sent, mailbox, [folder, *([copy] if copy else [])])
    except MaildaemonError as error:
        yield failed("arrival", error, name, "IMAP: ")
    finally:
        mailbox.close()


def _wait_for(
    mailbox: Mailbox, sent: Sent, roles: tuple[Role, ...], until: datetime, tools: Tools
) -> tuple[str, Listed] | None:
    """Return the folder in which it is and how it is listed there, None if time is up before."""
    try:
        while True:
            left = until - tools.now()
            for folder, role in sent.roles.items():
                if role in roles:
                    mailbox.examine(folder)
                    listed = mailbox.list_after(folder, sent.above[folder])
                    if one := find_message(mailbox, folder, listed, sent.message_id):
                        return folder, one
            if left <= timedelta(0):
                return None
            tools.count(left.total_seconds())
            tools.pause(tools.patience.pause)
    finally:
        tools.count(None)


def _missing(policy: Policy, waited: timedelta) -> Finding:
    address = policy.sender.address
    what = f"the mail to {address} has not arrived within {waited.total_seconds():.0f} seconds"
    advice = (
        "look into the mailbox: it may still come (some servers let mail wait at first), or a "
        "notice may say why not"
    )
    error = MailboxUnavailableError(what)
    return Finding("arrival", Result.FAILED, what, advice, policy.mailbox, error)


def _arrived(mailbox: str, sent: Sent, folder: str, took: timedelta) -> Finding:
    what = f"the mail to ourselves arrived in `{folder}` after {took.total_seconds():.1f} s"
    if sent.roles[folder] is Role.INBOX:
        return Finding("arrival", Result.OK, what, mailbox=mailbox)
    advice = (
        "what customers write may end there, too, and our answers with them: tell the server that "
        "it is no spam, and look at SPF, DKIM and DMARC of the domain"
    )
    return Finding("arrival", Result.WARNING, what, advice, mailbox)


def _clock(mailbox: str, theirs: datetime, earliest: datetime, latest: datetime) -> Finding:
    """Compare the clocks: the server dated the mail while we waited for it."""
    # It dates to the second, and both clocks may go by a little.
    skew = max(earliest - theirs, theirs - latest, timedelta(0))
    seconds = f"{skew.total_seconds():.0f} s"
    if skew <= _MOST_SKEW:
        what = f"clock: at most {max(skew, timedelta(seconds=1)).total_seconds():.0f} s off"
        return Finding("clock", Result.OK, f"{what} the server's", mailbox=mailbox)
    what = f"clock: this machine's and the IMAP server's differ by {seconds}"
    advice = "have this machine's clock set by NTP (timedatectl set-ntp true)"
    return Finding("clock", Result.WARNING, what, advice, mailbox)


def _wait_for_copy(sent: Sent, mailbox: Mailbox, tools: Tools) -> str | None:
    """Return the folder in which the server has filed a copy, None if it has not within a minute:
    the daemon takes that for never, too.
    """
    if Role.SENT not in sent.roles.values():
        return None
    tools.tell("waiting for a copy in the folder of sent mail, a minute at most ...")
    found = _wait_for(mailbox, sent, (Role.SENT,), sent.at + tools.patience.copy, tools)
    return found[0] if found else None


def _filing(mailbox: str, copy: str | None, tools: Tools) -> Finding:
    tools.learn(copy is not None)
    what = "Sent: the server files nothing there by itself; maildaemon files what it sends"
    if copy is not None:
        what = f"Sent: the server files what is sent by itself, in `{copy}`"
    return Finding("sent", Result.OK, what, mailbox=mailbox)


def _removed(name: str, sent: Sent, mailbox: Mailbox, folders: Sequence[str]) -> Finding:
    """Delete what we have sent, found by its id once more; nobody else could know that. Where the
    server cannot delete one message alone it stays.
    """
    there = ", ".join(f"`{folder}`" for folder in folders)
    if not mailbox.can_delete():
        what = f"the mail to ourselves lies in {there} and may be deleted"
        return Finding("removal", Result.OK, what, mailbox=name)
    for folder in folders:
        mailbox.examine(folder)
        listed = mailbox.list_after(folder, sent.above[folder])
        if one := find_message(mailbox, folder, listed, sent.message_id):
            mailbox.delete(folder, one.uid)
    what = f"the mail to ourselves is deleted again, in {there}"
    return Finding("removal", Result.OK, what, mailbox=name)
