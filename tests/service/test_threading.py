"""Which conversation a mail belongs to, on a real database: whatever order it comes in, whatever
programs on the way do to ids, and whoever would like to get into another's.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildaemon.domain.reading import NumberPattern
from maildaemon.domain.threads import Status
from maildaemon.services import by_hand
from tests.service.shop import EXE, PNG, Shop, a_mail, a_policy

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

EVE = "Eve <eve@elsewhere.example>"
ANNA = "Anna <anna@shop.example>"
C1 = "<c1@customer.example>"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.start()
    yield opened
    opened.close()


def write(shop: Shop, number: int, body: str = "And where is it?", **fields: Any) -> None:
    """Clara's mail number so and so arrives and is processed."""
    folder = fields.pop("folder", "INBOX")
    options = {"message_id": f"c{number}@customer.example", "date": shop.at, **fields}
    shop.write(a_mail(body, **options), folder)
    shop.receive()
    while shop.process():
        pass


def answer(shop: Shop, cites: str = C1, **fields: Any) -> None:
    """Anna answers from the shop's own account."""
    written = {
        "sender": "support@shop.example",
        "to": "clara@customer.example",
        "subject": "Re: My order",
        "message_id": "anna1@shop.example",
        "In_Reply_To": cites,
        "folder": "Sent",
        **fields,
    }
    write(shop, 0, "Dear Clara, it ships today. Shall we send it to your office?", **written)


def placed(shop: Shop) -> list[tuple[str, int | None, str]]:
    """Return of each message its number, its thread's row, and the rule."""
    rows = shop.rows("select message_id, thread_id, match from message order by id")
    return [(name.partition("@")[0], thread, rule) for name, thread, rule in rows]


def together(shop: Shop) -> set[frozenset[str]]:
    """Return which messages are one conversation."""
    found: dict[int | None, set[str]] = {}
    for name, thread, _ in placed(shop):
        found.setdefault(thread, set()).add(name)
    return set(map(frozenset, found.values()))


def threads(shop: Shop) -> list[tuple[Any, ...]]:
    """Return the status of each thread, whether a stranger began it, and what it is linked to."""
    return shop.rows("select status, stranger, linked_to from thread order by id")


def resolve(shop: Shop, number: int = 1) -> None:
    (reference,) = shop.rows(f"select reference from thread where id = {number}")[0]
    with shop.store.begin() as tx:
        thread = tx.by_hand.thread(reference)
        assert thread is not None
        by_hand.set_status(tx, thread, Status.RESOLVED, "anna", shop.at)


def our_id(shop: Shop) -> str:
    shop.deliver()
    return str(shop.customers_got[0]["Message-ID"])


# --- addresses of our own for answers ------------------------------------------------------


@pytest.fixture
def plus(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, plus_address=True)
    opened.start()
    yield opened
    opened.close()


def reply_address(shop: Shop) -> str:
    shop.deliver()
    return str(shop.customers_got[0]["Reply-To"])


def test_plus_address_makes_our_mail_carry_an_address_for_answers(plus: Shop) -> None:
    write(plus, 1)

    address = reply_address(plus)
    assert address.startswith("support+")
    assert address.endswith("@shop.example")
    assert plus.transport.accepted[0].envelope.reverse_path == address
    assert len(address.partition("@")[0]) <= 64


def test_without_plus_address_our_mail_carries_none(shop: Shop) -> None:
    write(shop, 1)
    shop.deliver()

    assert shop.customers_got[0]["Reply-To"] is None
    assert shop.transport.accepted[0].envelope.reverse_path == "support@shop.example"


