"""Logging in by token: a real Dovecot asks a local identity server about each, and so do we."""

import base64
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maildaemon.adapters.identity import IdentityServer
from maildaemon.adapters.imap import ImapMailbox
from maildaemon.adapters.imap_login import ImapServer
from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.adapters.tokens import Bearer, SignIn
from maildaemon.domain.delivery import Accepted
from maildaemon.errors import (
    IdentityUnavailableError,
    MailboxPasswordRefusedError,
    MailboxRefusedError,
    MailboxUnavailableError,
    OperatorError,
    SecretError,
    SignInRefusedError,
    TransportPasswordRefusedError,
    TransportUnavailableError,
)
from tests.fakes.submission import ENVELOPE, QUICK, RAW, an_account, nothing
from tests.servers.dovecot import Account, Dovecot
from tests.servers.identity import Identity
from tests.servers.postfix import Postfix
from tests.servers.process import HOST
from tests.servers.scripted_imap import ScriptedImap, Talk
from tests.servers.sink import SmtpSink


class Clock:
    """The time as a test sets it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def at_work(fresh_identity: Identity, clock: Clock) -> Identity:
    """The identity server, by the test's clock."""
    fresh_identity.now = clock
    return fresh_identity


def a_sign_in(
    folder: Path, identity: Identity, now: Callable[[], datetime], *, signed_in: bool = True
) -> SignIn:
    server = IdentityServer(identity.application, None, "support")
    sign_in = SignIn(folder / "sign-in" / "support.json", server, identity.user, "support", now)
    if signed_in:
        sign_in.keep(server.wait_for_device(server.begin_device_login(), lambda _: None))
    return sign_in


@pytest.fixture
def sign_in(tmp_path: Path, at_work: Identity, clock: Clock) -> SignIn:
    """Somebody has just signed in."""
    return a_sign_in(tmp_path, at_work, clock)


# --- the file ------------------------------------------------------------------------------------


def test_what_is_kept_is_ours_alone_and_survives(
    sign_in: SignIn, tmp_path: Path, at_work: Identity, clock: Clock
) -> None:
    token = sign_in.token()

    assert sign_in.path.stat().st_mode & 0o777 == 0o600
    assert sign_in.path.parent.stat().st_mode & 0o777 == 0o700
    assert token.value in at_work.access
    assert token.value not in repr(sign_in.grant())
    assert a_sign_in(tmp_path, at_work, clock, signed_in=False).token() == token


def test_nobody_has_signed_in_yet_or_for_another_application(
    sign_in: SignIn, at_work: Identity, clock: Clock, tmp_path: Path
) -> None:
    for other in (
        SignIn(tmp_path / "none.json", sign_in.identity, "support@example.test", "support", clock),
        SignIn(sign_in.path, sign_in.identity, "anna@example.test", "support", clock),
    ):
        with pytest.raises(SecretError, match="maildaemon auth support"):
            other.token()
    for text in ("", "{", "[]", '{"access": 1}', '{"access": {}, "ends_at": "x"}'):
        sign_in.path.write_text(text)
        with pytest.raises(SecretError, match="nobody has signed in"):
            sign_in.token()


def test_a_sign_in_that_would_hold_for_an_hour_only_is_refused(
    tmp_path: Path, at_work: Identity, clock: Clock
) -> None:
    at_work.answers.append(
        (200, b'{"device_code": "d", "user_code": "u", "verification_uri": "v"}')
    )
    at_work.answers.append((200, b'{"access_token": "a", "token_type": "Bearer"}'))

    with pytest.raises(OperatorError, match="offline_access"):
        a_sign_in(tmp_path, at_work, clock)
    assert not (tmp_path / "sign-in" / "support.json").exists()


# --- renewal -------------------------------------------------------------------------------------


def test_a_token_is_renewed_before_it_ends_and_not_before_that(
    sign_in: SignIn, at_work: Identity, clock: Clock
) -> None:
    first = sign_in.token()
    clock.wait(minutes=54)
    assert sign_in.token() == first
    clock.wait(minutes=2)

    second = sign_in.token()

    assert second.value != first.value
    assert second.expires_at == clock() + timedelta(hours=1)
    assert sign_in.token() == second
    assert at_work.count("refresh_token") == 1


