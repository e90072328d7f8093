"""Staff answer from whatever mail program they like, and the conversation ends as they would say.

Each test is a conversation: what was written, where it lay, and how things stand at the end: whose
turn it is in each thread, what became of our automatic mails, and who got any.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.policy import Mode, Reads
from maildaemon.domain.reading import NumberPattern, Part, Search
from maildaemon.domain.rules import Condition, Rule
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import AfterAnswer
from maildaemon.services.by_hand import set_status
from maildaemon.services.colleague import read_colleague
from maildaemon.services.desk import Desk
from tests.fakes.mailbox import FakeAccount, FakeMailbox
from tests.service.clients import PROGRAMS, ROOT, Letter
from tests.service.shop import KEY, Shop, a_mail, a_policy, parsed

# What is asked of the store here is asked on every database in `test_threading`.
pytestmark = pytest.mark.sqlite

CLARA = "clara@customer.example"
SUPPLIER = "Otto <otto@gems.example>"
ORDER = NumberPattern("order", r"\b\d{6}\b")
ANNA = "Anna <anna@shop.example>"
VOUCHED = ("Authentication-Results: mx.shop.example; dkim=pass header.d=shop.example",)


@dataclass(frozen=True, slots=True)
class End:
    """How a conversation stands: whose turn it is in each thread, our mails, and who got them."""

    turns: tuple[str, ...]
    mails: tuple[str, ...] = ("sent",)
    got: tuple[str, ...] = (CLARA,)


class Talk:
    """A shop and its customer Clara, with what the staff do in their mail programs."""

    def __init__(self, folder: Path, **policy: Any) -> None:
        self.shop = Shop(folder, **policy)
        self.shop.start()

    def customer(self, text: str = "", **options: Any) -> None:
        """Clara writes, and everything that is due is done."""
        options = {"date": self.shop.at, **({"body": text} if text else {}), **options}
        self.shop.write(a_mail(**options))
        self.shop.round()
        self.shop.wait(minutes=20)

    def letter(self, program: str = "Thunderbird", **options: Any) -> Letter:
        return Letter(program, self.shop.at, **options)

    def staff(self, program: str = "Thunderbird", folder: str = "Sent", **options: Any) -> Letter:
        """Somebody of the shop writes, and everything that is due is done."""
        letter = self.letter(program, **options)
        self.shop.write(letter.raw, folder, flags=("\\Seen",))
        self.shop.round()
        self.shop.wait(minutes=20)
        return letter

    def replies(self, *cites: str, sender: str = f"Clara <{CLARA}>", **options: Any) -> None:
        """Somebody answers a mail from the shop."""
        options = {
            "subject": "Re: My order",
            "message_id": f"r{self.shop.at.timestamp():.0f}@customer.example",
            "In_Reply_To": f"<{cites[-1]}>",
            "References": " ".join(f"<{one}>" for one in cites),
            **options,
        }
        self.customer(options.pop("body", "And when will it be here?"), sender=sender, **options)

    @property
    def end(self) -> End:
        """Let a day pass, and return how it all stands then."""
        self.shop.wait(days=1)
        self.shop.round()
        turns = self.shop.rows("select status from thread where merged_into is null order by id")
        got = tuple(str(mail["To"]) for mail in self.shop.customers_got)
        return End(tuple(row[0] for row in turns), tuple(self.shop.outbox), got)

    def kinds(self) -> list[str]:
        rows = self.shop.rows("select kind from message where kind != 'own' order by id")
        return [row[0] for row in rows]

    def event(self, name: str) -> list[Any]:
        with self.shop.sql.read() as tx:
            from maildaemon.adapters.sql.listings import listings_in

            references = [row[0] for row in self.shop.rows("select reference from thread")]
            found = [one for ref in references for one in listings_in(tx).events(ref)]
        return [one.detail for one in found if one.event == name]


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    opened = Talk(tmp_path, order_numbers=(ORDER,))
    yield opened
    opened.shop.close()


# --- an answer, in whatever program --------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_in_sent_makes_it_the_customers_turn(talk: Talk, program: str) -> None:
    talk.customer()
    talk.staff(program)

    assert talk.end == End(("pending",))


@pytest.mark.parametrize("program", ["Outlook", "Samsung", "Exchange phone"])
def test_an_answer_that_is_quicker_than_we_are_is_the_only_mail(talk: Talk, program: str) -> None:
    talk.shop.write(a_mail())
    talk.shop.wait(seconds=2)
    talk.shop.receive()
    talk.shop.process()
    talk.staff(program)

    assert talk.end == End(("pending",), ("cancelled",), ())


def test_a_new_mail_about_the_order_is_an_answer(talk: Talk) -> None:
    talk.customer(subject="Hello")
    talk.customer("Is 654321 a ring, too?", subject="Ring", message_id="c2@customer.example")
    talk.staff("Outlook", new=True, subject="Your order 123456")

    assert talk.end == End(("pending", "open"), ("sent", "sent"), (CLARA, CLARA))


def test_a_new_mail_without_a_number_is_an_answer_if_one_thread_waits(talk: Talk) -> None:
    talk.customer("Where is my parcel?")
    talk.staff("Gmail", new=True, subject="Your parcel")

    assert talk.end == End(("pending",))


def test_a_new_mail_that_may_be_meant_for_two_threads_is_taken_for_neither(talk: Talk) -> None:
    talk.customer("Where is my parcel?", subject="Parcel")
    talk.customer("What does the ring cost?", subject="Ring", message_id="c2@customer.example")
    talk.staff("Gmail", new=True, subject="News for you")

    assert talk.end == End(("open", "open", "pending"), ("sent", "sent"), (CLARA, CLARA))


def test_news_to_many_customers_is_an_answer_to_none(talk: Talk) -> None:
    talk.customer("Where is my parcel?")
    talk.staff(new=True, subject="We are closed on Monday", to=f"{CLARA}, carl@x.example")

    assert talk.end == End(("open", "pending"))


def test_a_phone_that_names_nothing_is_known_by_the_subject(talk: Talk) -> None:
    talk.customer("Where is my parcel?")
    talk.customer("What does it cost?", subject="Ring", message_id="c2@customer.example")
    talk.staff("Samsung", subject="Ring")

    assert talk.end == End(("open", "pending"), ("sent", "sent"), (CLARA, CLARA))


def test_an_answer_from_a_second_address_of_the_shop(talk: Talk) -> None:
    talk.customer()
    talk.staff("Apple Mail", sender=ANNA)

    assert talk.end == End(("pending",))


def test_an_answer_from_a_shared_account_under_a_name_nobody_has_told_us(talk: Talk) -> None:
    talk.customer()
    talk.staff(
        "new Outlook", sender="Sales <sales@shop.example>", extra=("Sender: x@shop.example",)
    )

    assert talk.end == End(("pending",))


def test_an_answer_of_which_the_customer_gets_a_blind_copy(talk: Talk) -> None:
    talk.customer()
    talk.staff(to="support@shop.example", bcc=CLARA)

    assert talk.end == End(("pending",))


# --- relays and copies ---------------------------------------------------------------------

REWRITTEN = "0102018f3c1f5c1a-7b20144f-7160-4c7b-9e5e-6b1f2c3d4e5f-000000@eu-west-1.amazonses.com"


def test_a_relay_rewrites_the_id_and_the_customer_answers_that(talk: Talk) -> None:
    talk.customer()
    talk.staff()
    talk.replies(ROOT, REWRITTEN)

    assert talk.end == End(("open",))


def test_a_relay_rewrites_the_id_of_an_answer_that_was_written_as_a_new_mail(talk: Talk) -> None:
    talk.customer()
    talk.staff(new=True, subject="Your order 123456")
    talk.replies(REWRITTEN, subject="Re: Your order 123456")

    assert talk.end == End(("open",))


def test_a_relay_rewrites_the_id_of_a_mail_with_which_staff_began(talk: Talk) -> None:
    talk.staff(new=True, subject="Your ring is ready")
    talk.replies(REWRITTEN, subject="Re: Your ring is ready")

    assert talk.end == End(("open",), (), ())


def test_the_same_answer_lies_in_sent_twice(talk: Talk) -> None:
    talk.customer()
    letter = talk.staff("Outlook")
    filed = letter.raw.replace(b"X-Mailer: Microsoft Outlook 16.0\r\n", b"X-Mailer: x\r\n")
    talk.shop.write(b"Received: from [192.0.2.7] by mail.shop.example; x\r\n" + filed, "Sent")
    talk.shop.round()

    assert talk.end == End(("pending",))
    assert len(talk.event("staff_answered")) == 1


def test_the_copy_of_the_server_has_another_text_than_that_of_the_program(talk: Talk) -> None:
    """Some gateways add a footer: two records, one answer more, and nothing else happens."""
    talk.customer()
    letter = talk.staff("Outlook")
    talk.shop.write(letter.raw + b"\r\nExample Shop Ltd, London\r\n", "Sent")
    talk.shop.round()

    assert talk.end == End(("pending",))


def test_an_answer_that_is_moved_into_a_folder_of_a_project_stays_one(talk: Talk) -> None:
    shop = talk.shop
    shop.account.create("Project Clara")
    shop.mailbox = FakeMailbox(shop.account, others=("Project Clara",))
    talk.customer()
    talk.staff()
    [answer] = [one for one in shop.account.messages("Sent") if b"left our house" in one.raw]
    shop.account.move("Sent", answer.uid, "Project Clara")

    assert talk.end == End(("pending",))


def test_cleaning_up_sent_changes_nothing(talk: Talk) -> None:
    talk.customer()
    talk.staff()
    for one in talk.shop.account.messages("Sent"):
        talk.shop.account.expunge("Sent", one.uid)

    assert talk.end == End(("pending",))


# --- a colleague's own account, and copies to us -------------------------------------------


class Colleague:
    """Anna's own account, of which only Sent is read."""

    def __init__(self, talk: Talk) -> None:
        shop = self.shop = talk.shop
        self.account = FakeAccount(shop.now)
        with shop.sql.begin() as tx:
            mine = tx.mailboxes.ensure("anna").mailbox_id
        numbers = {"order_numbers": (ORDER,)}
        policy = a_policy(mailbox="anna", reads=Reads.SENT_ONLY, **numbers)
        self.desk = Desk(mine, policy, KEY, timedelta(days=30), homes=(shop.desk.mailbox_id,))
        shop.desk = replace(shop.desk, colleagues=((mine, "anna"),))
        self.mailbox = FakeMailbox(self.account)
        self.read()

    def read(self) -> int:
        shop = self.shop
        count = read_colleague(
            shop.store, self.mailbox, shop.blobs, shop.parser, self.desk, shop.now
        )
        shop.round()
        return count

    def sends(self, letter: Letter) -> None:
        self.account.deliver(letter.raw, "Sent", flags=("\\Seen",))
        self.read()


