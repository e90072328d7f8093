"""What a person says about threads and mails counts at once, and can be taken back."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maildaemon.domain.by_hand import HeldMail, ThreadState, Unreleasable
from maildaemon.domain.policy import Mode
from maildaemon.domain.threads import Status
from maildaemon.services import by_hand
from maildaemon.services.by_hand import Deed
from tests.service.shop import EXE, START, Shop, a_mail

SHADOW = Mode.SHADOW


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def rehearsing(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, mode=SHADOW)
    opened.start()
    yield opened
    opened.close()


def threads(shop: Shop) -> list[ThreadState]:
    references = [row[0] for row in shop.rows("select reference from thread order by id")]
    with shop.store.read() as tx:
        return [found for one in references if (found := tx.by_hand.thread(one))]


def the_thread(shop: Shop) -> ThreadState:
    [thread] = threads(shop)
    return thread


def say(shop: Shop, word: Callable[..., Deed], *what: object) -> Deed:
    """Say a word about the only thread."""
    thread = the_thread(shop)
    with shop.store.begin() as tx:
        return word(tx, thread, *what, "anna", shop.at)


def events(shop: Shop) -> list[str]:
    query = "select event from event where event like 'thread_%' order by id"
    return [row[0] for row in shop.rows(query)]


def receive(shop: Shop, raw: bytes, folder: str = "INBOX") -> None:
    shop.write(raw, folder)
    shop.receive()
    shop.process()


def held(shop: Shop, outbox_id: int = 1) -> HeldMail:
    with shop.store.read() as tx:
        mail = tx.by_hand.mail(outbox_id)
    assert mail is not None
    return mail


def release(shop: Shop, outbox_id: int = 1) -> Unreleasable | None:
    mail = held(shop, outbox_id)
    with shop.store.begin() as tx:
        return by_hand.release(tx, mail, "anna", shop.at)


def test_what_is_resolved_sends_nothing_that_was_queued_and_the_customer_reopens_it(
    shop: Shop,
) -> None:
    receive(shop, a_mail())
    assert shop.outbox == ["queued"]

    deed, again = (say(shop, by_hand.set_status, Status.RESOLVED) for _ in range(2))
    assert (deed, again) == (Deed(changed=True, cancelled=1), Deed(changed=False))
    assert the_thread(shop).status is Status.RESOLVED
    assert shop.deliver() == 0
    assert (shop.outbox, shop.customers_got) == (["cancelled"], [])

    shop.wait(hours=1)
    receive(shop, a_mail(message_id="c2@customer.example", In_Reply_To="<c1@customer.example>"))
    assert the_thread(shop).status is Status.OPEN
    assert events(shop) == ["thread_resolved"]


def test_a_muted_thread_says_nothing_until_it_is_taken_back(shop: Shop) -> None:
    receive(shop, a_mail())
    until = shop.at + timedelta(days=30)

    deed = say(shop, by_hand.mute, until)
    shop.wait(hours=25)
    reply = {"In_Reply_To": "<c1@customer.example>", "date": shop.at}
    files = (("a.exe", "application/octet-stream", EXE),)
    receive(shop, a_mail(message_id="c2@customer.example", files=files, **reply))  # type: ignore[arg-type]
    assert say(shop, by_hand.unmute).changed
    shop.wait(minutes=20)
    receive(shop, a_mail(message_id="c3@customer.example", files=files, **reply))  # type: ignore[arg-type]

    assert deed == Deed(changed=True, cancelled=1)
    assert shop.silences == [None, "muted", None]
    assert events(shop) == ["thread_muted", "thread_unmuted"]


def test_assigning_and_noting_stand_in_the_history(shop: Shop) -> None:
    receive(shop, a_mail())

    say(shop, by_hand.assign, "berta")
    say(shop, by_hand.annotate, "she called")
    assert the_thread(shop).assigned_to == "berta"
    assert say(shop, by_hand.assign, None).changed

    assert the_thread(shop).assigned_to is None
    assert events(shop) == ["thread_assigned", "thread_noted", "thread_assigned"]
    [(note,)] = shop.rows("select detail from event where event = 'thread_noted'")
    assert "she called" in note
    assert "anna" in note


def two_threads(shop: Shop) -> tuple[ThreadState, ThreadState]:
    """A customer who wrote twice, and was acknowledged for the first mail only."""
    receive(shop, a_mail())
    shop.deliver()
    shop.wait(minutes=1)
    receive(shop, a_mail("And another thing.", message_id="d1@customer.example", subject="Chain"))
    first, second = threads(shop)
    return first, second


def test_a_merged_thread_is_found_by_both_references_and_by_its_mails(shop: Shop) -> None:
    first, second = two_threads(shop)

    with shop.store.begin() as tx:
        by_hand.merge(tx, first, second, "anna", shop.at)
    shop.wait(hours=1)
    tag = {"subject": f"[#{first.reference}] My order", "message_id": "c8@customer.example"}
    receive(shop, a_mail(**tag))  # type: ignore[arg-type]
    receive(shop, a_mail(message_id="c9@customer.example", In_Reply_To="<c1@customer.example>"))

    assert shop.rows("select distinct thread_id from message") == [(second.thread_id,)]
    old, new = threads(shop)
    assert (old.merged_into, old.status) == (second.reference, Status.IGNORED)
    assert (new.status, new.acknowledged_at) == (Status.OPEN, first.acknowledged_at)
    assert shop.outbox == ["sent"], "one conversation, one acknowledgement"
    with shop.store.begin() as tx:
        assert tx.outbox.cancel_thread(first.thread_id, "nothing is left there", shop.at) == 0


def test_a_merge_with_what_a_person_has_answered_sends_nothing_more(shop: Shop) -> None:
    first, _ = two_threads(shop)
    receive(shop, a_mail(message_id="o1@olga.example", sender="olga@olga.example"))
    _, _, third = threads(shop)
    with shop.store.begin() as tx:
        tx.records.answered(first.thread_id, shop.at, 0)
    first, _, third = threads(shop)
    assert (shop.outbox, first.answered_at) == (["sent", "queued"], shop.at)

    with shop.store.begin() as tx:
        deed = by_hand.merge(tx, first, third, "anna", shop.at)

    assert deed == Deed(changed=True, cancelled=1)
    shop.receive()
    shop.deliver()
    assert shop.outbox == ["sent", "cancelled"]


def test_a_merge_into_a_muted_thread_says_nothing_more(shop: Shop) -> None:
    receive(shop, a_mail())
    say(shop, by_hand.mute, shop.at + timedelta(days=1))
    receive(shop, a_mail(message_id="o1@olga.example", sender="olga@olga.example"))
    muted, new = threads(shop)
    assert shop.outbox == ["cancelled", "queued"]

    with shop.store.begin() as tx:
        deed = by_hand.merge(tx, new, muted, "anna", shop.at)

    assert (deed.cancelled, shop.outbox) == (1, ["cancelled", "cancelled"])


def test_a_merge_is_undone_and_what_came_since_stays(shop: Shop) -> None:
    first, second = two_threads(shop)
    people = shop.rows("select thread_id, address, role from participant order by 1, 2")
    with shop.store.begin() as tx:
        by_hand.merge(tx, first, second, "anna", shop.at)
    shop.wait(hours=1)
    receive(shop, a_mail(message_id="d2@customer.example", In_Reply_To="<d1@customer.example>"))

    with shop.store.begin() as tx:
        source, target = (tx.by_hand.thread(one.reference) for one in (first, second))
        assert source is not None
        assert target is not None
        by_hand.split(tx, source, target, "anna", shop.at)

    query = "select message_id, thread_id from message order by id"
    assert shop.rows(query) == [
        ("c1@customer.example", first.thread_id),
        ("d1@customer.example", second.thread_id),
        ("d2@customer.example", second.thread_id),
    ]
    assert threads(shop)[0] == first
    assert shop.rows("select thread_id, address, role from participant order by 1, 2") == people
    assert events(shop) == [*["thread_merged"] * 2, *["thread_split"] * 2]


def test_two_customers_merged_by_mistake_are_strangers_to_each_other_again(shop: Shop) -> None:
    receive(shop, a_mail())
    receive(shop, a_mail(message_id="e1@other.example", sender="Egon <egon@other.example>"))
    first, second = threads(shop)

    with shop.store.begin() as tx:
        by_hand.merge(tx, first, second, "anna", shop.at)
    with shop.store.begin() as tx:
        source, target = (tx.by_hand.thread(one.reference) for one in (first, second))
        assert source is not None
        assert target is not None
        by_hand.split(tx, source, target, "anna", shop.at)

    assert shop.rows("select thread_id, address from participant order by 1") == [
        (first.thread_id, "clara@customer.example"),
        (second.thread_id, "egon@other.example"),
    ]
    assert threads(shop) == [first, second]


def test_merges_of_merges_lead_on_and_are_undone_in_any_order(shop: Shop) -> None:
    for name in ("a", "b", "c"):
        sender = f"{name} <{name}@{name}.example>"
        receive(shop, a_mail(message_id=f"1@{name}.example", sender=sender, subject=name))
    before = threads(shop)
    a, b, c = (one.reference for one in before)

    def word(word: Callable[..., Deed], source: str, target: str) -> None:
        with shop.store.begin() as tx:
            found = [tx.by_hand.thread(one) for one in (source, target)]
            assert word(tx, *found, "anna", shop.at).changed

    word(by_hand.merge, a, b)
    word(by_hand.merge, b, c)
    assert [one.merged_into for one in threads(shop)] == [c, c, None]
    word(by_hand.split, a, c)
    assert [one.merged_into for one in threads(shop)] == [None, c, None]
    word(by_hand.split, b, c)

    assert threads(shop) == before
    query = "select thread_id from message order by id"
    assert shop.rows(query) == [(one.thread_id,) for one in before]
    query = "select thread_id, address from participant order by 1, 2"
    assert [address for _, address in shop.rows(query)] == [f"{x}@{x}.example" for x in "abc"]


def test_a_rehearsed_mail_is_sent_at_a_persons_word_and_counts_from_then_on(
    rehearsing: Shop,
) -> None:
    shop = rehearsing
    receive(shop, a_mail())
    assert shop.outbox == ["shadow"]
    shop.wait(minutes=5)

    assert release(shop) is None
    shop.receive()
    shop.deliver()

    [mail] = shop.customers_got
    assert mail["To"] == "clara@customer.example"
    assert shop.outbox == ["sent"]
    assert the_thread(shop).acknowledged_at == START + timedelta(minutes=5)
    assert shop.rows("select count(*) from ledger where thread_id is not null") == [(1,)]
    assert release(shop) is Unreleasable.NOT_HELD_BACK


def test_what_came_too_late_or_was_answered_is_not_released(rehearsing: Shop) -> None:
    shop = rehearsing
    receive(shop, a_mail())
    thread, now = the_thread(shop), shop.at
    with shop.store.begin() as tx:
        by_hand.mute(tx, thread, now + timedelta(days=1), "anna", now)
    assert release(shop) is Unreleasable.MUTED
    with shop.store.begin() as tx:
        by_hand.set_status(tx, thread, Status.RESOLVED, "anna", now)
    assert release(shop) is Unreleasable.THREAD_CLOSED
    with shop.store.begin() as tx:
        tx.records.answered(thread.thread_id, now, 0)
    assert release(shop) is Unreleasable.STAFF_ANSWERED
    with shop.store.begin() as tx:
        tx.records.mark_undeliverable(1, "clara@customer.example", now + timedelta(days=1), "5.1.1")
    assert release(shop) is Unreleasable.ADDRESS_UNDELIVERABLE
    shop.wait(hours=25)
    assert release(shop) is Unreleasable.TOO_OLD
    assert shop.outbox == ["shadow"]


def test_no_thread_is_acknowledged_twice_by_hand(rehearsing: Shop) -> None:
    shop = rehearsing
    receive(shop, a_mail())
    thread = the_thread(shop)
    with shop.store.begin() as tx:
        tx.records.acknowledged(thread.thread_id, shop.at)

    assert release(shop) is Unreleasable.ACKNOWLEDGED_ALREADY


def test_what_a_person_cancelled_goes_out_after_all_if_he_says_so(shop: Shop) -> None:
    receive(shop, a_mail())
    with shop.store.begin() as tx:
        assert tx.outbox.cancel(1, "cancelled by anna", shop.at)

    assert release(shop) is None
    shop.receive()
    shop.deliver()

    assert (shop.outbox, len(shop.customers_got)) == (["sent"], 1)
    assert shop.rows("select count(*) from ledger where thread_id is not null") == [(1,)]


def test_a_rehearsed_mail_waits_in_the_queue_from_its_release_on(rehearsing: Shop) -> None:
    shop = rehearsing
    receive(shop, a_mail())
    shop.wait(hours=7)

    assert release(shop) is None

    assert shop.rows("select queued_at from outbox") == shop.rows("select at from ledger limit 1")


def test_a_released_mail_that_is_taken_back_counts_for_nothing(rehearsing: Shop) -> None:
    shop = rehearsing
    receive(shop, a_mail())
    shop.wait(minutes=5)
    assert release(shop) is None

    receive(shop, a_mail(), "Junk")

    assert shop.outbox == ["cancelled"]
    assert shop.rows("select count(*) from ledger") == [(0,)]


def test_a_mail_that_came_to_nothing_is_not_tried_again_once_a_person_has_answered(
    shop: Shop,
) -> None:
    receive(shop, a_mail())
    shop.transport.plan("RCPT", "550 5.7.1 not today")
    shop.receive()
    shop.deliver()
    thread = the_thread(shop)
    with shop.store.begin() as tx:
        tx.records.answered(thread.thread_id, shop.at, 0)

    assert retry(shop) is Unreleasable.STAFF_ANSWERED
    assert shop.outbox == ["failed"]


def test_a_mail_that_came_to_nothing_is_tried_again_at_a_persons_word(shop: Shop) -> None:
    receive(shop, a_mail())
    shop.transport.plan("RCPT", "550 5.7.1 not today")
    shop.receive()
    shop.deliver()

    assert retry(shop) is None
    shop.deliver()
    assert (shop.outbox, len(shop.customers_got)) == (["sent"], 1)
    assert retry(shop) is Unreleasable.NOT_HELD_BACK


def retry(shop: Shop) -> Unreleasable | None:
    mail = held(shop)
    with shop.store.begin() as tx:
        return by_hand.retry(tx, mail, "anna", shop.at)
