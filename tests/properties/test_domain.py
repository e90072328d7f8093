"""What holds of decisions whatever strangers send."""

from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import TypeVar

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from maildaemon.domain.actions import JoinThread, OpenThread, QueueMail, StaySilent
from maildaemon.domain.attachments import Verdict, is_decoration, judge
from maildaemon.domain.authentication import aligned_pass, find_writer
from maildaemon.domain.automatic import Circumstances, classify
from maildaemon.domain.context import Context
from maildaemon.domain.decide import decide, has_staff_powers
from maildaemon.domain.fields import plain
from maildaemon.domain.matching import Author, match_thread
from maildaemon.domain.message import (
    Address,
    Attachment,
    DeliveryReport,
    Message,
    ReportAction,
    ReportedRecipient,
)
from maildaemon.domain.subjects import bare_subject, subject_tag
from maildaemon.domain.threads import Known, Lookups, ThreadFacts, trim_references
from maildaemon.domain.tokens import is_ours, issue_loop_token
from tests.builders import (
    ANNA,
    CLARA,
    EVE,
    NOW,
    SHOP,
    TOOL,
    a_context,
    a_file,
    a_file_policy,
    a_message,
    a_policy,
    a_thread,
)

T = TypeVar("T")


def tuples(elements: st.SearchStrategy[T], size: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(elements, max_size=size).map(tuple)


KEY = bytes(range(32))
FORM = Address("", "form@shop.example")
POLICY = a_policy(trust_reply_to=frozenset({FORM.key}), authserv_id="mx.shop.example")
OURS = POLICY.addresses | POLICY.staff

# Everything a parser may put into a field: other people's text, surrogates included.
texts = st.text(max_size=40) | st.text(st.characters(), max_size=20)
people = st.sampled_from((CLARA, EVE, ANNA, SHOP, FORM, Address("", "noreply@x.example")))
addresses = people | st.builds(Address, texts, texts)
ids = st.sampled_from([f"{letter}@x.example" for letter in "abcdef"]) | texts
instants = st.datetimes(
    timezones=st.just(UTC)
    | st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-1439, 1439))
)
field_names = st.sampled_from(
    "auto-submitted precedence list-id x-loop x-autoreply x-spam-flag x-auto-response-suppress "
    "delivered-to resent-to authentication-results content-type feedback-id".split()
)
field_values = texts | st.sampled_from(
    [
        "auto-replied",
        "bulk",
        "no",
        "support@shop.example",
        "mx.shop.example; dmarc=pass header.from=shop.example",
        "text/calendar; method=REPLY",
    ]
)
# Ours are real; only those that others write are absurd.
clocks = st.datetimes(
    NOW.replace(tzinfo=None), NOW.replace(year=2099, tzinfo=None), timezones=st.just(UTC)
)
reports = st.builds(
    DeliveryReport,
    st.lists(
        st.builds(
            ReportedRecipient,
            texts,
            st.sampled_from(ReportAction),
            st.none() | st.sampled_from(["5.1.1", "4.2.2"]) | texts,
            st.none() | texts,
        ),
        max_size=3,
    ).map(tuple),
    st.none() | ids,
)
media_types = texts | st.sampled_from(
    "image/jpeg application/pdf text/plain text/html application/octet-stream video/mp4 "
    "application/x-msdownload message/rfc822 application/vnd.ms-excel application/zip".split()
)
files = st.builds(
    Attachment,
    filename=texts | st.sampled_from(["a.jpg", "a.exe", "a.html"]),
    names=st.lists(texts, max_size=2).map(tuple),
    declared_type=media_types,
    detected_type=st.none() | media_types,
    size=st.integers(0, 15_000_000),
    sha256=st.sampled_from("0123").map(lambda digit: digit * 64),
    inline=st.booleans(),
    findings=st.lists(st.sampled_from(["ambiguous", "unreadable"]), max_size=2).map(tuple),
)


