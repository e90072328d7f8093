"""`maildaemon auth`, as somebody types it: a local identity server, a real Dovecot, a real sink."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Account, Dovecot
from tests.servers.identity import Identity
from tests.servers.process import wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, a_config, a_letter, end, imap_of, smtp_of


@pytest.fixture
def account(token_dovecot: Dovecot) -> Account:
    return token_dovecot.account("cli@token.test")


@pytest.fixture
def token_sink(
    tmp_path: Path, fresh_identity: Identity, token_dovecot: Dovecot
) -> Iterator[SmtpSink]:
    def takes(user: str, token: str) -> bool:
        return fresh_identity.introspect(token) == {"active": True, "email": user}

    with SmtpSink(
        tmp_path / "accepted",
        security="starttls",
        certificate=(token_dovecot.ca_file, token_dovecot.key_file),
        require_auth=True,
        takes_token=takes,
    ) as sink:
        yield sink


@pytest.fixture
def here(
    tmp_path: Path, account: Account, token_sink: SmtpSink, fresh_identity: Identity
) -> Installation:
    fresh_identity.user = account.user
    oauth2 = (
        f"{{provider: other, client_id: maildaemon, client_secret: {{env: SECRET}}, "
        f"scope: mail offline_access, device_url: {fresh_identity.url}/device, "
        f"token_url: {fresh_identity.url}/token}}"
    )
    installation = Installation(tmp_path, {"SECRET": "hush"})
    installation.config.write_text(
        a_config(
            imap_of(account, password=None, oauth2=oauth2),
            smtp_of(token_sink, account, password=None, oauth2=oauth2),
        )
    )
    return installation


def test_somebody_signs_in_and_the_daemon_reads_and_sends_by_that(
    here: Installation, account: Account, token_sink: SmtpSink, fresh_identity: Identity
) -> None:
    before = here.call("check")
    assert (before.code, "what to do: run: maildaemon auth support" in before.out) == (78, True)

    signed_in = here.call("auth")

    assert signed_in.code == 0, signed_in.err + signed_in.out
    assert f"support: sign in as {account.user}" in signed_in.out
    assert f"open      {fresh_identity.url}/type-it" in signed_in.out
    assert "and type  ABCD-EFGH" in signed_in.out
    assert "✓ signed in; until it is withdrawn" in signed_in.out
    assert "✓ support: IMAP: logged in" in signed_in.out
    assert "✓ support: SMTP: the server takes mail from us" in signed_in.out
    assert fresh_identity.asked[0] == {
        "path": "/device",
        "client_id": "maildaemon",
        "client_secret": "hush",
        "scope": "mail offline_access",
    }
    kept = here.data / "sign-in" / "support.json"
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert f"sign-in of {account.user}: since" in here.call("check").out

    with here.running() as daemon:
        wait_until(lambda: "mailbox.started" in here.log, 60, "the mailbox has been read")
        account.deliver(a_letter("first"))
        wait_until(lambda: len(token_sink.accepted()) == 1, 60, "the customer is acknowledged")
        assert end(daemon) == 0
    (status,) = [json.loads(line) for line in here.call("status", "--json").out.splitlines()]
    (found,) = status["sign_ins"]
    assert (found["account"], found["ends_for_good"]) == (account.user, False)
    assert f"{account.user} since" in here.call("status").out
    tokens = (*fresh_identity.access, *fresh_identity.refresh, "hush")
    assert not [one for one in tokens if one in here.log + signed_in.out]


def test_programs_are_told_where_to_sign_in_and_what_came_of_it(
    here: Installation, account: Account, fresh_identity: Identity
) -> None:
    lines = [json.loads(one) for one in here.call("auth", "support", "--json").out.splitlines()]

    assert lines[0] == {
        "mailbox": "support",
        "address": f"{fresh_identity.url}/type-it",
        "complete_address": None,
        "code": "ABCD-EFGH",
        "expires_in": 900,
    }
    assert lines[1]["account"] == account.user
    assert [one["result"] for one in lines[2:] if one["check"] in {"imap", "smtp"}] == ["ok", "ok"]


def test_what_cannot_be_signed_in_to_is_said(here: Installation, fresh_identity: Identity) -> None:
    other = here.call("auth", "sales")
    assert (other.code, "no mailbox `sales`" in other.err) == (64, True)
    fresh_identity.answers.append((400, b'{"error": "invalid_client"}'))
    refused = here.call("auth")
    assert (refused.code, "refuses the application (invalid_client)" in refused.err) == (78, True)
    fresh_identity.down = True
    down = here.call("auth")
    assert (down.code, "status 503" in down.err) == (75, True)
    here.config.write_text(here.config.read_text().replace("oauth2: {", "password: x, oauth2: {"))
    text = here.config.read_text()
    start = text.index("oauth2: {")
    here.config.write_text(
        "\n".join(
            line[: line.index(", oauth2")] + "}" if ", oauth2" in line else line
            for line in text.splitlines()
        )
    )
    assert start > 0
    password = here.call("auth")
    assert (password.code, "logs in by OAuth2" in password.err) == (64, True)
