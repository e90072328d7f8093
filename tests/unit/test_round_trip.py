"""What is said and learnt of a mail to ourselves, whatever the servers do with it and however late."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from maildaemon.domain.tokens import is_ours
from maildaemon.mail.compose_note import compose_note
from maildaemon.services.check import Finding, Result
from maildaemon.services.round_trip import Sent, Tools, see_arrive, send_to_self
from tests.builders import a_policy
from tests.fakes.mailbox import FakeAccount, FakeMailbox
from tests.fakes.transport import FakeTransport
from tests.unit.parsing import read

KEY = b"k" * 32


@dataclass
class World:
    """Two servers and a clock that goes only while somebody waits."""

    at: datetime = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    learnt: list[bool] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    counted: list[float | None] = field(default_factory=list)
    transport: FakeTransport = field(default_factory=FakeTransport)
    # What happens to the mail, by how many seconds after it was sent.
    events: dict[int, Callable[[bytes], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began = self.at
        self.account = FakeAccount(lambda: self.at)
        self.account.deliver(b"Message-ID: <old@x.example>\r\n\r\nold\r\n")

    def pause(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        event = self.events.pop(int((self.at - self.began).total_seconds()), None)
        if event:
            event(self.raw)

    @property
    def raw(self) -> bytes:
        return self.transport.accepted[0].raw

    def findings(self) -> dict[str, Finding]:
        policy, mailbox = a_policy(), FakeMailbox(self.account)
        said = self.learnt.append, self.told.append, self.counted.append
        tools = Tools(compose_note, lambda: self.at, self.pause, *said)
        sent = asyncio.run(send_to_self(policy, KEY, "0" * 32, mailbox, self.transport, tools))
        if not isinstance(sent, Sent):
            return {sent.check: sent}
        return {one.check: one for one in see_arrive(policy, sent, mailbox, tools)}


def test_a_server_that_files_nothing_is_known_after_a_minute() -> None:
    world = World()
    world.events = {3: world.account.deliver}

    found = world.findings()

    assert {one.result for one in found.values()} == {Result.OK}
    assert "arrived in `INBOX` after 3.0 s" in found["arrival"].what
    assert "maildaemon files what it sends" in found["sent"].what
    assert world.learnt == [False]
    assert world.at - world.began == timedelta(minutes=1)
    arriving, filing = [120.0, 119.0, 118.0], [float(left) for left in range(57, 0, -1)]
    assert world.counted == [*arriving, None, *filing, None]


def test_a_copy_that_is_late_is_waited_for() -> None:
    world = World()
    world.events = {
        1: lambda raw: world.account.deliver(raw, "Junk"),
        50: lambda raw: world.account.deliver(raw.replace(b"<check.", b"\r\n <check."), "Sent"),
    }

    found = world.findings()

    assert found["arrival"].result is Result.WARNING
    assert world.learnt == [True]
    assert world.account.messages("Junk") == world.account.messages("Sent") == []
    assert len(world.account.messages()) == 1, "what others sent stays"


def test_where_one_message_cannot_be_deleted_alone_it_stays() -> None:
    world = World()
    world.account.deletes_singly = False
    world.events = {1: world.account.deliver}

    found = world.findings()

    assert "lies in `INBOX` and may be deleted" in found["removal"].what
    assert [one.flags for one in world.account.messages()] == [frozenset(), frozenset()]


def test_what_does_not_come_is_said_and_nothing_is_learnt_by_it() -> None:
    world = World()

    found = world.findings()

    assert [*found] == ["arrival"]
    assert found["arrival"].result is Result.FAILED
    assert "has not arrived within 120 seconds" in found["arrival"].what
    assert world.learnt == []


def test_the_mail_is_known_as_ours_and_answers_nobody() -> None:
    world = World()
    world.findings()

    message = read(world.raw)
    [token] = message.field("x-maildaemon-loop")
    assert is_ours(KEY, token)
    # It stands in no outbox: with a signed one, its copy in Sent would look forgotten.
    assert not is_ours(KEY, message.message_id)
    assert message.field("auto-submitted") == ("auto-generated",)
    [mail] = world.transport.accepted
    assert mail.envelope.forward_path == mail.envelope.reverse_path == a_policy().sender.address


@pytest.mark.parametrize(
    ("verb", "fault", "said"),
    [
        ("RCPT", "550 5.1.1 nobody", "550 5.1.1 nobody"),
        ("MAIL", "451 4.7.1 later", "451 4.7.1 later"),
        ("DOT", "drop", "whether it took it is not known"),
        ("CONNECT", "drop", "fake:587: drop"),
    ],
)
def test_what_the_server_has_against_it_is_quoted(verb: str, fault: str, said: str) -> None:
    world = World()
    world.transport.plan(verb, fault)

    found = world.findings()["send"]

    assert found.result is Result.FAILED
    assert said in found.what
    assert found.error is not None
    assert found.advice
    assert world.learnt == []


def test_a_clock_that_is_hours_off_is_noticed() -> None:
    world = World()
    late = world.at - timedelta(hours=3)
    world.events = {1: lambda raw: world.account.deliver(raw, at=late)}

    found = world.findings()["clock"]

    assert found.result is Result.WARNING
    assert "differ by 10800 s" in found.what