messages = st.builds(
    Message,
    message_id=ids,
    identity=st.just("00" * 32),
    from_=st.none() | addresses,
    subject=texts | st.sampled_from(["My order", "Re: [#AAAA-22] x", "Out of office: x"]),
    date=st.none() | instants,
    size=st.integers(0, 10**9),
    in_reply_to=tuples(ids),
    references=tuples(ids, 6),
    reply_to=tuples(addresses, 2),
    to=tuples(addresses),
    cc=tuples(addresses),
    bcc=tuples(addresses),
    return_path=st.none() | st.sampled_from(["", CLARA.address]) | texts,
    fields=tuples(st.tuples(field_names, field_values), 4),
    content_type=media_types,
    report_type=st.none() | texts,
    language=st.none() | st.sampled_from(["en", "it", "xx"]),
    attachments=tuples(files),
    bounce=st.none() | reports,
    defects=tuples(st.sampled_from(["many_from", "bad_date"]), 1),
    degraded=st.booleans(),
)
threads = st.builds(
    ThreadFacts,
    thread_id=st.integers(1, 3),
    reference=st.just("AAAA-22"),
    status=st.just(a_thread().status),
    bare_subject=st.just("my order"),
    participants=st.frozensets(people.map(lambda one: one.key), max_size=3),
    customers=st.frozensets(people.map(lambda one: one.key), max_size=2),
    begun_earlier=st.booleans(),
    acknowledged=st.booleans(),
    staff_answered=st.booleans(),
    refusals_explained=st.booleans(),
    muted_until=st.none() | instants,
    responses_at=tuples(instants),
)
known = st.builds(
    Known,
    message_id=ids,
    thread_id=st.none() | st.integers(1, 3),
    bare_subject=st.sampled_from(["my order", ""]),
    own=st.booleans(),
    cited_only=st.booleans(),
    earlier=st.booleans(),
)


@st.composite
def lookups(draw: st.DrawFn) -> Lookups:
    by_id = {number: replace(draw(threads), thread_id=number) for number in (1, 2, 3)}
    return Lookups(draw(tuples(known, 5)), draw(st.none() | st.integers(1, 3)), by_id)


contexts = st.builds(
    a_context,
    policy=st.just(POLICY),
    now=clocks,
    received_at=instants,
    recorded_at=clocks,
    lookups=lookups(),
    in_sent=st.booleans(),
    in_junk=st.booleans(),
    history=st.booleans(),
    own=st.booleans(),
    reported_to=st.none() | st.sampled_from(["clara@customer.example", "eve@elsewhere.example"]),
    reported_thread=st.none() | threads,
    undeliverable_until=st.none() | instants,
    sender_responses_at=tuples(instants),
    sender_known=st.booleans(),
    earlier_language=st.none() | st.sampled_from(["it", "xx"]),
    breaker_open=st.booleans(),
)


# --- decisions -----------------------------------------------------------------------------


@given(messages, contexts)
def test_a_decision_is_always_reached_and_always_the_same(
    message: Message, context: Context
) -> None:
    decision = decide(message, context)

    assert decision == decide(message, context)
    assert len(decision.verdicts) == len(message.attachments)


@given(messages, contexts)
def test_a_message_causes_one_mail_or_one_silence(message: Message, context: Context) -> None:
    decision = decide(message, context)
    mails = [one for one in decision.actions if isinstance(one, QueueMail)]
    silences = [one for one in decision.actions if isinstance(one, StaySilent)]

    assert len(mails) + len(silences) == 1
    assert (decision.silence is None) == bool(mails)
    assert decision.mail == (mails[0] if mails else None)
    assert all(one.sections for one in mails)
    assert not (mails and decision.judgement.must_not_answer)


# Most of what strangers send is answered by silence: here is what might be answered.
answerable = st.builds(
    a_message,
    from_=people
    | st.builds(Address, st.just(""), st.sampled_from(["x@y.example", '"a b"@y.example'])),
    to=st.just((SHOP,)) | tuples(people),
    cc=tuples(people),
    bcc=tuples(people),
    reply_to=tuples(people, 2),
    return_path=st.none(),
    attachments=tuples(files),
    in_reply_to=tuples(ids, 1),
)
circumstances = st.builds(
    a_context, policy=st.just(POLICY), lookups=lookups(), sender_known=st.booleans()
)


@given(answerable, circumstances)
def test_a_mail_goes_to_whoever_wrote_and_to_nobody_of_ours(
    message: Message, context: Context
) -> None:
    mail = decide(message, context).mail

    if mail is not None:
        assert mail.to == find_writer(message, POLICY)
        assert mail.to.key not in OURS
        # A form may give any address: nothing of what was typed into it goes there.
        assert not (message.from_ == FORM and mail.echo_subject)


@given(messages | answerable, contexts | circumstances)
def test_only_participants_and_proven_staff_get_into_a_thread(
    message: Message, context: Context
) -> None:
    decision = decide(message, context)
    joined = [one for one in decision.actions if isinstance(one, JoinThread)]
    opened = [one for one in decision.actions if isinstance(one, OpenThread)]

    assert len(joined) + len(opened) <= 1
    if joined and context.reported_thread is None:
        writer = find_writer(message, POLICY)
        thread = context.lookups.threads[joined[0].thread_id]
        allowed = writer is not None and writer.key in thread.participants
        assert allowed or has_staff_powers(message, context)


