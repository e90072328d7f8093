"""A mail to ourselves: it goes, comes back, is measured and deleted; nothing else ever is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.brakes import Brake
from maildaemon.domain.delivery import OutboxState
from maildaemon.domain.policy import Limits, Mode, Probing, Rate
from maildaemon.domain.standing import ProbeStanding
from maildaemon.domain.tokens import issue_loop_token, issue_message_id, issue_probe_mark
from maildaemon.errors import MailboxRefusedError
from maildaemon.services.audit import Tally, audit_mailbox
from maildaemon.services.brakes import put_on
from maildaemon.services.probe import drop_probes, probe_next
from maildaemon.settings.policy import make_policy
from tests.service.shop import KEY, START, Shop, a_mail, a_policy, parsed
from tests.unit.test_settings import MINIMAL, problems, read

TO = "support+probe@shop.example"
PROBING = Probing(timedelta(minutes=30), timedelta(minutes=15), TO)


class Trip(Shop):
    """A shop that writes to itself, and a server that delivers what is written to us."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.swallows = False
        self.into = "INBOX"
        self._delivered = 0
        super().__init__(folder, **{"probe": PROBING, **options})

    def probe(self) -> int:
        return probe_next(self.store, self.composer, self.desk, self.now)

    def come_in(self) -> None:
        """Let the server deliver what it took for ourselves, with a trace of its own."""
        for mail in self.transport.accepted[self._delivered :]:
            if mail.envelope.forward_path == TO and not self.swallows:
                trace = b"Return-Path: <support@shop.example>\r\nReceived: by mx.shop.example\r\n"
                self.write(trace + mail.raw, self.into)
        self._delivered = len(self.transport.accepted)

    def go_round(self) -> None:
        """Write, send, receive, note, delete: all that is due now."""
        self.start()
        self.probe()
        while self.deliver():
            pass
        self.come_in()
        self.wait(seconds=3)
        self.round()
        self.settle()

    @property
    def standing(self) -> ProbeStanding:
        with self.store.read() as tx:
            return tx.overview.standing(self.desk.mailbox_id, self.at).probe

    @property
    def probes(self) -> list[bytes]:
        """What the server took for ourselves."""
        return [one.raw for one in self.transport.accepted if one.envelope.forward_path == TO]

    def lies_in(self, folder: str = "INBOX") -> list[bytes]:
        return [one.raw for one in self.account.messages(folder)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Trip]:
    opened = Trip(tmp_path)
    opened.start()
    yield opened
    opened.close()


@pytest.mark.parametrize("mode", [*Mode])
def test_it_goes_in_every_mode_comes_back_is_measured_and_deleted(
    tmp_path: Path, mode: Mode
) -> None:
    shop = Trip(tmp_path, mode=mode)
    shop.start()
    shop.write(a_mail("Keep this.", sender="news@list.example", List_Id="<x.list.example>"))
    shop.go_round()

    (raw,) = shop.probes
    mail = parsed(raw)
    assert (mail["To"], mail["Auto-Submitted"]) == (TO, "auto-generated")
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["X-Maildaemon-Probe"] == issue_probe_mark(KEY, "support", int(START.timestamp()))
    assert shop.standing == ProbeStanding(START + timedelta(seconds=3), 3.0)
    (kept,) = shop.lies_in()
    assert b"Keep this." in kept
    assert all(shop.lies_in(one) == [] for one in ("Sent", "Drafts", "Junk", "Trash"))
    assert shop.rows("select kind, silence, thread_id from message where kind = 'probe'") == [
        ("probe", "own_mail", None)
    ]
    assert shop.rows("select count(*) from ledger") == [(0,)]
    shop.close()


def test_the_next_one_goes_when_it_is_due_and_none_while_one_has_not_left(shop: Trip) -> None:
    assert [shop.probe(), shop.probe()] == [1, 0]
    shop.transport.always("CONNECT", "drop")
    shop.wait(minutes=31)
    assert shop.probe() == 0
    shop.transport.always("CONNECT", None)
    shop.go_round()
    assert shop.probe() == 1
    shop.go_round()
    shop.wait(minutes=29)
    assert shop.probe() == 0
    shop.wait(minutes=1)
    shop.go_round()
    # What was written by a clock that was ahead puts nothing off, and hides nothing.
    shop.set_clock(days=-3)
    shop.swallows = True
    shop.go_round()
    assert len(shop.probes) == 4
    assert shop.standing.waiting_since == shop.at - timedelta(seconds=3)