@pytest.mark.parametrize("field", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_an_answer_to_it_finds_its_thread_although_it_cites_nothing(plus: Shop, field: str) -> None:
    write(plus, 1)
    address = reply_address(plus)
    plus.wait(hours=1)
    fields = {"to": address.upper()} if field == "To" else {field.replace("-", "_"): f"<{address}>"}

    write(plus, 2, subject="From my office", sender="clara.work@office.example", **fields)

    assert placed(plus)[1] == ("c2", 1, "reply_address")
    # Whom we wrote to there may go on writing from there.
    plus.wait(hours=1)
    again = {"subject": "Once more", "In_Reply_To": "<c2@customer.example>"}
    write(plus, 3, sender="clara.work@office.example", **again)
    assert placed(plus)[2] == ("c3", 1, "in_reply_to")


def test_s09_a_guessed_or_changed_address_leads_nowhere(plus: Shop) -> None:
    write(plus, 1)
    address = reply_address(plus)
    local, _, domain = address.partition("@")
    plus.wait(hours=1)
    forged = (
        f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}",
        f"{local.partition('.')[0]}@{domain}",
        f"{local.partition('.')[0]}.@{domain}",
        "support+@shop.example",
        "support+..@shop.example",
    )

    for number, one in enumerate(forged, 2):
        write(plus, number, subject=f"Attempt {number}", sender=EVE, to=one)

    assert [thread for _, thread, _ in placed(plus)] == [1, 2, 3, 4, 5, 6]
    assert {rule for _, _, rule in placed(plus)} == {"new"}


def test_s09_an_address_of_ones_own_thread_opens_no_other(plus: Shop) -> None:
    write(plus, 1)
    write(plus, 2, subject="Eve's own", sender=EVE)
    plus.deliver()
    plus.wait(hours=1)
    plus.deliver()
    eves = next(str(mail["Reply-To"]) for mail in plus.customers_got if "eve" in str(mail["To"]))

    write(plus, 3, subject="Re: My order", sender=EVE, to=eves, In_Reply_To=C1)

    assert placed(plus)[2] == ("c3", 2, "reply_address")
    assert together(plus) == {frozenset({"c1"}), frozenset({"c2", "c3"})}


def test_an_address_of_a_merged_thread_leads_to_where_it_went(plus: Shop) -> None:
    write(plus, 1)
    address = reply_address(plus)
    write(plus, 2, subject="The same matter", sender=EVE)
    (one, other) = (row[0] for row in plus.rows("select reference from thread order by id"))
    with plus.store.begin() as tx:
        source, target = tx.by_hand.thread(one), tx.by_hand.thread(other)
        assert source
        assert target
        by_hand.merge(tx, source, target, "anna", plus.at)
    plus.wait(hours=1)

    write(plus, 3, subject="Later", to=address)

    assert placed(plus)[2] == ("c3", 2, "reply_address")


# --- what nobody cites ---------------------------------------------------------------------


def test_same_subject_within_is_how_long_a_thread_is_known_by_its_subject(shop: Shop) -> None:
    write(shop, 1, subject="Ring too small")
    shop.wait(days=14)
    write(shop, 2, subject="Re: Ring too small")
    shop.wait(days=15)
    write(shop, 3, subject="Ring too small")

    assert placed(shop) == [
        ("c1", 1, "new"),
        ("c2", 1, "same_sender_subject"),
        ("c3", 2, "new"),
    ]


def test_zero_days_mean_that_no_thread_is_known_by_its_subject(tmp_path: Path) -> None:
    limits = replace(a_policy().limits, same_subject_within=timedelta(0))
    shop = Shop(tmp_path, limits=limits)
    shop.start()
    write(shop, 1, subject="Ring too small")
    write(shop, 2, subject="Re: Ring too small")
    shop.close()

    assert [rule for _, _, rule in placed(shop)] == ["new", "new"]


APART: list[dict[str, Any]] = [
    {"sender": EVE},
    {"subject": "Fwd: Ring too small"},
    {"subject": "Ring too large"},
    {"List_Id": "<talk.customer.example>"},
    {"Auto_Submitted": "auto-generated"},
]


@pytest.mark.parametrize("fields", APART)
def test_another_sender_subject_or_a_program_begins_a_thread_of_its_own(
    shop: Shop, fields: dict[str, Any]
) -> None:
    write(shop, 1, subject="Ring too small")
    shop.wait(hours=1)
    write(shop, 2, **{"subject": "Ring too small", **fields})

    assert placed(shop)[1][1:] == (2, "new")


