"""What comes of every kind of reply, at every stage of a conversation with a submission server.

What concerns the session raises, so that a hundred queued mails are not judged by it; what concerns
the mail is an outcome; and only the dot leaves anything unknown.
"""

from dataclasses import replace

import pytest

from maildaemon.adapters.smtp import SmtpTransport
from maildaemon.adapters.smtp_session import SmtpLimits
from maildaemon.domain.delivery import Accepted, Deferred, Rejected, Uncertain
from maildaemon.errors import (
    TransportPasswordRefusedError,
    TransportRefusedError,
    TransportUnavailableError,
)
from tests.fakes.submission import (
    ENVELOPE,
    RAW,
    a_tls_account,
)
from tests.servers.dovecot import Dovecot
from tests.servers.sink import SmtpSink

_IMPATIENT = SmtpLimits(connect=0.3, command=0.2, dot=0.2)
SENT, LATER, NEVER, UNKNOWN = "sent", "later", "never", "unknown"
# The session is at fault: tried again later, and no mail is any the worse for it.
SESSION, PASSWORD = "session", "password"

_WORDS = {Accepted: SENT, Deferred: LATER, Rejected: NEVER, Uncertain: UNKNOWN}
_REPLIES = (
    "251 2.0.0 something else that is fine",
    "354 go on",
    "421 4.3.2 closing",
    "421 4.7.0 too many connections from you",
    "450 4.2.1 later",
    "452 4.3.1 no room",
    "454 4.7.0 temporary authentication failure",
    "501 5.5.4 syntax error",
    "530 5.7.0 authentication required",
    "535 5.7.8 wrong password",
    "550 5.1.1 nobody of that name",
    "552 5.2.2 the mailbox is full",
    "650 there is no such class",
    "hello",
    "25",
    "250-this reply never ends",
    "stall",
    "drop",
)


async def what_comes_of(transport: SmtpTransport) -> tuple[str, bool]:
    """Return what became of one mail, and whether the dot was reached."""
    reached = False

    async def dot() -> None:
        nonlocal reached
        reached = True

    try:
        await transport.open()
        outcome = await transport.send(ENVELOPE, RAW, dot)
    except TransportPasswordRefusedError:
        return PASSWORD, reached
    except (TransportRefusedError, TransportUnavailableError):
        return SESSION, reached
    finally:
        await transport.close()
    return _WORDS[type(outcome)], reached


# What is not named comes to `session`, `unknown` after the dot.
_TABLE: dict[str, dict[str, str]] = {
    "CONNECT": {},
    "EHLO": {},
    "STARTTLS": {},
    "AUTH": {
        # RFC 4954 §6: 5yz is a verdict on what was shown; trying on may lock the account.
        "501 5.5.4 syntax error": PASSWORD,
        "530 5.7.0 authentication required": PASSWORD,
        "535 5.7.8 wrong password": PASSWORD,
        "550 5.1.1 nobody of that name": PASSWORD,
        "552 5.2.2 the mailbox is full": PASSWORD,
    },
    "MAIL": {
        # This server has not taken it, and says 503 to what comes next.
        "251 2.0.0 something else that is fine": NEVER,
        "450 4.2.1 later": LATER,
        "452 4.3.1 no room": LATER,
        "454 4.7.0 temporary authentication failure": LATER,
        "501 5.5.4 syntax error": NEVER,
        "535 5.7.8 wrong password": NEVER,
        "550 5.1.1 nobody of that name": NEVER,
        "552 5.2.2 the mailbox is full": NEVER,
    },
    "DATA": {
        "450 4.2.1 later": LATER,
        "452 4.3.1 no room": LATER,
        "454 4.7.0 temporary authentication failure": LATER,
        "501 5.5.4 syntax error": NEVER,
        "535 5.7.8 wrong password": NEVER,
        "550 5.1.1 nobody of that name": NEVER,
        "552 5.2.2 the mailbox is full": NEVER,
    },
    "DOT": {
        "251 2.0.0 something else that is fine": SENT,
        "421 4.3.2 closing": LATER,
        "421 4.7.0 too many connections from you": LATER,
        "450 4.2.1 later": LATER,
        "452 4.3.1 no room": LATER,
        "454 4.7.0 temporary authentication failure": LATER,
        "501 5.5.4 syntax error": NEVER,
        "530 5.7.0 authentication required": NEVER,
        "535 5.7.8 wrong password": NEVER,
        "550 5.1.1 nobody of that name": NEVER,
        "552 5.2.2 the mailbox is full": NEVER,
    },
    # The mail has been taken: what is said after that concerns nobody.
    "QUIT": dict.fromkeys(_REPLIES, SENT),
}
# RFC 5321 §4.5.3.1.10: a full mailbox gets emptied.
_TABLE["RCPT"] = {**_TABLE["MAIL"], "552 5.2.2 the mailbox is full": LATER}


@pytest.mark.parametrize("stage", _TABLE)
async def test_every_reply_at_every_stage_comes_to_what_it_means(
    tls_sink: SmtpSink, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    account = a_tls_account(tls_sink, dovecot)
    monkeypatch.setattr("maildaemon.adapters.smtp._QUIT_SECONDS", 0.2)
    # To DATA that is the right one.
    replies = [one for one in _REPLIES if (stage, one) != ("DATA", "354 go on")]
    seen: dict[str, tuple[str, bool]] = {}
    for reply in replies:
        quick = reply in {"stall", "250-this reply never ends"}
        limits = replace(_IMPATIENT, connect=2) if quick else SmtpLimits(2, 5, 5)
        tls_sink.plan(stage, reply)
        seen[reply] = await what_comes_of(SmtpTransport(account, limits))

    doubt = UNKNOWN if stage == "DOT" else SESSION
    after_the_dot = stage in {"DOT", "QUIT"}
    assert {reply: came for reply, (came, _) in seen.items()} == dict.fromkeys(
        replies, doubt
    ) | _TABLE[stage]
    assert {
        reply
        for reply, (came, reached) in seen.items()
        if reached != (after_the_dot or came == SENT)
    } == set()
