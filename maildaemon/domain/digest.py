"""Says what a shop should know in the morning: a pure function of the facts and the moment.

Everything in an entry may come from a stranger's mail: who renders it escapes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import quote

from maildaemon.domain.dates import tell_end
from maildaemon.domain.delivery import is_writable
from maildaemon.domain.overview import (
    About,
    Danger,
    Facts,
    KeptFile,
    Mail,
    MailboxFacts,
    Owed,
    OwnMail,
    Waiting,
)
from maildaemon.domain.policy import Mode
from maildaemon.domain.standing import Severity, Trouble
from maildaemon.domain.understanding import Priority

# More of a kind are counted: a mail that nobody reads to its end tells nothing.
_MOST = 25
_LONGEST_SUBJECT = 120
# Who switches the machine on at nine gets the mail of eight; nobody gets it in the evening.
_LATE_AT_MOST = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to look at. `link` opens a mail to whom it is about, None if there is nobody."""

    title: str
    lines: tuple[str, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Things of one kind. `advice`: what to do about them; `more`: how many are not shown."""

    heading: str
    entries: tuple[Entry, ...]
    advice: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """The mail. `subject` holds nothing that a stranger wrote."""

    subject: str
    title: str
    summary: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """The digest of this day, in the shop's zone, was due at this instant."""

    day: date
    at: datetime


def due_digest(now: datetime, at: time, zone: tzinfo) -> Due | None:
    """Return which digest is due now, None if none is.

    A day on which nobody was there is not made up for. A time that comes twice, as the clock is
    set back over it, is the first of the two; one that is skipped comes an hour later.
    """
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        due = datetime.combine(day, at, zone).astimezone(UTC)
        if timedelta() <= now - due < _LATE_AT_MOST:
            return Due(day, due)
    return None


def write_digest(facts: Facts, now: datetime) -> Digest:
    """Return the mail of this morning; it always has something to say, so that its absence tells
    that the daemon does not run.
    """
    parts = tuple(part for part in _Writer(facts, now).parts() if part.entries)
    day = now.astimezone(facts.zone)
    return Digest(
        subject=f"{day:%a} {day.day} {day:%b}: {_in_short(facts)}",
        title=f"{day:%A}, {day.day} {day:%B %Y}",
        summary=tuple(_summary(facts)),
        parts=parts,
    )


def _in_short(facts: Facts) -> str:
    waiting = [one for box in facts.mailboxes for one in box.waiting]
    broken = sum(one.wait.danger is Danger.BROKEN for one in waiting)
    at_risk = sum(one.wait.danger is Danger.AT_RISK for one in waiting)
    unwell = any(
        one.severity is not Severity.ATTENTION for box in facts.mailboxes for one in box.troubles
    )
    told = (
        "maildaemon needs help" if unwell else "",
        f"{len(waiting)} waiting" if waiting else "nobody is waiting",
        f"{count(broken, 'promise')} broken" if broken else "",
        f"{count(at_risk, 'promise')} at risk" if at_risk else "",
    )
    return ", ".join(one for one in told if one)


def _summary(facts: Facts) -> Iterator[str]:
    yield _capital(f"{_in_short(facts)}.")
    for box in facts.mailboxes:
        day, named = box.day, f"{box.mailbox}: " if len(facts.mailboxes) > 1 else ""
        if day is None:
            continue
        in_a_day = _capital(f"{named}in the last day")
        yield (
            f"{in_a_day} {count(day.came, 'mail')} from customers, {day.answered} "
            f"answered by you, {day.resolved} settled, {day.sent} sent automatically."
        )
        if box.mode is not Mode.LIVE:
            yield _capital(f"{named}the mode is {box.mode}: {_MODES[box.mode]}.")


_MODES = {
    Mode.SHADOW: "customers get nothing automatic; what they would get is listed below",
    Mode.DRAFTS: "what customers would get lies in your folder of drafts, for you to send",
}


@dataclass(frozen=True, slots=True)
class _Writer:
    """What all parts share."""

    facts: Facts
    now: datetime

    def parts(self) -> Iterator[Part]:
        """Yield every part, the most pressing first; those without entries are left out later."""
        yield self._part("maildaemon needs you", self._troubles())
        yield self._part("Waiting for your answer", self._waiting(), _ANSWER)
        yield self._part("Open with you, though nobody waits for an answer", self._owed(), _SETTLE)
        yield self._mails("Too late to go by itself", "held", _RELEASE)
        yield self._mails("Drafts for you to send", "drafts", _DRAFTS)
        yield self._mails("Not delivered", "failed", _FAILED)
        yield self._letters("Reported as not delivered", "bounced")
        yield self._part("Files held or refused", self._files(), _FILES)
        yield self._letters("In Junk, from customers you know", "junk", _JUNK)
        yield self._letters("Could not be read by maildaemon", "parked", _PARKED)
        yield self._letters("Too large to be read by maildaemon", "too_large", _TOO_LARGE)
        yield self._letters("Not passed on to a partner", "withheld", _WITHHELD)
        yield self._letters("How customers rate us", "feedback")
        yield self._mails("Would have been sent in live mode", "shadow", _SHADOW)

    def _part(
        self, heading: str, entries: Iterator[Entry] | tuple[Entry, ...], advice: str = ""
    ) -> Part:
        found = tuple(entries)
        unlisted = sum(box.unlisted for box in self.facts.mailboxes)
        more = unlisted if advice == _ANSWER else 0
        return Part(heading, found[:_MOST], advice, max(0, len(found) - _MOST) + more)

    def _troubles(self) -> Iterator[Entry]:
        for box in self.facts.mailboxes:
            for one in box.troubles:
                yield self._entry(box, _capital(one.what), None, _advised(one))

    def _waiting(self) -> Iterator[Entry]:
        found = [(box, one) for box in self.facts.mailboxes for one in box.waiting]
        for box, one in sorted(found, key=lambda each: each[1].wait.since):
            yield self._about(box, one.about, *self._wait(one))

    def _wait(self, one: Waiting) -> Iterator[str]:
        wait = one.wait
        if wait.due is not None:
            in_danger = _IN_DANGER[wait.danger] if wait.danger else ""
            yield _capital(f"{in_danger}promised by {self._by(wait.due)}")
        yield f"Waiting since {self._when(wait.since)}"
        told = (
            f"priority {one.priority}" if one.priority is not Priority.NORMAL else "",
            "answered before, but not finished" if one.working else "",
            f"assigned to {one.assigned_to}" if one.assigned_to else "",
        )
        if any(told):
            yield _capital("; ".join(filter(None, told)))

    def _owed(self) -> Iterator[Entry]:
        found = [(box, one) for box in self.facts.mailboxes for one in box.owed]
        for box, one in sorted(found, key=_last_message_at):
            yield self._about(box, one.about, f"Last mail {self._when(one.last_message_at)}")

    def _mails(self, heading: str, name: str, advice: str) -> Part:
        found: list[tuple[MailboxFacts, OwnMail]] = []
        for box in self.facts.mailboxes:
            found += [(box, one) for one in getattr(box, name)]
        return self._part(heading, tuple(self._mail(box, one) for box, one in found), advice)

    def _mail(self, box: MailboxFacts, one: OwnMail) -> Entry:
        told = f"{_capital(one.what.replace('_', ' '))}, {self._when(one.at)}: mail {one.outbox_id}"
        lines = (told, *([one.why] if one.why else []))
        if one.about is None:
            return self._entry(box, one.recipient, _link(one.recipient, None), *lines)
        return self._about(box, one.about, *lines, address=one.recipient)

    def _letters(self, heading: str, name: str, advice: str = "") -> Part:
        found: list[tuple[MailboxFacts, Mail]] = []
        for box in self.facts.mailboxes:
            found += [(box, one) for one in getattr(box, name)]
        return self._part(heading, tuple(self._letter(box, one) for box, one in found), advice)

    def _letter(self, box: MailboxFacts, one: Mail) -> Entry:
        lines = (*([one.what] if one.what else []), f"Arrived {self._when(one.at)}")
        if not one.sender:
            return self._entry(box, one.subject, None, *lines)
        about = one.about or About("", one.sender, one.subject)
        return self._about(box, about, *lines, address=one.sender)

    def _files(self) -> Iterator[Entry]:
        for box in self.facts.mailboxes:
            for one in box.files:
                yield self._about(
                    box, one.about or About("", one.sender, ""), *_file(one), address=one.sender
                )

    def _about(
        self, box: MailboxFacts, about: About, *lines: str, address: str | None = None
    ) -> Entry:
        to = about.customer if address is None else address
        tagged = f"[#{about.reference}]" if about.reference else ""
        subject = " ".join(filter(None, (about.subject.strip() or "no subject", tagged)))
        return self._entry(box, to or "nobody known", _link(to, about), subject, *lines)

    def _entry(self, box: MailboxFacts, title: str, link: str | None, *lines: str) -> Entry:
        where = (f"Mailbox {box.mailbox}",) if len(self.facts.mailboxes) > 1 else ()
        return Entry(title, (*lines, *where), link)

    def _by(self, at: datetime) -> str:
        return by_when(at, self.now, self.facts.zone)

    def _when(self, at: datetime) -> str:
        return when(at, self.now, self.facts.zone)


# Words, not colours: they are read on a phone in the sun, and aloud.
_IN_DANGER = {Danger.BROKEN: "PROMISE BROKEN: ", Danger.AT_RISK: "AT RISK: "}
_ANSWER = (
    "Answer in the conversation itself, with your own mail program; your answer is seen in the "
    "folder of sent mail. The address opens a new mail that is recognised, too."
)
_SETTLE = "Settled after all: maildaemon threads resolve REFERENCE"
_RELEASE = "Each goes after all by: maildaemon outbox release NUMBER"
_DRAFTS = "They lie in your folder of drafts. Nobody gets them before you press Send."
_FAILED = "Look at one: maildaemon outbox show NUMBER"
_FILES = "Take one out: maildaemon attachments release NUMBER --to PATH"
_JUNK = "If it is real, move it to the inbox; then it is treated as what it is."
_PARKED = "See: maildaemon parked list. The mails lie in the mailbox, unchanged."
_TOO_LARGE = "They lie in the mailbox, unchanged. Nothing that is written in them was seen."
_WITHHELD = "You may send it on by hand."
_SHADOW = "If you like what you see, set the mode to drafts or live."


def _last_message_at(each: tuple[MailboxFacts, Owed]) -> datetime:
    return each[1].last_message_at


def _advised(one: Trouble) -> str:
    return f"What to do: {one.advice}"


def _file(one: KeptFile) -> Iterator[str]:
    yield f"File {one.attachment_id}: {one.filename or 'without a name'}"
    yield f"{'Held for you to judge' if one.held else 'Refused'}: {one.reason.replace('_', ' ')}"
    if not one.told and not one.held:
        yield "THE CUSTOMER DOES NOT KNOW: he could not be told"


def _link(address: str, about: About | None) -> str | None:
    """Return where a tap leads: a mail to the customer that is known for the conversation's.

    RFC 6068 §2: what is no plain character is percent-encoded, also within the address.
    """
    if not is_writable(address):
        return None
    to = quote(address, safe="@")
    if about is None or not about.reference:
        return f"mailto:{to}"
    tag = f"[#{about.reference}]"
    said = " ".join(about.subject.replace(tag, "").split())[:_LONGEST_SUBJECT]
    answers = said if said.lower().startswith("re:") else f"Re: {said}"
    return f"mailto:{to}?subject={quote(f'{answers.strip()} {tag}', safe='')}"


def when(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Return `Tue 1 Dec, 09:00 (2 days ago)` in this zone."""
    local = at.astimezone(zone)
    return _shown(local, f"{local:%H:%M}", at, now, zone)


def by_when(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Return the same of a deadline, by the day that the customer was told."""
    return _shown(*tell_end(at, zone), at, now, zone)


def _shown(day: date, clock: str, at: datetime, now: datetime, zone: tzinfo) -> str:
    year = "" if day.year == now.astimezone(zone).year else f" {day.year}"
    shown = f"{day:%a} {day.day} {day:%b}{year}, {clock}"
    ahead = at - now
    span = _span(abs(ahead))
    return f"{shown} (in {span})" if ahead > timedelta() else f"{shown} ({span} ago)"


def _span(span: timedelta) -> str:
    for name, unit, enough in (("day", 86400, 2), ("hour", 3600, 1), ("minute", 60, 0)):
        number = int(span.total_seconds()) // unit
        if number >= enough and number > 0:
            return count(number, name)
    return "a moment"


def count(number: int, one: str) -> str:
    """Return `1 mail` or `3 mails`."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