def test_every_late_after_and_probe_address_are_what_the_configuration_says() -> None:
    def probing(probe: str, mailbox: str = "") -> Probing | None:
        given = MINIMAL.replace("    imap:", f"{mailbox}    imap:", 1) + f"probe: {probe}\n"
        settings = read(given)
        return make_policy(settings, settings.mailboxes[0]).probe

    usual = "support+probe@example.com"
    assert probing("{}") == Probing(timedelta(minutes=30), timedelta(minutes=15), usual)
    given = probing("{every: 1 hour, late_after: 20 minutes}", "    probe_address: x@example.com\n")
    assert given == Probing(timedelta(hours=1), timedelta(minutes=20), "x@example.com")
    settings = read(MINIMAL.replace("address: support@", f"address: {'s' * 60}@"))
    assert settings.probe is None
    long = f"{MINIMAL}probe: {{}}\n".replace("address: support@", f"address: {'s' * 60}@")
    found = make_policy(read(long), read(long).mailboxes[0]).probe
    assert found is not None
    assert found.to == f"{'s' * 60}@example.com"
    for wrong in ("{every: 1 minute}", "{every: 2 days}", "{late_after: 1 minute}"):
        assert [one.path for one in problems(f"{MINIMAL}probe: {wrong}\n")]


def test_without_the_option_nothing_is_sent(tmp_path: Path) -> None:
    shop = Trip(tmp_path, probe=None)
    shop.go_round()

    assert (shop.probes, shop.standing) == ([], ProbeStanding())
    shop.close()


def test_none_goes_before_the_first_start_or_while_the_mailbox_cannot_be_read(
    tmp_path: Path,
) -> None:
    shop = Trip(tmp_path)
    assert shop.probe() == 0
    shop.start()
    with shop.store.begin() as tx:
        row = tx.mailboxes.account(shop.desk.mailbox_id, "imap")
        row = replace(row, last_error="no route to host")
        tx.mailboxes.save_account(shop.desk.mailbox_id, "imap", row)
    assert shop.probe() == 0
    shop.close()


@pytest.mark.parametrize("late", [False, True], ids=["with it", "an hour later"])
def test_a_copy_that_the_server_files_in_sent_goes_as_well(tmp_path: Path, late: bool) -> None:
    shop = Trip(tmp_path, files_sent=not late)
    shop.go_round()
    if late:
        assert shop.lies_in("Sent") == []
        shop.wait(hours=1)
        shop.write(shop.probes[0], "Sent", flags=("\\Seen",))
        shop.go_round()
        shop.go_round()

    assert (shop.lies_in(), shop.lies_in("Sent")) == ([], [])
    # What is learnt of the server is learnt by what goes to customers.
    with shop.store.read() as tx:
        assert tx.mailboxes.get(shop.desk.mailbox_id).server_files_sent is None
    shop.close()


def forged(key: bytes, mailbox: str = "support", number: int = int(START.timestamp())) -> bytes:
    cause = f"probe:{mailbox}:{number}"
    marks: dict[str, Any] = {
        "message_id": issue_message_id(key, cause, "shop.example"),
        "sender": "support@shop.example",
        "to": TO,
        "date": START,
        "Auto_Submitted": "auto-generated",
        "X_Maildaemon_Loop": issue_loop_token(key, cause),
        "X_Maildaemon_Probe": issue_probe_mark(key, mailbox, number),
    }
    return a_mail("A mail to ourselves.", **marks)


@pytest.mark.parametrize(
    "raw",
    [
        forged(bytes(32)),
        forged(KEY, "orders"),
        forged(KEY).replace(b"X-Maildaemon-Probe: ", b"X-Maildaemon-Probe: 0"),
        forged(KEY).replace(b"X-Maildaemon-Probe: ", b"X-Maildaemon-Probe: 1.a\r\n" * 2 + b"X-B: "),
        forged(KEY, number=1),
    ],
    ids=["another key", "another mailbox", "another number", "two marks", "never sent"],
)
def test_s31_what_we_have_not_sent_is_not_counted_not_deleted_and_not_answered(
    shop: Trip, raw: bytes
) -> None:
    shop.probe()
    shop.write(raw)
    shop.wait(seconds=5)
    shop.round()

    assert shop.standing.back_at is None
    assert shop.lies_in() == [raw]
    assert [one for one in shop.transport.accepted if one.envelope.forward_path != TO] == []
    assert shop.rows("select count(*) from thread") == [(0,)]


