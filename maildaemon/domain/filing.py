"""To which thread a message goes, by what it is and who wrote it."""

from datetime import datetime

from maildaemon.domain.authentication import by_form, find_writer, judge_author
from maildaemon.domain.automatic import Kind
from maildaemon.domain.courtesy import Courtesy, is_courteous, read_courtesy
from maildaemon.domain.evidence import list_id
from maildaemon.domain.matching import Author, match_thread
from maildaemon.domain.message import Message
from maildaemon.domain.policy import Policy
from maildaemon.domain.subjects import bare_subject, same_topic
from maildaemon.domain.threads import Lookups, Match, Status, ThreadFacts


def find_thread(
    message: Message,
    kind: Kind,
    lookups: Lookups,
    policy: Policy,
    received_at: datetime,
    *,
    staff: bool,
) -> Match:
    """Return the thread of a message; `staff`: it is proven that one of us wrote it."""
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
    wants = customer and not staff and read_courtesy(message, policy.staff) is None
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
