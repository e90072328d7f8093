"""Finds the thread a message belongs to (RFC 5322 §3.6.4); the first rule that hits wins.

A stranger does not get in: who is neither participant nor staff, nor vouched for by an address
that only we can have given out, opens a thread of his own, linked to the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from maildaemon.domain.authentication import Trust
from maildaemon.domain.by_hand import merged_status
from maildaemon.domain.message import Message
from maildaemon.domain.subjects import bare_subject, is_answer, is_forward, is_generic, same_topic
from maildaemon.domain.threads import (
    GUESSABLE,
    Child,
    Known,
    Lookups,
    Match,
    MatchRule,
    Status,
    ThreadFacts,
)
from maildaemon.domain.understanding import Matter

_MERGED_AT_MOST = 5
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes. `key` is the address of who is taken for the writer, empty for nobody.

    `staff`: it is proven that we wrote it. `person`: no program seems to write. `through` is the
    mailing list that distributed it.
    """

    key: str
    staff: bool = False
    trust: Trust = Trust.UNKNOWN
    person: bool = True
    through: str | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """One way into a thread. `parent` is the id that shows it, empty for none.

    `proves`: by it alone the thread and whatever else the message belongs to are one conversation.
    `mutual`: it writes to whoever shows the way; nobody draws in those who do not.
    """

    rule: MatchRule
    thread_id: int
    parent: str = ""
    proves: bool = False
    mutual: bool = True
    child: Child | None = None


def match_thread(
    message: Message,
    lookups: Lookups,
    author: Author,
    *,
    at: datetime | None = None,
    reopen_within: timedelta = timedelta.max,
) -> Match:
    """Return the thread of a message, by the first rule that hits.

    What was resolved longer than `reopen_within` before `at` is not opened again.
    """
    refused: ThreadFacts | None = None
    lapsed: ThreadFacts | None = None
    open_ways: list[_Way] = []
    for way in _ways(message, lookups, author):
        thread = lookups.threads[way.thread_id]
        if not _may_enter(author, thread, way):
            # Whom others cite is no stranger to them.
            drawn = way.child is not None or (author.key in thread.participants and not way.mutual)
            refused = refused or (None if drawn else thread)
        elif _has_lapsed(thread, at, reopen_within):
            lapsed = lapsed or thread
        else:
            open_ways.append(way)
    if open_ways:
        return _joined(message, lookups, open_ways, at)
    if lapsed is not None:
        why = f"answers {lapsed.reference}, which was resolved too long ago to be opened again"
        return Match(MatchRule.NEW, None, why, continues=lapsed)
    return _begun(message, lookups, author, refused)


def telling_subject(message: Message) -> str | None:
    """Return the bare subject if it tells a matter, so that a thread may be known by it; None if
    so many write it that it does not.

    A general one does as well if it says of itself that it answers something: some clients drop
    all ids. What is passed on is known by ids only: it is about somebody else's mail.
    """
    bare = bare_subject(message.subject)
    if not bare or is_forward(message.subject):
        return None
    return None if is_generic(bare) and not is_answer(message.subject) else bare


def _ways(message: Message, lookups: Lookups, author: Author) -> Iterator[_Way]:
    """Yield the ways into threads in the order of the rules, the newest id first."""
    named = (*message.cited, *message.forwarded)
    cited = {one: place for place, one in reversed([*enumerate(named)])}
    seen = sorted(
        (one for one in lookups.known if one.thread_id is not None and one.message_id in cited),
        key=lambda one: cited[one.message_id],
    )
    stored = [one for one in seen if not one.cited_only]
    answered = frozenset(message.in_reply_to)
    people = _named(message, author)

    def agrees(one: Known | Child) -> bool:
        # Clients recycle References for new topics: there the subject must agree as well.
        return same_topic(one.bare_subject, message.subject)

    def shares(one: Known) -> bool:
        return agrees(one) or (one.direct and one.message_id in answered)

    def known(rule: MatchRule, found: Iterable[Known]) -> Iterator[_Way]:
        for one in found:
            proves = one.message_id in answered or agrees(one)
            yield _Way(rule, one.thread_id or 0, one.message_id, proves)

    yield from known(MatchRule.OWN_MESSAGE_ID, (one for one in stored if one.own))
    if lookups.addressed is not None:
        yield _Way(MatchRule.REPLY_ADDRESS, lookups.addressed)
    direct = (one for one in stored if one.message_id in answered)
    yield from known(MatchRule.IN_REPLY_TO, direct)
    yield from known(MatchRule.REFERENCES, filter(agrees, stored))
    for one in filter(shares, (one for one in seen if one.cited_only)):
        mutual = one.staff or one.author in people
        rule, thread_id = MatchRule.SHARED_REFERENCE, one.thread_id or 0
        yield _Way(rule, thread_id, one.message_id, proves=True, mutual=mutual)
    for child in lookups.children:
        if (child.direct or agrees(child)) and (child.staff or child.author in people):
            rule = MatchRule.SHARED_REFERENCE
            yield _Way(rule, child.thread_id, child.message_id, proves=True, child=child)
    yield from _guessed(message, lookups, author)