def test_s31_a_copy_that_somebody_sends_again_counts_once_and_is_left_if_it_is_changed(
    shop: Trip,
) -> None:
    shop.go_round()
    first = shop.standing
    changed = shop.probes[0].replace(b"Nobody has to read", b"Buy now: everybody must read")
    assert changed != shop.probes[0]
    shop.wait(minutes=5)
    shop.write(changed)
    shop.write(b"Received: from a thief\r\n" + shop.probes[0])
    shop.round()
    shop.settle()

    assert shop.standing == replace(first, left=1)
    assert shop.lies_in() == [changed]
    assert len(shop.transport.accepted) == 1


def test_s31_only_what_lies_there_at_that_moment_and_is_ours_is_deleted(shop: Trip) -> None:
    shop.probe()
    shop.deliver()
    shop.come_in()
    shop.receive()
    shop.process()
    # The server numbers everything anew: under the number of ours lies a customer's mail.
    (ours,) = shop.account.messages()
    shop.account.expunge("INBOX", ours.uid)
    shop.account.create("INBOX")
    shop.write(a_mail())
    shop.write(ours.raw)
    assert [one.uid for one in shop.account.messages()] == [1, 2]
    shop.settle()
    assert len(shop.lies_in()) == 2

    shop.wait(minutes=1)
    for _ in range(3):
        shop.receive()
        shop.process()
        shop.settle()
    assert shop.lies_in() == [a_mail()]


def test_s31_what_a_server_makes_of_it_in_the_meantime_is_left_alone(shop: Trip) -> None:
    shop.probe()
    shop.deliver()
    shop.come_in()
    shop.receive()
    shop.process()
    (ours,) = shop.account.messages()
    other = replace(ours, raw=a_mail())
    shop.account.folder("INBOX").messages[ours.uid] = other
    shop.settle()

    assert shop.lies_in() == [a_mail()]


def test_a_server_that_cannot_delete_one_message_has_it_marked_and_no_other(shop: Trip) -> None:
    shop.account.deletes_singly = False
    theirs = shop.write(a_mail(), flags=("\\Deleted",))
    shop.go_round()

    flags = {one.uid: one.flags for one in shop.account.messages()}
    assert flags.pop(theirs) == {"\\Deleted"}
    assert [*flags.values()] == [{"\\Deleted", "\\Seen"}]
    assert shop.rows("select state from settlement where verb = 'remove_probe'") == [("marked",)]


def test_where_nothing_may_be_deleted_it_is_tried_for_a_while_and_told(shop: Trip) -> None:
    shop.account.fail(*[MailboxRefusedError("the folder is read-only")] * 20, on="delete")
    shop.go_round()
    for _ in range(20):
        shop.wait(hours=6)
        shop.settle()
    assert shop.standing.left == 1
    assert len(shop.lies_in()) == 1


def test_it_goes_under_a_brake_and_before_what_waits_for_its_turn(tmp_path: Path) -> None:
    limits: Limits = a_policy().limits
    slow = replace(limits, per_mailbox=Rate(1, timedelta(hours=1)), burst=1)
    shop = Trip(tmp_path, limits=slow)
    shop.start()
    for number in range(4):
        sender = f"c{number}@customer.example"
        shop.write(a_mail(sender=sender, message_id=sender, body=f"Where is order {number}?"))
    shop.wait(seconds=1)
    shop.round()
    assert shop.outbox == ["sent", "queued", "queued", "queued"]
    shop.go_round()
    assert shop.outbox == ["sent", "queued", "queued", "queued", "sent"]
    # It has taken nobody's turn.
    shop.wait(minutes=60)
    shop.receive()
    assert shop.deliver() == 1

    with shop.store.begin() as tx:
        put_on(tx, shop.desk, Brake.BREAKER, "for the test", shop.at)
    shop.go_round()
    assert shop.outbox == ["sent", "sent", "queued", "queued", "sent", "sent"]
    assert (shop.standing.seconds, shop.standing.waiting_since) == (3.0, None)
    shop.wait(minutes=31)
    with shop.store.begin() as tx:
        put_on(tx, shop.desk, Brake.CLOCK, "for the test", shop.at)
    assert shop.probe() == 0
    shop.close()


