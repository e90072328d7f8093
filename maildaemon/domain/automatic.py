"""Tells machines from people, and says what forbids an automatic answer.

Two different facts: what kind of mail this is, and whether it must not be answered
automatically. `X-Auto-Response-Suppress`, say, forbids an answer and tells nothing about the kind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from maildaemon.domain.evidence import Evidence, auto_submitted, collect
from maildaemon.domain.marks import Sign
from maildaemon.domain.message import Address, Message, ReportAction


class Kind(StrEnum):
    """What a message is; the first hit in the order of proof."""

    OWN = "own"
    PROBE = "probe"
    BOUNCE = "bounce"
    DELAYED = "delayed"
    RECEIPT = "receipt"
    AUTO_REPLY = "auto_reply"
    LIST = "list"
    BULK = "bulk"
    SPAM = "spam"
    STAFF = "staff"
    FEEDBACK = "feedback"
    PARTNER = "partner"
    CUSTOMER = "customer"


# These belong to the mail they are about: no response, no reopening, no thread of their own.
ABOUT_ANOTHER_MAIL = frozenset(
    {Kind.OWN, Kind.PROBE, Kind.BOUNCE, Kind.DELAYED, Kind.RECEIPT, Kind.AUTO_REPLY}
)


class Silence(StrEnum):
    """Why there is no response, in the order in which the reasons are judged."""

    NULL_REVERSE_PATH = "null_reverse_path"
    OWN_MAIL = "own_mail"
    OWN_ADDRESS = "own_address"
    AUTO_SUBMITTED = "auto_submitted"
    MAILING_LIST = "mailing_list"
    BULK = "bulk"
    RESPONDER_ADDRESS = "responder_address"
    SUPPRESSED_BY_SENDER = "suppressed_by_sender"
    SPAM = "spam"
    NOT_ADDRESSED_TO_US = "not_addressed_to_us"
    AUTH_FAILED = "auth_failed"
    TOO_OLD = "too_old"
    EARLIER_CONVERSATION = "earlier_conversation"
    MUTED = "muted"
    ADDRESS_UNDELIVERABLE = "address_undeliverable"
    ANSWERS_AUTOMATIC_MAIL = "answers_automatic_mail"
    ACKNOWLEDGED_ALREADY = "acknowledged_already"
    STAFF_ANSWERED = "staff_answered"
    THREAD_CEILING = "thread_ceiling"
    SENDER_CEILING = "sender_ceiling"
    BREAKER_OPEN = "breaker_open"
    NOTHING_TO_SAY = "nothing_to_say"


_ORDER = {silence: place for place, silence in enumerate(Silence)}


def first_silence(reasons: Iterable[Silence]) -> Silence | None:
    """Return the reason that stands first in the order of `Silence`, None if there is none."""
    return min(reasons, key=_ORDER.__getitem__, default=None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a message is, on which evidence, and all that its headers say against an answer."""

    kind: Kind
    evidence: tuple[str, ...]
    forbidden: frozenset[Silence]

    @property
    def must_not_answer(self) -> bool:
        """Tell whether the headers alone forbid an automatic answer."""
        return bool(self.forbidden)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a message that does not stand in it.

    `own`: it carries what only we can have signed, or the id a server gave to a mail of ours;
    `probe`: it is signed as a mail to ourselves.
    `sent`: it lies in Sent, `junk`: in the junk folder; `rescued`: somebody took it out of there,
    whatever a filter says. `author`: who is taken for its writer,
    `staff`: that is one of us, `partner`: one of our partners (an address can be forged).
    """

    author: Address | None
    own: bool = False
    probe: bool = False
    sent: bool = False
    junk: bool = False
    rescued: bool = False
    staff: bool = False
    partner: bool = False


# RFC 3834 §2: any sign of a program forbids an answer, and so does a null reverse path
# (RFC 5321 §4.5.5). RFC 5230 §4.6: lists, bulk mail, addresses that nobody reads.
_FORBIDS = {
    Sign.NULL_REVERSE_PATH: Silence.NULL_REVERSE_PATH,
    Sign.OWN: Silence.OWN_MAIL,
    Sign.PROBE: Silence.OWN_MAIL,
    Sign.REPORT: Silence.AUTO_SUBMITTED,
    Sign.FAILED_RECIPIENTS: Silence.AUTO_SUBMITTED,
    Sign.BOUNCER: Silence.AUTO_SUBMITTED,
    Sign.READ_RECEIPT: Silence.AUTO_SUBMITTED,
    Sign.CALENDAR_REPLY: Silence.AUTO_SUBMITTED,
    Sign.AUTO_SUBMITTED: Silence.AUTO_SUBMITTED,
    Sign.RESPONDER: Silence.AUTO_SUBMITTED,
    Sign.OUT_OF_OFFICE: Silence.AUTO_SUBMITTED,
    Sign.ACKNOWLEDGEMENT: Silence.AUTO_SUBMITTED,
    Sign.LIST: Silence.MAILING_LIST,
    Sign.BULK: Silence.BULK,
    Sign.NOBODY: Silence.RESPONDER_ADDRESS,
    Sign.SUPPRESSED: Silence.SUPPRESSED_BY_SENDER,
    Sign.SPAM: Silence.SPAM,
}


# RFC 3834 §5.2 has the first; the others are written, too.
_REPLIED = frozenset({"auto-replied", "auto-reply", "vacation"})


def classify(message: Message, around: Circumstances) -> Judgement:
    """Return what the message is, and why."""
    evidence = (*_proofs_around(around), *collect(message, around.author))
    if around.rescued:
        evidence = tuple(one for one in evidence if one.sign is not Sign.SPAM)
    signs = frozenset(one.sign for one in evidence)
    return Judgement(
        kind=_kind_of(message, signs),
        evidence=tuple(str(one) for one in evidence),
        forbidden=frozenset(_FORBIDS[sign] for sign in signs if sign in _FORBIDS),
    )


def _proofs_around(around: Circumstances) -> list[Evidence]:
    proofs = (
        (around.own, Evidence(Sign.OWN)),
        (around.probe, Evidence(Sign.PROBE)),
        (around.sent, Evidence(Sign.SENT)),
        (around.staff, Evidence(Sign.STAFF)),
        (around.partner, Evidence(Sign.PARTNER)),
        (around.junk, Evidence(Sign.SPAM, "junk folder")),
    )
    return [evidence for holds, evidence in proofs if holds]


def _kind_of(message: Message, signs: frozenset[Sign]) -> Kind:
    if Sign.OWN in signs:
        return Kind.OWN
    if Sign.PROBE in signs:
        return Kind.PROBE
    if report := _kind_of_report(message, signs):
        return report
    if _is_auto_reply(message, signs):
        return Kind.AUTO_REPLY
    # What lies in Sent and no program wrote was written by one of us, whatever a header says.
    if Sign.SENT in signs and Sign.AUTO_SUBMITTED not in signs:
        return Kind.STAFF
    if Sign.LIST in signs:
        return Kind.LIST
    # RFC 5321 §4.5.5: people's mail has a return path.
    if signs & {Sign.BULK, Sign.AUTO_SUBMITTED, Sign.NULL_REVERSE_PATH}:
        return Kind.BULK
    if Sign.SPAM in signs:
        return Kind.SPAM
    if Sign.STAFF in signs:
        return Kind.STAFF
    return Kind.PARTNER if Sign.PARTNER in signs else Kind.CUSTOMER


def _kind_of_report(message: Message, signs: frozenset[Sign]) -> Kind | None:
    if message.bounce is not None:
        actions = {recipient.action for recipient in message.bounce.recipients}
        if ReportAction.FAILED in actions or not actions:
            return Kind.BOUNCE
        return Kind.DELAYED if ReportAction.DELAYED in actions else Kind.RECEIPT
    bounces = signs & {Sign.FAILED_RECIPIENTS, Sign.BOUNCER}
    if message.report_type == "delivery-status" or (bounces and not message.report_type):
        return Kind.BOUNCE
    # RFC 6522 §3: a report of a type we do not know is still a report, never a customer's text.
    receipts = {Sign.REPORT, Sign.READ_RECEIPT, Sign.CALENDAR_REPLY}
    return Kind.RECEIPT if signs & receipts else None


def _is_auto_reply(message: Message, signs: frozenset[Sign]) -> bool:
    if Sign.RESPONDER in signs or auto_submitted(message) in _REPLIED:
        return True
    if Sign.LIST in signs:
        return False
    # A form mailer says auto-generated too, and a shop gets orders that way: it answers nothing.
    if Sign.AUTO_SUBMITTED in signs and message.in_reply_to:
        return True
    # In Sent it is a person's answer to such a mail.
    if Sign.SENT in signs:
        return False
    if Sign.NULL_REVERSE_PATH in signs and message.in_reply_to:
        return True
    # The subject alone is the last resort.
    return bool(signs & {Sign.OUT_OF_OFFICE, Sign.ACKNOWLEDGEMENT})