def test_of_many_threads_and_processes_one_renews(
    sign_in: SignIn, tmp_path: Path, at_work: Identity, clock: Clock
) -> None:
    clock.wait(hours=2)
    others = [a_sign_in(tmp_path, at_work, clock, signed_in=False) for _ in range(8)]
    gate = threading.Barrier(8)

    def ask(one: SignIn) -> str:
        gate.wait(10)
        return one.token().value

    with ThreadPoolExecutor(8) as threads:
        values = set(threads.map(ask, others))

    assert len(values) == 1
    assert at_work.count("refresh_token") == 1


def test_while_the_identity_server_is_down_the_token_is_used_to_its_end(
    sign_in: SignIn, at_work: Identity, clock: Clock
) -> None:
    first, at_work.down = sign_in.token(), True
    for _ in range(9):
        clock.wait(minutes=6.6)
        assert sign_in.token() == first
    asked = len(at_work.asked)
    assert sign_in.token() == first
    assert len(at_work.asked) == asked, "it is not asked at every login"
    clock.wait(minutes=1)

    with pytest.raises(IdentityUnavailableError, match="status 503"):
        sign_in.token()

    at_work.down = False
    assert sign_in.token() != first


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (302, b"", "status 302"),
        (200, b"<html>", "status 200"),
        (200, b"[1]", "status 200"),
        (200, b'{"access_token": "a\\r\\nb", "refresh_token": "r"}', "status 200"),
        (200, b'{"access_token": "a", "token_type": "mac"}', "status 200"),
        (403, b"<html>a gateway</html>", "status 403"),
        (429, b'{"error": "too_many"}', "too_many"),
        (400, b'{"error": "temporarily_unavailable"}', "temporarily_unavailable"),
        (200, b"x" * 200_000, "too large"),
    ],
)
def test_an_answer_without_a_token_is_an_outage_unless_the_server_says_more(
    sign_in: SignIn, at_work: Identity, clock: Clock, status: int, body: bytes, said: str
) -> None:
    clock.wait(hours=2)
    at_work.answers.append((status, body))

    with pytest.raises(IdentityUnavailableError, match=said):
        sign_in.token()

    assert not [one for one in at_work.asked if one["path"] == "/elsewhere"]
    assert sign_in.token().value in at_work.access


def test_an_application_that_is_refused_is_for_a_person_and_told_by_the_first_line(
    sign_in: SignIn, at_work: Identity, clock: Clock
) -> None:
    clock.wait(hours=2)
    words = "AADSTS7000222: The secret has expired. Trace ID: 1\r\nTimestamp: 2"
    at_work.answers.append(
        (401, json.dumps({"error": "invalid_client", "error_description": words}).encode())
    )

    with pytest.raises(SignInRefusedError) as refused:
        sign_in.token()

    assert "invalid_client: AADSTS7000222: The secret has expired.)" in refused.value.what
    assert "client_secret" in refused.value.advice


