"""`ImapMailbox` against servers and networks that misbehave."""

import base64
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_folders import WantedFolders
from maildaemon.adapters.imap_login import ImapLimits, ImapServer, explain
from maildaemon.adapters.tokens import Bearer
from maildaemon.errors import (
    MailboxPasswordRefusedError,
    MailboxRefusedError,
    MailboxUnavailableError,
    MailboxUntrustedError,
    SecretError,
)
from maildaemon.ports import Fetched, FolderName, Listed, Role
from tests.servers.dovecot import Dovecot, make_certificate
from tests.servers.process import HOST, free_ports
from tests.servers.scripted_imap import CAPABILITIES, Answer, ScriptedImap, Talk
from tests.servers.sink import SmtpSink

# Short, so that a test of silence is short; a busy machine must still manage an honest answer.
LIMITS = ImapLimits(connect=5, answer=0.7, command=2, max_message=100_000)
SOON = timedelta(seconds=10)
MAIL = b"From: a@example.net\r\nSubject: hi\r\n\r\nbody\r\n"
INBOX = {uid: b"Subject: %d\r\n\r\nbody\r\n" % uid for uid in range(1, 6)}


def mailbox_on(
    port: int,
    *,
    host: str = HOST,
    security: Literal["tls", "starttls", "none"] = "none",
    username: str = "support@example.test",
    secret: Callable[[], str] = lambda: "secret",
    ca_file: Path | None = None,
    bearer: Bearer | None = None,
    folders: WantedFolders | None = None,
    limits: ImapLimits = LIMITS,
) -> ImapMailbox:
    server = ImapServer(host, port, security, username, secret, ca_file, bearer)
    return ImapMailbox(server, folders, limits)


def test_a_server_that_dies_within_tls_is_told_in_plain_words() -> None:
    server = ImapServer(HOST, 993, "tls", "support@example.test", lambda: "secret")
    died = ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:2427)")

    assert str(explain(died, server)) == f"{server.where}: the server closed the connection"


def scripted(
    answers: Mapping[str, Answer] | None = None,
    messages: Mapping[int, bytes] | None = None,
    capabilities: str = CAPABILITIES,
) -> ScriptedImap:
    return ScriptedImap(answers, messages=messages or {}, capabilities=capabilities)


def says(*lines: str) -> Answer:
    """Answer with these untagged lines and OK."""

    def answer(talk: Talk, arguments: str) -> None:
        talk.send(*lines)
        talk.ok()

    return answer


def refuses(text: str) -> Answer:
    return lambda talk, arguments: talk.no(text)


def once(answer: Answer) -> Answer:
    """Answer like this the first time only."""
    used: list[bool] = []

    def either(talk: Talk, arguments: str) -> None:
        if used:
            _honestly(talk)
        else:
            used.append(True)
            answer(talk, arguments)

    return either


def _honestly(talk: Talk) -> None:
    line = talk.server.commands[-1]
    name, _, arguments = line.partition(" ")
    if name == "UID":
        verb, _, arguments = arguments.partition(" ")
        name = f"UID {verb}"
    talk.server.honestly(talk, name, arguments)


def took(begun: float) -> float:
    return time.monotonic() - begun


# Waiting


@pytest.fixture
def idling() -> Iterator[Callable[[Answer], tuple[ScriptedImap, ImapMailbox]]]:
    """Make a mailbox that has looked at its Inbox, and will idle as scripted."""
    opened: list[Any] = []

    def make(answer: Answer) -> tuple[ScriptedImap, ImapMailbox]:
        server = scripted({"IDLE": answer}, dict(INBOX)).__enter__()
        mailbox = mailbox_on(server.port)
        opened[:0] = [mailbox, server]
        mailbox.examine("INBOX")
        return server, mailbox

    yield make
    for each in opened:
        if isinstance(each, ImapMailbox):
            each.close()
        else:
            each.__exit__()


Idling = Callable[[Answer], tuple[ScriptedImap, ImapMailbox]]


def _notice_with_the_go_ahead(talk: Talk, arguments: str) -> None:
    talk.send("+ idling", "* 6 EXISTS")
    talk.line()
    talk.ok()


def _notice_before_the_go_ahead(talk: Talk, arguments: str) -> None:
    talk.send("* 6 EXISTS", "+ idling")
    talk.line()
    talk.ok()


def _notice_in_two_packets(talk: Talk, arguments: str) -> None:
    talk.send("+ idling")
    talk.ended.wait(0.1)
    talk.send_raw(b"* 6 EX")
    talk.ended.wait(0.3)
    talk.send_raw(b"ISTS\r\n")
    talk.line()
    talk.ok()


def _notice_after_done(talk: Talk, arguments: str) -> None:
    talk.send("+ idling", "* OK Still here")
    talk.line()
    talk.send("* 6 EXISTS")
    talk.ok()


def _expunge(talk: Talk, arguments: str) -> None:
    talk.send("+ idling", "* 2 EXPUNGE")
    talk.line()
    talk.ok()


@pytest.mark.parametrize(
    "answer",
    [
        _notice_with_the_go_ahead,
        _notice_before_the_go_ahead,
        _notice_in_two_packets,
        _expunge,
    ],
)
def test_a_notice_ends_the_wait_however_it_comes(idling: Idling, answer: Answer) -> None:
    _, mailbox = idling(answer)
    begun = time.monotonic()
    assert mailbox.wait("INBOX", SOON) is True
    assert took(begun) < 3


def test_a_notice_that_comes_when_time_is_up_is_not_lost(idling: Idling) -> None:
    _, mailbox = idling(_notice_after_done)
    assert mailbox.wait("INBOX", timedelta(seconds=0.2)) is True
    assert mailbox.wait("INBOX", timedelta(seconds=0.2)) is False


def test_small_talk_is_no_news_and_idle_goes_on(idling: Idling) -> None:
    def chat(talk: Talk, arguments: str) -> None:
        talk.send("+ idling", "* OK Still here", "* 5 EXISTS", "* 0 RECENT")
        talk.line()
        talk.ok()

    server, mailbox = idling(chat)
    assert mailbox.wait("INBOX", timedelta(seconds=0.3)) is False
    assert server.said("IDLE") == [""]


