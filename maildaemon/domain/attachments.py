"""Judges files: each gets a verdict of its own, so that a good one survives a bad neighbour."""

from dataclasses import dataclass
from enum import StrEnum

from maildaemon.domain.message import Attachment
from maildaemon.domain.policy import AttachmentPolicy


class Verdict(StrEnum):
    """`held` means that a person has to look."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a file is not simply accepted."""

    EXTENSION_BLOCKED = "extension_blocked"
    TYPE_NOT_ALLOWED = "type_not_allowed"
    TYPE_MISMATCH = "type_mismatch"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    TOTAL_TOO_LARGE = "total_too_large"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Judged:
    """One file's verdict; `reason` is None exactly if it is accepted."""

    verdict: Verdict
    reason: Reason | None = None


_ACCEPTED = Judged(Verdict.ACCEPTED)

# What says nothing about the content, so that no other type can contradict it.
_VAGUE = frozenset(
    {"application/octet-stream", "binary/octet-stream", "application/x-download", ""}
)
# Programs by content, whatever they call themselves.
_PROGRAMS = frozenset(
    {
        "application/vnd.microsoft.portable-executable",
        "application/x-dosexec",
        "application/x-msdownload",
        "application/x-executable",
        "application/x-elf",
        "application/x-mach-binary",
        "application/x-ms-shortcut",
        "application/java-archive",
        "application/vnd.android.package-archive",
        "application/x-sh",
        "application/x-shellscript",
        "text/x-script",
        "text/x-shellscript",
    }
)
# Boxes that many application types come in; the content alone does not say which.
_CONTAINERS = frozenset({"application/zip", "application/x-ole-storage", "application/x-cfb"})
# Types whose content always shows a signature: without it the file is not what it claims.
_SIGNED_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "application/pdf"})


def judge(attachments: tuple[Attachment, ...], policy: AttachmentPolicy) -> tuple[Judged, ...]:
    """Return one verdict a file, in order. Only what is accepted counts against the totals."""
    verdicts: list[Judged] = []
    count = total = 0
    for attachment in attachments:
        judged = _judge_alone(attachment, policy)
        if judged.verdict is Verdict.ACCEPTED:
            judged = _judge_totals(attachment, count, total, policy)
        if judged.verdict is Verdict.ACCEPTED:
            count += 1
            total += attachment.size
        verdicts.append(judged)
    return tuple(verdicts)


def _judge_alone(attachment: Attachment, policy: AttachmentPolicy) -> Judged:
    # A part may carry several names; the worst one counts.
    names = attachment.names or (attachment.filename,)
    if any(extension_of(name) in policy.blocked_extensions for name in names):
        return Judged(Verdict.REFUSED, Reason.EXTENSION_BLOCKED)
    declared = attachment.declared_type.lower()
    detected = (attachment.detected_type or "").lower()
    if detected in _PROGRAMS:
        vague = declared in _VAGUE or declared in _PROGRAMS
        reason = Reason.TYPE_NOT_ALLOWED if vague else Reason.TYPE_MISMATCH
        return Judged(Verdict.REFUSED, reason)
    if "unreadable" in attachment.findings:
        return Judged(Verdict.HELD, Reason.UNREADABLE)
    if "ambiguous" in attachment.findings:
        return Judged(Verdict.HELD, Reason.AMBIGUOUS)
    if contradicts(declared, detected):
        return Judged(Verdict.REFUSED, Reason.TYPE_MISMATCH)
    if not _allowed(effective_type(declared, detected), policy):
        return Judged(Verdict.REFUSED, Reason.TYPE_NOT_ALLOWED)
    if attachment.size > policy.max_file_size:
        return Judged(Verdict.REFUSED, Reason.TOO_LARGE)
    return _ACCEPTED


def _judge_totals(
    attachment: Attachment, count: int, total: int, policy: AttachmentPolicy
) -> Judged:
    if count >= policy.max_files:
        return Judged(Verdict.REFUSED, Reason.TOO_MANY)
    if total + attachment.size > policy.max_total_size:
        return Judged(Verdict.REFUSED, Reason.TOTAL_TOO_LARGE)
    return _ACCEPTED


def extension_of(name: str) -> str:
    """Return the last extension in lower case without the dot; empty if there is none.

    Windows drops trailing dots and spaces, so `a.exe. ` runs; they are dropped here too.
    """
    trimmed = name.rstrip(". \t\u200b\u200e\u200f\u202e")
    return trimmed.rpartition(".")[2].strip().lower() if "." in trimmed else ""


def effective_type(declared: str, detected: str) -> str:
    """Return the type that the rules judge: the content's, the sender's where it is silent."""
    if declared in _VAGUE:
        return detected or "application/octet-stream"
    if not detected or detected == "text/plain" or detected in _CONTAINERS:
        return declared
    return detected


def contradicts(declared: str, detected: str) -> bool:
    """Tell whether the content shows that the sender's word is wrong."""
    if declared in _VAGUE or declared == detected:
        return False
    families = (declared.partition("/")[0], detected.partition("/")[0])
    if declared in _SIGNED_TYPES:
        return families[0] != families[1] or declared == "application/pdf"
    if not detected or "application" in families:
        # Careless clients call text and media application/…; a box must at least be one.
        return detected in _CONTAINERS and families[0] != "application"
    return families[0] != families[1]


def _allowed(media_type: str, policy: AttachmentPolicy) -> bool:
    family = media_type.partition("/")[0]
    return media_type in policy.allowed_types or f"{family}/*" in policy.allowed_types
