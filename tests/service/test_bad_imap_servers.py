"""An IMAP server that lies, rambles and breaks off, for a while: all is recorded, and once.

`tests/contract/test_imap_faults.py` has what the client makes of each such answer; here is what
becomes of the mail.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_login import ImapLimits, ImapServer
from maildaemon.errors import MailboxPasswordRefusedError, MailboxRefusedError, TemporaryError
from tests.servers.process import HOST
from tests.servers.scripted_imap import Answer, ScriptedImap, Talk
from tests.service.shop import Shop, a_mail

pytestmark = pytest.mark.sqlite

_IMPATIENT = ImapLimits(connect=5, answer=0.2, command=0.4, max_message=2_000_000)
_PATIENT = ImapLimits(connect=10, answer=10, command=20)
_MAILS = {
    uid: a_mail(sender=f"c{uid}@x.example", message_id=f"c{uid}@x.example") for uid in range(1, 4)
}


def _only_an_inbox(talk: Talk, _: str) -> None:
    talk.send('* LIST () "/" INBOX')
    talk.ok()


def says(*lines: str, end: bool = True) -> Answer:
    """Say this instead of the answer."""

    def answer(talk: Talk, _: str) -> None:
        talk.send(*lines)
        if end:
            talk.ok()

    return answer


def first_says(name: str, *lines: str) -> Answer:
    """Say this, and then the honest answer."""

    def answer(talk: Talk, arguments: str) -> None:
        talk.send(*lines)
        talk.server.honestly(talk, name, arguments)

    return answer


def refuses(text: str) -> Answer:
    return lambda talk, _: talk.no(text)


def goodbye(talk: Talk, _: str) -> None:
    talk.send("* BYE the server goes down")
    talk.hang_up()


def on_bodies(answer: Callable[[Talk, list[int]], None]) -> Answer:
    """Answer so when messages are asked for, and honestly when their sizes are."""

    def fetch(talk: Talk, arguments: str) -> None:
        if "BODY" not in arguments:
            talk.server.honestly(talk, "UID FETCH", arguments)
            return
        answer(talk, talk.server.asked(arguments))
        talk.ok()

    return fetch


def _literal(talk: Talk, uids: list[int], announced: int, sent: int) -> None:
    for uid in uids:
        talk.send_raw(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (uid, uid, announced))
        talk.send_raw(_MAILS[uid][:sent] + b")\r\n")


def too_long(talk: Talk, uids: list[int]) -> None:
    _literal(talk, uids, 100, 300)


def too_short(talk: Talk, uids: list[int]) -> None:
    _literal(talk, uids, 300, 100)


def two_gigabytes(talk: Talk, uids: list[int]) -> None:
    _literal(talk, uids, 2**31, 300)


def never_ending(talk: Talk, uids: list[int]) -> None:
    talk.send_raw(b"* 1 FETCH (UID %d BODY[] {1000000}\r\n" % uids[0])
    while not talk.ended.wait(0.05):
        talk.send_raw(b"x" * 100)


def others(talk: Talk, uids: list[int]) -> None:
    for uid in uids:
        raw = b"Subject: another message\r\n\r\n"
        talk.send_raw(b"* 9 FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (uid + 70, len(raw), raw))


def half_of_them(talk: Talk, uids: list[int]) -> None:
    for uid in uids[::2]:
        talk.server.deliver(talk, uid, "BODY.PEEK[]")


def each_of_them_nil(talk: Talk, uids: list[int]) -> None:
    talk.send(*(f"* {uid} FETCH (UID {uid} BODY[] NIL)" for uid in uids))


def twice_and_backwards(talk: Talk, uids: list[int]) -> None:
    for uid in (*reversed(uids), *uids):
        talk.server.deliver(talk, uid, "BODY.PEEK[]")


def in_the_middle_goodbye(talk: Talk, uids: list[int]) -> None:
    talk.server.deliver(talk, uids[0], "BODY.PEEK[]")
    talk.send_raw(b"* 2 FETCH (UID 2 BODY[] {500}\r\nSubj")
    goodbye(talk, "")


_ALERTS = ("* OK [ALERT] your mailbox is over its quota", "* NO [OVERQUOTA] no room left")
_MANY = ("* 4 EXISTS", "* OK still there") * 50_000
_BAD: dict[str, dict[str, Answer]] = {
    "BYE to LIST": {"LIST": goodbye},
    "BYE to EXAMINE": {"EXAMINE": goodbye},
    "BYE to SEARCH": {"UID SEARCH": goodbye},
    "BYE to FETCH": {"UID FETCH": goodbye},
    "BYE within a message": {"UID FETCH": on_bodies(in_the_middle_goodbye)},
    "BYE as a greeting": {"GREETING": goodbye},
    "a greeting that is none": {"GREETING": says("220 mx ESMTP", end=False)},
    "PREAUTH": {"GREETING": says("* PREAUTH welcome", end=False)},
    "no LIST": {"LIST": says()},
    "NIL for LIST": {"LIST": says("* LIST NIL NIL NIL")},
    "a literal too long": {"UID FETCH": on_bodies(too_long)},
    "a literal too short": {"UID FETCH": on_bodies(too_short)},
    "a literal of 2 GB": {"UID FETCH": on_bodies(two_gigabytes)},
    "a literal without end": {"UID FETCH": on_bodies(never_ending)},
    "a hundred thousand lines": {"UID SEARCH": first_says("UID SEARCH", *_MANY)},
    "alerts everywhere": {
        name: first_says(name, *_ALERTS)
        for name in ("LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "NOOP", "IDLE")
    },
    "messages nobody asked for": {"UID FETCH": on_bodies(others)},
    "some of the messages": {"UID FETCH": on_bodies(half_of_them)},
    "none of the messages": {"UID FETCH": on_bodies(lambda *_: None)},
    "NIL for messages": {"UID FETCH": on_bodies(each_of_them_nil)},
    "each message twice, backwards": {"UID FETCH": on_bodies(twice_and_backwards)},
    "NO to FETCH": {"UID FETCH": refuses("[SERVERBUG] internal error")},
    "NO to EXAMINE": {"EXAMINE": refuses("[INUSE] locked")},
    "a SEARCH of words": {"UID SEARCH": says("* SEARCH one two three")},
    "a SEARCH of absurd numbers": {"UID SEARCH": says("* SEARCH 0 -1 99999999999 4294967296")},
    "a SEARCH in disorder, with repetitions": {"UID SEARCH": says("* SEARCH 4 2 2 1 3 4")},
    "no SEARCH at all": {"UID SEARCH": says()},
    "NIL for sizes and dates": {
        "UID FETCH": says("* 1 FETCH (UID 1 RFC822.SIZE NIL INTERNALDATE NIL)")
    },
    "a mailbox that shrinks meanwhile": {
        "UID FETCH": first_says("UID FETCH", "* 4 EXPUNGE", "* 3 EXISTS", "* 1 EXISTS")
    },
    "capabilities that are lies": {
        "CAPABILITY": says("* CAPABILITY IMAP4rev1 IDLE MOVE CONDSTORE QRESYNC UTF8=ONLY (("),
        "IDLE": says(end=True),
    },
    "no UIDVALIDITY": {"EXAMINE": says("* 4 EXISTS", "* OK [UIDNEXT 4] next")},
    "UIDNEXT that lags behind": {
        "EXAMINE": says("* 4 EXISTS", "* OK [UIDVALIDITY 7] valid", "* OK [UIDNEXT 1] next")
    },
}


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[tuple[Shop, ScriptedImap]]:
    shop = Shop(tmp_path)
    with ScriptedImap({"LIST": _only_an_inbox}) as server:
        connect(shop, server, _PATIENT)
        shop.start()
        shop.receive()
        server.messages.update(_MAILS)
        yield shop, server
        shop.mailbox.close()
    shop.close()


def connect(shop: Shop, server: ScriptedImap, limits: ImapLimits) -> None:
    shop.mailbox.close()
    account = ImapServer(HOST, server.port, "none", "support", lambda: "secret")
    shop.mailbox = ImapMailbox(account, limits=limits)  # type: ignore[assignment]


def try_twice(shop: Shop) -> None:
    for _ in range(2):
        try:
            shop.receive()
        except MailboxPasswordRefusedError:
            raise
        except (TemporaryError, MailboxRefusedError):
            # Else the kept connection would never meet a greeting.
            shop.mailbox.close()
        shop.wait(seconds=30)


def settle(shop: Shop) -> None:
    """Let the server be honest, and time enough pass to ask again for what it withheld."""
    for minutes in (2, 10, 30):
        shop.receive()
        while shop.process() + shop.deliver():
            pass
        shop.wait(minutes=minutes)


@pytest.mark.parametrize("answers", _BAD.values(), ids=_BAD)
def test_after_a_bad_server_has_come_to_its_senses_all_is_recorded_once(
    reading: tuple[Shop, ScriptedImap], answers: dict[str, Answer]
) -> None:
    shop, server = reading
    server.answers.update(answers)
    connect(shop, server, _IMPATIENT)
    try_twice(shop)
    server.answers.clear()
    server.answers["LIST"] = _only_an_inbox
    connect(shop, server, _PATIENT)
    settle(shop)

    assert shop.rows("select uid, state from inbound order by uid") == [
        (uid, "done") for uid in _MAILS
    ]
    assert shop.rows("select message_id from message order by message_id") == [
        (f"c{uid}@x.example",) for uid in _MAILS
    ]
    assert sorted(mail.envelope.forward_path for mail in shop.transport.accepted) == [
        f"c{uid}@x.example" for uid in _MAILS
    ]
    # A message at which the server breaks off is asked for by itself, each on a new connection.
    assert server.connections <= 3 + 2 * (2 + len(_MAILS))


def test_new_numbers_at_every_look_stop_the_mail_and_double_no_record(
    reading: tuple[Shop, ScriptedImap],
) -> None:
    shop, server = reading
    validity = 7

    def examine(talk: Talk, arguments: str) -> None:
        nonlocal validity
        validity += 1
        talk.send("* 3 EXISTS", f"* OK [UIDVALIDITY {validity}] valid", "* OK [UIDNEXT 4] next")
        talk.ok()

    server.answers["EXAMINE"] = examine
    for _ in range(4):
        with suppress(TemporaryError):
            shop.receive()
        while shop.process():
            pass
        shop.mailbox.close()
        shop.wait(seconds=30)

    assert shop.rows("select count(*) from message") == [(len(_MAILS),)]
    assert shop.transport.accepted == []
    with shop.store.read() as tx:
        assert [one.brake.value for one in tx.brakes.on(shop.desk.mailbox_id)] == ["renumbered"]
