"""Stable codes in words, for people. The code itself always stands beside them."""

from collections.abc import Mapping, Sequence

from maildaemon.domain.attachments import Reason
from maildaemon.domain.automatic import Kind, Silence
from maildaemon.domain.by_hand import Unreleasable
from maildaemon.domain.delivery import MailKind, Section
from maildaemon.domain.message import HEADER_ONLY
from maildaemon.domain.threads import Status
from maildaemon.domain.timers import TimerKind

ONLY_ITS_HEADER = (
    "only its header: it is larger than `attachments.max_message_size`; the mailbox has it whole"
)

KINDS: Mapping[str, str] = {
    Kind.OWN: "a mail of our own",
    Kind.PROBE: "a probe of our own",
    Kind.BOUNCE: "a mail could not be delivered",
    Kind.DELAYED: "a mail is delayed on its way",
    Kind.RECEIPT: "a receipt",
    Kind.AUTO_REPLY: "an automatic reply, such as out of office",
    Kind.LIST: "from a mailing list",
    Kind.BULK: "a newsletter or another machine's mail",
    Kind.SPAM: "spam",
    Kind.STAFF: "written by one of us",
    Kind.FEEDBACK: "an answer to our question how we did",
    Kind.CUSTOMER: "written by a customer",
    Kind.PARTNER: "written by a partner: never acknowledged, never mailed on",
}

SILENCES: Mapping[str, str] = {
    Silence.NULL_REVERSE_PATH: "its return path is empty: whoever sent it wants no answer",
    Silence.OWN_MAIL: "it is a mail of our own",
    Silence.OWN_ADDRESS: "it comes from an address of ours, or from staff",
    Silence.AUTO_SUBMITTED: "a machine wrote it",
    Silence.MAILING_LIST: "it came through a mailing list",
    Silence.BULK: "it is bulk mail",
    Silence.RESPONDER_ADDRESS: "nobody reads mail at the address it comes from",
    Silence.SUPPRESSED_BY_SENDER: "its header asks for no automatic answer",
    Silence.SPAM: "it is spam",
    Silence.NOT_ADDRESSED_TO_US: "no address of this mailbox is among its recipients "
    "(`address` and `aliases` name ours)",
    Silence.AUTH_FAILED: "its return path belongs to another domain, and nothing proves the sender",
    Silence.TOO_OLD: "it is older than `service.reply_within`, or from before the first start",
    Silence.EARLIER_CONVERSATION: "it answers mail from before we were here",
    Silence.MUTED: "the thread is muted, a program is suspected behind the address, or our mail "
    "was reported as spam from there",
    Silence.ADDRESS_UNDELIVERABLE: "our last mail to this address bounced",
    Silence.ANSWERS_AUTOMATIC_MAIL: "it answers an automatic mail of ours",
    Silence.ACKNOWLEDGED_ALREADY: "this thread has been acknowledged",
    Silence.STAFF_ANSWERED: "a person has answered in this thread",
    Silence.THREAD_CEILING: "the thread has had its share of automatic mail (`limits.per_thread`)",
    Silence.SENDER_CEILING: "this address has had its share of automatic mail "
    "(`limits.per_address`)",
    Silence.BREAKER_OPEN: "a brake was on that doubts whether it is new; see `maildaemon status`",
    Silence.NOTHING_TO_SAY: "there is nothing to say",
}

REASONS: Mapping[str, str] = {
    Reason.EXTENSION_BLOCKED: "files of this name are refused (`attachments.blocked_extensions`)",
    Reason.TYPE_NOT_ALLOWED: "its type is not accepted (`attachments.allowed_types`)",
    Reason.TYPE_MISMATCH: "it is not what it says it is",
    Reason.TOO_LARGE: "it is too large (`attachments.max_file_size`)",
    Reason.TOO_MANY: "the message brings too many files (`attachments.max_files`)",
    Reason.TOTAL_TOO_LARGE: "the files are too large together (`attachments.max_total_size`)",
    Reason.MESSAGE_TOO_LARGE: "the message is too large (`attachments.max_message_size`)",
    Reason.ARCHIVE_ENCRYPTED: "it is locked with a password (`attachments.archives.encrypted`)",
    Reason.ARCHIVE_TOO_DEEP: "archives lie within archives (`attachments.archives.max_depth`)",
    Reason.ARCHIVE_BOMB: "it unpacks to far too much (`attachments.archives`), or only pretends",
    Reason.ARCHIVE_CONTAINS_BLOCKED: "a file in it would be refused by itself",
    Reason.MACRO: "it has programs in it (`attachments.macros`)",
    Reason.ACTIVE_CONTENT: "parts of it run or load something by themselves",
    Reason.MALWARE: "the virus scanner found something in it",
    Reason.SCANNER_UNAVAILABLE: "the virus scanner could not be asked "
    "(`attachments.scanner.unreachable`)",
    Reason.AMBIGUOUS: "it can be read in more than one way; a person must look",
    Reason.UNREADABLE: "nobody here can look into it, or it is damaged; a person must look",
}