@pytest.mark.parametrize(
    "subject", ["", "Hello", "Question", "Bestellung", "Заказ", "(no subject)"]
)
def test_a_subject_that_tells_nothing_joins_nothing_unless_it_says_that_it_answers(
    shop: Shop, subject: str
) -> None:
    write(shop, 1, subject=subject)
    shop.wait(hours=1)
    write(shop, 2, subject=subject)
    shop.wait(hours=1)
    write(shop, 3, subject=f"Re: {subject}")

    named = subject not in {"", "(no subject)"}
    assert [thread for _, thread, _ in placed(shop)] == [1, 2, 2 if named else 3]


def test_a_resolved_thread_is_not_known_by_its_subject(shop: Shop) -> None:
    write(shop, 1, subject="Ring too small")
    resolve(shop)
    shop.wait(hours=1)
    write(shop, 2, subject="Ring too small")

    assert placed(shop)[1][1:] == (2, "new")


# --- ids as programs on the way leave them -------------------------------------------------


@pytest.mark.postgresql
def test_of_thousands_of_references_the_nearest_and_the_first_are_looked_up(shop: Shop) -> None:
    write(shop, 1, subject="Ring")
    many = " ".join(f"<{number}@x.example>" for number in range(2500))
    near = a_mail(subject="Re: Ring", message_id="near@x").replace(
        b"MIME-Version:", f"References: {many} {C1}\r\nMIME-Version:".encode(), 1
    )
    first = a_mail(subject="Re: Ring", message_id="first@x").replace(
        b"MIME-Version:", f"References: {C1} {many}\r\nMIME-Version:".encode(), 1
    )
    for raw in (near, first):
        shop.write(raw)
    shop.receive()
    while shop.process():
        pass

    assert placed(shop)[1:] == [("near", 1, "references"), ("first", 1, "references")]


def test_the_id_that_the_server_named_is_ours(shop: Shop) -> None:
    named = "0102018b6f2a7c5e-3d1f4a6b-0000-4000-8000-aaaabbbbcccc-000000"
    shop.transport.plan("DOT", f"250 Ok {named}")
    write(shop, 1, subject="Ring")
    shop.deliver()
    shop.wait(hours=1)

    write(shop, 2, subject="Another thing", In_Reply_To=f"<{named}@eu-west-1.amazonses.com>")

    assert placed(shop)[1] == ("c2", 1, "own_message_id")


def test_thread_index_is_no_identity(shop: Shop) -> None:
    index = "AdB1VnF0b2xkLXRocmVhZC1pbmRleA=="
    write(shop, 1, subject="Ring", Thread_Index=index)
    write(shop, 2, subject="Necklace", Thread_Index=index)

    assert [thread for _, thread, _ in placed(shop)] == [1, 2]


# --- what comes late -----------------------------------------------------------------------


def test_a_parent_that_comes_after_its_children_joins_them_and_is_acknowledged_once(
    shop: Shop,
) -> None:
    write(shop, 2, "Where is it?", subject="Re: Ring", In_Reply_To=C1)
    assert shop.silences == ["earlier_conversation"]
    shop.wait(minutes=20)
    write(shop, 1, "I have ordered a ring two weeks ago.", subject="Ring")
    write(shop, 3, "Please do look into it soon!", subject="Re: Ring", In_Reply_To=C1)

    assert [thread for _, thread, _ in placed(shop)] == [1, 1, 1]
    assert shop.silences == ["earlier_conversation", None, "acknowledged_already"]
    assert shop.outbox == ["queued"]


def test_a_question_that_nothing_could_cite_is_acknowledged_though_a_death_let_its_answer_pass(
    shop: Shop,
) -> None:
    shop.write(a_mail("Where is my ring?", subject="My ring", message_id=None, date=shop.at))
    shop.receive()
    shop.a_batch().take()  # the process dies
    shop.wait(minutes=1)
    # Her program has kept an id for it that it did not write into it.
    write(shop, 2, "Are you there?", subject="Re: My ring", In_Reply_To=C1)
    assert shop.silences == ["earlier_conversation"]

    shop.wait(minutes=5)
    shop.process()
    write(shop, 3, "Please do look into it soon!", subject="Re: My ring", In_Reply_To=C1)

    assert [thread for _, thread, _ in placed(shop)] == [1, 1, 1]
    assert shop.silences == ["earlier_conversation", None, "acknowledged_already"]
    assert shop.outbox == ["queued"]