def test_an_answer_from_a_colleagues_own_account(talk: Talk) -> None:
    anna = Colleague(talk)
    talk.customer()
    anna.read()
    anna.sends(talk.letter("iPhone", sender=ANNA))
    anna.read()

    assert talk.end.turns == ("pending",)


def test_a_colleagues_new_mail_about_the_order_is_an_answer(talk: Talk) -> None:
    anna = Colleague(talk)
    talk.customer()
    anna.read()
    anna.sends(talk.letter("Samsung", sender=ANNA, new=True, subject="Your order 123456"))
    anna.read()

    assert talk.end.turns == ("pending",)


def test_what_a_colleague_writes_to_a_customer_about_nothing_of_ours_is_her_own(
    talk: Talk,
) -> None:
    anna = Colleague(talk)
    talk.customer()
    anna.read()
    anna.sends(talk.letter("iPhone", sender=ANNA, new=True, subject="Dinner on Friday?"))
    anna.read()

    assert talk.end.turns == ("open",)
    assert talk.kinds() == ["customer"]


def test_an_answer_that_our_own_mail_has_overtaken_counts(tmp_path: Path) -> None:
    """Anna's account is read after the copy of our acknowledgement, which is younger."""
    talk = Talk(tmp_path, mode=Mode.LIVE)
    talk.shop.files_sent = True
    anna = Colleague(talk)
    talk.shop.write(a_mail())
    talk.shop.wait(seconds=1)
    answer = talk.letter("iPhone", sender=ANNA)
    anna.account.deliver(answer.raw, "Sent")
    talk.shop.wait(seconds=2)
    talk.shop.desk = replace(talk.shop.desk, colleagues=())  # nobody waits for her
    talk.shop.round()
    anna.read()

    assert talk.end == End(("pending",))
    talk.shop.close()