def _guessed(message: Message, lookups: Lookups, author: Author) -> Iterator[_Way]:
    if lookups.tagged is not None:
        yield _Way(MatchRule.SUBJECT_TAG, lookups.tagged)
    # Programs write about many matters under one subject.
    if author.person or author.staff:
        yield from (_Way(MatchRule.ORDER_NUMBER, one) for one in lookups.ordered)
        yield from (_Way(MatchRule.SAME_SENDER_SUBJECT, one) for one in lookups.resembling)
    # Staff answer by a new mail, too. What is passed on is for somebody else.
    if lookups.waiting is not None and not is_forward(message.subject):
        yield _Way(MatchRule.SAME_CUSTOMER, lookups.waiting)


def _named(message: Message, author: Author) -> frozenset[str]:
    """Return who takes part in a conversation that this message begins."""
    return frozenset({author.key, *(one.key for one in (*message.to, *message.cc, *message.bcc))})


def _may_enter(author: Author, thread: ThreadFacts, way: _Way) -> bool:
    if not way.mutual:
        return False
    if author.staff or way.rule is MatchRule.REPLY_ADDRESS:
        return True
    if author.through is not None and author.through in thread.lists:
        return True
    if way.rule in GUESSABLE - {MatchRule.SUBJECT_TAG} and author.key not in thread.customers:
        return False
    return author.key in thread.participants and not _is_doubtful(author, thread)


def _is_doubtful(author: Author, thread: ThreadFacts) -> bool:
    """Tell whether our own server contradicts the From, or is silent where it vouched before."""
    if author.trust is Trust.NONE:
        return author.key in thread.proven
    return author.trust is Trust.FAILED


def _has_lapsed(thread: ThreadFacts, at: datetime | None, within: timedelta) -> bool:
    since = thread.resolved_at or thread.last_message_at
    if at is None or since is None or thread.status is not Status.RESOLVED:
        return False
    return at - since > within


def _joined(message: Message, lookups: Lookups, ways: list[_Way], at: datetime | None) -> Match:
    """Return the thread of the first way, one with those that the others prove to be the same."""
    first = ways[0]
    home = lookups.threads[first.thread_id]
    proven = dict.fromkeys(way.thread_id for way in ways if way.proves)
    others = [lookups.threads[one] for one in proven if one != first.thread_id]
    together = [home]
    if first.proves:
        together += [one for one in others if _may_merge(home, one)][:_MERGED_AT_MOST]
    # The one that began first keeps its reference.
    together.sort(key=lambda one: (one.opened_at or _END, one.thread_id))
    thread = _as_one(together)
    unknown = not any(one.message_id in message.cited for one in lookups.known)
    answered = any(way.child and way.child.staff and way.child.direct for way in ways)
    children = {way.thread_id for way in ways if way.child}
    # It may be what the others answer, and have no id by which they could say so.
    came_first = at is not None and at < (thread.opened_at or at)
    answered_there = home.thread_id in children or came_first
    begins = thread.begun_earlier and answered_there and not message.cited
    return Match(
        rule=first.rule,
        thread=replace(thread, begun_earlier=False) if begins else thread,
        why=_because(first),
        # What came late is answered by its child, and answers nothing itself.
        parent=None if first.child else first.parent or None,
        cites_unknown=bool(first.child and message.cited and unknown),
        merged=tuple(together[1:]),
        begins=begins,
        answered=answered,
    )