@pytest.mark.postgresql
def test_an_answer_in_sent_is_seen_before_its_question(shop: Shop) -> None:
    answer(shop, subject="Re: Ring")
    shop.wait(minutes=1)
    write(shop, 1, subject="Ring")

    assert together(shop) == {frozenset({"anna1", "c1"})}
    # It is answered: whose turn it is does not change, and nothing is said.
    assert threads(shop) == [("pending", 0, None)]
    assert shop.silences[1] == "staff_answered"


@pytest.mark.postgresql
def test_a_mail_between_two_threads_makes_them_one(shop: Shop) -> None:
    write(shop, 1, subject="Ring")
    shop.wait(minutes=1)
    write(shop, 3, subject="Re: Ring (3)", In_Reply_To="<c2@customer.example>")
    assert len(together(shop)) == 2
    shop.wait(minutes=1)
    write(shop, 2, subject="Re: Ring", In_Reply_To=C1)

    assert together(shop) == {frozenset({"c1", "c2", "c3"})}
    redirected = shop.rows("select merged_into is not null, status from thread order by id")
    assert redirected == [(0, "open"), (1, "ignored")]
    merged = shop.rows("select event from event where event = 'thread_merged'")
    assert len(merged) == 2
    assert shop.outbox == ["queued"]


def test_two_acknowledgements_that_were_queued_become_one(shop: Shop) -> None:
    write(shop, 1, subject="Ring")
    shop.wait(minutes=11)
    # Clara's client knows no ids; the second mail looks like one of its own.
    write(shop, 2, subject="Necklace")
    assert shop.outbox == ["queued", "queued"]
    shop.wait(minutes=11)
    cites = {"In_Reply_To": C1, "References": f"{C1} <c2@customer.example>"}
    write(shop, 3, subject="Re: Necklace", **cites)

    assert together(shop) == {frozenset({"c1", "c2", "c3"})}
    assert shop.outbox == ["queued", "cancelled"]


@pytest.mark.postgresql
def test_what_a_person_took_apart_no_mail_puts_together_again(shop: Shop) -> None:
    write(shop, 1, subject="Ring")
    write(shop, 2, subject="Necklace")
    one, other = (row[0] for row in shop.rows("select reference from thread order by id"))
    for word in (by_hand.merge, by_hand.split):
        with shop.store.begin() as tx:
            source, target = tx.by_hand.thread(one), tx.by_hand.thread(other)
            assert source
            assert target
            word(tx, source, target, "anna", shop.at)
    cites = {"In_Reply_To": C1, "References": f"{C1} <c2@customer.example>"}
    write(shop, 3, subject="Re: Necklace", **cites)

    assert together(shop) == {frozenset({"c1", "c3"}), frozenset({"c2"})}


def test_what_cites_a_thread_that_was_merged_twice_lands_where_it_went(shop: Shop) -> None:
    for number, subject in enumerate(("Ring", "Necklace", "Watch"), 1):
        write(shop, number, subject=subject)
    names = [row[0] for row in shop.rows("select reference from thread order by id")]
    for source, target in ((names[0], names[1]), (names[1], names[2])):
        with shop.store.begin() as tx:
            found = tx.by_hand.thread(source), tx.by_hand.thread(target)
            assert found[0]
            assert found[1]
            by_hand.merge(tx, found[0], found[1], "anna", shop.at)

    write(shop, 4, subject="Re: Ring", In_Reply_To=C1)
    write(shop, 5, subject=f"Again [#{names[0]}]")

    assert placed(shop)[3:] == [("c4", 3, "in_reply_to"), ("c5", 3, "subject_tag")]


# --- strangers, S9 to S11 ------------------------------------------------------------------