def test_a_copy_to_the_mailbox_that_our_server_vouches_for_is_an_answer(tmp_path: Path) -> None:
    talk = Talk(tmp_path, authserv_id="mx.shop.example")
    talk.customer()
    talk.staff("iPhone", "INBOX", sender=ANNA, cc="support@shop.example", extra=VOUCHED)

    assert talk.end == End(("pending",))
    talk.shop.close()


def test_a_copy_to_the_mailbox_that_nobody_vouches_for_is_none(tmp_path: Path) -> None:
    talk = Talk(tmp_path, authserv_id="mx.shop.example")
    talk.customer()
    talk.staff("iPhone", "INBOX", sender=ANNA, cc="support@shop.example")

    end = talk.end
    assert end.turns[0] == "open"
    assert (end.mails, end.got) == (("sent",), (CLARA,))
    talk.shop.close()


def test_a_blind_copy_to_the_mailbox_of_a_new_mail_is_an_answer(tmp_path: Path) -> None:
    talk = Talk(tmp_path, authserv_id="mx.shop.example")
    talk.customer("Where is my parcel?")
    talk.staff(
        "K-9",
        "INBOX",
        sender=ANNA,
        new=True,
        subject="Your parcel",
        extra=(*VOUCHED, "Delivered-To: support@shop.example"),
    )

    assert talk.end == End(("pending",))
    talk.shop.close()