@given(messages, lookups(), st.permutations(range(6)))
def test_no_order_of_references_lets_a_stranger_in(
    message: Message, found: Lookups, order: list[int]
) -> None:
    cited = message.references
    shuffled = tuple(cited[place] for place in order if place < len(cited))

    match = match_thread(replace(message, references=shuffled), found, Author("mallory@x.example"))

    assert match.thread is None


@given(messages, st.builds(Circumstances, st.none() | addresses))
def test_every_message_is_of_some_kind(message: Message, around: Circumstances) -> None:
    judgement = classify(message, around)

    assert judgement == classify(message, around)
    assert bool(judgement.evidence) or not judgement.forbidden


# --- authentication ------------------------------------------------------------------------


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


hostile = texts | st.sampled_from(
    [
        "x; dmarc=pass",
        '"; dmarc=pass header.from=customer.example; x="',
        "(",
        ")",
        "\\",
        "; dkim=pass",
    ]
)


@given(hostile)
def test_what_a_sender_chooses_never_vouches_for_him(chosen: str) -> None:
    value = f"mx.shop.example; spf=pass smtp.mailfrom={quoted(chosen)}@elsewhere.example"
    message = a_message(fields=(("authentication-results", value),))

    assert not aligned_pass(message, "mx.shop.example")


@given(hostile)
def test_a_quoted_word_is_one_word_and_a_comment_is_none(chosen: str) -> None:
    inside = chosen.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")

    assert plain(f"({inside})") == ""
    assert not {";", "="} & {*plain(quoted(chosen))}


# --- subjects and references ---------------------------------------------------------------

subjects = texts | st.lists(
    st.sampled_from(
        ["Re:", "AW :", "回复：", "Fwd[2]:", "[#K7F3-Q2]", "x", " ", "[#", "]", "K7F3-Q2"]
    )
).map("".join)


@given(subjects)
def test_a_bare_subject_is_bare_and_a_reply_has_the_same(subject: str) -> None:
    bare = bare_subject(subject)

    assert bare_subject(bare) == bare
    assert bare_subject(f"Re: {subject}") == bare
    assert subject_tag(bare) is None


@given(tuples(st.text("abc@x", min_size=1, max_size=60) | ids, 80))
def test_references_are_bounded_and_keep_the_first_and_the_last(cited: tuple[str, ...]) -> None:
    kept = trim_references(cited)

    assert sum(len(one) + len("<> ") for one in kept) <= 1500
    assert {*kept} <= {*cited}
    assert len({*kept}) == len(kept)
    if cited:
        assert kept[-1] == cited[-1]
        assert cited[0] in kept


# --- tokens --------------------------------------------------------------------------------


@given(texts)
def test_what_we_sign_is_ours_and_nothing_else(text: str) -> None:
    token = issue_loop_token(KEY, text)

    assert is_ours(KEY, token)
    assert not is_ours(KEY, text)
    assert not is_ours(KEY, f"md.{text}.{token.rpartition('.')[2]}")
    assert not is_ours(KEY, f"md.{token.split('.')[1]}.{text}")
    assert not is_ours(bytes(32), token)


# --- files ---------------------------------------------------------------------------------


@given(tuples(files, 8), st.integers(1, 4))
def test_what_is_accepted_stays_within_the_limits(
    attachments: tuple[Attachment, ...], max_files: int
) -> None:
    policy = a_file_policy(max_files=max_files)
    verdicts = judge(attachments, policy)
    kept = {
        file.sha256: file.size
        for file, one in zip(attachments, verdicts, strict=True)
        if one.verdict is Verdict.ACCEPTED and not is_decoration(file)
    }

    assert len(kept) <= max_files
    assert all((one.reason is None) == (one.verdict is Verdict.ACCEPTED) for one in verdicts)
    assert all(size <= policy.max_file_size for size in kept.values())


@given(tuples(files, 6), st.integers(0, 6))
def test_a_bad_file_changes_nothing_for_its_neighbours(
    attachments: tuple[Attachment, ...], at: int
) -> None:
    policy = a_file_policy()
    bad = a_file(**{name: getattr(TOOL, name) for name in ("filename", "names", "detected_type")})

    verdicts = judge((*attachments[:at], bad, *attachments[at:]), policy)

    assert verdicts[min(at, len(attachments))].verdict is Verdict.REFUSED
    assert (*verdicts[:at], *verdicts[at + 1 :])[: len(attachments)] == judge(attachments, policy)


@pytest.mark.parametrize("action", [QueueMail, StaySilent, JoinThread, OpenThread])
def test_the_properties_above_are_not_empty(action: type) -> None:
    pairs = st.tuples(answerable, circumstances)

    message, context = find(
        pairs,
        lambda pair: any(isinstance(one, action) for one in decide(*pair).actions),
        settings=settings(max_examples=1000, database=None, phases=[Phase.generate]),
    )

    assert decide(message, context)