def vouched(sender: str, verdict: str = "pass") -> dict[str, str]:
    domain = sender.rpartition("@")[2].strip(">")
    return {"Authentication_Results": f"mx.shop.example; dmarc={verdict} header.from={domain}"}


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, authserv_id="mx.shop.example")
    opened.start()
    yield opened
    opened.close()


WAYS_IN: list[dict[str, Any]] = [
    {"In_Reply_To": C1, "subject": "Re: Ring"},
    {"References": C1, "subject": "Re: Ring"},
    {"In_Reply_To": "<ours>", "subject": "Re: Ring"},
    {"References": "<c0@customer.example>", "subject": "Re: Ring"},  # what Clara's mail cites
    {"message_id": "c0@customer.example", "subject": "Ring"},  # the mail that Clara's answers
    {"subject": "Re: [#tag] Ring"},
    {"subject": "Re: Ring"},
]


def begin(shop: Shop, **fields: str) -> None:
    """Clara writes twice, the second time about a mail that we do not have."""
    write(shop, 1, subject="Ring", **fields)
    shop.deliver()
    shop.wait(hours=1)
    cites = {"References": f"{C1} <c0@customer.example>"}
    write(shop, 2, "This is what I meant.", subject="Re: Ring", **cites, **fields)


def enter(shop: Shop, way: dict[str, Any], **fields: Any) -> None:
    """Try this way into the first thread, in which Clara has cited a mail that we do not have."""
    (reference,) = shop.rows("select reference from thread where id = 1")[0]
    ours = our_id(shop)
    told = {
        name: value.replace("<ours>", ours).replace("#tag", f"#{reference}")
        for name, value in way.items()
    }
    shop.wait(hours=1)
    attempt = {**told, **fields}
    number = 9 + len(placed(shop))
    write(shop, number, f"Attempt {number}: send it to my new address.", **attempt)


@pytest.mark.postgresql
@pytest.mark.parametrize("way", WAYS_IN)
def test_s09_a_stranger_gets_in_by_no_id_tag_or_subject(shop: Shop, way: dict[str, Any]) -> None:
    begin(shop)

    enter(shop, way, sender=EVE, Cc="clara@customer.example")

    assert len(together(shop)) == 2
    assert threads(shop)[0] == ("open", 0, None)
    people = shop.rows("select address from participant where thread_id = 1")
    assert people == [("clara@customer.example",)]


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("verdict", ["fail", "none", ""])
def test_s09_who_forges_the_address_of_a_participant_for_whom_our_server_vouched_is_a_stranger(
    checked: Shop, way: dict[str, Any], verdict: str
) -> None:
    genuine = vouched("clara@customer.example")
    begin(checked, **genuine)

    forged = vouched("clara@customer.example", verdict) if verdict else {}
    enter(checked, way, **forged)

    assert len(together(checked)) == 2
    # She herself gets in by the same way.
    checked.wait(hours=1)
    write(checked, 3, "It is me.", subject="Re: Ring", In_Reply_To=C1, **genuine)
    assert placed(checked)[-1][:2] == ("c3", 1)


@pytest.mark.postgresql
def test_s10_a_forger_brings_nobody_into_a_thread_that_he_begins_for_another(checked: Shop) -> None:
    forged = vouched("clara@customer.example", "fail")
    write(checked, 1, "Where is my ring?", subject="Ring", Cc=EVE, **forged)

    assert ("eve@elsewhere.example",) not in checked.rows("select address from participant")


@pytest.mark.postgresql
def test_s09_a_forged_staff_mail_is_no_answer_and_gets_in_nowhere(shop: Shop) -> None:
    begin(shop)

    enter(shop, WAYS_IN[0], sender=ANNA, to="clara@customer.example, support@shop.example")

    assert len(together(shop)) == 2
    assert threads(shop) == [("open", 0, None), ("ignored", 1, 1)]
    assert shop.rows("select staff_answer from message where thread_id = 2") == [(0,)]