def test_without_room_on_the_disk_no_refresh_token_is_spent(
    sign_in: SignIn, at_work: Identity, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.wait(hours=2)
    kept = sign_in.path.read_text()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("maildaemon.adapters.tokens.os.write", full)
        with pytest.raises(IdentityUnavailableError, match="no space left"):
            sign_in.token()

    assert at_work.count("refresh_token") == 0
    assert sign_in.path.read_text() == kept
    assert sign_in.token().value in at_work.access


def test_a_refresh_token_that_is_not_replaced_goes_on(
    sign_in: SignIn, at_work: Identity, clock: Clock
) -> None:
    at_work.rotates = False
    at_work.refresh = {grant.refresh_token} if (grant := sign_in.grant()) else set()
    for _ in range(3):
        clock.wait(hours=2)
        assert sign_in.token().value in at_work.access


# --- Dovecot -------------------------------------------------------------------------------------


def a_mailbox(sign_in: SignIn, dovecot: Dovecot, clock: Clock) -> ImapMailbox:
    bearer = Bearer(sign_in, clock)
    return ImapMailbox(
        ImapServer(HOST, dovecot.imap_port, "none", "support@example.test", bearer=bearer)
    )


def test_a_mailbox_is_opened_by_token_and_a_renewed_one_opens_it_again(
    sign_in: SignIn, token_dovecot: Dovecot, at_work: Identity, clock: Clock
) -> None:
    mailbox = a_mailbox(sign_in, token_dovecot, clock)
    mailbox.examine("INBOX")
    clock.wait(hours=2)

    mailbox.examine("INBOX")

    mailbox.close()
    assert at_work.count("refresh_token") == 1
    (grant,) = [sign_in.grant()]
    assert grant is not None
    assert grant.access.value in at_work.access


def test_a_token_that_ends_in_the_middle_of_idle_is_renewed_unseen(
    fresh_identity: Identity, token_dovecot: Dovecot, tmp_path: Path
) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    fresh_identity.lives = timedelta(seconds=1.2)
    sign_in = a_sign_in(tmp_path, fresh_identity, now)
    bearer = Bearer(sign_in, now)
    mailbox = ImapMailbox(
        ImapServer(HOST, token_dovecot.imap_port, "none", "support@example.test", bearer=bearer)
    )
    account = Account(token_dovecot, "support@example.test")
    mailbox.wait("INBOX", timedelta(0))
    first = sign_in.grant()
    assert first is not None
    threading.Timer(2.5, account.deliver, [RAW]).start()

    heard = mailbox.wait("INBOX", timedelta(seconds=20))

    mailbox.close()
    assert heard, "what comes after the end of the first token is heard at once"
    assert fresh_identity.introspect(first.access.value) == {"active": False}
    assert fresh_identity.count("refresh_token") >= 2
    assert "auth failed" not in token_dovecot.log.rpartition("starting up")[2]


def test_a_token_taken_back_before_its_time_is_replaced_once(
    sign_in: SignIn, token_dovecot: Dovecot, at_work: Identity, clock: Clock
) -> None:
    mailbox = a_mailbox(sign_in, token_dovecot, clock)
    at_work.end_tokens()
    mailbox.examine("INBOX")
    mailbox.close()
    assert at_work.count("refresh_token") == 1

    at_work.user = "anna@example.test"
    at_work.end_tokens()
    for _ in range(3):
        with pytest.raises(MailboxPasswordRefusedError, match="refused the login of support@"):
            mailbox.examine("INBOX")
    assert at_work.count("refresh_token") == 2, "who is not let in does not knock twice each time"


def test_what_has_been_withdrawn_is_refused_like_a_password_and_says_what_to_do(
    sign_in: SignIn, token_dovecot: Dovecot, at_work: Identity, clock: Clock
) -> None:
    mailbox = a_mailbox(sign_in, token_dovecot, clock)
    at_work.revoke()

    with pytest.raises(MailboxPasswordRefusedError) as refused:
        mailbox.examine("INBOX")

    assert refused.value.what == "the sign-in is no longer valid (invalid_grant: It was revoked.)"
    assert refused.value.advice == "sign in again: maildaemon auth support"


def test_a_connection_goes_on_while_there_is_no_newer_token(
    sign_in: SignIn, token_dovecot: Dovecot, at_work: Identity, clock: Clock
) -> None:
    mailbox = a_mailbox(sign_in, token_dovecot, clock)
    mailbox.examine("INBOX")
    at_work.down = True
    clock.wait(hours=2)

    mailbox.examine("INBOX")
    mailbox.close()

    with pytest.raises(MailboxUnavailableError, match="no token is given now"):
        mailbox.examine("INBOX")


# --- other servers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("capabilities", "shown", "last"),
    [
        ("AUTH=XOAUTH2 AUTH=OAUTHBEARER", "user={user}\1auth=Bearer {token}\1\1", ""),
        (
            "AUTH=OAUTHBEARER",
            "n,a={user},\1host=127.0.0.1\1port={port}\1auth=Bearer {token}\1\1",
            "AQ==",
        ),
    ],
)
def test_a_token_is_shown_as_the_server_offers_it_and_its_refusal_understood(
    sign_in: SignIn, clock: Clock, capabilities: str, shown: str, last: str
) -> None:
    heard: list[str] = []

    def hear(talk: Talk, _arguments: str) -> None:
        talk.send("+ ")
        heard.append(base64.b64decode(talk.line()).decode())
        if len(heard) == 1:
            talk.ok()
            return
        talk.send("+ " + base64.b64encode(b'{"status":"401"}').decode())
        assert talk.line() == last
        talk.no("[AUTHENTICATIONFAILED] Invalid token")

    with ScriptedImap({"AUTHENTICATE": hear}, capabilities=f"IMAP4rev1 {capabilities}") as server:
        given = ImapServer(
            HOST, server.port, "none", "support@example.test", bearer=Bearer(sign_in, clock)
        )
        mailbox = ImapMailbox(given)
        first = sign_in.token()
        mailbox.examine("INBOX")
        mailbox.close()
        with pytest.raises(MailboxPasswordRefusedError, match="Invalid token"):
            mailbox.examine("INBOX")
    meant = {"user": "support@example.test", "port": str(server.port)}
    assert heard[0] == shown.format(token=first.value, **meant)
    assert len(heard) == 3, "a newer token is tried once"