def test_it_counts_in_no_ceiling_and_in_no_number(shop: Trip) -> None:
    for _ in range(40):
        shop.go_round()
        shop.wait(minutes=30)

    with shop.store.read() as tx:
        assert tx.outbox.sent_between(shop.desk.mailbox_id, START, shop.at) == 0
        outbox = tx.overview.standing(shop.desk.mailbox_id, shop.at).outbox
        facts = tx.overview.facts(
            shop.desk.mailbox_id, shop.policy, timedelta(seconds=5), START, shop.at
        )
    assert (outbox.sent, outbox.queued, len(shop.probes)) == (0, 0, 40)
    assert facts.day is not None
    assert (facts.day.sent, facts.day.came, facts.failed) == (0, 0, ())


def test_an_uncertain_one_is_known_by_its_return_or_not_sent_again(shop: Trip) -> None:
    shop.transport.plan("DOT", "accept_then_drop")
    shop.probe()
    shop.deliver()
    assert shop.outbox == ["queued"]
    shop.come_in()
    shop.round()
    assert shop.outbox == ["sent"]
    shop.settle()
    assert shop.lies_in() == []

    shop.wait(minutes=31)
    shop.transport.plan("DOT", "accept_then_drop")
    shop.swallows = True
    shop.probe()
    shop.deliver()
    shop.come_in()
    for _ in range(4):
        shop.wait(minutes=10)
        shop.round()
    assert shop.outbox == ["sent", "unknown"]
    assert len(shop.probes) == 2


def test_probes_of_another_installation_stop_nothing_and_are_left_to_it(shop: Trip) -> None:
    shop.wait(minutes=5)
    theirs = forged(bytes(32)).replace(b"Nov 2026 12:00", b"Nov 2026 12:06")
    shop.write(theirs, "Sent")
    shop.write(theirs)
    shop.go_round()

    with shop.store.read() as tx:
        assert tx.brakes.on(shop.desk.mailbox_id) == ()
    assert (shop.lies_in(), shop.lies_in("Sent")) == ([theirs], [theirs])
    assert shop.standing.back_at is not None


def test_one_that_a_restored_database_does_not_know_stops_nothing(shop: Trip) -> None:
    shop.wait(minutes=1)
    raw = forged(KEY, number=int(shop.at.timestamp())).replace(b"12:00:00", b"12:01:00")
    shop.write(raw, "Sent")
    shop.receive()
    shop.process()

    with shop.store.read() as tx:
        assert tx.brakes.on(shop.desk.mailbox_id) == ()
    assert shop.outbox == []


def test_old_ones_go_from_the_records_and_nothing_grows_for_ever(shop: Trip) -> None:
    shop.write(a_mail())
    tables = ("outbox", "probe", "settlement", "inbound", "event")
    sizes: list[dict[str, int]] = []
    for day in range(20):
        for _ in range(4):
            shop.go_round()
            shop.wait(hours=6)
        while drop_probes(shop.store, shop.blobs, shop.files, shop.desk, shop.now):
            pass
        if day in {12, 19}:
            sizes.append({one: shop.rows(f"select count(*) from {one}")[0][0] for one in tables})

    assert sizes[0] == sizes[1]
    assert len(shop.probes) == 80
    assert shop.rows("select count(*) from message where kind = 'customer'") == [(1,)]
    tally = Tally()
    found = audit_mailbox(shop.store, shop.mailbox, shop.parser, shop.desk, START, tally)
    assert [one for one in found if one.wrong] == []
    assert shop.rows("select count(*) from removal")[0][0] <= 4 * 2


def test_one_that_could_not_be_deleted_stays_known(shop: Trip) -> None:
    shop.account.deletes_singly = False
    shop.go_round()
    shop.account.deletes_singly = True
    for _ in range(3):
        shop.wait(days=9)
        shop.go_round()
        drop_probes(shop.store, shop.blobs, shop.files, shop.desk, shop.now)

    (left,) = shop.account.messages()
    tally = Tally()
    found = audit_mailbox(shop.store, shop.mailbox, shop.parser, shop.desk, START, tally)
    assert [one for one in found if one.wrong] == []
    assert shop.rows("select count(*) from probe")[0][0] <= 3
    assert left.uid == 1