def test_idle_is_begun_anew_before_servers_fall_silent(
    idling: Idling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildaemon.adapters.imap._IDLE_CYCLE", 0.1)
    server, mailbox = idling(lambda talk, arguments: _honestly(talk))
    assert mailbox.wait("INBOX", timedelta(seconds=0.5)) is False
    assert 3 <= len(server.said("IDLE")) <= 6


def _end_of_connection(talk: Talk, arguments: str) -> None:
    talk.send("+ idling")
    talk.ended.wait(0.1)
    talk.hang_up()


def _bye(talk: Talk, arguments: str) -> None:
    talk.send("+ idling", "* BYE Session invalidated - AccessTokenExpired")
    talk.hang_up()


def _mute_after_done(talk: Talk, arguments: str) -> None:
    talk.send("+ idling", "* 6 EXISTS")
    talk.stay_silent()


def _no_go_ahead(talk: Talk, arguments: str) -> None:
    talk.stay_silent()


def _refused_idle(talk: Talk, arguments: str) -> None:
    talk.no("not now")


@pytest.mark.parametrize(
    "answer", [_end_of_connection, _bye, _mute_after_done, _no_go_ahead, _refused_idle]
)
def test_a_dying_idle_is_an_error_and_not_a_quiet_mailbox(idling: Idling, answer: Answer) -> None:
    server, mailbox = idling(answer)
    begun = time.monotonic()
    with pytest.raises(MailboxUnavailableError):
        mailbox.wait("INBOX", timedelta(minutes=9))
    assert took(begun) < 5
    server.answers.clear()
    assert mailbox.examine("INBOX").messages == 5
    assert server.connections == 2


def test_without_idle_waiting_is_not_implemented_and_the_connection_lives_on() -> None:
    with scripted(capabilities="IMAP4rev1") as server:
        mailbox = mailbox_on(server.port)
        with pytest.raises(NotImplementedError):
            mailbox.wait("INBOX", SOON)
        assert mailbox.examine("INBOX").messages == 0
        assert server.connections == 1
        mailbox.close()


def test_what_was_advertised_before_the_login_is_forgotten() -> None:
    def greet(talk: Talk, arguments: str) -> None:
        talk.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready")

    with scripted({"GREETING": greet}) as server:
        mailbox = mailbox_on(server.port)
        mailbox.examine("INBOX")
        assert mailbox.wait("INBOX", timedelta(0)) is False
        mailbox.close()


def test_s16_what_was_advertised_before_tls_is_forgotten(dovecot: Dovecot) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(dovecot.ca_file, dovecot.key_file)

    def greet(talk: Talk, arguments: str) -> None:
        talk.send("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready")

    def start_tls(talk: Talk, arguments: str) -> None:
        talk.ok()
        talk.start_tls(context)

    answers = {"GREETING": greet, "STARTTLS": start_tls}
    with scripted(answers, capabilities=CAPABILITIES + " STARTTLS") as server:
        mailbox = mailbox_on(
            server.port, host="localhost", security="starttls", ca_file=dovecot.ca_file
        )
        mailbox.examine("INBOX")
        assert mailbox.wait("INBOX", timedelta(0)) is False
        mailbox.close()


# Silence, slowness, floods


def _mute(talk: Talk, arguments: str) -> None:
    talk.stay_silent()


def _trickle(talk: Talk, arguments: str) -> None:
    talk.send_raw(b"* SEARCH ")
    while not talk.ended.wait(0.05):
        talk.send_raw(b"1")


def _endless_lines(talk: Talk, arguments: str) -> None:
    while not talk.ended.wait(0.02):
        talk.send("* OK [ALERT] still searching")


def _flood(talk: Talk, arguments: str) -> None:
    while True:
        talk.send_raw(b"* OK still searching\r\n" * 10_000)


def _endless_line(talk: Talk, arguments: str) -> None:
    while True:
        talk.send_raw(b"1 " * 100_000)


def _long_lines(talk: Talk, arguments: str) -> None:
    while True:
        talk.send_raw(b"* OK " + b"x" * 100_000 + b"\r\n")


def _garbage(talk: Talk, arguments: str) -> None:
    talk.send("\x16\x03\x01 what is this", "* SEARCH one two", "((((")
    talk.stay_silent()


def _half_an_answer(talk: Talk, arguments: str) -> None:
    talk.send_raw(b"* SEARCH 1 2 3")
    talk.hang_up()


def _bad(talk: Talk, arguments: str) -> None:
    talk.send(f"{talk.tag} BAD User is authenticated but not connected.")


def _deeply_nested(talk: Talk, arguments: str) -> None:
    talk.send("* SEARCH 1 " + "(" * 50_000)
    talk.ok()


@pytest.mark.parametrize(
    "answer",
    [
        _mute,
        _trickle,
        _endless_lines,
        _flood,
        _endless_line,
        _garbage,
        _half_an_answer,
        _bad,
        _deeply_nested,
        refuses("[UNAVAILABLE] come back later"),
    ],
)
def test_a_sick_answer_costs_the_connection_within_the_deadline(answer: Answer) -> None:
    with scripted({"UID SEARCH": answer}, dict(INBOX)) as server:
        mailbox = mailbox_on(server.port)
        begun = time.monotonic()
        with pytest.raises(MailboxUnavailableError, match=f"{HOST}:{server.port}"):
            mailbox.list_after("INBOX", 0)
        assert took(begun) < 5
        server.answers.clear()
        assert [it.uid for it in mailbox.list_after("INBOX", 0)] == [1, 2, 3, 4, 5]
        assert server.connections == 2
        mailbox.close()


@pytest.mark.parametrize(
    ("answer", "limits", "reason"),
    [
        (_trickle, ImapLimits(answer=0.5, command=60), "no progress for"),
        (_endless_lines, ImapLimits(answer=60, command=0.5), "not done within"),
        (_flood, ImapLimits(answer=60, command=60), "does not end"),
        (_long_lines, ImapLimits(answer=60, command=60, max_message=1000), "does not end"),
    ],
)
def test_silence_slowness_and_floods_have_a_bound_each(
    answer: Answer, limits: ImapLimits, reason: str
) -> None:
    with scripted({"UID SEARCH": answer}, dict(INBOX)) as server:
        begun = time.monotonic()
        with pytest.raises(MailboxUnavailableError, match=reason):
            mailbox_on(server.port, limits=limits).list_after("INBOX", 0)
        # To read a flood to its bound takes a busy machine its time.
        assert took(begun) < 20


def test_a_literal_larger_than_we_hold_is_not_waited_for() -> None:
    def lie(talk: Talk, arguments: str) -> None:
        if "BODY" in arguments:
            _lying_size(talk, 1)
        _honestly(talk)

    with scripted({"UID FETCH": lie}, {1: MAIL}) as server:
        mailbox = mailbox_on(server.port, limits=ImapLimits(answer=60, command=60))
        begun = time.monotonic()
        assert list(mailbox.fetch("INBOX", [1])) == []
        assert took(begun) < 5


def test_a_slow_transfer_that_moves_on_is_not_cut_off() -> None:
    big = b"Subject: big\r\n\r\n" + b"x" * 500_000

    def slowly(talk: Talk, arguments: str) -> None:
        if "BODY" not in arguments:
            _honestly(talk)
            return
        talk.send_raw(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(big))
        for start in range(0, len(big), 50_000):
            talk.ended.wait(0.15)
            talk.send_raw(big[start : start + 50_000])
        talk.send_raw(b")\r\n")
        talk.ok()

    limits = ImapLimits(answer=0.7, command=0.9, max_message=2**20)
    with scripted({"UID FETCH": slowly}, {1: big}) as server:
        mailbox = mailbox_on(server.port, limits=limits)
        begun = time.monotonic()
        assert list(mailbox.fetch("INBOX", [1])) == [Fetched(1, big)]
        assert took(begun) > 1
        mailbox.close()


@pytest.mark.parametrize("greeting", [_mute, lambda talk, arguments: talk.hang_up()])
def test_a_server_that_does_not_greet_is_unavailable(greeting: Answer) -> None:
    with scripted({"GREETING": greeting}) as server:
        begun = time.monotonic()
        with pytest.raises(MailboxUnavailableError):
            mailbox_on(server.port).examine("INBOX")
        assert took(begun) < 5


def test_a_server_that_says_bye_instead_of_hello_is_unavailable_in_its_own_words() -> None:
    def bye(talk: Talk, arguments: str) -> None:
        talk.send("* BYE Too many connections from your network")
        talk.hang_up()

    with (
        scripted({"GREETING": bye}) as server,
        pytest.raises(MailboxUnavailableError, match="Too many connections from your network"),
    ):
        mailbox_on(server.port).examine("INBOX")


def test_an_smtp_server_is_recognised_by_its_greeting() -> None:
    def smtp(talk: Talk, arguments: str) -> None:
        talk.send("220 mx.example.net ESMTP")

    with (
        scripted({"GREETING": smtp}) as server,
        pytest.raises(MailboxUnavailableError, match="this is an SMTP server"),
    ):
        mailbox_on(server.port).examine("INBOX")


def test_an_smtp_server_is_recognised_where_tls_was_expected_too(sink: SmtpSink) -> None:
    with pytest.raises(MailboxUnavailableError, match=r"this is an SMTP server; .* mostly 993"):
        mailbox_on(sink.port, security="tls").examine("INBOX")


# Interrupting


@pytest.fixture
def full_backlog() -> Iterator[int]:
    """A port on which connecting hangs: nobody accepts, and the queue is full."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex((HOST, port))
            waiting.append(each)
        yield port
        for each in waiting:
            each.close()


def _interrupted(mailbox: ImapMailbox) -> None:
    timer = threading.Timer(0.3, mailbox.interrupt)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(MailboxUnavailableError, match="interrupted"):
        mailbox.examine("INBOX")
    assert took(begun) < 2
    timer.join()


PATIENT = ImapLimits(connect=60, answer=60, command=60)


def test_connecting_can_be_interrupted(full_backlog: int) -> None:
    _interrupted(mailbox_on(full_backlog, limits=PATIENT))


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_the_wait_for_a_greeting_or_a_handshake_can_be_interrupted(
    security: Literal["tls", "starttls", "none"],
) -> None:
    with scripted({"GREETING": _mute}) as server:
        _interrupted(mailbox_on(server.port, security=security, limits=PATIENT))


def test_a_starttls_handshake_can_be_interrupted() -> None:
    def never_shake_hands(talk: Talk, arguments: str) -> None:
        talk.ok()
        talk.stay_silent()

    with scripted({"STARTTLS": never_shake_hands}, capabilities="IMAP4rev1 STARTTLS") as server:
        _interrupted(mailbox_on(server.port, security="starttls", limits=PATIENT))


def test_an_answer_that_does_not_come_can_be_interrupted_and_nothing_is_skipped() -> None:
    def mute_on_bodies(talk: Talk, arguments: str) -> None:
        if "BODY" in arguments:
            talk.stay_silent()
        _honestly(talk)

    with scripted({"UID FETCH": mute_on_bodies}, dict(INBOX)) as server:
        mailbox = mailbox_on(server.port, limits=PATIENT)
        mailbox.examine("INBOX")
        timer = threading.Timer(0.3, mailbox.interrupt)
        timer.start()
        with pytest.raises(MailboxUnavailableError, match="interrupted"):
            list(mailbox.fetch("INBOX", [1, 2]))
        timer.join()
        server.answers.clear()
        assert [it.uid for it in mailbox.fetch("INBOX", [1, 2])] == [1, 2]
        mailbox.close()


def test_an_interruption_while_messages_are_tried_one_by_one_skips_none() -> None:
    def answer(talk: Talk, arguments: str) -> None:
        if "BODY" not in arguments:
            _honestly(talk)
        elif "," in arguments:
            talk.hang_up()
        else:
            alone.set()
            talk.stay_silent()

    alone = threading.Event()
    with scripted({"UID FETCH": answer}, dict(INBOX)) as server:
        mailbox = mailbox_on(server.port, limits=PATIENT)

        def interrupt() -> None:
            alone.wait(10)
            mailbox.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(MailboxUnavailableError, match="interrupted"):
            list(mailbox.fetch("INBOX", [1, 2]))
        thread.join()


def test_closing_does_not_wait_for_a_server_that_says_nothing() -> None:
    with scripted({"LOGOUT": _mute}) as server:
        mailbox = mailbox_on(server.port)
        mailbox.examine("INBOX")
        begun = time.monotonic()
        mailbox.close()
        assert took(begun) < 5


# Listing


def test_a_folder_too_large_for_one_search_answer_is_listed_in_windows() -> None:
    uids = range(3, 900_000, 6)
    asked: list[str] = []

    def search(talk: Talk, arguments: str) -> None:
        asked.append(arguments)
        if arguments == "UID *":
            found = [uids[-1]]
        else:
            low, _, high = arguments.removeprefix("UID ").partition(":")
            top = uids[-1] if high == "*" else int(high)
            found = [uid for uid in uids if int(low) <= uid <= top] or [uids[-1]]
        line = "* SEARCH " + " ".join(map(str, found))
        assert len(line) < 1_000_000
        talk.send(line)
        talk.ok()

    def examine(talk: Talk, arguments: str) -> None:
        talk.send(f"* {len(uids)} EXISTS", "* OK [UIDVALIDITY 7] valid")
        talk.ok()

    def details(talk: Talk, arguments: str) -> None:
        wanted = arguments.split(" ", 1)[0].split(",")
        talk.send(*(f"* {uid} FETCH (UID {uid} RFC822.SIZE 9)" for uid in wanted))
        talk.ok()

    with scripted({"UID SEARCH": search, "EXAMINE": examine, "UID FETCH": details}) as server:
        mailbox = mailbox_on(server.port, limits=ImapLimits())
        listed = mailbox.list_after("INBOX", 870_002)
        mailbox.close()
    assert [it.uid for it in listed] == [uid for uid in uids if uid > 870_002]
    assert len(asked) > 1


def test_the_message_that_a_search_beyond_the_end_returns_is_left_out() -> None:
    with scripted(messages=dict(INBOX)) as server:
        mailbox = mailbox_on(server.port)
        assert mailbox.list_after("INBOX", 5) == ()
        assert server.said("UID SEARCH") == ["UID 6:*"]
        assert server.said("UID FETCH") == []
        mailbox.close()


def test_a_message_that_is_listed_but_has_no_details_is_not_forgotten() -> None:
    def all_but_two(talk: Talk, arguments: str) -> None:
        for uid in talk.server.asked(arguments):
            if uid != 2:
                talk.server.deliver(talk, uid, arguments)
        talk.ok()

    with scripted({"UID FETCH": all_but_two}, {1: MAIL, 2: MAIL}) as server:
        mailbox = mailbox_on(server.port)
        date = datetime(2026, 11, 21, 9, tzinfo=UTC)
        assert mailbox.list_after("INBOX", 0) == (Listed(1, len(MAIL), date), Listed(2, 0, None))
        assert list(mailbox.fetch("INBOX", [1, 2])) == [Fetched(1, MAIL)]
        mailbox.close()


def test_a_message_deleted_between_search_and_fetch_is_not_listed() -> None:
    def delete_first(talk: Talk, arguments: str) -> None:
        talk.server.messages.pop(2, None)
        _honestly(talk)

    with scripted({"UID FETCH": delete_first}, {1: MAIL, 2: MAIL}) as server:
        mailbox = mailbox_on(server.port)
        assert [it.uid for it in mailbox.list_after("INBOX", 0)] == [1]
        mailbox.close()


@pytest.mark.parametrize(
    ("internal_date", "instant"),
    [
        ('"21-Nov-2026 10:00:00 +0100"', datetime(2026, 11, 21, 9, tzinfo=UTC)),
        ('" 1-Jan-2020 00:00:00 -0500"', datetime(2020, 1, 1, 5, tzinfo=UTC)),
        ('"31-Feb-2026 10:00:00 +0000"', None),
        ('"21-Nov-2026 10:00:00 +9999"', None),
        ('"yesterday"', None),
        ("NIL", None),
    ],
)
def test_a_date_is_an_aware_instant_or_unknown(
    internal_date: str, instant: datetime | None
) -> None:
    answer = says(f"* 1 FETCH (UID 1 RFC822.SIZE 9 INTERNALDATE {internal_date})")
    with scripted({"UID FETCH": answer}, {1: MAIL}) as server:
        mailbox = mailbox_on(server.port)
        assert mailbox.list_after("INBOX", 0) == (Listed(1, 9, instant),)
        mailbox.close()


@pytest.mark.parametrize(
    "lines", [["* 0 EXISTS"], ["* OK [UIDVALIDITY 7] valid", "* NO [UIDNOTSTICKY] sorry"]]
)
def test_a_folder_without_lasting_uids_is_refused(lines: list[str]) -> None:
    with scripted({"EXAMINE": says(*lines)}) as server:
        mailbox = mailbox_on(server.port)
        with pytest.raises(MailboxRefusedError, match="no lasting numbers"):
            mailbox.examine("INBOX")


def test_a_folder_that_exists_but_cannot_be_opened_now_is_no_reason_to_give_up() -> None:
    with (
        scripted({"EXAMINE": refuses("cannot open just now")}) as server,
        pytest.raises(MailboxUnavailableError, match="cannot open just now"),
    ):
        mailbox_on(server.port).examine("INBOX")


# Fetching


def test_whatever_else_the_server_tells_during_a_fetch_changes_nothing() -> None:
    def chatty(talk: Talk, arguments: str) -> None:
        talk.send("* 7 EXISTS", "* 3 FETCH (FLAGS (\\Seen))", "* OK [ALERT] hello")
        for uid in reversed(talk.server.asked(arguments)):
            talk.server.deliver(talk, uid, arguments)
            talk.send("* 9 FETCH (UID 99 FLAGS () BODY[] {3}\r\nabc)", "* 7 RECENT")
        talk.send("* 2 FETCH (UID 2 FLAGS (\\Seen $Label1) MODSEQ (624))")
        talk.ok()

    with scripted({"UID FETCH": chatty}, dict(INBOX)) as server:
        mailbox = mailbox_on(server.port)
        assert list(mailbox.fetch("INBOX", [1, 2])) == [Fetched(1, INBOX[1]), Fetched(2, INBOX[2])]
        mailbox.close()


@pytest.mark.parametrize("item", ["BODY[] NIL", 'BODY[] ""', "FLAGS ()", "BODY[] 5"])
def test_a_message_without_its_bytes_is_not_yielded(item: str) -> None:
    def empty(talk: Talk, arguments: str) -> None:
        for uid in talk.server.asked(arguments):
            if uid == 2 and "BODY" in arguments:
                talk.send(f"* 2 FETCH (UID 2 {item})")
            else:
                talk.server.deliver(talk, uid, arguments)
        talk.ok()

    with scripted({"UID FETCH": empty}, dict(INBOX)) as server:
        mailbox = mailbox_on(server.port)
        assert [it.uid for it in mailbox.fetch("INBOX", [1, 2, 3])] == [1, 3]
        mailbox.close()


def _break_off(talk: Talk, uid: int) -> None:
    talk.send_raw(f"* {uid} FETCH (UID {uid} BODY[] {{400}}\r\nbut".encode())
    talk.hang_up()


def _internal_error(talk: Talk, uid: int) -> None:
    talk.no("[SERVERBUG] Internal error occurred. Refer to server log for more information.")
    raise StopIteration


def _gone(talk: Talk, uid: int) -> None:
    talk.no("Some of the requested messages no longer exist")
    raise StopIteration


def _lying_size(talk: Talk, uid: int) -> None:
    talk.send_raw(f"* {uid} FETCH (UID {uid} BODY[] {{99999999999}}\r\n".encode())
    talk.stay_silent()


def _nonsense(talk: Talk, uid: int) -> None:
    talk.send(f'* {uid} FETCH (UID {uid} BODY[] "unfinished)')


def _says_nothing(talk: Talk, uid: int) -> None:
    talk.stay_silent()


@pytest.mark.parametrize(
    "choke", [_break_off, _internal_error, _gone, _lying_size, _nonsense, _says_nothing]
)
@pytest.mark.parametrize("headers", [False, True])
def test_one_message_the_server_chokes_on_does_not_hide_the_others(
    choke: Callable[[Talk, int], None], headers: bool
) -> None:
    def answer(talk: Talk, arguments: str) -> None:
        for uid in talk.server.asked(arguments):
            if uid == 3 and "BODY" in arguments:
                try:
                    choke(talk, uid)
                except StopIteration:
                    return
            else:
                talk.server.deliver(talk, uid, arguments)
        talk.ok()

    with scripted({"UID FETCH": answer}, dict(INBOX)) as server:
        mailbox = mailbox_on(server.port)
        mailbox.examine("INBOX")
        fetch = mailbox.fetch_headers if headers else mailbox.fetch
        assert [it.uid for it in fetch("INBOX", [1, 2, 3, 4, 5])] == [1, 2, 4, 5]
        mailbox.close()


def test_a_server_that_goes_down_during_a_fetch_hides_no_message() -> None:
    def go_down(talk: Talk, arguments: str) -> None:
        if "BODY" in arguments:
            talk.server.answers["GREETING"] = lambda talk, arguments: talk.hang_up()
            talk.hang_up()
        _honestly(talk)

    with scripted({"UID FETCH": go_down}, dict(INBOX)) as server:
        mailbox = mailbox_on(server.port)
        with pytest.raises(MailboxUnavailableError):
            list(mailbox.fetch("INBOX", [1, 2, 3]))
        server.answers.clear()
        assert [it.uid for it in mailbox.fetch("INBOX", [1, 2, 3])] == [1, 2, 3]
        mailbox.close()


def test_a_server_that_chokes_on_everything_is_unavailable() -> None:
    def answer(talk: Talk, arguments: str) -> None:
        if "BODY" in arguments:
            talk.hang_up()
        _honestly(talk)

    messages = dict.fromkeys(range(1, 30), MAIL)
    with scripted({"UID FETCH": answer}, messages) as server:
        mailbox = mailbox_on(server.port)
        with pytest.raises(MailboxUnavailableError):
            list(mailbox.fetch("INBOX", list(messages)))


def test_a_message_larger_than_we_hold_is_never_asked_for() -> None:
    with scripted(messages={1: MAIL, 2: b"x" * 100_001, 3: MAIL}) as server:
        mailbox = mailbox_on(server.port)
        assert [it.uid for it in mailbox.fetch("INBOX", [1, 2, 3])] == [1, 3]
        assert server.said("UID FETCH")[1:] == ["1,3 (BODY.PEEK[])"]
        assert server.connections == 1
        mailbox.close()


def test_messages_are_asked_for_in_batches_bounded_in_number_and_bytes() -> None:
    sizes = dict.fromkeys(range(1, 61), 10) | {61: 3_000_000, 62: 3_000_000, 63: 5_000_000, 64: 9}
    messages = {uid: b"x" * size for uid, size in sizes.items()}
    with scripted(messages=messages) as server:
        mailbox = mailbox_on(server.port, limits=ImapLimits())
        got = [(it.uid, len(it.raw)) for it in mailbox.fetch("INBOX", list(sizes))]
        assert got == list(sizes.items())
        asked = [line for line in server.said("UID FETCH") if "BODY.PEEK[]" in line]
        mailbox.close()
    batches = [[int(uid) for uid in line.split(" ")[0].split(",")] for line in asked]
    assert batches == [list(range(1, 51)), list(range(51, 62)), [62], [63], [64]]


def test_details_of_many_messages_are_asked_for_in_short_commands() -> None:
    with scripted(messages=dict.fromkeys(range(4000000000, 4000001200), MAIL)) as server:
        mailbox = mailbox_on(server.port, limits=ImapLimits())
        assert len(mailbox.list_after("INBOX", 0)) == 1200
        mailbox.close()
    assert max(map(len, server.commands)) < 8000


@pytest.mark.parametrize("uids", [[0], [-1], [2**32]])
def test_what_is_no_uid_never_gets_onto_the_wire(uids: list[int]) -> None:
    with scripted(messages=dict(INBOX)) as server:
        mailbox = mailbox_on(server.port)
        for fetch in (mailbox.fetch, mailbox.fetch_headers):
            with pytest.raises(ValueError, match="UIDs"):
                list(fetch("INBOX", uids))
        assert server.commands == []


# Writing


@pytest.mark.parametrize(
    "capabilities", [CAPABILITIES, "IMAP4rev1", "IMAP4rev1 MULTIAPPEND", "IMAP4rev1 LITERAL+"]
)
def test_a_copy_is_filed_with_or_without_extensions(capabilities: str) -> None:
    taken: list[tuple[str, bytes]] = []

    def take(talk: Talk, arguments: str) -> None:
        taken.append((arguments, talk.server.take(talk, arguments)))
        talk.ok()

    with scripted({"APPEND": take}, capabilities=capabilities) as server:
        mailbox = mailbox_on(server.port)
        mailbox.append("Sent", MAIL, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
        mailbox.close()
    [(arguments, raw)] = taken
    assert raw == MAIL
    assert re.fullmatch(r'"?Sent"? \(\\Seen\) "02-Jan-2026 03:04:05 \+0000" +\{\d+\+?\}', arguments)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("[OVERQUOTA] Quota exceeded", MailboxRefusedError),
        ("[UNAVAILABLE] Try again", MailboxUnavailableError),
        ("no idea", MailboxUnavailableError),
    ],
)
@pytest.mark.parametrize("capabilities", [CAPABILITIES, "IMAP4rev1 MULTIAPPEND", "IMAP4rev1"])
@pytest.mark.parametrize("early", [False, True])
def test_a_copy_that_the_server_does_not_take_is_never_thought_filed(
    answer: str, error: type[Exception], capabilities: str, early: bool
) -> None:
    def refuse(talk: Talk, arguments: str) -> None:
        if not early or arguments.endswith("+}"):
            talk.server.take(talk, arguments)
        talk.no(answer)

    with scripted({"APPEND": refuse}, capabilities=capabilities) as server:
        mailbox = mailbox_on(server.port)
        with pytest.raises(error, match=re.escape(answer)):
            mailbox.append("Sent", MAIL, datetime.now(UTC))


def test_s15_nothing_that_comes_from_outside_can_become_a_second_command() -> None:
    with scripted() as server:
        for evil in ("a\r\nX LOGOUT", "a\nb", "a\rb", "a\0b"):
            for attempt in (
                lambda name=evil: mailbox_on(server.port).examine(name),
                lambda name=evil: mailbox_on(server.port).append(name, MAIL, datetime.now(UTC)),
                lambda name=evil: mailbox_on(server.port, username=name).folders(),
                lambda name=evil: mailbox_on(server.port, secret=lambda: name).folders(),
            ):
                with pytest.raises(MailboxRefusedError, match="line break"):
                    attempt()
        assert not any("LOGOUT" in line or "EXAMINE" in line for line in server.commands)


def selected(code: str) -> Callable[[Talk, str], None]:
    """Return what a server answers to SELECT."""

    def answer(talk: Talk, _: str) -> None:
        talk.send("* 2 EXISTS", "* OK [UIDVALIDITY 7] valid", "* OK [UIDNEXT 3] next")
        talk.ok(f"[{code}] selected")

    return answer


def test_a_server_without_uidplus_has_one_message_marked_and_never_expunges_anything() -> None:
    answers = {"SELECT": selected("READ-WRITE")}
    with scripted(answers, messages=dict(INBOX), capabilities="IMAP4rev1") as server:
        mailbox = mailbox_on(server.port)
        mailbox.examine("INBOX")
        assert not mailbox.can_delete()
        assert not mailbox.delete("INBOX", 1)
        mailbox.close()

        assert server.said("UID STORE") == [r"1 +FLAGS.SILENT (\Deleted \Seen)"]
        # RFC 9051 §6.4.1: CLOSE expunges as well.
        assert not any("EXPUNGE" in line or "CLOSE" in line for line in server.commands)


def test_a_folder_in_which_nothing_may_be_deleted_is_refused() -> None:
    answers = {"SELECT": selected("READ-ONLY")}
    with scripted(answers, messages=dict(INBOX)) as server:
        mailbox = mailbox_on(server.port)
        mailbox.examine("INBOX")
        with pytest.raises(MailboxRefusedError, match="nothing may be written in 'INBOX'"):
            mailbox.delete("INBOX", 1)
        mailbox.close()

        assert not server.said("UID STORE")


def test_the_only_commands_ever_said_are_these() -> None:
    with scripted(messages=dict(INBOX), capabilities=CAPABILITIES + " ID") as server:
        mailbox = mailbox_on(server.port)
        mailbox.folders()
        mailbox.examine("INBOX")
        mailbox.list_after("INBOX", 0)
        mailbox.list_since("INBOX", datetime(2026, 1, 1, tzinfo=UTC))
        list(mailbox.fetch("INBOX", [1, 2]))
        list(mailbox.fetch_headers("INBOX", [1, 2]))
        mailbox.wait("INBOX", timedelta(seconds=0.1))
        mailbox.append("Sent", MAIL, datetime.now(UTC))
        mailbox.close()
        said = {
            " ".join(line.split(" ")[: 2 if line.startswith("UID") else 1])
            for line in server.commands
        }
    assert said == {
        "CAPABILITY", "LOGIN", "ID", "LIST", "EXAMINE", "NOOP", "UID SEARCH", "UID FETCH",
        "IDLE", "APPEND", "LOGOUT",
    }  # fmt: skip
    bodies = [line for line in server.said("UID FETCH") if "BODY" in line]
    assert bodies
    assert all("BODY.PEEK[" in line for line in bodies)
    assert server.said("UID SEARCH")[-1] == "UID 1:* SINCE 31-Dec-2025"


# Folders


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ([r'(\HasNoChildren) "/" "Gesendete Objekte"'], "Gesendete Objekte"),
        ([r'() "." INBOX.Sent'], "INBOX.Sent"),
        ([r'() "/" "Sent Messages"', r'() "/" Sent'], "Sent"),
        ([r'() "/" Sent', r'(\Sent) "/" "Wys&AUI-ane"'], "Wysłane"),
        ([r'(\Sent) "/" "Odd one"', r'(\Sent) "/" "Sent Items"'], "Sent Items"),
        (
            [r'(\Noselect \HasChildren) "/" "[Gmail]"', r'(\Sent) "/" "[Gmail]/Sent Mail"'],
            "[Gmail]/Sent Mail",
        ),
        ([r'(\Noselect) "/" Sent'], None),
        ([r'() "/" "Archive/2019/Sent"'], None),
        ([r'() "/" "&!!!-"', r'() "/" ' + '"Envoy\xc3\xa9s"', r"() NIL Sent"], "Sent"),
        ([r'() "/" {4}' + "\r\nSent"], "Sent"),
        ([r'() "/" 2026'], None),
    ],
)
def test_the_sent_folder_is_found_by_its_use_else_by_its_name(
    lines: list[str], sent: str | None
) -> None:
    with scripted({"LIST": says(*(f"* LIST {line}" for line in lines))}) as server:
        mailbox = mailbox_on(server.port)
        expected = [FolderName("INBOX", Role.INBOX)]
        expected += [FolderName(sent, Role.SENT)] if sent else []
        assert mailbox.folders() == tuple(expected)
        mailbox.close()


# Logging in


@pytest.mark.parametrize(
    "text",
    [
        "[AUTHENTICATIONFAILED] Authentication failed.",
        "[AUTHENTICATIONFAILED] Invalid credentials (Failure)",
        "[AUTHORIZATIONFAILED] No such authorization-ID",
        "[EXPIRED] Your password has expired",
        "[ALERT] Application-specific password required",
        "[CONTACTADMIN] Your account is blocked",
        "LOGIN failed.",
        "Account temporarily locked after too many failed logins",
    ],
)
@pytest.mark.parametrize("capabilities", ["IMAP4rev1", "IMAP4rev1 AUTH=PLAIN"])
def test_a_refused_password_is_told_from_everything_else(text: str, capabilities: str) -> None:
    answers = {"LOGIN": refuses(text), "AUTHENTICATE": _refuse_sasl(text)}
    with (
        scripted(answers, capabilities=capabilities) as server,
        pytest.raises(MailboxPasswordRefusedError) as refused,
    ):
        mailbox_on(server.port).examine("INBOX")
    assert text in refused.value.what
    assert refused.value.where == f"{HOST}:{server.port}"
    assert "secret" not in str(refused.value)


def _refuse_sasl(text: str) -> Answer:
    def answer(talk: Talk, arguments: str) -> None:
        talk.send("+ ")
        talk.line()
        talk.no(text)

    return answer


@pytest.mark.parametrize(
    "text",
    [
        "[UNAVAILABLE] Temporary authentication failure.",
        "[INUSE] Mailbox locked",
        "[LIMIT] Too many logins",
        "[SERVERBUG] Internal error",
        "[ALERT] Too many simultaneous connections. (Failure)",
        "[ALERT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
        "Server busy, please retry",
    ],
)
def test_a_server_without_time_for_us_has_not_refused_the_password(text: str) -> None:
    with (
        scripted({"LOGIN": refuses(text)}) as server,
        pytest.raises(MailboxUnavailableError, match=re.escape(text)),
    ):
        mailbox_on(server.port).examine("INBOX")


def _bad_login(talk: Talk, arguments: str) -> None:
    talk.send(f"{talk.tag} BAD what?")


def _bye_at_login(talk: Talk, arguments: str) -> None:
    talk.send("* BYE overloaded")
    talk.hang_up()


@pytest.mark.parametrize(
    "answer", [_bad_login, _bye_at_login, _mute, lambda talk, arguments: talk.hang_up()]
)
def test_a_login_that_breaks_off_has_not_refused_the_password(answer: Answer) -> None:
    with scripted({"LOGIN": answer}) as server, pytest.raises(MailboxUnavailableError):
        mailbox_on(server.port).examine("INBOX")


def test_the_password_is_asked_for_at_every_connecting_and_not_before() -> None:
    asked: list[int] = []

    def secret() -> str:
        asked.append(1)
        return "secret"

    with scripted() as server:
        mailbox = mailbox_on(server.port, secret=secret)
        assert asked == []
        mailbox.examine("INBOX")
        mailbox.examine("INBOX")
        assert asked == [1]
        mailbox.close()
        mailbox.examine("INBOX")
        assert asked == [1, 1]
        mailbox.close()


def test_a_secret_that_cannot_be_read_is_reported_as_such() -> None:
    def secret() -> str:
        raise SecretError("the variable is not set", where="SUPPORT_PASSWORD")

    with scripted() as server, pytest.raises(SecretError):
        mailbox_on(server.port, secret=secret).examine("INBOX")


@pytest.mark.parametrize(
    ("username", "said"),
    [
        ("support@example.test", "support@example.test"),
        ("DOMAIN\\support", '"DOMAIN\\\\support"'),
        ('sup "port"', '"sup \\"port\\""'),
    ],
)
def test_s15_a_user_name_is_said_so_that_the_server_reads_it_as_it_is(
    username: str, said: str
) -> None:
    with scripted() as server:
        mailbox = mailbox_on(server.port, username=username)
        mailbox.examine("INBOX")
        mailbox.close()
        assert server.said("LOGIN") == [f'{said} "secret"']


def test_letters_beyond_ascii_go_through_sasl_and_are_refused_without() -> None:
    heard: list[bytes] = []

    def hear(talk: Talk, arguments: str) -> None:
        talk.send("+ ")
        heard.append(base64.b64decode(talk.line()))
        talk.ok()

    with scripted({"AUTHENTICATE": hear}, capabilities="IMAP4rev1 AUTH=PLAIN") as server:
        mailbox = mailbox_on(server.port, secret=lambda: "geheimnisvolles Schlüßelwort" * 4)
        mailbox.examine("INBOX")
        mailbox.close()
        assert heard == [("\0support@example.test\0" + "geheimnisvolles Schlüßelwort" * 4).encode()]
        server.capabilities = "IMAP4rev1"
        with pytest.raises(MailboxRefusedError, match="ASCII"):
            mailbox_on(server.port, secret=lambda: "Schlüßel").examine("INBOX")


def test_s16_a_server_that_lets_everybody_in_is_refused() -> None:
    with (
        scripted({"GREETING": lambda talk, _: talk.send("* PREAUTH welcome")}) as server,
        pytest.raises(MailboxRefusedError, match="PREAUTH"),
    ):
        mailbox_on(server.port, security="starttls").examine("INBOX")


def test_a_server_that_does_not_know_id_is_used_all_the_same() -> None:
    with scripted({"ID": refuses("no")}, capabilities=CAPABILITIES + " ID") as server:
        mailbox = mailbox_on(server.port)
        assert mailbox.examine("INBOX").messages == 0
        mailbox.close()


def test_no_password_is_sent_where_the_server_wants_none() -> None:
    with scripted(capabilities="IMAP4rev1 LOGINDISABLED") as server:
        with pytest.raises(MailboxRefusedError, match="takes no password"):
            mailbox_on(server.port).examine("INBOX")
        assert server.said("LOGIN") == []


# TLS


def test_s16_without_starttls_on_offer_no_password_is_sent() -> None:
    with scripted(capabilities="IMAP4rev1 AUTH=PLAIN") as server:
        with pytest.raises(MailboxRefusedError, match="does not offer STARTTLS"):
            mailbox_on(server.port, security="starttls").examine("INBOX")
        assert server.said("AUTHENTICATE") == server.said("LOGIN") == []


def test_s16_plain_text_slipped_in_behind_starttls_ends_the_connection(dovecot: Dovecot) -> None:
    def slip_in(talk: Talk, arguments: str) -> None:
        talk.send_raw(f"{talk.tag} OK begin TLS\r\n* CAPABILITY IMAP4rev1 AUTH=EVIL\r\n".encode())
        talk.stay_silent()

    with (
        scripted({"STARTTLS": slip_in}, capabilities="IMAP4rev1 STARTTLS") as server,
        pytest.raises(MailboxUnavailableError, match="plain text follows"),
    ):
        mailbox_on(
            server.port, host="localhost", security="starttls", ca_file=dovecot.ca_file
        ).examine("INBOX")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_s17_an_unknown_certificate_is_refused_with_what_to_do(
    dovecot: Dovecot, security: Literal["tls", "starttls"]
) -> None:
    port = dovecot.imaps_port if security == "tls" else dovecot.imap_port
    with pytest.raises(MailboxRefusedError) as refused:
        mailbox_on(port, host="localhost", security=security).examine("INBOX")
    assert "self-signed certificate" in refused.value.what
    assert refused.value.where == f"localhost:{port}"
    assert "ca_file" in refused.value.advice


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_s17_a_certificate_for_another_name_is_refused(
    tmp_path: Path, security: Literal["tls", "starttls"]
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(certificate, key, names="DNS:imap.example.net")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def start_tls(talk: Talk, arguments: str) -> None:
        talk.ok()
        talk.start_tls(context)

    with (
        ScriptedImap(
            {"STARTTLS": start_tls},
            capabilities="IMAP4rev1 STARTTLS",
            implicit_tls=context if security == "tls" else None,
        ) as server,
        pytest.raises(MailboxRefusedError, match="Hostname mismatch"),
    ):
        mailbox_on(server.port, host="localhost", security=security, ca_file=certificate).examine(
            "INBOX"
        )


def test_s17_what_the_system_trusts_counts_no_more_where_a_file_is_named(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.ca_file))
    other = tmp_path / "other.pem"
    make_certificate(other, tmp_path / "other.key")
    for ca_file in (None, dovecot.ca_file):
        port = dovecot.imaps_port
        with closing(
            mailbox_on(port, host="localhost", security="tls", ca_file=ca_file)
        ) as trusted:
            trusted.folders()

    with pytest.raises(MailboxUntrustedError, match="self-signed certificate"):
        mailbox_on(dovecot.imaps_port, host="localhost", security="tls", ca_file=other).folders()


def test_tls_on_a_plain_port_is_refused_with_what_to_do() -> None:
    with scripted() as server, pytest.raises(MailboxRefusedError) as refused:
        mailbox_on(server.port, security="tls").examine("INBOX")
    assert "993" in refused.value.advice


def test_plain_text_on_a_tls_port_says_what_may_be_wrong(dovecot: Dovecot) -> None:
    with pytest.raises(MailboxUnavailableError, match="security: tls"):
        mailbox_on(dovecot.imaps_port).examine("INBOX")


def test_a_missing_certificate_file_is_named() -> None:
    with scripted() as server, pytest.raises(MailboxRefusedError, match=r"/nowhere/ca\.pem"):
        mailbox_on(server.port, security="tls", ca_file=Path("/nowhere/ca.pem")).folders()


# The network


def test_a_port_nobody_listens_on_is_named_with_the_reason() -> None:
    [port] = free_ports(1)
    with pytest.raises(MailboxUnavailableError, match=f"{HOST}:{port}: connection refused"):
        mailbox_on(port).examine("INBOX")


def test_a_host_that_cannot_be_found_is_named_with_the_reason() -> None:
    with pytest.raises(MailboxUnavailableError, match=r"imap\.invalid:993: .*spelled right"):
        mailbox_on(993, host="imap.invalid", security="tls").examine("INBOX")


def test_connecting_that_takes_too_long_is_unavailable(full_backlog: int) -> None:
    begun = time.monotonic()
    with pytest.raises(MailboxUnavailableError, match="no answer in time"):
        mailbox_on(full_backlog, limits=ImapLimits(connect=0.3)).examine("INBOX")
    assert took(begun) < 3
