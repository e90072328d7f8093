"""Somebody forges, guesses, replays and injects: does the daemon write for him, or let him in?

Customers write and are acknowledged; a colleague has answered them before, so that they are known.
Then comes one of each forgery (tests.campaigns.forgeries) against each of their conversations, from a
new attacker each time and by LMTP, with the verdict of our own server on top. Each mail that the SMTP
server accepts is searched for what the attacker planted, decoded as a mail client decodes it. In the
end the customers write again: in their conversations, and whoever was declared dead as well.

With `--no-authentication` our server gives no verdict that is believed; what cannot be told from the
customer's own mail is a figure then and no promise; what we send is searched all the same.

python -m tests.campaigns.spoofs --conversations 5 --seed 1
"""

import argparse
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.policy import default
from email.utils import getaddresses
from random import Random

from tests.campaigns.forgeries import (
    CANARY,
    EVE,
    MX,
    RESULT,
    Forgery,
    Target,
    forgeries,
)
from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log
from tests.campaigns.mails import SUPPORT, Mail, question
from tests.campaigns.races import answer
from tests.campaigns.table import Table, conclude
from tests.servers.sink import Accepted, SmtpSink

_WITHIN = 180
_INTENDED = frozenset(
    """
    from to subject date message-id in-reply-to references auto-submitted x-auto-response-suppress
    x-maildaemon-loop mime-version content-type content-transfer-encoding reply-to content-language
    precedence thread-index thread-topic
    """.split()
)


def campaign(
    conversations: int,
    seed: int,
    *,
    authentication: bool = True,
    say: Callable[[str], None] = print,
) -> Table:
    """Forge against so many conversations; return the figures."""
    random = Random(seed)
    with installed("spoofs") as (installation, sink):
        changes = _changes(authentication)
        for path, value in changes.items():
            installation.change(path, value)
        installation.start()
        installation.wait_started(_WITHIN)
        targets, eves = _converse(installation, sink, conversations, authentication)
        before = len(sink.accepted())
        forged = [
            one
            for turn, target in enumerate(targets)
            for one in forgeries(target, eves, random, turn)
        ]
        for one in forged:
            installation.account.deliver(one.raw, sender=one.sender, rcpt=one.rcpt)
        _wait_recorded(installation, len(forged) + 2 * conversations + 1)
        meanwhile = sink.accepted()[before:]
        say(f"{len(forged)} forgeries are recorded, {len(meanwhile)} of them answered")
        again = _write_again(installation, sink, targets, authentication)
        installation.stop()

        table = Table(f"spoofs: {conversations} conversations, seed {seed}")
        table.fact("changed in the config", changes)
        table.fact("forgeries", len(forged))
        table.fact("of them answered (to their author, in our words)", len(meanwhile))
        _judge_mails(table, forged, meanwhile)
        _judge_places(table, installation, targets, forged, authentication)
        if authentication:
            table.none("customers not answered afterwards", again)
        else:
            table.fact(
                "customers taken for a program, for what was written in their name", len(again)
            )
        (status,) = installation.listing("status")
        table.none("brakes that are on", [on["brake"] for on in status["brakes"]])
        judge_log(table, installation)
    return table


def _changes(authentication: bool) -> dict[str, object]:
    changes: dict[str, object] = {
        "limits.per_address": ["1000 in 1 hour"],
        "limits.burst": "1000",
        "mailboxes.0.plus_address": "yes",
        "mailboxes.0.staff": [f"anna@{SUPPORT.partition('@')[2]}"],
    }
    return changes | ({"mailboxes.0.authserv_id": MX} if authentication else {})


def _genuine(mail: Mail, authentication: bool) -> bytes:
    domain = mail.person.rpartition("@")[2]
    top = f"Authentication-Results: {MX}; dmarc=pass header.from={domain}\r\n"
    return (top.encode() if authentication else b"") + mail.raw


def _converse(
    installation: Installation, sink: SmtpSink, conversations: int, authentication: bool
) -> tuple[list[Target], Target]:
    """Let customers, and the attacker, be acknowledged and answered; return what is known of it."""
    mails = [question(n + 1, f"clara{n}@customer{n}.example") for n in range(conversations)]
    mails.append(question(conversations + 1, EVE))
    for mail in mails:
        installation.account.deliver(_genuine(mail, authentication), sender=mail.person)
    got = {one.rcpt_to[0]: one for one in sink.wait_accepted(len(mails), _WITHIN)}
    for mail in mails[:-1]:
        installation.account.file(answer(mail, 1), "Sent")
    _wait_recorded(installation, 2 * conversations + 1)
    targets = [_target(installation, mail, got[mail.person]) for mail in mails]
    return targets[:-1], targets[-1]