def _may_merge(one: ThreadFacts, other: ThreadFacts) -> bool:
    # What a person took apart, or to Junk, no message puts together again; nor does a mail of ours
    # bring together customers who do not know each other.
    if one.kept_apart or other.kept_apart or one.junked or other.junked:
        return False
    return bool(one.participants & other.participants or one.lists & other.lists)


def _as_one(threads: list[ThreadFacts]) -> ThreadFacts:
    """Return the facts of the first thread with what holds for all of them."""
    first, *others = threads
    for other in others:
        latest = (first.last_message_at, other.last_message_at)
        noticed = (first.noticed_at, other.noticed_at)
        first = replace(
            first,
            status=merged_status(other.status, first.status),
            participants=first.participants | other.participants,
            customers=first.customers | other.customers,
            reply_addresses=first.reply_addresses | other.reply_addresses,
            proven=first.proven | other.proven,
            lists=first.lists | other.lists,
            acknowledged=first.acknowledged or other.acknowledged,
            staff_answered=first.staff_answered or other.staff_answered,
            refusals_explained=first.refusals_explained or other.refusals_explained,
            noticed_at=max((at for at in noticed if at), default=None),
            untold=(*first.untold, *other.untold),
            rehearsed=first.rehearsed | other.rehearsed,
            last_message_at=max((at for at in latest if at), default=None),
            responses_at=(*first.responses_at, *other.responses_at),
            matter=_as_one_matter(first.matter, other.matter),
        )
    return first


def _as_one_matter(one: Matter, other: Matter) -> Matter:
    """Return what a conversation is about that was two: as the first was, and nothing is asked for
    twice.
    """
    facts = tuple(dict.fromkeys((*one.facts, *other.facts)))
    return replace(
        one,
        category=one.category or other.category,
        tags=tuple(dict.fromkeys((*one.tags, *other.tags))),
        facts=facts,
        missing=tuple(fact for fact in one.missing if fact not in facts),
        asked=tuple(dict.fromkeys((*one.asked, *other.asked))),
    )


def _begun(
    message: Message, lookups: Lookups, author: Author, refused: ThreadFacts | None
) -> Match:
    """Return that the message begins a thread, and why."""
    if refused is not None:
        why = f"{author.key or 'nobody'} takes no part in {refused.reference}"
        if author.key in refused.participants:
            why = f"nothing proves that {author.key} wrote this, and so far our server did"
        return Match(MatchRule.NEW, None, why, stranger_to=refused)
    if not message.cited:
        return Match(MatchRule.NEW, None, "answers no known mail")
    if any(known.thread_id is not None for known in lookups.known):
        return Match(MatchRule.NEW, None, "cites known mail, but has another subject")
    earlier = any(known.earlier for known in lookups.known)
    why = "answers mail from before the first start" if earlier else "answers unknown mail"
    return Match(MatchRule.NEW, None, why, cites_unknown=True)


_WHY = {
    MatchRule.REPLY_ADDRESS: "is sent to the address that we gave out for this conversation",
    MatchRule.SUBJECT_TAG: "carries our reference in the subject",
    MatchRule.ORDER_NUMBER: "names the same order as an open thread of this customer",
    MatchRule.SAME_SENDER_SUBJECT: "has the sender and the subject of an open thread",
    MatchRule.SAME_CUSTOMER: "is ours, to a customer who has just one open thread",
}


def _because(way: _Way) -> str:
    if way.child is not None:
        verb = "answers" if way.child.direct else "cites"
        return f"{way.parent}, which came before it, {verb} it"
    match way.rule:
        case MatchRule.OWN_MESSAGE_ID:
            return f"answers our mail {way.parent}"
        case MatchRule.IN_REPLY_TO:
            return f"answers {way.parent}"
        case MatchRule.REFERENCES:
            return f"cites {way.parent} and has the same subject"
        case MatchRule.SHARED_REFERENCE:
            return f"cites {way.parent}, as an earlier mail does"
        case _:
            return _WHY[way.rule]