def test_the_mail_server_that_refuses_it_is_no_customer_that_cannot_be_reached(
    shop: Trip,
) -> None:
    shop.transport.plan("RCPT", "550 5.1.1 no such user")
    shop.go_round()

    assert shop.standing.waiting_state is OutboxState.FAILED
    assert shop.standing.waiting_why == "550 5.1.1 no such user"
    with shop.store.read() as tx:
        assert tx.overview.standing(shop.desk.mailbox_id, shop.at).outbox.failed == 0


@pytest.mark.parametrize("changed", [False, True], ids=["as it was sent", "with a footer"])
def test_in_sent_it_has_only_left(tmp_path: Path, changed: bool) -> None:
    shop = Trip(tmp_path, files_sent=True)
    shop.swallows = True
    shop.go_round()
    assert shop.lies_in("Sent") == []
    assert (shop.standing.back_at, shop.standing.waiting_since) == (None, START)

    shop.wait(minutes=2)
    shop.write(shop.probes[0] + b"-- \r\nA disclaimer\r\n" * changed, "Junk")
    shop.round()
    shop.settle()
    took = timedelta(minutes=2, seconds=3)
    back = ProbeStanding(START + took, took.total_seconds(), junked=True)
    # What is not what was seen in Sent is not deleted, but has come back all the same.
    assert shop.standing == replace(back, left=int(changed))
    assert len(shop.lies_in("Junk")) == changed
    shop.close()


def returned(shop: Trip, folder: str = "INBOX") -> None:
    """Let one go and come back; it is recorded, and not deleted yet."""
    shop.into = folder
    shop.probe()
    shop.deliver()
    shop.come_in()
    shop.receive()
    shop.process()


def test_a_copy_that_is_seen_while_the_first_one_is_deleted_goes_as_well(shop: Trip) -> None:
    returned(shop)
    deletes = shop.mailbox.delete

    def delete(folder: str, uid: int) -> bool:
        shop.mailbox.delete = deletes  # type: ignore[method-assign]
        shop.write(shop.probes[0], "Sent", flags=("\\Seen",))
        shop.receive()
        shop.process()
        return deletes(folder, uid)

    shop.mailbox.delete = delete  # type: ignore[method-assign]
    shop.settle()
    shop.settle()

    assert (shop.lies_in(), shop.lies_in("Sent")) == ([], [])
    assert shop.rows("select state from settlement where verb = 'remove_probe'") == [("done",)]


def test_what_cannot_be_proven_ours_is_told_and_stays_known(shop: Trip) -> None:
    returned(shop)
    (ours,) = shop.account.messages()
    other = replace(ours, raw=ours.raw.replace(b"by mx", b"by my"))
    shop.account.folder("INBOX").messages[ours.uid] = other
    shop.settle()
    assert shop.standing.left == 1
    assert shop.rows("select state, error from settlement where verb = 'remove_probe'") == [
        ("given_up", "it is not what came back")
    ]

    for _ in range(3):
        shop.wait(days=4)
        shop.go_round()
        while drop_probes(shop.store, shop.blobs, shop.files, shop.desk, shop.now):
            pass
    assert shop.lies_in() == [other.raw]
    tally = Tally()
    found = audit_mailbox(shop.store, shop.mailbox, shop.parser, shop.desk, START, tally)
    assert [one for one in found if one.wrong] == []


def test_a_further_copy_is_marked_where_nothing_more_can_be_done(shop: Trip) -> None:
    shop.account.deletes_singly = False
    shop.go_round()
    shop.write(shop.probes[0], "Sent", flags=("\\Seen",))
    shop.go_round()

    (copy,) = shop.account.messages("Sent")
    assert "\\Deleted" in copy.flags


def test_a_folder_that_refuses_keeps_no_other_from_being_cleared(shop: Trip) -> None:
    returned(shop, "Junk")
    (junked,) = shop.lies_in("Junk")
    shop.write(junked)
    shop.receive()
    shop.process()
    deletes = shop.mailbox.delete

    def delete(folder: str, uid: int) -> bool:
        if folder == "Junk":
            raise MailboxRefusedError("the folder is read-only")
        return deletes(folder, uid)

    shop.mailbox.delete = delete  # type: ignore[method-assign]
    shop.settle()

    assert (shop.lies_in(), shop.lies_in("Junk")) == ([], [junked])
    assert shop.rows("select state, failures from settlement where verb = 'remove_probe'") == [
        ("waiting", 1)
    ]