# --- suppliers and other people ------------------------------------------------------------


@pytest.mark.parametrize("program", ["Thunderbird", "new Outlook", "Apple Mail"])
def test_a_forward_to_a_supplier_and_his_answer_leave_the_customer_waiting(
    talk: Talk, program: str
) -> None:
    talk.customer()
    letter = talk.staff(program, to=SUPPLIER, forward=True, text="Otto, can you look?")
    talk.replies(ROOT, letter.id, sender=SUPPLIER, subject="Re: Fwd: My order", body="On Monday.")

    assert talk.end == End(("open",))
    assert talk.kinds() == ["customer", "staff", "partner"]


def test_thanks_to_a_supplier_are_no_answer_to_the_customer(talk: Talk) -> None:
    talk.customer()
    letter = talk.staff(to=SUPPLIER, forward=True, text="Otto, can you look?")
    talk.replies(ROOT, letter.id, sender=SUPPLIER, message_id="o1@gems.example", body="On Monday.")
    talk.staff(to=SUPPLIER, cites=(ROOT, letter.id, "o1@gems.example"), number=2, text="Thanks.")

    assert talk.end == End(("open",))


def test_what_a_supplier_tells_after_our_answer_makes_the_next_step_ours(talk: Talk) -> None:
    talk.customer()
    letter = talk.staff(cc=SUPPLIER, text="Dear Clara, Otto will look at it.")
    talk.replies(ROOT, letter.id, sender=SUPPLIER, Cc=CLARA, body="I have looked: Monday.")

    assert talk.end == End(("working",))


def test_a_customer_who_answers_all_with_the_supplier_among_them_is_answered(talk: Talk) -> None:
    talk.customer()
    letter = talk.staff(cc=SUPPLIER)
    talk.replies(ROOT, letter.id, Cc=SUPPLIER)
    assert talk.end == End(("open",))
    talk.staff("Gmail", to=SUPPLIER, number=2, forward=True)
    assert talk.end == End(("open",))
    talk.staff("Gmail", cc=SUPPLIER, number=3)

    assert talk.end == End(("pending",))


def test_a_customer_who_writes_from_the_second_address_we_wrote_to_is_heard(talk: Talk) -> None:
    talk.customer()
    letter = talk.staff("Gmail", to="Clara <clara@work.example>", forward=True)
    # Nobody knows yet whose address that is but by the name.
    talk.replies(ROOT, letter.id, sender="Clara <clara@work.example>", message_id="w1@work.example")
    assert talk.end == End(("open",))
    talk.staff("Gmail", to="clara@work.example", cites=(ROOT, "w1@work.example"), number=2)

    assert talk.end == End(("pending",))


def test_a_customers_second_address_without_a_name_is_not_forgotten(talk: Talk) -> None:
    talk.customer()
    letter = talk.staff("Gmail", cc="cr1984@work.example")
    talk.replies(ROOT, letter.id, sender="cr1984@work.example", message_id="w1@work.example")

    assert talk.end == End(("working",))


def test_an_answer_to_the_customers_colleague_with_her_in_copy_is_one(talk: Talk) -> None:
    talk.customer(Cc="Carl <carl@customer.example>")
    talk.staff("new Outlook", to="Carl <carl@customer.example>", cc=CLARA)

    assert talk.end == End(("pending",))


def test_what_goes_to_the_customers_colleague_alone_leaves_her_waiting(talk: Talk) -> None:
    talk.customer(Cc="Carl <carl@customer.example>")
    talk.staff("new Outlook", to="Carl <carl@customer.example>")

    assert talk.end == End(("open",))


