"""In the mode `drafts` a person sends what we wrote, or something else, or nothing."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from maildaemon.domain.brakes import Brake, Braking
from maildaemon.domain.by_hand import Unreleasable
from maildaemon.domain.delivery import Section
from maildaemon.domain.policy import Mode
from maildaemon.domain.spans import parse_span
from maildaemon.domain.timepolicy import Promise, TimePolicy
from maildaemon.domain.tokens import is_ours
from maildaemon.domain.understanding import Priority
from maildaemon.errors import MailboxUnavailableError
from maildaemon.services.by_hand import release
from tests.fakes.mailbox import FakeMailbox
from tests.service.shop import EXE, KEY, Shop, a_mail, a_policy, parsed

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

FILES = (("tool.exe", "application/x-dosexec", EXE),)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, mode=Mode.DRAFTS)
    opened.start()
    yield opened
    opened.close()


def drafts(shop: Shop) -> list[EmailMessage]:
    return [parsed(one.raw) for one in shop.account.messages("Drafts")]


def statuses(shop: Shop) -> list[str]:
    return [row[0] for row in shop.rows("select status from thread order by id")]


def events(shop: Shop) -> list[str]:
    return [row[0] for row in shop.rows("select event from event order by id")]


def answer(shop: Shop) -> None:
    """A person answers without looking at the draft."""
    raw = a_mail(
        "It ships today.",
        sender="support@shop.example",
        to="clara@customer.example",
        message_id="staff1@shop.example",
        In_Reply_To="<c1@customer.example>",
        date=shop.at,
    )
    shop.write(raw, "Sent")


def send_draft(shop: Shop, text: str | None = None, *, keep_id: bool = True) -> None:
    """A person presses Send: submission, a copy in Sent, and the draft is gone. `text`: what stands
    in it by then.
    """
    [draft] = shop.account.messages("Drafts")
    mail = copy.deepcopy(parsed(draft.raw))
    if not keep_id:
        mail.replace_header("Message-ID", "<client.1@shop.example>")
    if text is not None:
        mail.replace_header("Subject", "Your order")
        mail.clear_content()
        mail.set_content(text)
    shop.write(mail.as_bytes(), "Sent", flags=("\\Seen",))
    shop.account.expunge("Drafts", draft.uid)


@pytest.mark.postgresql
def test_a_draft_lies_in_the_folder_and_nothing_is_sent(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    shop.wait(hours=2)
    shop.round()

    [draft] = shop.account.messages("Drafts")
    assert draft.flags == {"\\Draft"}
    assert shop.outbox == ["draft"]
    assert shop.transport.commands == []
    assert shop.account.messages("Sent") == []
    assert events(shop)[-1] == "draft_put"


def test_a_draft_looks_like_one_that_a_person_wrote(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()

    [draft] = drafts(shop)
    assert draft["From"] == "Example Shop <support@shop.example>"
    assert draft["To"] == "clara@customer.example"
    assert draft["In-Reply-To"] == "<c1@customer.example>"
    assert str(draft["References"]).split() == ["<c1@customer.example>"]
    assert not is_ours(KEY, str(draft["Message-ID"]).strip("<>"))
    telling = ("auto-submitted", "x-auto-response-suppress", "x-maildaemon-loop", "precedence")
    assert [name for name in draft if name.lower() in telling] == []
    for kind in ("plain", "html"):
        text = draft.get_body((kind,))
        assert text is not None
        assert "Thank you for writing to us." in " ".join(text.get_content().split())
        assert "automatically" not in text.get_content()


@pytest.mark.parametrize("keep_id", [False, True])
def test_what_a_person_writes_instead_of_it_is_an_answer(shop: Shop, *, keep_id: bool) -> None:
    shop.write(a_mail())
    shop.round()
    shop.wait(minutes=10)
    send_draft(shop, "Dear Clara, your order ships today.", keep_id=keep_id)
    shop.round()

    assert shop.rows("select kind, staff_answer from message order by id") == [
        ("customer", 0),
        ("staff", 1),
    ]
    assert statuses(shop) == ["pending"]
    assert drafts(shop) == []
    assert shop.transport.commands == []


@pytest.mark.postgresql
@pytest.mark.parametrize("keep_id", [False, True])
def test_what_a_person_sends_as_we_wrote_it_promises_an_answer_and_is_none(
    tmp_path: Path, *, keep_id: bool
) -> None:
    shop = a_promising_shop(tmp_path)
    shop.write(a_mail())
    shop.round()
    assert due(shop) == ["late"]
    shop.wait(minutes=10)
    send_draft(shop, keep_id=keep_id)
    shop.round()

    assert statuses(shop) == ["open"]
    assert shop.rows("select kind, staff_answer from message order by id")[1:] == [("staff", 0)]
    assert "staff_answered" not in events(shop)
    # What it says is told from now on, whatever the policy will say.
    shop.close()
    shop.policy = replace(shop.policy, time=TimePolicy())
    shop.open()
    shop.round()
    assert due(shop) == ["late"]
    shop.wait(days=4)
    shop.round()
    assert "promise_broken" in events(shop)
    shop.close()


def test_a_date_in_a_draft_that_nobody_sends_was_never_told(tmp_path: Path) -> None:
    shop = a_promising_shop(tmp_path)
    shop.write(a_mail())
    shop.round()
    shop.close()
    shop.policy = replace(shop.policy, time=TimePolicy())
    shop.open()
    shop.round()

    assert due(shop) == []
    shop.close()


def test_a_sentence_of_ones_own_makes_an_answer_of_an_acknowledgement(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    [draft] = drafts(shop)
    body = draft.get_body(("plain",))
    assert body is not None
    own = "Dear Clara,\n\nit left our house this morning, with DHL."
    send_draft(shop, f"{own}\n\n{body.get_content()}\n\nAnna")
    shop.round()

    assert statuses(shop) == ["pending"]


def test_a_greeting_and_a_name_make_no_answer_of_an_acknowledgement(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    [draft] = drafts(shop)
    body = draft.get_body(("plain",))
    assert body is not None
    send_draft(shop, f"Dear Clara,\n\n{body.get_content()}\n\nAnna Rossi")
    shop.round()

    assert statuses(shop) == ["open"]


def test_a_program_that_sends_the_page_alone_makes_no_answer_of_an_acknowledgement(
    shop: Shop,
) -> None:
    """Its headings stand in no plain text."""
    for number, text in enumerate(("Where is my order 123456?", "Où est ma commande 123456 ?")):
        asked = f"p{number}@x.example"
        shop.write(a_mail(text, sender=f"clara{number}@x.example", message_id=asked))
    shop.round()
    for one in shop.account.messages("Drafts"):
        mail = copy.deepcopy(parsed(one.raw))
        page = mail.get_body(("html",))
        assert page is not None
        mail.clear_content()
        mail.set_content(page.get_content(), subtype="html")
        shop.write(mail.as_bytes(), "Sent")
    shop.round()

    assert statuses(shop) == ["open", "open"]
    assert shop.rows("select count(*) from message where kind = 'staff'") == [(2,)]


def a_promising_shop(folder: Path) -> Shop:
    promise = Promise(first_reply=parse_span("48 hours"))
    time = TimePolicy(promises=((Priority.NORMAL, promise),))
    opened = Shop(folder, mode=Mode.DRAFTS, time=time)
    opened.start()
    return opened


def due(shop: Shop) -> list[str]:
    rows = shop.rows("select kind from timer where state='armed' order by due_at")
    return [str(row[0]) for row in rows]


def test_the_customers_answer_to_it_is_an_answer_to_a_person(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    sent_id = str(drafts(shop)[0]["Message-ID"])
    send_draft(shop)
    shop.round()
    shop.wait(hours=1)
    shop.write(a_mail("When?", message_id="c2@c.example", In_Reply_To=sent_id, date=shop.at))
    shop.round()

    assert shop.silences[-1] == "acknowledged_already"
    assert statuses(shop) == ["open"]
    assert shop.outbox == ["draft"]


def test_a_thread_gets_one_acknowledgement_draft(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    shop.wait(hours=1)
    shop.write(
        a_mail(
            "More.", message_id="c2@c.example", In_Reply_To="<c1@customer.example>", date=shop.at
        )
    )
    shop.round()

    assert shop.silences == [None, "acknowledged_already"]
    assert len(drafts(shop)) == 1


def test_drafts_count_for_the_ceiling_of_an_address(shop: Shop) -> None:
    for number in range(2):
        shop.write(a_mail(message_id=f"c{number}@customer.example"))
    shop.round()

    assert shop.silences == [None, "sender_ceiling"]


def test_what_a_person_answered_first_gets_no_draft(shop: Shop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()
    shop.wait(minutes=1)
    answer(shop)
    shop.receive()
    shop.process()
    shop.settle()

    assert shop.outbox == ["cancelled"]
    assert drafts(shop) == []
    assert statuses(shop) == ["pending"]
    shop.wait(hours=1)
    shop.round()
    assert shop.rows("select state from settlement") == [("cancelled",)]


def test_a_draft_that_lies_there_is_left_to_the_person_who_answered_otherwise(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    answer(shop)
    shop.round()

    assert shop.outbox == ["draft"]
    assert len(drafts(shop)) == 1
    assert statuses(shop) == ["pending"]


def test_a_draft_waits_until_sent_has_been_read(shop: Shop) -> None:
    shop.write(a_mail())
    real = shop.mailbox.examine

    def gone(folder: str):  # type: ignore[no-untyped-def]
        if folder == "Sent":
            raise MailboxUnavailableError("gone")
        return real(folder)

    shop.mailbox.examine = gone  # type: ignore[method-assign]
    with pytest.raises(MailboxUnavailableError):
        shop.receive()
    shop.process()
    shop.settle()
    assert drafts(shop) == []
    shop.mailbox.examine = real  # type: ignore[method-assign]
    shop.wait(minutes=1)
    shop.round()
    assert len(drafts(shop)) == 1


def test_a_missing_folder_for_drafts_is_told_and_waited_for(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.mailbox = FakeMailbox(shop.account, drafts=None)
    shop.write(a_mail())
    shop.round()
    assert "draft.refused" in [one.message for one in caplog.records]
    assert stuck(shop) == 1

    shop.mailbox = FakeMailbox(shop.account)
    shop.wait(minutes=2)
    shop.round()
    shop.wait(minutes=2)
    shop.round()
    assert len(drafts(shop)) == 1
    assert stuck(shop) == 0


def stuck(shop: Shop) -> int:
    from maildaemon.adapters.sql.standing import SqlStanding

    with shop.sql.engine.connect() as connection:
        return SqlStanding(connection, shop.desk.mailbox_id, shop.at).read().outbox.drafts_stuck


@pytest.mark.postgresql
def test_an_acknowledgement_that_cannot_be_put_for_a_day_is_given_up(shop: Shop) -> None:
    shop.mailbox = FakeMailbox(shop.account, drafts=None)
    shop.write(a_mail())
    for _ in range(30):
        shop.round()
        shop.wait(hours=1)

    assert shop.outbox == ["expired"]
    with shop.store.begin() as tx:
        assert tx.outbox.retry_now(1, shop.at)
    shop.mailbox = FakeMailbox(shop.account)
    shop.round()
    shop.wait(minutes=1)
    shop.round()
    assert shop.outbox == ["draft"]
    assert len(drafts(shop)) == 1
    assert shop.transport.commands == []


def test_an_operator_can_cancel_a_draft_only_before_it_lies_there(shop: Shop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()
    with shop.store.begin() as tx:
        assert tx.outbox.cancel(1, "no", shop.at)
    shop.round()
    assert drafts(shop) == []

    shop.write(a_mail(sender="dora@x.example", message_id="d1@x.example"))
    shop.round()
    with shop.store.begin() as tx:
        assert not tx.outbox.cancel(2, "no", shop.at)
    assert shop.outbox == ["cancelled", "draft"]


def test_no_word_of_an_operator_makes_us_send_a_draft(shop: Shop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()
    with shop.store.begin() as tx:
        held = tx.by_hand.mail(1)
        assert held is not None
        assert release(tx, held, "olga", shop.at) is Unreleasable.IN_DRAFTS
        tx.outbox.cancel(1, "no", shop.at)
        held = tx.by_hand.mail(1)
        assert held is not None
        assert release(tx, held, "olga", shop.at) is Unreleasable.IN_DRAFTS


def test_a_draft_that_was_put_before_a_death_is_not_put_twice(shop: Shop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()
    real = shop.mailbox.append

    def dying(*args: object, **options: bool) -> None:
        real(*args, **options)  # type: ignore[arg-type]
        raise MailboxUnavailableError("the connection is gone")

    shop.mailbox.append = dying  # type: ignore[method-assign,assignment]
    with pytest.raises(MailboxUnavailableError):
        shop.settle()
    shop.mailbox.append = real  # type: ignore[method-assign]
    for _ in range(3):
        shop.wait(minutes=3)
        shop.round()

    assert len(drafts(shop)) == 1
    assert shop.outbox == ["draft"]


def test_a_draft_that_was_sent_before_we_noted_it_is_not_put_again(shop: Shop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()
    real = shop.mailbox.append

    def dying(*args: object, **options: bool) -> None:
        real(*args, **options)  # type: ignore[arg-type]
        raise MailboxUnavailableError("the connection is gone")

    shop.mailbox.append = dying  # type: ignore[method-assign,assignment]
    with pytest.raises(MailboxUnavailableError):
        shop.settle()
    shop.mailbox.append = real  # type: ignore[method-assign]
    shop.wait(minutes=1)
    send_draft(shop)
    shop.wait(minutes=5)
    shop.settle()
    assert drafts(shop) == []
    for _ in range(3):
        shop.wait(seconds=20)
        shop.round()

    assert drafts(shop) == []
    assert shop.outbox == ["draft"]
    assert statuses(shop) == ["open"]


def test_no_draft_is_put_while_automatic_mail_stands_still(shop: Shop) -> None:
    shop.write(a_mail())
    shop.receive()
    shop.process()
    with shop.store.begin() as tx:
        tx.brakes.put_on(shop.desk.mailbox_id, Braking(Brake.BREAKER, "too much", shop.at, None))
    shop.round()
    assert drafts(shop) == []
    with shop.store.begin() as tx:
        tx.brakes.release(shop.desk.mailbox_id, shop.at)
    shop.wait(minutes=1)
    shop.round()
    assert len(drafts(shop)) == 1


def test_a_mail_with_sections_of_several_modes_takes_the_most_cautious(tmp_path: Path) -> None:
    modes = ((Section.REFUSED_FILES, Mode.DRAFTS),)
    shop = Shop(tmp_path, mode=Mode.LIVE, modes=modes)
    shop.start()
    shop.write(a_mail(files=FILES))
    shop.write(a_mail(sender="dora@x.example", message_id="d1@x.example"))
    shop.round()

    assert shop.outbox == ["draft", "sent"]
    assert [mail["To"] for mail in shop.customers_got] == ["dora@x.example"]
    shop.close()


def test_what_was_a_draft_is_not_sent_in_live_mode_later(shop: Shop) -> None:
    shop.write(a_mail())
    shop.round()
    shop.close()
    shop.policy = a_policy(mode=Mode.LIVE)
    shop.open()
    shop.wait(hours=1)
    shop.account.change_uidvalidity("Sent")
    shop.round()

    assert shop.outbox == ["draft"]
    assert shop.transport.commands == []


@pytest.mark.postgresql
def test_a_draft_for_what_went_to_junk_is_taken_back_and_comes_again(shop: Shop) -> None:
    uid = shop.write(a_mail())
    shop.receive()
    shop.process()
    uid = shop.account.move("INBOX", uid, "Junk")
    shop.receive()
    shop.process()
    shop.wait(minutes=1)
    shop.settle()
    assert shop.outbox == ["cancelled"]
    shop.account.move("Junk", uid, "INBOX")
    shop.wait(minutes=1)
    shop.round()
    shop.wait(minutes=1)
    shop.round()

    assert shop.outbox == ["draft"]
    assert len(drafts(shop)) == 1


def test_a_draft_is_found_among_others(shop: Shop) -> None:
    for number in range(5):
        shop.write(a_mail(message_id=f"other{number}@shop.example"), "Drafts")
    shop.account.deliver(
        a_mail(message_id="old@shop.example"), "Drafts", at=shop.at - timedelta(days=9)
    )
    shop.write(a_mail())
    shop.round()

    assert len(drafts(shop)) == 7
