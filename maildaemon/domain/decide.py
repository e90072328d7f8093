"""Decides what a newly recorded message leads to. The one place where that is decided.

Everything a decision needs arrives in `Context`; the answer is a value that can be printed
(`maildaemon explain`), compared (tests) and applied (`services.apply`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from maildaemon.domain.actions import (
    Action,
    CancelQueued,
    JoinThread,
    OpenThread,
    QueueMail,
    StaySilent,
    Witness,
)
from maildaemon.domain.attachments import Judged, Verdict, judge
from maildaemon.domain.authentication import aligned_pass, find_recipient
from maildaemon.domain.automatic import (
    ABOUT_ANOTHER_MAIL,
    Judgement,
    Kind,
    Silence,
    classify,
)
from maildaemon.domain.delivery import Refusal, Section, is_writable
from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import EchoSubject, Policy
from maildaemon.domain.report import undeliverable
from maildaemon.domain.threads import Lookups, Match, MatchRule, Status, ThreadFacts, match_thread


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision knows besides the message. Instants are aware UTC.

    `received_at` is the INTERNALDATE, `recorded_at` when we first saw the message: age is judged
    by that, once, so that a message does not grow old in our own queue. `own`: we signed it, or a
    server told us this id. `reported_thread` is the thread of the mail of ours that a bounce is
    about, `reported_ours` whether there is such a mail. `sender_responses_at` are the times of
    the automatic mails to this author's address; `untold` the refusals that no mail of this
    thread has told yet. `history`: read from the time before the first start.
    """

    policy: Policy
    now: datetime
    received_at: datetime
    recorded_at: datetime
    new_reference: str
    lookups: Lookups = field(default_factory=Lookups)
    in_sent: bool = False
    in_junk: bool = False
    history: bool = False
    own: bool = False
    reported_ours: bool = False
    reported_thread: ThreadFacts | None = None
    undeliverable_until: datetime | None = None
    sender_responses_at: tuple[datetime, ...] = ()
    sender_known: bool = False
    untold: tuple[Refusal, ...] = ()
    earlier_language: str | None = None
    breaker_open: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer: what the message is, where it belongs, what is done about it.

    `silence` is None exactly if a mail is queued.
    """

    judgement: Judgement
    match: Match
    verdicts: tuple[Judged, ...]
    actions: tuple[Action, ...]
    silence: Silence | None
    staff_answer: bool = False

    @property
    def mail(self) -> QueueMail | None:
        """Return the mail that is to be queued, None if there is silence."""
        return next((a for a in self.actions if isinstance(a, QueueMail)), None)


def decide(message: Message, context: Context) -> Decision:
    """Return what to do about a newly recorded message."""
    staff = context.in_sent or is_staff(message, context.policy)
    judgement = classify(message, own=context.own, junk=context.in_junk, staff=staff)
    match = _match(message, judgement, context)
    verdicts = judge(message.attachments, context.policy.attachments)
    # What lies in Sent was written by one of us, whatever a header of it says.
    answers = judgement.kind is Kind.STAFF and _answers_customer(message, match, context)
    response = _respond(message, judgement, match, verdicts, context)
    actions: list[Action] = [
        *_file(judgement, match, context, answers=answers),
        *_consequences(message, judgement, match, context, answers=answers),
        response,
    ]
    silence = response.reason if isinstance(response, StaySilent) else None
    return Decision(judgement, match, verdicts, tuple(actions), silence, answers)


def is_staff(message: Message, policy: Policy) -> bool:
    """Tell whether the author's address is a colleague's or our own (it may be forged)."""
    author = message.from_.key if message.from_ else ""
    return author in policy.staff or author in policy.addresses


def has_staff_powers(message: Message, context: Context) -> bool:
    """Tell whether it is proven that one of us wrote this: by Sent, or by authentication."""
    if context.in_sent:
        return True
    author = message.from_.key if message.from_ else ""
    if author not in context.policy.staff | context.policy.addresses:
        return False
    return aligned_pass(message, context.policy.authserv_id)


def _match(message: Message, judgement: Judgement, context: Context) -> Match:
    if context.reported_thread is not None:
        # A report belongs to the mail it is about, whoever sends it.
        return Match(MatchRule.OWN_MESSAGE_ID, context.reported_thread, "is about a mail of ours")
    proven = has_staff_powers(message, context) or judgement.kind is Kind.OWN
    return match_thread(message, context.lookups, staff=proven)


def _answers_customer(message: Message, match: Match, context: Context) -> bool:
    """Tell whether this is our answer to a customer of the thread (a forward is not)."""
    if match.thread is None or not has_staff_powers(message, context):
        return False
    recipients = {address.key for address in (*message.to, *message.cc, *message.bcc)}
    return bool(recipients & match.thread.customers)


def _file(judgement: Judgement, match: Match, context: Context, *, answers: bool) -> list[Action]:
    """Return where the message goes: into a thread, a new one, or none."""
    kind, thread = judgement.kind, match.thread
    if thread is not None:
        status = None
        if answers:
            status = Status.PENDING
        elif kind is Kind.CUSTOMER:
            status = Status.OPEN
        return [JoinThread(thread.thread_id, thread.reference, status)]
    if kind in ABOUT_ANOTHER_MAIL:
        return []
    match kind:
        case Kind.STAFF:
            status = Status.PENDING
        case Kind.CUSTOMER:
            status = Status.OPEN
        case _:
            status = Status.IGNORED
    linked_to = match.stranger_to.thread_id if match.stranger_to else None
    begun_earlier = context.history or match.cites_unknown
    return [OpenThread(context.new_reference, status, linked_to, begun_earlier)]


def _consequences(
    message: Message, judgement: Judgement, match: Match, context: Context, *, answers: bool
) -> list[Action]:
    actions: list[Action] = []
    if context.own and context.in_sent:
        actions.append(Witness(message.message_id, filed=True))
    # An id that only the recipient of our mail can know proves that the mail arrived.
    actions += [Witness(known.message_id) for known in context.lookups.known if known.own]
    if judgement.kind is Kind.BOUNCE and context.reported_ours and message.bounce:
        actions += undeliverable(message.bounce, context.now)
    if answers and match.thread is not None:
        actions.append(CancelQueued(match.thread.thread_id, Silence.STAFF_ANSWERED))
    return actions


def _respond(
    message: Message,
    judgement: Judgement,
    match: Match,
    verdicts: tuple[Judged, ...],
    context: Context,
) -> QueueMail | StaySilent:
    """Return the one response to this message, or the first reason why there is none."""
    recipient = find_recipient(message, context.policy)
    if silence := why_silent(message, judgement, recipient, match, context):
        return StaySilent(silence)
    assert isinstance(recipient, Address)  # noqa: S101  why_silent has said why not

    refusals = _refusals_to_tell(message, verdicts, match, context)
    no_acknowledgement = why_not_acknowledged(match, context)
    if no_acknowledgement and not refusals:
        return StaySilent(no_acknowledgement)
    # These limit whatever would be said; a refusal waits for the next mail of the thread.
    if ceiling := why_too_much(match, context):
        return StaySilent(ceiling)
    sections = [] if no_acknowledgement else [Section.ACKNOWLEDGEMENT]
    if refusals:
        sections.append(Section.REFUSED_FILES)
    return QueueMail(
        sections=tuple(sections),
        to=recipient,
        language=_language(message, context),
        refusals=refusals,
        echo_subject=may_echo_subject(message, context),
    )


def why_silent(
    message: Message,
    judgement: Judgement,
    recipient: Address | Silence,
    match: Match,
    context: Context,
) -> Silence | None:
    """Return what forbids any response at all, None if nothing does; in the order of `Silence`."""
    policy = context.policy
    if judgement.forbidden in {Silence.NULL_REVERSE_PATH, Silence.OWN_MAIL}:
        return judgement.forbidden
    # What stands in Sent was written by us, and so was what comes from an address of ours.
    if context.in_sent or is_staff(message, policy):
        return Silence.OWN_ADDRESS
    if isinstance(recipient, Address) and recipient.key in policy.addresses | policy.staff:
        return Silence.OWN_ADDRESS
    if judgement.forbidden:
        return judgement.forbidden
    if not _addressed_to_us(message, policy):
        return Silence.NOT_ADDRESSED_TO_US
    if isinstance(recipient, Silence):
        return recipient
    if context.history or _age(message, context) > policy.reply_within:
        return Silence.TOO_OLD
    thread = match.thread
    if thread and thread.muted_until and thread.muted_until > context.now:
        return Silence.MUTED
    dead = context.undeliverable_until and context.undeliverable_until > context.now
    if dead or not is_writable(recipient.address):
        return Silence.ADDRESS_UNDELIVERABLE
    return None


def why_not_acknowledged(match: Match, context: Context) -> Silence | None:
    """Return why there is no acknowledgement although mail may be sent; None if there is one."""
    thread = match.thread
    if match.cites_unknown or (thread and thread.begun_earlier):
        return Silence.EARLIER_CONVERSATION
    if any(known.own for known in context.lookups.known):
        return Silence.ANSWERS_AUTOMATIC_MAIL
    if thread and thread.acknowledged:
        return Silence.ACKNOWLEDGED_ALREADY
    if thread and thread.staff_answered:
        return Silence.STAFF_ANSWERED
    return None


def why_too_much(match: Match, context: Context) -> Silence | None:
    """Return the ceiling that this response would break, None if it breaks none."""
    limits = context.policy.limits
    thread_responses = match.thread.responses_at if match.thread else ()
    if _reached(thread_responses, limits.per_thread.count, limits.per_thread.per, context.now):
        return Silence.THREAD_CEILING
    for rate in limits.per_address:
        if _reached(context.sender_responses_at, rate.count, rate.per, context.now):
            return Silence.SENDER_CEILING
    return Silence.BREAKER_OPEN if context.breaker_open else None


def _reached(times: tuple[datetime, ...], count: int, per: timedelta, now: datetime) -> bool:
    return sum(at > now - per for at in times) >= count


def _addressed_to_us(message: Message, policy: Policy) -> bool:
    # RFC 5230 §4.5: one of our addresses must stand where recipients stand.
    named = {address.key for address in (*message.to, *message.cc, *message.bcc)}
    for name in ("resent-to", "resent-cc", "resent-bcc", "delivered-to", "x-original-to"):
        for value in message.field(name):
            named.update(part.strip("<>, \t").lower() for part in value.split())
    return bool({_without_detail(address) for address in named} & policy.addresses)


def _without_detail(address: str) -> str:
    """Return `support@x` for `support+anything@x`."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _age(message: Message, context: Context) -> timedelta:
    """Return the age by INTERNALDATE or Date, whichever is older."""
    oldest = min(context.received_at, message.date or context.received_at)
    return context.recorded_at - oldest


def _refusals_to_tell(
    message: Message, verdicts: tuple[Judged, ...], match: Match, context: Context
) -> tuple[Refusal, ...]:
    # Explained once a thread to whoever (or whatever) answers our automatic mails.
    answers_us = any(known.own for known in context.lookups.known)
    if answers_us and match.thread and match.thread.refusals_explained:
        return ()
    fresh = tuple(
        Refusal(attachment.filename, judged.reason)
        for attachment, judged in zip(message.attachments, verdicts, strict=True)
        if judged.verdict is Verdict.REFUSED and judged.reason is not None
    )
    return (*context.untold, *fresh)


def may_echo_subject(message: Message, context: Context) -> bool:
    """Tell whether the subject may stand in our mail: a spammer could have written it."""
    if context.policy.echo_subject is EchoSubject.NEVER:
        return False
    return context.sender_known or aligned_pass(message, context.policy.authserv_id)


def _language(message: Message, context: Context) -> str:
    """Return the language to answer in: of the text, else of earlier mail, else the default."""
    for language in (message.language, context.earlier_language):
        if language is not None and language in context.policy.languages:
            return language
    return context.policy.default_language