def test_a_forward_as_an_attachment_is_no_answer(talk: Talk) -> None:
    talk.customer()
    inner = a_mail().replace(b"\n", b"\n")
    head = (
        "From: Example Shop <support@shop.example>\r\nTo: Otto <otto@gems.example>\r\n"
        "Subject: Fwd: My order\r\nDate: Sat, 21 Nov 2026 12:20:00 +0000\r\n"
        "Message-ID: <7a1b2c3d-0001@shop.example>\r\nUser-Agent: Mozilla Thunderbird\r\n"
        f"X-Forwarded-Message-Id: <{ROOT}>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\n\r\nSee below.\r\n"
        '--b\r\nContent-Type: message/rfc822; name="My order.eml"\r\n'
        'Content-Disposition: attachment; filename="My order.eml"\r\n\r\n'
    )
    talk.shop.write(head.encode() + inner + b"\r\n--b--\r\n", "Sent")
    talk.shop.round()

    assert talk.end == End(("open",))


# --- interim answers, two people, drafts ---------------------------------------------------


def test_an_interim_answer_of_a_matter_that_a_rule_keeps_in_work(tmp_path: Path) -> None:
    damaged = Condition(any=(Search("waiting", (Part.TEXT,)),))
    rule = Rule("late", damaged, after_answer=AfterAnswer.WORKING)
    talk = Talk(tmp_path, rules=(rule,))
    talk.customer()
    talk.staff("iPhone", text="Dear Clara, we are looking into it.")

    assert talk.end == End(("working",))
    assert talk.event("staff_answered") == [{"cancelled": 0, "waited_seconds": 1200}]
    talk.shop.close()


def test_an_interim_answer_after_which_a_person_says_that_it_is_in_work(talk: Talk) -> None:
    talk.customer()
    talk.staff("iPhone", text="Dear Clara, we are looking into it.")
    [[reference]] = talk.shop.rows("select reference from thread")
    with talk.shop.store.begin() as tx:
        thread = tx.by_hand.thread(reference)
        assert thread is not None
        set_status(tx, thread, Status.WORKING, "anna", talk.shop.now())
    assert talk.end == End(("working",))
    talk.staff("iPhone", text="Dear Clara, still looking.", number=2)

    # What a person has said holds until a person says otherwise.
    assert talk.end == End(("working",))


def test_two_of_us_answer_at_once(talk: Talk) -> None:
    talk.shop.write(a_mail())
    talk.shop.wait(seconds=5)
    talk.shop.receive()
    talk.shop.process()
    talk.shop.write(talk.letter("Outlook").raw, "Sent")
    talk.shop.write(talk.letter("iPhone", sender=ANNA, text="Dear Clara, Monday.").raw, "Sent")
    talk.shop.round()

    assert talk.end == End(("pending",), ("cancelled",), ())
    first, second = talk.event("staff_answered")
    assert (first["waited_seconds"], "waited_seconds" in second) == (5, False)


@pytest.mark.parametrize("program", ["Thunderbird", "new Outlook", "iPhone"])
def test_a_draft_of_ours_that_a_person_changed_and_sent_is_an_answer(
    tmp_path: Path, program: str
) -> None:
    talk = Talk(tmp_path, mode=Mode.DRAFTS)
    talk.customer()
    [draft] = talk.shop.account.messages("Drafts")
    mail = parsed(draft.raw)
    kept = mail["Message-ID"].strip("<>") if program == "Thunderbird" else None
    talk.shop.account.expunge("Drafts", draft.uid)
    talk.staff(program, subject=str(mail["Subject"]), message_id=kept, new=False)

    assert talk.end == End(("pending",), ("draft",), ())
    talk.shop.close()


def test_staff_write_first_and_nothing_is_said_until_she_answers(talk: Talk) -> None:
    letter = talk.staff(new=True, subject="Your ring is ready")
    assert talk.end == End(("pending",), (), ())
    talk.replies(letter.id, subject="Re: Your ring is ready")

    assert talk.end == End(("open",), (), ())


# --- the second before and after -----------------------------------------------------------


def test_an_answer_a_second_before_our_mail_is_queued_takes_its_place(talk: Talk) -> None:
    talk.shop.write(a_mail())
    talk.shop.wait(seconds=1)
    talk.shop.write(talk.letter().raw, "Sent")
    talk.shop.wait(seconds=1)
    talk.shop.round()

    assert talk.end == End(("pending",), ("cancelled",), ())


