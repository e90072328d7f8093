"""Tells the answer to our question how it went from a customer's message like any other."""

from dataclasses import replace

from maildaemon.domain.automatic import Judgement, Kind
from maildaemon.domain.context import Context
from maildaemon.domain.distress import find_distress, more_urgent
from maildaemon.domain.message import Message
from maildaemon.domain.ratings import read_rating, words_beside
from maildaemon.domain.threads import Match, Status, ThreadFacts
from maildaemon.domain.understand import is_decoration
from maildaemon.domain.understanding import Priority

_QUESTION_MARKS = frozenset("?？؟")


def may_rate(message: Message, kind: Kind, context: Context) -> bool:
    """Tell whether this looks like an answer to the question how it went."""
    if kind is not Kind.CUSTOMER or context.history:
        return False
    return context.rating is not None or read_rating(message.reply_text) is not None


def find_rating(
    message: Message, judgement: Judgement, match: Match, context: Context
) -> int | None:
    """Return how a message rates the help in its thread, None if it does not.

    A mark that only we can have made says it, whoever sends it. A digit alone counts from whom the
    thread lets in, where we have asked.
    """
    thread = match.thread
    if thread is None or not may_rate(message, judgement.kind, context):
        return None
    if context.rating is not None and context.lookups.addressed == thread.thread_id:
        return context.rating
    return read_rating(message.reply_text) if _was_asked(message, thread) else None


def as_rated(judgement: Judgement, message: Message, rating: int | None) -> Judgement:
    """Return what a message is that rates us: no customer's message, unless it wants something."""
    if rating is None:
        return judgement
    evidence = (*judgement.evidence, f"rating {rating}")
    kind = judgement.kind if _wants_more(message, rating) else Kind.FEEDBACK
    return replace(judgement, kind=kind, evidence=evidence)


def _was_asked(message: Message, thread: ThreadFacts) -> bool:
    if not thread.asked_how:
        return False
    answered = message.in_reply_to or message.cited[:1]
    return thread.status is Status.RESOLVED or not thread.asked_how.isdisjoint(answered)


def _wants_more(message: Message, rating: int) -> bool:
    """Tell whether somebody has to do something about what stands beside the digit: a question, a
    threat, a file.
    """
    if any(not is_decoration(one) for one in message.attachments):
        return True
    words = words_beside(message.reply_text, rating)
    distress = find_distress("", words, message.language)
    return more_urgent(
        Priority.NORMAL, distress
    ) is Priority.URGENT or not _QUESTION_MARKS.isdisjoint(words)
