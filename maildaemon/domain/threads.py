"""Finds the thread a message belongs to (RFC 5322 §3.6.4); the first rule that hits wins.

What is known is loaded beforehand and handed in; nothing here asks a database. A stranger does
not get in: who is neither participant nor staff opens a thread of his own, linked to the other.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from maildaemon.domain.delivery import Refusal, Section
from maildaemon.domain.message import Message
from maildaemon.domain.understanding import Matter


class MatchRule(StrEnum):
    """By what a message was matched, strongest first."""

    OWN_MESSAGE_ID = "own_message_id"
    IN_REPLY_TO = "in_reply_to"
    REFERENCES = "references"
    SHARED_REFERENCE = "shared_reference"
    SUBJECT_TAG = "subject_tag"
    NEW = "new"


class Status(StrEnum):
    """Whose turn it is: ours, ours though answered, the customer's, nobody's."""

    OPEN = "open"
    WORKING = "working"
    PENDING = "pending"
    RESOLVED = "resolved"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class ThreadFacts:
    """A thread as a decision sees it. Addresses are keys (lower case); instants aware UTC.

    `customers` are the participants a staff answer can be meant for. `responses_at` are the
    times of automatic mails queued in it; `refusals_explained` says one of them explained a
    refused file, `noticed_at` when the newest that tells a notice was queued, `untold` are
    refusals that none of them has told yet. `rehearsed` is what mails of it would have said that
    were only recorded (shadow). `begun_earlier`: the
    conversation was under way before we knew of it. `junked`: a person moved a message of it to
    Junk, and not back. `matter`: what its customers wrote of.
    """

    thread_id: int
    reference: str
    status: Status
    bare_subject: str
    participants: frozenset[str]
    customers: frozenset[str]
    begun_earlier: bool = False
    acknowledged: bool = False
    staff_answered: bool = False
    refusals_explained: bool = False
    noticed_at: datetime | None = None
    untold: tuple[Refusal, ...] = ()
    rehearsed: frozenset[Section] = frozenset()
    muted_until: datetime | None = None
    junked: bool = False
    last_message_at: datetime | None = None
    responses_at: tuple[datetime, ...] = ()
    matter: Matter = field(default_factory=Matter)


@dataclass(frozen=True, slots=True)
class Known:
    """A cited Message-ID that we have a record of.

    `own`: it is an automatic mail of ours. `thread_id` None: the record belongs to no thread.
    `cited_only`: never seen itself, but another stored message cites it too. `earlier`: seen only
    as a header when the mailbox was first read.
    """

    message_id: str
    thread_id: int | None
    bare_subject: str
    own: bool = False
    cited_only: bool = False
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Lookups:
    """What the database knows about the ids and the subject tag of one message."""

    known: tuple[Known, ...] = ()
    tagged: int | None = None
    threads: Mapping[int, ThreadFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """The thread found, or None for a new one; `stranger_to` is the one that stayed closed.

    `parent` is the cited id that decided. `cites_unknown`: it answers something, but nothing of
    it is in any thread of ours, so a conversation was under way before us.
    """

    rule: MatchRule
    thread: ThreadFacts | None
    why: str
    stranger_to: ThreadFacts | None = None
    parent: str | None = None
    cites_unknown: bool = False


def match_thread(message: Message, lookups: Lookups, author: str, *, staff: bool) -> Match:
    """Return the thread of a message, by the first rule that hits.

    `author` is the key of who is taken for its writer; `staff`: it is proven that we wrote it.
    """
    refused: ThreadFacts | None = None
    for rule, thread_id, parent in _candidates(message, lookups):
        thread = lookups.threads[thread_id]
        if staff or author in thread.participants:
            return Match(rule, thread, _because(rule, parent), parent=parent or None)
        refused = refused or thread
    if refused is not None:
        why = f"{author or 'nobody'} takes no part in {refused.reference}"
        return Match(MatchRule.NEW, None, why, stranger_to=refused)
    if not message.cited:
        return Match(MatchRule.NEW, None, "answers no known mail")
    if any(known.thread_id is not None for known in lookups.known):
        return Match(MatchRule.NEW, None, "cites known mail, but has another subject")
    earlier = any(known.earlier for known in lookups.known)
    why = "answers mail from before the first start" if earlier else "answers unknown mail"
    return Match(MatchRule.NEW, None, why, cites_unknown=True)


def _candidates(message: Message, lookups: Lookups) -> Iterator[tuple[MatchRule, int, str]]:
    """Yield (rule, thread, deciding id) in the order of the rules, the newest id first."""
    by_id = {known.message_id: known for known in lookups.known}
    seen = [by_id[cited] for cited in message.cited if cited in by_id]
    stored = [known for known in seen if not known.cited_only]
    answered = frozenset(message.in_reply_to)
    subject = bare_subject(message.subject)
    # Clients recycle References for new topics: there the subject must agree as well.
    agreeing = [one for one in seen if one.message_id in answered or one.bare_subject == subject]

    yield from _hits(MatchRule.OWN_MESSAGE_ID, [one for one in stored if one.own])
    yield from _hits(MatchRule.IN_REPLY_TO, [one for one in stored if one.message_id in answered])
    yield from _hits(MatchRule.REFERENCES, [one for one in agreeing if not one.cited_only])
    yield from _hits(MatchRule.SHARED_REFERENCE, [one for one in agreeing if one.cited_only])
    if lookups.tagged is not None:
        yield MatchRule.SUBJECT_TAG, lookups.tagged, ""


def _hits(rule: MatchRule, known: list[Known]) -> Iterator[tuple[MatchRule, int, str]]:
    for one in known:
        if one.thread_id is not None:
            yield rule, one.thread_id, one.message_id


def _because(rule: MatchRule, parent: str) -> str:
    match rule:
        case MatchRule.OWN_MESSAGE_ID:
            return f"answers our mail {parent}"
        case MatchRule.IN_REPLY_TO:
            return f"answers {parent}"
        case MatchRule.REFERENCES:
            return f"cites {parent} and has the same subject"
        case MatchRule.SHARED_REFERENCE:
            return f"cites {parent}, as an earlier mail does"
        case MatchRule.SUBJECT_TAG:
            return "carries our reference in the subject"
        case MatchRule.NEW:
            return "answers no known mail"


# The letters and digits of which `tokens.thread_reference` makes references.
_TAG = re.compile(r"\[#([2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{2})\]", re.IGNORECASE | re.ASCII)


def subject_tag(subject: str) -> str | None:
    """Return the reference in `[#K7F3-Q2]`, None if there is none that looks like ours."""
    found = _TAG.search(subject)
    return found[1].upper() if found else None


# Reply and forward prefixes of mail clients in many languages, lower case, without the colon.
_PREFIXES = frozenset(
    "re fw fwd r i aw wg antw antwort sv vs vb vl ref rv enc res tr rép rif ri inoltra odp pd "
    "ang doorst doorsturen bls trs ynt ilt i̇lt iletildi továbbítás továbbítva vá atb rsp "
    "videresendt vidarebefordrat πρθ απ σχετ "
    "ответ отв отве на пересл пер відповідь вiдповiдь відп пересилання отг "
    "回复 回覆 答复 答覆 转发 轉發 轉寄 返信 転送 回信 답장 회신 전달 "
    "תגובה הועבר رد tl ct ตอบ ส่งต่อ".split()
)


def bare_subject(subject: str) -> str:
    """Return what two subjects of one topic share: no prefixes, tags, doubled spaces or case.

    RFC 5256 §2.1 in spirit, with the prefixes of many languages and `Re[2]:`.
    """
    rest = " ".join(_TAG.sub(" ", subject).lower().replace("：", ":").split())
    while True:
        head, colon, tail = rest.partition(":")
        word = head.partition("[")[0].partition("(")[0].strip()
        if not colon or word not in _PREFIXES:
            return rest
        rest = tail.strip()


_REFERENCES_AT_MOST = 1500
_AROUND_AN_ID = len("<> ")


def trim_references(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids that a reply of ours cites: the last, the first, and the newest between
    them that fit into 1 500 characters. The last one is kept whatever its length.

    Some relays refuse a header block of more than 4 KB, and long threads cite hundreds.
    """
    if not ids:
        return ()
    last = ids[-1]
    older = [one for one in dict.fromkeys(ids) if one != last]
    room = _REFERENCES_AT_MOST - len(last) - _AROUND_AN_ID
    kept = {last}
    for one in (*older[:1], *reversed(older[1:])):
        room -= len(one) + _AROUND_AN_ID
        if room < 0:
            break
        kept.add(one)
    return tuple(one for one in (*older, last) if one in kept)