def test_s10_whoever_guesses_a_thread_brings_nobody_with_him(shop: Shop) -> None:
    begin(shop)
    # The address is forged; that he guessed the subject proves nothing.
    for way in WAYS_IN[-2:]:
        enter(shop, way, Cc="eve@elsewhere.example")
    assert [rule for _, _, rule in placed(shop)[2:]] == ["subject_tag", "same_sender_subject"]

    people = shop.rows("select address from participant")
    assert people == [("clara@customer.example",)]
    shop.wait(hours=1)
    write(shop, 3, sender=EVE, subject="Re: Ring", In_Reply_To=C1)
    assert len(together(shop)) == 2
    assert threads(shop)[-1] == ("open", 1, 1)
    assert {str(mail["To"]) for mail in shop.customers_got} <= {
        "clara@customer.example",
        "eve@elsewhere.example",
    }


def test_s10_a_participant_may_bring_somebody_and_so_may_staff(shop: Shop) -> None:
    write(shop, 1, subject="Ring", Cc="dan@customer.example")
    answer(shop, to="clara@customer.example, eve@elsewhere.example")
    shop.wait(hours=1)

    write(shop, 2, subject="Re: Ring", In_Reply_To=C1, sender="dan@customer.example")
    write(shop, 3, subject="Re: Ring", In_Reply_To=C1, sender=EVE)

    assert [thread for _, thread, _ in placed(shop)] == [1, 1, 1, 1]


def test_s10_an_address_of_ours_is_nobody_who_takes_part(plus: Shop) -> None:
    write(plus, 1, subject="Ring")
    address = reply_address(plus)
    plus.wait(hours=1)
    write(plus, 2, subject="Re: Ring", to=address, Cc="support+sales@shop.example")

    people = plus.rows("select address from participant")
    assert people == [("clara@customer.example",)]


def test_s11_what_another_service_sends_to_a_reply_address_is_not_passed_on(plus: Shop) -> None:
    write(plus, 1, subject="Ring")
    address = reply_address(plus)
    sent = len(plus.customers_got)
    plus.wait(hours=1)
    secret = {"sender": "no-reply@service.example", "to": address, "subject": "Your code is 4711"}
    write(plus, 2, "Your code is 4711", **secret)
    plus.round()

    assert len(plus.customers_got) == sent
    assert plus.silences[1] == "responder_address"


# --- a bare thank you ----------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "thanks",
    ["Thank you!", "Vielen Dank, Anna!", "Merci beaucoup pour votre aide.", "Спасибо!", "谢谢！"],
)
@pytest.mark.parametrize("resolved", [False, True])
def test_a_bare_thank_you_changes_nothing_and_is_not_answered(
    shop: Shop, thanks: str, resolved: bool
) -> None:
    write(shop, 1)
    answer(shop)
    if resolved:
        resolve(shop)
    before = threads(shop)
    shop.wait(hours=1)
    write(shop, 2, thanks, subject="Re: My order", In_Reply_To="<anna1@shop.example>")

    assert threads(shop) == before
    assert shop.silences[2] == "acknowledged_already"
    (evidence,) = shop.rows("select evidence from message where id = 3")[0]
    assert "thanks only" in evidence


MORE: list[dict[str, Any]] = [
    {"body": "Thank you, but it has not come."},
    {"body": "Thank you. When will it come?"},
    {"body": "OK, thank you."},  # the answer to what we asked
    {"body": "Thank you", "files": (("photo.png", "image/png", PNG),)},
    {"body": "Thank you", "subject": "Please cancel my order"},
]


@pytest.mark.parametrize("fields", MORE)
def test_whatever_says_more_than_thank_you_is_our_turn(shop: Shop, fields: dict[str, Any]) -> None:
    write(shop, 1)
    answer(shop)
    shop.wait(hours=1)
    write(shop, 2, **{"subject": "Re: My order", "In_Reply_To": "<anna1@shop.example>", **fields})

    assert threads(shop) == [("open", 0, None)]


def test_a_thank_you_does_not_open_what_was_resolved_long_ago(shop: Shop) -> None:
    write(shop, 1)
    answer(shop)
    resolve(shop)
    shop.wait(days=100)
    write(shop, 2, "OK, thanks!", subject="Re: My order", In_Reply_To="<anna1@shop.example>")

    assert threads(shop) == [("resolved", 0, None)]