def test_an_answer_a_second_after_our_mail_was_queued_cancels_it(talk: Talk) -> None:
    talk.shop.write(a_mail())
    talk.shop.receive()
    talk.shop.process()
    assert talk.shop.outbox == ["queued"]
    talk.shop.wait(seconds=1)
    talk.staff()

    assert talk.end == End(("pending",), ("cancelled",), ())


def test_a_customer_who_writes_again_before_our_answer_is_read_still_waits(talk: Talk) -> None:
    talk.customer()
    answer = talk.letter("Outlook")
    talk.shop.wait(minutes=1)
    talk.customer("Please hurry.", message_id="c2@customer.example", In_Reply_To=f"<{ROOT}>")
    talk.shop.write(answer.raw, "Sent", at=answer.at)

    assert talk.end == End(("open",))


# --- what programs of staff send -----------------------------------------------------------


def test_an_out_of_office_note_of_one_of_us_is_no_answer(talk: Talk) -> None:
    talk.customer()
    for folder in ("INBOX", "Sent"):
        talk.staff(
            "new Outlook",
            folder,
            sender=ANNA,
            subject="Automatic reply: My order",
            text="I am out of the office until Monday.",
            extra=("Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All"),
            number=len(folder),
        )

    assert talk.end.turns[0] == "open"
    assert talk.end.got == (CLARA,)
    assert "staff" not in talk.kinds()


def test_an_answer_of_ours_that_comes_back_makes_the_next_step_ours(talk: Talk) -> None:
    from tests.service.test_spine import a_bounce

    talk.customer()
    letter = talk.staff("Thunderbird")
    talk.shop.write(a_bounce(CLARA, f"<{letter.id}>"))
    talk.shop.round()

    assert talk.end == End(("working",))
    # It is no mail of ours: nothing is said of her address.
    assert talk.shop.rows("select count(*) from undeliverable") == [(0,)]


def test_a_meeting_to_which_we_invite_the_customer_is_an_answer(talk: Talk) -> None:
    talk.customer("May I come by to see the ring?")
    calendar = (
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    invitation = talk.letter("new Outlook", new=True, subject="Visit on Monday").raw.decode()
    head = invitation.partition("\r\n\r\n")[0].rpartition("\r\n")[0]
    raw = f"{head}\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n{calendar}\r\n"
    talk.shop.write(raw.encode(), "Sent")
    talk.shop.round()

    assert talk.end == End(("pending",))


def test_a_read_receipt_of_our_mail_program_is_no_answer(talk: Talk) -> None:
    talk.customer()
    raw = (
        "From: Example Shop <support@shop.example>\r\nTo: Clara <clara@customer.example>\r\n"
        "Subject: Return Receipt (displayed) - My order\r\n"
        "Date: Sat, 21 Nov 2026 12:10:00 +0000\r\nMessage-ID: <mdn.1@shop.example>\r\n"
        f"References: <{ROOT}>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is a return receipt.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        "Reporting-UA: shop.example; Mozilla Thunderbird\r\n"
        f"Original-Message-ID: <{ROOT}>\r\nDisposition: manual-action/MDN-sent-manually; displayed"
        "\r\n\r\n--b--\r\n"
    )
    talk.shop.write(raw.encode(), "Sent")
    talk.shop.round()

    assert talk.end == End(("open",))
    assert talk.kinds()[-1] == "receipt"


# --- how long she waited -------------------------------------------------------------------


def test_the_time_to_the_first_answer_is_kept_and_each_later_wait_noted(talk: Talk) -> None:
    talk.customer()
    talk.customer("Please hurry.", message_id="c2@customer.example", In_Reply_To=f"<{ROOT}>")
    talk.staff("Outlook")
    talk.staff("Outlook", text="One word more.", number=2)
    talk.replies(ROOT)
    talk.staff("Outlook", number=3)

    # From her first mail on, not from the second; the word more ended no wait.
    assert talk.shop.rows("select first_reply_seconds from thread") == [(2400,)]
    assert [one.get("waited_seconds") for one in talk.event("staff_answered")] == [2400, None, 1200]


def test_whom_we_wrote_to_first_has_waited_from_his_own_first_mail_on(talk: Talk) -> None:
    letter = talk.staff(new=True, subject="Your ring is ready")
    talk.shop.wait(hours=5)
    talk.replies(letter.id)
    talk.staff("Outlook", cites=(letter.id,))

    assert talk.shop.rows("select first_reply_seconds from thread") == [(1200,)]