def _target(installation: Installation, mail: Mail, ours: Accepted) -> Target:
    query = (
        "SELECT thread.reference FROM message JOIN thread ON thread.id = message.thread_id "
        "WHERE message.message_id = ?"
    )
    with installation.records.open() as connection:
        (reference,) = connection.execute(query, (mail.message_id,)).fetchone()
    return Target(mail.person, reference, mail.message_id or "", ours.message_id or "")


def _wait_recorded(installation: Installation, count: int) -> None:
    """Wait until so many mails of others are recorded, and nothing is left to be sent."""
    query = "SELECT count(*) FROM inbound WHERE state IN ('done', 'parked') AND history = 0"

    def recorded() -> bool:
        with installation.records.open() as connection:
            return bool(connection.execute(query).fetchone()[0] >= count)

    installation.wait_done(_WITHIN, recorded, still=1)


def _write_again(
    installation: Installation, sink: SmtpSink, targets: Sequence[Target], authentication: bool
) -> list[str]:
    """Let each customer ask something new; return who got no answer."""
    before = len(sink.accepted())
    for number, target in enumerate(targets):
        mail = question(5000 + number, target.customer, Subject=f"Something else {'x' * number}")
        raw = _genuine(mail, authentication)
        installation.account.deliver(raw, sender=mail.person)
    threading.Event().wait(1)
    installation.wait_done(_WITHIN, lambda: _seen_by(installation, 5000, len(targets)))
    got = {one.rcpt_to[0] for one in sink.accepted()[before:]}
    return [one.customer for one in targets if one.customer not in got]


def _seen_by(installation: Installation, first: int, count: int) -> bool:
    query = "SELECT count(*) FROM message WHERE message_id LIKE ?"
    with installation.records.open() as connection:
        asked = (f"campaign.{first // 1000}%",)
        return bool(connection.execute(query, asked).fetchone()[0] >= count)


def _judge_mails(table: Table, forged: Sequence[Forgery], mails: Sequence[Accepted]) -> None:
    authors = {one.author for one in forged}
    table.none(
        "mails with bytes of an attacker",
        [_named(one) for one in mails if _holds(one, CANARY, RESULT, "<class")],
    )
    table.none(
        "mails to a third party",
        [_named(one) for one in mails if not authors.issuperset(_recipients(one))],
    )
    table.none(
        "mails to more than one", [_named(one) for one in mails if len(_recipients(one)) > 1]
    )
    got = Counter(one.rcpt_to[0] for one in mails)
    sent_as = Counter(one.author for one in forged)
    table.none("more mails than were written in the name", got - sent_as)
    fields = Counter(name for one in mails for name in _fields(one) - _INTENDED)
    table.none("fields that are not ours", fields)
    untold = [_named(one) for one in mails if b"\r\nAuto-Submitted: auto-" not in one.raw]
    table.none("mails without the mark of an automatic one", untold)


def _holds(mail: Accepted, *planted: str) -> bool:
    """Tell whether anything that the attacker planted is in a mail, as it is or decoded."""
    parsed = message_from_bytes(mail.raw, policy=default)
    texts = [str(value) for value in parsed.values()]
    texts += [str(part.get_content()) for part in parsed.walk() if not part.is_multipart()]
    texts.append(mail.raw.decode("utf-8", "replace"))
    return any(one in text.lower() for one in planted for text in texts)


def _recipients(mail: Accepted) -> set[str]:
    parsed = message_from_bytes(mail.raw, policy=default)
    named = [str(value) for name in ("To", "Cc", "Bcc") for value in parsed.get_all(name, [])]
    return {*mail.rcpt_to, *(address for _, address in getaddresses(named))}


def _fields(mail: Accepted) -> set[str]:
    return {name.lower() for name in message_from_bytes(mail.raw)}


def _named(mail: Accepted) -> str:
    parsed = message_from_bytes(mail.raw, policy=default)
    return f"{mail.rcpt_to[0]}: {parsed['Subject']}"


def _judge_places(
    table: Table,
    installation: Installation,
    targets: Sequence[Target],
    forged: Sequence[Forgery],
    authentication: bool,
) -> None:
    """No forgery is in a customer's conversation, or counts there for an answer of ours."""
    query = (
        "SELECT message.subject || message.text, message.from_address, message.kind "
        "FROM message JOIN thread ON thread.id = message.thread_id WHERE thread.reference = ?"
    )
    wrong = []
    with installation.records.open() as connection:
        for target in targets:
            rows = connection.execute(query, (target.reference,)).fetchall()
            for text, sender, kind in rows:
                if CANARY not in text.lower():
                    continue
                wrong.append(f"{target.reference}: {kind} of {sender}: {text[:60]!r}")
    if authentication:
        table.none("forgeries in somebody's conversation", wrong)
    else:
        table.fact("let in as the customer, or by him, for want of a verdict", len(wrong))


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.spoofs")
    parser.add_argument("--conversations", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--authentication",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether our own server says what it knows of a From",
    )
    return parser.parse_args()


if __name__ == "__main__":
    conclude(lambda: campaign(**vars(_given())))
