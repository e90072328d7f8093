"""What is committed around an attempt to send, and what `deliver` says that it did."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.delivery import Envelope, Outcome
from tests.fakes.transport import FakeTransport
from tests.service.shop import START, Shop, a_mail

# Decisions: what they ask of a database is asked on every one elsewhere.
pytestmark = pytest.mark.sqlite


class Watched(FakeTransport):
    """Notes how the row stands before the mail is offered, and before the final dot."""

    def __init__(self, look: Callable[[], Any]) -> None:
        super().__init__()
        self.seen: list[Any] = []
        self._look = look

    async def send(
        self, envelope: Envelope, raw: bytes, before_dot: Callable[[], Awaitable[None]]
    ) -> Outcome:
        self.seen.append(self._look())

        async def dot() -> None:
            await before_dot()
            self.seen.append(self._look())

        return await super().send(envelope, raw, dot)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    opened.write(a_mail())
    opened.receive()
    opened.process()
    opened.receive()
    yield opened
    opened.close()


def at(**span: float) -> str:
    return f"{START + timedelta(**span):%Y-%m-%d %H:%M:%S.%f}"


def test_an_attempt_is_committed_before_it_is_made_and_the_dot_before_it_is_sent(
    shop: Shop,
) -> None:
    query = "select state, phase, attempts, next_attempt_at from outbox"
    shop.transport = Watched(lambda: shop.rows(query))

    assert shop.deliver() == 1

    assert shop.transport.seen == [
        [("queued", "claimed", 1, at(minutes=3))],
        [("queued", "dot", 1, at(minutes=12))],
    ]
    assert shop.outbox == ["sent"]
    assert shop.deliver() == 0


def test_what_is_too_old_to_go_is_concluded_and_not_offered(shop: Shop) -> None:
    shop.wait(hours=24)

    assert shop.deliver() == 1

    assert shop.outbox == ["expired"]
    assert shop.transport.commands == []
    assert shop.rows("select count(*) from event where event = 'mail_expired'") == [(1,)]


@pytest.mark.parametrize(
    ("verb", "fault", "state", "due"),
    [
        ("RCPT", "451 4.3.0 later", "queued", at(minutes=1)),
        ("RCPT", "550 5.1.1 no such user", "failed", None),
        ("DOT", "drop", "queued", at(minutes=15)),
    ],
)
def test_what_the_server_says_is_followed_and_written_down(
    shop: Shop, verb: str, fault: str, state: str, due: str | None
) -> None:
    shop.transport.plan(verb, fault)

    assert shop.deliver() == 1

    assert shop.rows("select state, next_attempt_at from outbox") == [(state, due)]
    dead = shop.rows("select count(*) from undeliverable")
    assert dead == [(1 if state == "failed" else 0,)]


def test_who_breaks_off_before_the_dot_has_cost_the_mail_half_a_minute(shop: Shop) -> None:
    shop.transport.plan("DATA", "drop")

    with pytest.raises(Exception, match="fake:587: drop"):
        shop.deliver()

    query = "select state, phase, failures, next_attempt_at from outbox"
    assert shop.rows(query) == [("queued", "waiting", 0, at(seconds=30))]