def test_a_server_that_takes_no_token_is_told_from_one_that_refuses_it(
    sign_in: SignIn, clock: Clock
) -> None:
    with ScriptedImap(capabilities="IMAP4rev1 AUTH=PLAIN") as server:
        given = ImapServer(HOST, server.port, "none", "me", bearer=Bearer(sign_in, clock))
        with pytest.raises(MailboxRefusedError, match="takes no token") as refused:
            ImapMailbox(given).examine("INBOX")
    assert not isinstance(refused.value, MailboxPasswordRefusedError)


# --- sending -------------------------------------------------------------------------------------


async def test_mail_is_sent_by_token_through_postfix_and_a_refused_one_is_replaced_once(
    sign_in: SignIn,
    token_dovecot: Dovecot,
    relay_sink: SmtpSink,
    at_work: Identity,
    clock: Clock,
) -> None:
    with Postfix(token_dovecot, relay_sink.port) as postfix:
        account = an_account(
            postfix.port,
            security="starttls",
            username="support@example.test",
            ca_file=token_dovecot.ca_file,
            bearer=Bearer(sign_in, clock),
        )
        at_work.end_tokens()
        transport = SmtpTransport(account, QUICK)
        await transport.open()
        assert isinstance(await transport.send(ENVELOPE, RAW, nothing), Accepted)
        await transport.close()
        assert at_work.count("refresh_token") == 1

        at_work.user = "anna@example.test"
        at_work.end_tokens()
        with pytest.raises(TransportPasswordRefusedError, match="535"):
            await transport.open()
    assert at_work.count("refresh_token") == 2


async def test_sending_tells_an_outage_of_the_identity_server_from_the_end_of_the_sign_in(
    sign_in: SignIn, at_work: Identity, clock: Clock
) -> None:
    transport = SmtpTransport(an_account(1, username="me", bearer=Bearer(sign_in, clock)), QUICK)
    clock.wait(hours=2)
    at_work.down = True
    with pytest.raises(TransportUnavailableError, match="no token is given now"):
        await transport.open()
    at_work.down = False
    at_work.revoke()
    clock.wait(minutes=2)
    with pytest.raises(TransportPasswordRefusedError, match="no longer valid") as refused:
        await transport.open()
    assert refused.value.advice == "sign in again: maildaemon auth support"


# --- signing in ----------------------------------------------------------------------------------


def test_a_device_login_waits_as_the_server_says(at_work: Identity) -> None:
    server = IdentityServer(at_work.application, None, "support")
    at_work.interval = 5
    login = server.begin_device_login()
    waited: list[float] = []
    pending = b'{"error": "authorization_pending"}'
    at_work.answers.extend(
        [(400, pending), (400, b'{"error": "slow_down"}'), (503, b""), (400, pending)]
    )

    tokens = server.wait_for_device(login, waited.append)

    assert tokens.access_token in at_work.access
    assert waited == [5, 5, 10, 20, 20]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "declined"),
        ("expired_token", "before the code expired"),
        ("invalid_client", "refuses the application"),
    ],
)
def test_a_device_login_that_comes_to_nothing_says_why(
    at_work: Identity, error: str, said: str
) -> None:
    server = IdentityServer(at_work.application, None, "support")
    login = server.begin_device_login()
    at_work.answers.append((400, json.dumps({"error": error}).encode()))

    with pytest.raises(OperatorError, match=said):
        server.wait_for_device(login, lambda _: None)
