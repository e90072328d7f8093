"""To which thread a message goes, by what it is and who wrote it, and whose turn it is then."""

from datetime import datetime

from maildaemon.domain.actions import Action, JoinThread, MergeThread, OpenThread
from maildaemon.domain.authentication import by_form, find_writer, judge_author, speaks_for_us
from maildaemon.domain.automatic import ABOUT_ANOTHER_MAIL, Judgement, Kind
from maildaemon.domain.context import Context
from maildaemon.domain.courtesy import Courtesy, is_courteous, read_courtesy
from maildaemon.domain.evidence import list_id
from maildaemon.domain.matching import Author, match_thread
from maildaemon.domain.message import Message
from maildaemon.domain.policy import Policy
from maildaemon.domain.recipients import is_one_of_us, recipients
from maildaemon.domain.subjects import bare_subject, same_topic
from maildaemon.domain.threads import Lookups, Match, Status, ThreadFacts
from maildaemon.domain.understand import status_after_answer

# What a supplier, say, is known by whom only we have written to in the thread.
CONSULTED = "asked by us in this thread"


def find_thread(
    message: Message,
    kind: Kind,
    lookups: Lookups,
    policy: Policy,
    received_at: datetime,
    *,
    staff: bool,
    rates: bool = False,
) -> Match:
    """Return the thread of a message; `staff`: it is proven that one of us wrote it. `rates`: it
    says how it went, of however long ago.
    """
    writer = find_writer(message, policy)
    customer = kind is Kind.CUSTOMER
    author = Author(
        key=writer.key if writer else "",
        staff=staff,
        trust=judge_author(message, policy),
        # In a form anybody may give any address as his own, and its subject is always the same.
        person=customer and not by_form(message, policy),
        through=list_id(message) if kind is Kind.LIST else None,
    )
    # Only what wants something opens anew what was resolved long ago.
    wants = customer and not staff and read_courtesy(message, policy.staff) is None and not rates
    return match_thread(
        message,
        lookups,
        author,
        at=received_at if wants else None,
        reopen_within=policy.limits.reopen_within,
    )


def is_thanks_only(
    message: Message, kind: Kind, thread: ThreadFacts | None, policy: Policy
) -> bool:
    """Tell whether a customer says thank you and nothing else: it is nobody's turn because of it.

    Under another subject the subject may be the message. A word of assent may be the answer to
    what we asked, as long as the thread is not resolved.
    """
    if kind is not Kind.CUSTOMER or thread is None:
        return False
    courtesy = read_courtesy(message, policy.staff)
    if courtesy is None or (courtesy is Courtesy.ASSENT and thread.status is not Status.RESOLVED):
        return False
    bare = bare_subject(message.subject)
    return same_topic(thread.bare_subject, bare) or is_courteous(bare)


def file_message(
    message: Message,
    judgement: Judgement,
    match: Match,
    context: Context,
    *,
    answers: bool,
    thanked: bool,
) -> list[Action]:
    """Return where the message goes: into a thread, a new one, or none."""
    kind, thread = judgement.kind, match.thread
    if thread is not None:
        counts = kind is Kind.CUSTOMER and not thanked and not match.answered
        status = _status_after(judgement, thread, context, answers=answers, counts=counts)
        if kind is Kind.STAFF and _asks_again(message, thread, context):
            status = Status.PENDING
        begins = match.begins and not context.history
        join = JoinThread(thread.thread_id, thread.reference, status, begins=begins)
        return [*(MergeThread(one.reference, thread.reference) for one in match.merged), join]
    if kind in ABOUT_ANOTHER_MAIL:
        return []
    match kind:
        case Kind.CUSTOMER | Kind.PARTNER:
            status = Status.OPEN
        case Kind.STAFF if _begins_conversation(message, context):
            status = Status.PENDING
        case _:
            status = Status.IGNORED
    linked_to = match.stranger_to.thread_id if match.stranger_to else None
    begun_earlier = context.history or match.cites_unknown
    continues = match.continues.thread_id if match.continues else None
    return [OpenThread(context.new_reference, status, linked_to, begun_earlier, continues)]


def _status_after(
    judgement: Judgement, thread: ThreadFacts, context: Context, *, answers: bool, counts: bool
) -> Status | None:
    """Return whose turn it is once the message is in its thread, None if that stays as it is.

    What is only read late, or imported, does not change it. `counts`: its customer wants something.
    """
    if answers:
        if thread.status is Status.WORKING and thread.by_hand:
            return None  # a person has said that we owe more, and takes it back by hand
        if thread.status is Status.RESOLVED and thread.asks_by_hand:
            return None  # who sends our question how it went by hand opens nothing by that
        return None if _is_overtaken(thread, context) else status_after_answer(thread.matter)
    # Who took it out of Junk had not seen it before, whatever has been answered meanwhile.
    if counts and (context.rescued or not is_late(thread, context)):
        return Status.OPEN
    kind = judgement.kind
    if context.rescued and kind is Kind.CUSTOMER and thread.status is Status.IGNORED:
        return Status.OPEN
    # Whom we asked has told us something, or our own answer has not arrived: no customer waits,
    # but the next step is ours.
    told = CONSULTED in judgement.evidence and not context.history
    undone = kind is Kind.BOUNCE and context.reported_to is None
    return Status.WORKING if (told or undone) and thread.status is Status.PENDING else None


def _is_overtaken(thread: ThreadFacts, context: Context) -> bool:
    """Tell whether somebody has changed whose turn it is since this answer was written: the
    customer by writing again, or a person by hand. What programs have sent since does not count.
    """
    since = (*thread.asked_at, *((thread.resolved_at,) if thread.resolved_at else ()))
    return any(at > context.received_at for at in since)


def _asks_again(message: Message, thread: ThreadFacts, context: Context) -> bool:
    """Tell whether one of us, provably, answers a supplier, say, in a thread that has no customer:
    it is his turn.
    """
    if thread.customers or thread.by_hand or thread.status is not Status.WORKING:
        return False
    asked = thread.consulted & {one.key for one in recipients(message)}
    return bool(asked) and speaks_for_us(message, context.policy, in_sent=context.in_sent)


def is_late(thread: ThreadFacts | None, context: Context) -> bool:
    """Tell whether the thread has newer messages already."""
    newest = thread.last_message_at if thread else None
    return newest is not None and newest > context.received_at


def _begins_conversation(message: Message, context: Context) -> bool:
    """Tell whether one of us, provably, writes to somebody outside."""
    outside = [one for one in recipients(message) if not is_one_of_us(one, context.policy)]
    return bool(outside) and speaks_for_us(message, context.policy, in_sent=context.in_sent)