SECTIONS: Mapping[str, str] = {
    Section.ACKNOWLEDGEMENT: "an acknowledgement",
    Section.REFUSED_FILES: "why files were refused",
    Section.MISSING_FACTS: "a question for what is missing",
    Section.FAQ: "links that may help",
    Section.NOTICE: "a notice for these days",
    Section.FOLLOW_UP: "a reminder that we wait for an answer",
    Section.CLOSING_SOON: "word that the matter will be taken as settled",
    Section.UPDATE: "word that the matter is still open with us",
    Section.LATE: "an apology for an answer that is late",
    Section.ESCALATED: "word of who has the matter now",
    Section.FEEDBACK: "the question how it went",
}

TIMERS: Mapping[str, str] = {
    TimerKind.WARNING: "an answer is due soon",
    TimerKind.LATE: "a promised answer is late",
    TimerKind.UPDATE: "the customer should hear how it stands",
    TimerKind.RESOLUTION: "it should be settled by now",
    TimerKind.ESCALATION: "somebody who can do more is needed",
    TimerKind.UNANSWERED: "nor has whom it went to answered in time",
    TimerKind.FOLLOW_UP: "the customer is silent",
    TimerKind.RESOLVE: "nothing more has been asked",
    TimerKind.FEEDBACK: "the matter was settled",
}

STATUSES: Mapping[str, str] = {
    Status.OPEN: "it is our turn",
    Status.WORKING: "answered, and we owe more",
    Status.PENDING: "it is the customer's turn",
    Status.RESOLVED: "settled",
    Status.IGNORED: "nobody's turn",
}

# What goes to colleagues and partners because a customer has written.
HANDED_OVER: Mapping[str, str] = {
    MailKind.ASSIGNMENT: "word that it is theirs to answer",
    MailKind.FORWARD: "the customer's mail as it came",
}

# What a timer will do when it is due.
NEXT: Mapping[str, str] = {
    TimerKind.WARNING: "staff are warned that the promise is at risk",
    TimerKind.LATE: "the promise is broken",
    TimerKind.UPDATE: "staff are reminded to tell how it stands",
    TimerKind.RESOLUTION: "it should be settled",
    TimerKind.ESCALATION: "it goes to somebody who can do more",
    TimerKind.UNANSWERED: "who it went to should have answered",
    TimerKind.FOLLOW_UP: "the customer is reminded",
    TimerKind.RESOLVE: "it is taken as settled",
    TimerKind.FEEDBACK: "the customer is asked how it was",
}

UNRELEASABLE: Mapping[str, str] = {
    Unreleasable.NOT_HELD_BACK: "it is not one that was only recorded",
    Unreleasable.IN_JUNK: "what it answers lies in Junk; moved out of there, it is decided again",
    Unreleasable.IN_DRAFTS: "it is a draft, written into the Drafts folder of the mailbox for a "
    "person to send",
    Unreleasable.TOO_OLD: "it would come too late (its time is up)",
    Unreleasable.STAFF_ANSWERED: "a person has answered in this thread",
    Unreleasable.ACKNOWLEDGED_ALREADY: "this thread has been acknowledged",
    Unreleasable.THREAD_CLOSED: "the thread is closed; `maildaemon threads reopen` opens it",
    Unreleasable.MUTED: "the thread is muted; `maildaemon threads mute --off` ends that",
    Unreleasable.ADDRESS_UNDELIVERABLE: "the last mail to this address bounced",
}


def oddities(defects: Sequence[str]) -> list[tuple[str, str]]:
    """Return what is odd about a mail, each with its heading; empty if nothing is."""
    damage = ", ".join(one for one in defects if one != HEADER_ONLY)
    return [
        *([("read", ONLY_ITS_HEADER)] if HEADER_ONLY in defects else []),
        *([("damage", damage)] if damage else []),
    ]


def in_words(code: str, words: Mapping[str, str]) -> str:
    """Return the code with its words; a code of another version stands alone."""
    return f"{code}: {words[code]}" if code in words else code
