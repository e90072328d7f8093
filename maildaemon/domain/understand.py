"""Says what a message is about, by the operator's rules, and what that makes of its conversation.

Several rules may match. Of what there can be only one of (category, promise, colleague, partner,
`after_answer`), the first of them that names it decides; the most urgent priority wins; tags,
needs and links are put together.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from maildaemon.domain.attachments import Judged, Verdict
from maildaemon.domain.automatic import Kind
from maildaemon.domain.distress import find_distress, more_urgent
from maildaemon.domain.mediatypes import CLOSED, usual_name
from maildaemon.domain.message import Address, Attachment, Message
from maildaemon.domain.opening import is_open
from maildaemon.domain.policy import Policy
from maildaemon.domain.reading import Findings
from maildaemon.domain.recipients import addressed
from maildaemon.domain.rules import Condition, Rule, ShopHours, is_expression
from maildaemon.domain.threads import Status
from maildaemon.domain.understanding import (
    AfterAnswer,
    Fact,
    Matter,
    Priority,
    Understanding,
)

COMPLAINT = "complaint"
_SENTENCE = 25  # letters
_NOTHING = Findings()
_URGENCY = tuple(Priority)
_Value = TypeVar("_Value")

# Logos and signatures are images, too: small ones within the text, or called so.
_SMALL_PICTURE = 40_000
# Nobody who sends his photos in one of these is asked for a photo.
_MAY_HOLD_PHOTOS = CLOSED | {"application/zip", "application/x-tar", "application/gzip"}
_DECORATION = ("logo", "signature", "banner", "facebook", "instagram", "linkedin", "twitter")


@dataclass(frozen=True, slots=True)
class Sight:
    """A customer's message as the rules see it; `writer` is who is taken for its author."""

    message: Message
    writer: Address | None
    verdicts: tuple[Judged, ...]
    received_at: datetime
    policy: Policy

    @property
    def found(self) -> Findings:
        return self.message.found or _NOTHING


# What a shop's customers, and its form mailers, write of; colleagues, too, name orders.
_NAMES_ORDERS = frozenset({Kind.CUSTOMER, Kind.STAFF, Kind.LIST, Kind.BULK})


def understand(
    sight: Sight, kind: Kind, matter: Matter, asked_at: tuple[datetime, ...] = ()
) -> Understanding:
    """Return what a message is about; `matter` is what its conversation is so far, `asked_at`
    when the customer's mails came that nobody has answered, this one included.

    Rules judge the mails of customers only, and only customers can be upset.
    """
    if kind is Kind.CUSTOMER:
        message, understood = sight.message, _by_rules(sight, matter)
        distress = find_distress(message.subject, message.reply_text, message.language, asked_at)
        if not distress:
            return understood
        priority = more_urgent(understood.priority, distress)
        return replace(understood, distress=distress, priority=priority)
    return Understanding(order_numbers=sight.found.numbers if kind in _NAMES_ORDERS else ())


def _by_rules(sight: Sight, matter: Matter) -> Understanding:
    rules = tuple(one for one in sight.policy.rules if applies(one.when, sight))
    needed = [*matter.missing, *(fact for one in rules for fact in one.need)]
    there = {*matter.facts, *facts_in(sight), *_unsure(sight), *_told(sight, rules)}
    priorities = [one.priority for one in rules if one.priority is not None]
    return Understanding(
        category=_first(rules, lambda one: one.category),
        priority=max(priorities, key=_URGENCY.index, default=Priority.NORMAL),
        tags=_each(tag for one in rules for tag in one.tags),
        promise=_first(rules, lambda one: one.promise),
        order_numbers=sight.found.numbers,
        missing=_facts({*needed} - there),
        faq=_each(link for one in rules for link in one.faq),
        assign=_first(rules, lambda one: one.assign),
        forward=_first(rules, lambda one: one.forward),
        mute=any(one.mute for one in rules),
        after_answer=_first(rules, lambda one: one.after_answer),
        rules=tuple(one.name for one in rules),
    )


def applies(when: Condition, sight: Sight) -> bool:
    """Tell whether everything holds that a condition names."""
    found = sight.found
    return (
        (not when.any or any(map(found.holds, when.any)))
        and all(map(found.holds, when.all))
        and not any(map(found.holds, when.none))
        and (not when.senders or any(_wrote(one, sight) for one in when.senders))
        and (not when.recipients or not addressed(sight.message).isdisjoint(when.recipients))
        and (not when.attachments or _brings(when.attachments, sight.message))
        and (not when.languages or _primary(sight.message.language) in when.languages)
        and (when.hours is None or when.hours is _hours(sight))
    )


def facts_in(sight: Sight) -> frozenset[Fact]:
    """Return the facts that a message holds. A number that is certainly not ours is none."""
    facts = set()
    if any(one.known is not False for one in sight.found.numbers):
        facts.add(Fact.ORDER_NUMBER)
    if sight.found.asks:
        facts.add(Fact.QUESTION)
    pairs = zip(sight.message.attachments, sight.verdicts, strict=True)
    if any(is_photo(file) and one.verdict is not Verdict.REFUSED for file, one in pairs):
        facts.add(Fact.PHOTO)
    return frozenset(facts)


def not_asked_yet(understood: Understanding, matter: Matter) -> tuple[Fact, ...]:
    """Return what is missing and was not asked for in the conversation."""
    if understood.mute:
        return ()
    return tuple(one for one in understood.missing if one not in matter.asked)


