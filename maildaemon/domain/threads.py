"""Finds the thread a message belongs to (RFC 5322 §3.6.4); the first rule that hits wins.

What is known is loaded beforehand and handed in; nothing here asks a database. A stranger does
not get in: who is neither participant nor staff opens a thread of his own, linked to the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from maildaemon.domain.message import Message


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
    refused file. `begun_earlier`: the conversation was under way before we knew of it.
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
    muted_until: datetime | None = None
    responses_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A cited Message-ID that we have a record of.

    `own`: it is a mail of ours. `automatic`: it went out without a person. `thread_id` None:
    the record belongs to no thread. `cited_only`: never seen itself, but another stored message
    cites it too. `earlier`: seen only as a header when the mailbox was first read.
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


def match_thread(message: Message, lookups: Lookups, *, staff: bool) -> Match:
    """Return the thread of a message, by the first rule that hits."""
    author = message.from_.key if message.from_ else ""
    refused: ThreadFacts | None = None
    for rule, thread_id, parent in _candidates(message, lookups):
        thread = lookups.threads[thread_id]
        if staff or author in thread.participants:
            return Match(rule, thread, _because(rule, parent), parent=parent)
        refused = refused or thread
    if refused is not None:
        why = f"{author or 'nobody'} takes no part in {refused.reference}"
        return Match(MatchRule.NEW, None, why, stranger_to=refused)
    if message.cited:
        earlier = any(known.earlier for known in lookups.known)
        why = "answers mail from before the first start" if earlier else "answers unknown mail"
        return Match(MatchRule.NEW, None, why, cites_unknown=True)
    return Match(MatchRule.NEW, None, "answers no known mail")


def _candidates(message: Message, lookups: Lookups) -> list[tuple[MatchRule, int, str]]:
    """Return (rule, thread, deciding id) in the order of the rules."""
    by_id = {known.message_id: known for known in lookups.known}
    found: list[tuple[MatchRule, int, str]] = []
    seen = [by_id[cited] for cited in message.cited if cited in by_id]
    stored = [known for known in seen if not known.cited_only and known.thread_id is not None]
    subject = bare_subject(message.subject)

    found += _hits(MatchRule.OWN_MESSAGE_ID, [known for known in stored if known.own])
    found += _hits(
        MatchRule.IN_REPLY_TO,
        [known for known in stored if known.message_id in message.in_reply_to],
    )
    # Clients recycle References for new topics: there the subject must agree as well.
    found += _hits(
        MatchRule.REFERENCES, [known for known in stored if known.bare_subject == subject]
    )
    shared = [known for known in seen if known.cited_only and known.thread_id is not None]
    found += _hits(
        MatchRule.SHARED_REFERENCE,
        [
            known
            for known in shared
            if known.message_id in message.in_reply_to or known.bare_subject == subject
        ],
    )
    if lookups.tagged is not None:
        found.append((MatchRule.SUBJECT_TAG, lookups.tagged, ""))
    return found


def _hits(rule: MatchRule, known: list[Known]) -> list[tuple[MatchRule, int, str]]:
    return [(rule, k.thread_id, k.message_id) for k in known if k.thread_id is not None]


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


_TAG_OPENS, _TAG_CLOSES = "[#", "]"
_REFERENCE_LENGTH = len("K7F3-Q2")


def subject_tag(subject: str) -> str | None:
    """Return the reference in `[#K7F3-Q2]`, None if there is none that looks like ours."""
    inside = subject.partition(_TAG_OPENS)[2].partition(_TAG_CLOSES)
    reference = inside[0].strip().upper()
    plain = reference.replace("-", "", 1)
    if (
        inside[1]
        and len(reference) == _REFERENCE_LENGTH
        and reference[4:5] == "-"
        and plain.isalnum()
    ):
        return reference if plain.isascii() else None
    return None


# Reply and forward prefixes of mail clients in many languages, lower case, without the colon.
_PREFIXES = frozenset(
    "re fw fwd aw wg antw antwort sv vs vb ref rv enc tr tl r i rif res odp pd ynt ilt "
    "ang doorst vl ha továbbítás vá továbbítva bls trs ri atb ynt iletildi aut "
    "ответ отв отве на пересл пер відповідь вiдповiдь пересл fwd "
    "回复 答复 转发 回覆 轉寄 返信 転送 回信 답장 전달 σχετ απ πρθ yan İlt".split()
)


def bare_subject(subject: str) -> str:
    """Return what two subjects of one topic share: no prefixes, tags, doubled spaces or case.

    RFC 5256 §2.1 in spirit, with the prefixes of many languages and `Re[2]:`; linear.
    """
    rest = " ".join(subject.split()).lower()
    rest = rest.replace("：", ":")
    while True:
        if subject_tag(rest):
            start = rest.index(_TAG_OPENS)
            rest = rest[:start] + rest[rest.index(_TAG_CLOSES, start) + 1 :]
            rest = " ".join(rest.split())
            continue
        head, colon, tail = rest.partition(":")
        word = head.partition("[")[0].partition("(")[0].strip()
        if not colon or word not in _PREFIXES:
            return rest
        rest = tail.strip()


_REFERENCES_AT_MOST = 1500


def trim_references(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids that a reply of ours cites: the first and the last ones, 1 500 characters.

    Some relays refuse a header block of more than 4 KB, and long threads cite hundreds.
    """
    unique = tuple(dict.fromkeys(ids))
    if not unique:
        return ()
    first, rest = unique[0], unique[1:]
    room = _REFERENCES_AT_MOST - len(first)
    kept: list[str] = []
    for one in reversed(rest):
        room -= len(one) + 3
        if room < 0:
            break
        kept.append(one)
    return (first, *reversed(kept))