def test_a_refused_file_is_told_although_the_text_only_says_thank_you(shop: Shop) -> None:
    write(shop, 1)
    shop.wait(hours=1)
    tool = (("tool.exe", "application/x-dosexec", EXE),)
    write(shop, 2, "Thank you", subject="Re: My order", In_Reply_To=C1, files=tool)

    assert shop.silences == [None, None]


# --- resolved threads ----------------------------------------------------------------------


def test_a_resolved_thread_is_opened_again_within_reopen_within_and_then_continued(
    shop: Shop,
) -> None:
    write(shop, 1)
    resolve(shop)
    shop.wait(days=29)
    write(shop, 2, subject="Re: My order", In_Reply_To=C1)
    assert threads(shop) == [("open", 0, None)]

    resolve(shop)
    shop.wait(days=31)
    write(shop, 3, subject="Re: My order", In_Reply_To=C1)
    assert threads(shop) == [("resolved", 0, None), ("open", 0, 1)]
    # He is acknowledged: it is a new conversation.
    assert shop.silences[2] is None

    shop.wait(days=1)
    later = {"In_Reply_To": "<c3@customer.example>", "References": f"{C1} <c3@customer.example>"}
    write(shop, 4, subject="Re: My order", **later)
    write(shop, 5, subject="Re: My order", In_Reply_To=C1)
    assert [thread for _, thread, _ in placed(shop)] == [1, 1, 2, 2, 2]


def test_staff_may_answer_in_a_thread_that_was_resolved_long_ago(shop: Shop) -> None:
    write(shop, 1)
    resolve(shop)
    shop.wait(days=365)
    answer(shop)

    assert threads(shop) == [("pending", 0, None)]


# --- order numbers -------------------------------------------------------------------------


@pytest.fixture
def numbered(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, order_numbers=(NumberPattern("order", r"#?\b(\d{6})\b"),))
    opened.start()
    yield opened
    opened.close()


def test_a_customer_is_known_by_the_number_of_his_order(numbered: Shop) -> None:
    write(numbered, 1, "Order 123456 has not come.", subject="Ring")
    numbered.wait(days=40)
    write(numbered, 2, "About 123456: it came, and is broken.", subject="Broken")
    write(numbered, 3, "Order 654321 has come.", subject="Necklace")

    assert placed(numbered) == [
        ("c1", 1, "new"),
        ("c2", 1, "order_number"),
        ("c3", 2, "new"),
    ]


OTHERS: list[dict[str, Any]] = [
    {"sender": EVE},
    {"List_Id": "<talk.customer.example>"},
    {"Auto_Submitted": "auto-generated"},
]


@pytest.mark.parametrize("fields", OTHERS)
def test_s09_nobody_else_is_let_in_by_the_number_of_an_order(
    numbered: Shop, fields: dict[str, Any]
) -> None:
    write(numbered, 1, "Order 123456 has not come.", subject="Ring")
    numbered.wait(hours=2)
    write(numbered, 2, "Send 123456 to my new address.", **{"subject": "Ring", **fields})

    assert placed(numbered)[1][1:] == (2, "new")


def test_the_order_of_a_resolved_thread_begins_a_new_one(numbered: Shop) -> None:
    write(numbered, 1, "Order 123456 has not come.", subject="Ring")
    resolve(numbered)
    numbered.wait(hours=2)
    write(numbered, 2, "And 123456 again.", subject="Once more")

    assert placed(numbered)[1][1:] == (2, "new")


def test_one_subject_about_two_orders_is_two_conversations(numbered: Shop) -> None:
    write(numbered, 1, "123456 has not come.", subject="Where is it now")
    numbered.wait(hours=2)
    write(numbered, 2, "This is about 654321!", subject="Where is it now")
    numbered.wait(hours=2)
    write(numbered, 3, "And no number here.", subject="Where is it now")

    assert [thread for _, thread, _ in placed(numbered)] == [1, 2, 2]