def _unsure(sight: Sight) -> frozenset[Fact]:
    """Return the facts that it may hold although they were not found: they are not asked for."""
    found = sight.message.found
    if found is None or sight.message.header_only:
        return frozenset(Fact)
    pairs = zip(sight.message.attachments, sight.verdicts, strict=True)
    types = {_type_of(file) for file, one in pairs if one.verdict is not Verdict.REFUSED}
    facts = set()
    # What is wanted may be spoken in a voice mail, or stand in a form.
    if found.asks is None or not all(one.startswith("image/") for one in types):
        facts.add(Fact.QUESTION)
    if any(one.startswith("video/") or one in _MAY_HOLD_PHOTOS for one in types):
        facts.add(Fact.PHOTO)
    return frozenset(facts)


def _told(sight: Sight, rules: Iterable[Rule]) -> frozenset[Fact]:
    """Return that nobody need ask what is wanted: a sentence that a rule knows the matter of.

    "My ring arrived broken" asks for nothing, and says it all. A single word does not.
    """
    known = any(one.category and Fact.QUESTION not in one.need for one in rules)
    sentence = known and sum(map(str.isalpha, sight.message.reply_text)) >= _SENTENCE
    return frozenset({Fact.QUESTION}) if sentence else frozenset()


def is_photo(file: Attachment) -> bool:
    """Tell whether this is a picture that somebody wanted to show, and no logo."""
    return _type_of(file).startswith("image/") and not is_decoration(file)


def is_decoration(file: Attachment) -> bool:
    """Tell whether this is a picture that a mail program puts into every mail."""
    if not file.inline or not _type_of(file).startswith("image/"):
        return False
    name = file.filename.lower()
    return file.size < _SMALL_PICTURE or any(one in name for one in _DECORATION)


def matter_after(
    matter: Matter,
    understood: Understanding,
    sight: Sight,
    kind: Kind,
    asked: Iterable[Fact] = (),
    *,
    late: bool = False,
) -> Matter:
    """Return what a conversation is about once this message is part of it.

    It keeps the most urgent priority; `normal` is what nothing was said of, and changes nothing.
    What else a later message says takes the place of what an earlier one said; `late` is a message
    that is older than the newest one there.
    """
    if kind is not Kind.CUSTOMER:
        # Who is told his number by a colleague need not be asked for it.
        told = kind is Kind.STAFF and bool(understood.order_numbers)
        return replace(matter, facts=_facts(matter.facts, [Fact.ORDER_NUMBER] if told else []))
    said: tuple[Understanding | Matter, ...] = (
        (matter, understood) if late else (understood, matter)
    )
    return Matter(
        category=next((one.category for one in said if one.category), None),
        priority=_more_urgent(matter.priority, understood.priority),
        tags=_each((*matter.tags, *understood.tags)),
        promise=next((one.promise for one in said if one.promise), None),
        after_answer=next((one.after_answer for one in said if one.after_answer), None),
        facts=_facts(matter.facts, facts_in(sight)),
        missing=understood.missing,
        asked=_facts(matter.asked, asked),
    )


def joined(one: Matter, other: Matter) -> Matter:
    """Return what a conversation is about that took in another one; of single things its own
    word goes before the other's.
    """
    facts = _facts(one.facts, other.facts)
    return Matter(
        category=one.category or other.category,
        priority=_more_urgent(one.priority, other.priority),
        tags=_each((*one.tags, *other.tags)),
        promise=one.promise or other.promise,
        after_answer=one.after_answer or other.after_answer,
        facts=facts,
        missing=_facts({*one.missing, *other.missing} - {*facts}),
        asked=_facts(one.asked, other.asked),
    )


def _facts(*some: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return all of them, each once, always in the same order."""
    every = {fact for facts in some for fact in facts}
    return tuple(one for one in Fact if one in every)


def status_after_answer(matter: Matter) -> Status:
    """Return whose turn it is once a person has answered. A complaint is not settled by that."""
    usual = AfterAnswer.WORKING if matter.category == COMPLAINT else AfterAnswer.PENDING
    after = matter.after_answer or usual
    return Status.WORKING if after is AfterAnswer.WORKING else Status.PENDING


def _more_urgent(before: Priority, now: Priority) -> Priority:
    if Priority.NORMAL in (before, now):
        return now if before is Priority.NORMAL else before
    return max(before, now, key=_URGENCY.index)


def _wrote(sender: str, sight: Sight) -> bool:
    key = sight.writer.key if sight.writer else ""
    if not key:
        return False
    if is_expression(sender):
        return any(one.pattern == sender and one.address == key for one in sight.found.senders)
    wanted = sender.strip().lower()
    return key == wanted or (wanted.startswith("@") and key.endswith(wanted))


def _brings(types: tuple[str, ...], message: Message) -> bool:
    brought = {usual_name(_type_of(one)) for one in message.attachments if not is_decoration(one)}
    families = {f"{one.partition('/')[0]}/*" for one in brought}
    return any(one in brought | families or usual_name(one) in brought for one in types)


def _type_of(file: Attachment) -> str:
    return file.detected_type or file.declared_type


def _hours(sight: Sight) -> ShopHours:
    opened = is_open(sight.policy.hours, sight.received_at)
    return ShopHours.OPEN if opened else ShopHours.CLOSED


def _primary(language: str | None) -> str | None:
    return language.lower().partition("-")[0] if language else None


def _first(rules: tuple[Rule, ...], said: Callable[[Rule], _Value | None]) -> _Value | None:
    return next((value for one in rules if (value := said(one)) is not None), None)


def _each(values: Iterable[_Value]) -> tuple[_Value, ...]:
    """Return each of them once, in order."""
    return tuple(dict.fromkeys(values))
