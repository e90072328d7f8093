"""Decides what a newly recorded message leads to. The one place where that is decided.

Everything a decision needs arrives in `Context`; the answer is a value that can be printed
(`maildaemon explain`), compared (tests) and applied (`services.apply`).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from maildaemon.domain.actions import (
    Action,
    CancelQueued,
    MarkDeliverable,
    MuteSender,
    MuteThread,
    QueueMail,
    Rate,
    StaySilent,
    TakeProbe,
    Witness,
)
from maildaemon.domain.attachments import Judged, Reason, Verdict, is_decoration, judge
from maildaemon.domain.authentication import (
    Trust,
    aligned_pass,
    by_form,
    find_recipient,
    find_writer,
    judge_author,
    speaks_for_us,
)
from maildaemon.domain.automatic import (
    Circumstances,
    Judgement,
    Kind,
    Silence,
    classify,
    first_silence,
)
from maildaemon.domain.context import Context, Decision
from maildaemon.domain.delivery import Announcement, Contacts, Refusal, Section, is_writable
from maildaemon.domain.feedback import as_rated, find_rating, may_rate
from maildaemon.domain.filing import (
    CONSULTED,
    file_message,
    find_thread,
    is_late,
    is_thanks_only,
)
from maildaemon.domain.handover import hand_over, is_partner
from maildaemon.domain.hours import due_at
from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import EchoSubject, Mode, Policy
from maildaemon.domain.recipients import addressed, is_one_of_us, recipients
from maildaemon.domain.report import UNDELIVERABLE_FOR, follow_report
from maildaemon.domain.responder import MUTED_FOR, OUR_WORDS, Glance, is_responder
from maildaemon.domain.subjects import bare_subject
from maildaemon.domain.telling import (
    answer_language,
    is_foreign,
    next_opening,
    notices_to_tell,
)
from maildaemon.domain.threads import Match, MatchRule, ThreadFacts
from maildaemon.domain.understand import (
    Sight,
    matter_after,
    not_asked_yet,
    understand,
)
from maildaemon.domain.understanding import Fact, Priority, Understanding

# What a decision is made from, and what it is, belong to it wherever they stand.
__all__ = ["Context", "Decision", "decide"]

_DEAD_AT_LEAST = timedelta(days=1)
_SUSPECT = "three similar messages within an hour: a program seems to answer"
THANKS_ONLY = "thanks only"


def decide(message: Message, context: Context) -> Decision:
    """Return what to do about a newly recorded message."""
    writer = find_writer(message, context.policy)
    judgement = classify(
        message,
        Circumstances(
            author=writer,
            own=context.own,
            probe=context.probe is not None,
            sent=context.in_sent,
            junk=context.in_junk,
            rescued=context.rescued,
            staff=is_one_of_us(writer, context.policy),
            partner=is_partner(writer, context.policy),
        ),
    )
    match = _match(message, judgement, context)
    judgement = _as_consulted(judgement, writer, match)
    rating = find_rating(message, judgement, match, context)
    judgement = as_rated(judgement, message, rating)
    thanked = is_thanks_only(message, judgement.kind, match.thread, context.policy)
    if thanked:
        judgement = replace(judgement, evidence=(*judgement.evidence, THANKS_ONLY))
    verdicts = judge(message.attachments, context.policy.attachments)
    sight = Sight(message, writer, verdicts, context.received_at, context.policy)
    before = match.matter
    understood = understand(sight, judgement.kind, before, _asked_at(match, context))
    answers = judgement.kind is Kind.STAFF and _answers_customer(message, match, context)
    response = _respond(sight, judgement, match, understood, context, thanked=thanked)
    actions: list[Action] = [
        *file_message(message, judgement, match, context, answers=answers, thanked=thanked),
        *_consequences(message, match, context, answers=answers),
        *_about_sender(message, judgement, context),
        *((MuteThread(),) if understood.mute else ()),
        *((Rate(rating),) if rating is not None else ()),
        *_hand_over(sight, judgement, match, understood, context),
        response,
    ]
    silence = response.reason if isinstance(response, StaySilent) else None
    late, asked = is_late(match.thread, context), _asked(response, context.policy)
    matter = matter_after(before, understood, sight, judgement.kind, asked, late=late)
    return Decision(
        judgement, match, verdicts, tuple(actions), silence, answers, understood, matter
    )


def _asked_at(match: Match, context: Context) -> tuple[datetime, ...]:
    return (*(match.thread.asked_at if match.thread else ()), context.received_at)


def _hand_over(
    sight: Sight,
    judgement: Judgement,
    match: Match,
    understood: Understanding,
    context: Context,
) -> Iterator[Action]:
    """Yield which colleague or partner gets word of what a customer has just written."""
    if judgement.kind is not Kind.CUSTOMER or context.history:
        return
    old = _age(sight.message, context) > context.policy.reply_within
    muted = _lasts(context.sender_muted_until, context.now)
    junked = match.thread is not None and match.thread.junked
    if not (old or muted or junked or is_suspect(sight.message, judgement, context)):
        yield from hand_over(
            sight.message, sight.verdicts, understood, match.thread, context.policy
        )


def _asked(response: QueueMail | StaySilent, policy: Policy) -> tuple[Fact, ...]:
    """Return the facts that the customer is asked for; a rehearsal counts for nothing later."""
    if isinstance(response, StaySilent) or policy.mode_of(response.sections) is Mode.SHADOW:
        return ()
    return tuple(map(Fact, response.missing))


def has_staff_powers(message: Message, context: Context) -> bool:
    """Tell whether it is proven that one of us wrote this: by Sent, or by authentication."""
    return speaks_for_us(message, context.policy, in_sent=context.in_sent)


def _match(message: Message, judgement: Judgement, context: Context) -> Match:
    if context.reported_thread is not None:
        # A report belongs to the mail it is about, whoever sends it.
        return Match(MatchRule.OWN_MESSAGE_ID, context.reported_thread, "is about a mail of ours")
    staff = has_staff_powers(message, context)

    def find(*, rates: bool) -> Match:
        policy, at = context.policy, context.received_at
        kind, known = judgement.kind, context.lookups
        return find_thread(message, kind, known, policy, at, staff=staff, rates=rates)

    rates = may_rate(message, judgement.kind, context)
    found = find(rates=rates)
    if rates and find_rating(message, judgement, found, context) is None:
        found = find(rates=False)
    return found if found.thread else replace(found, thread=context.placed)


def _as_consulted(judgement: Judgement, writer: Address | None, match: Match) -> Judgement:
    """Return what a message is, now that its thread is known: whom we have asked in it is no
    customer of ours.
    """
    asked = match.thread is not None and match.thread.consults(writer)
    if judgement.kind is not Kind.CUSTOMER or not asked:
        return judgement
    evidence = (*judgement.evidence, CONSULTED)
    return replace(judgement, kind=Kind.PARTNER, evidence=evidence)


def _answers_customer(message: Message, match: Match, context: Context) -> bool:
    """Tell whether this is our answer to a customer of the thread (a forward is not)."""
    if match.thread is None or not has_staff_powers(message, context):
        return False
    if OUR_WORDS in message.defects:
        return False  # a reminder that a person has sent is no answer to anything
    named = {address.key for address in recipients(message)}
    return bool(named & (match.thread.customers | match.thread.reply_addresses))


def _consequences(
    message: Message, match: Match, context: Context, *, answers: bool
) -> list[Action]:
    actions: list[Action] = []
    # What lay there before the first start, or is imported, comes back from nowhere.
    if context.probe is not None and not context.history:
        actions.append(TakeProbe(context.probe))
    if context.own:
        actions.append(Witness(message.message_id, filed=context.in_sent))
    # An id that only the recipient of our mail can know proves that the mail arrived.
    actions += [Witness(known.message_id) for known in context.lookups.known if known.own]
    if context.reported_to is not None:
        actions += follow_report(message, context.reported_to, context.now)
    if answers and match.thread is not None:
        actions.append(CancelQueued(match.thread.thread_id, Silence.STAFF_ANSWERED))
    return actions


def _respond(
    sight: Sight,
    judgement: Judgement,
    match: Match,
    understood: Understanding,
    context: Context,
    *,
    thanked: bool,
) -> QueueMail | StaySilent:
    """Return the one response to this message, or the first reason why there is none."""
    message = sight.message
    recipient = find_recipient(message, context.policy)
    refusals = _refusals_to_tell(message, sight.verdicts, match, context)
    no_acknowledgement = why_not_acknowledged(match, context)
    missing = _facts_to_ask(understood, match, context)
    reasons = {
        *judgement.forbidden,
        *why_silent(message, recipient, match, context),
        *why_unanswerable(message, judgement, context),
        *why_too_much(match, context),
        *((Silence.MUTED,) if understood.mute else ()),
        *((Silence.NOTHING_TO_SAY,) if thanked or judgement.kind is Kind.FEEDBACK else ()),
        # A refusal is told, and a fact asked for, even where there is nothing to acknowledge.
        *(() if refusals or missing else no_acknowledgement),
    }
    reason = first_silence(reasons)
    if reason is not None or isinstance(recipient, Silence):
        return StaySilent(reason or Silence.NOTHING_TO_SAY)
    policy = context.policy
    # Links and notices are told by the way; they are never the reason for a mail.
    faq = () if no_acknowledgement else understood.faq
    notices = _notices_to_tell(match, context)
    said = {
        Section.ACKNOWLEDGEMENT: not no_acknowledgement,
        Section.REFUSED_FILES: refusals,
        Section.MISSING_FACTS: missing,
        Section.FAQ: faq,
        Section.NOTICE: notices,
    }
    return QueueMail(
        sections=tuple(section for section, is_said in said.items() if is_said),
        to=recipient,
        language=answer_language(message, context.earlier_language, policy),
        refusals=refusals,
        missing=tuple(one.value for one in missing),
        number_unknown=any(one.known is False for one in understood.order_numbers),
        faq=faq,
        notices=notices,
        slower=not no_acknowledgement and is_foreign(message, policy),
        contacts=_contacts_to_tell(understood, match, policy) if not no_acknowledgement else None,
        **({} if no_acknowledgement else _dates_to_tell(sight, understood, match, context)),
        echo_subject=may_echo_subject(message, context),
        sender_known=is_known(message, context),
    )


def _dates_to_tell(
    sight: Sight, understood: Understanding, match: Match, context: Context
) -> dict[str, datetime | None]:
    """Return by when an answer is promised, and when the shop opens, as in `QueueMail`."""
    policy = context.policy
    asked_at = _asked_at(match, context)
    matter = matter_after(match.matter, understood, sight, Kind.CUSTOMER)
    promise = policy.time.promise(matter)
    due = due_at(min(asked_at), promise.first_reply, policy.hours) if promise.first_reply else None
    # What has waited in some queue for long is not promised for yesterday.
    told = due if due and due > context.now else None
    return {
        "waiting_since": min(asked_at) if told else None,
        "answer_by": told,
        "opens_at": next_opening(policy.hours, context.now),
    }


def _contacts_to_tell(understood: Understanding, match: Match, policy: Policy) -> Contacts | None:
    """Return another way to reach the shop if the matter cannot wait, or could not before."""
    known = match.thread.matter.priority if match.thread else Priority.NORMAL
    return policy.contacts if Priority.URGENT in {understood.priority, known} else None


def why_silent(
    message: Message, recipient: Address | Silence, match: Match, context: Context
) -> Iterator[Silence]:
    """Yield what forbids any response at all, besides what stands in the header."""
    policy, thread = context.policy, match.thread
    # What lies in Sent was written by us, and so was what comes from an address of ours.
    if context.in_sent or is_one_of_us(find_writer(message, policy), policy):
        yield Silence.OWN_ADDRESS
    # A partner writes because we asked him to.
    writer = find_writer(message, policy)
    if is_partner(writer, policy) or (thread and thread.consults(writer)):
        yield Silence.NOTHING_TO_SAY
    if thread and thread.junked:
        yield Silence.SPAM
    # RFC 5230 §4.5: one of our addresses must stand where recipients stand.
    if addressed(message).isdisjoint(policy.addresses):
        yield Silence.NOT_ADDRESSED_TO_US
    if isinstance(recipient, Silence):
        yield recipient
    elif not is_writable(recipient.address):
        yield Silence.ADDRESS_UNDELIVERABLE
    if context.history or _age(message, context) > policy.reply_within:
        yield Silence.TOO_OLD
    if thread and _lasts(thread.muted_until, context.now):
        yield Silence.MUTED


def why_unanswerable(message: Message, judgement: Judgement, context: Context) -> Iterator[Silence]:
    """Yield why nothing automatic goes to this sender, whatever he writes."""
    muted = _lasts(context.sender_muted_until, context.now)
    if muted or is_suspect(message, judgement, context):
        yield Silence.MUTED
    dead = _lasts(context.undeliverable_until, context.now)
    if dead and not _proves_life(message, judgement, context):
        yield Silence.ADDRESS_UNDELIVERABLE


def is_suspect(message: Message, judgement: Judgement, context: Context) -> bool:
    """Tell whether a program that shows no sign of it seems to write here."""
    if judgement.kind is not Kind.CUSTOMER or context.history or not context.sender_lately:
        return False
    # Who sends his photographs one by one writes nearly the same each time.
    if message.header_only or any(not one.inline for one in message.attachments):
        return False
    glance = Glance(bare_subject(message.subject), message.reply_text)
    return is_responder(glance, context.sender_lately)


def _proves_life(message: Message, judgement: Judgement, context: Context) -> bool:
    """Tell whether a person at an address that refused our mail has got it back: provably his
    mail, and not at once. Some addresses can send and never receive.
    """
    if judgement.kind is not Kind.CUSTOMER or by_form(message, context.policy):
        return False
    dead_until = context.undeliverable_until or context.now
    refused_at = dead_until - UNDELIVERABLE_FOR
    if context.now - refused_at < _DEAD_AT_LEAST:
        return False
    return aligned_pass(message, context.policy.authserv_id)


def _about_sender(message: Message, judgement: Judgement, context: Context) -> Iterator[Action]:
    writer = find_writer(message, context.policy)
    if writer is None or is_one_of_us(writer, context.policy):
        return
    muted = _lasts(context.sender_muted_until, context.now)
    # Three forged mails must not silence whom they name.
    forged = judge_author(message, context.policy) is Trust.FAILED
    if not (muted or forged) and is_suspect(message, judgement, context):
        yield MuteSender(writer.key, context.now + MUTED_FOR, _SUSPECT)
    dead = _lasts(context.undeliverable_until, context.now)
    if dead and _proves_life(message, judgement, context):
        yield MarkDeliverable(writer.key)


def why_not_acknowledged(match: Match, context: Context) -> tuple[Silence, ...]:
    """Return why there is no acknowledgement although mail may be sent; empty if there is one."""
    thread = match.thread
    reasons = (
        (Silence.EARLIER_CONVERSATION, match.cites_unknown or (thread and thread.begun_earlier)),
        (Silence.ANSWERS_AUTOMATIC_MAIL, answers_us(context)),
        (Silence.ACKNOWLEDGED_ALREADY, thread and _was_acknowledged(thread, context)),
        (Silence.STAFF_ANSWERED, thread and thread.staff_answered),
    )
    return tuple(reason for reason, holds in reasons if holds)


def answers_us(context: Context) -> bool:
    """Tell whether a message answers automatic mail of ours, by what it cites or by its subject:
    only such mail bears the tag of a thread. Programs that open tickets cite nothing.
    """
    lookups = context.lookups
    return lookups.tagged is not None or any(known.own for known in lookups.known)


def _was_acknowledged(thread: ThreadFacts, context: Context) -> bool:
    return thread.acknowledged or Section.ACKNOWLEDGEMENT in _rehearsed(thread, context)


def _rehearsed(thread: ThreadFacts, context: Context) -> frozenset[Section]:
    """Return what counts as said although it was not sent: in a rehearsal only."""
    mode_of = context.policy.mode_of
    return frozenset(one for one in thread.rehearsed if mode_of((one,)) is Mode.SHADOW)


def why_too_much(match: Match, context: Context) -> Iterator[Silence]:
    """Yield the ceilings that this response would break."""
    limits = context.policy.limits
    thread_responses = match.thread.responses_at if match.thread else ()
    if limits.per_thread.is_reached(thread_responses, context.now):
        yield Silence.THREAD_CEILING
    if any(it.is_reached(context.sender_responses_at, context.now) for it in limits.per_address):
        yield Silence.SENDER_CEILING
    if context.breaker_open:
        yield Silence.BREAKER_OPEN


def _lasts(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def _age(message: Message, context: Context) -> timedelta:
    """Return the age by INTERNALDATE or Date, whichever is older."""
    oldest = min(context.received_at, message.date or context.received_at)
    return context.recorded_at - oldest


def _refusals_to_tell(
    message: Message, verdicts: tuple[Judged, ...], match: Match, context: Context
) -> tuple[Refusal, ...]:
    # Explained once a thread to whoever (or whatever) answers our automatic mails.
    thread = match.thread
    rehearsed = thread is not None and Section.REFUSED_FILES in _rehearsed(thread, context)
    if answers_us(context) and thread and (thread.refusals_explained or rehearsed):
        return ()
    fresh = tuple(
        Refusal(attachment.filename, judged.reason)
        for attachment, judged in zip(message.attachments, verdicts, strict=True)
        if judged.verdict is Verdict.REFUSED
        and judged.reason is not None
        and not is_decoration(attachment)
    )
    untold = thread.untold if thread and not rehearsed else ()
    # It was not read for its size, whatever files it has.
    whole = (Refusal(None, Reason.MESSAGE_TOO_LARGE),) if message.header_only else ()
    return (*untold, *fresh, *whole)


# Who answers our automatic mail, or has a person's answer, is not asked for anything by us.
_ASKED_NO_MORE = frozenset(
    {Silence.EARLIER_CONVERSATION, Silence.ANSWERS_AUTOMATIC_MAIL, Silence.STAFF_ANSWERED}
)


def _facts_to_ask(understood: Understanding, match: Match, context: Context) -> tuple[Fact, ...]:
    """Return what is missing and was not asked for in this thread yet."""
    if not _ASKED_NO_MORE.isdisjoint(why_not_acknowledged(match, context)):
        return ()
    if match.thread and Section.MISSING_FACTS in _rehearsed(match.thread, context):
        return ()
    return not_asked_yet(understood, match.matter)


def _notices_to_tell(match: Match, context: Context) -> tuple[Announcement, ...]:
    thread = match.thread
    if thread is not None and Section.NOTICE in _rehearsed(thread, context):
        return ()
    told_at = thread.noticed_at if thread else None
    return notices_to_tell(context.policy, context.now, told_at)


def may_echo_subject(message: Message, context: Context) -> bool:
    """Tell whether the subject may stand in our mail: a spammer could have written it."""
    return context.policy.echo_subject is not EchoSubject.NEVER and is_known(message, context)


def is_known(message: Message, context: Context) -> bool:
    """Tell whether the sender is authenticated or was here before; else he may be forged."""
    forged = judge_author(message, context.policy) is Trust.FAILED
    if forged or by_form(message, context.policy):
        return False
    return context.sender_known or aligned_pass(message, context.policy.authserv_id)
