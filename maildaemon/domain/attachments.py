"""Judges files: each gets a verdict of its own, so that a good one survives a bad neighbour."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from maildaemon.domain.mediatypes import (
    PROGRAMS,
    RUN_BY_BROWSERS,
    SEALED,
    possible_types,
    usual_name,
)
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


def judge(attachments: tuple[Attachment, ...], policy: AttachmentPolicy) -> tuple[Judged, ...]:
    """Return one verdict a file, in order.

    Only what is accepted counts against the totals, and the same content (a logo) only once.
    """
    verdicts: list[Judged] = []
    kept: dict[str, int] = {}
    for attachment in attachments:
        judged = _judge_alone(attachment, policy)
        if judged is _ACCEPTED and attachment.sha256 not in kept:
            judged = _judge_totals(attachment, kept, policy)
        if judged is _ACCEPTED:
            kept[attachment.sha256] = attachment.size
        verdicts.append(judged)
    return tuple(verdicts)


def _judge_alone(attachment: Attachment, policy: AttachmentPolicy) -> Judged:
    # A part may carry several names; the worst one counts.
    extensions = {extension_of(name) for name in (*attachment.names, attachment.filename)}
    if extensions & policy.blocked_extensions:
        return Judged(Verdict.REFUSED, Reason.EXTENSION_BLOCKED)
    declared = usual_name(attachment.declared_type)
    shown = usual_name(attachment.detected_type or "")
    types = possible_types(declared, shown) if attachment.size else (declared,)
    if shown in PROGRAMS and not _allowed(shown, policy):
        return Judged(Verdict.REFUSED, Reason.TYPE_NOT_ALLOWED if types else Reason.TYPE_MISMATCH)
    for finding in (Reason.UNREADABLE, Reason.AMBIGUOUS):
        if finding in attachment.findings:
            return Judged(Verdict.HELD, finding)
    if not types:
        return Judged(Verdict.REFUSED, Reason.TYPE_MISMATCH)
    run = {RUN_BY_BROWSERS[one] for one in extensions if one in RUN_BY_BROWSERS}
    welcome = any(_allowed(one, policy) for one in types)
    if not welcome and SEALED.intersection(types):
        return Judged(Verdict.HELD, Reason.UNREADABLE)
    if not welcome or not all(_allowed(one, policy) for one in run):
        return Judged(Verdict.REFUSED, Reason.TYPE_NOT_ALLOWED)
    if attachment.size > policy.max_file_size:
        return Judged(Verdict.REFUSED, Reason.TOO_LARGE)
    return _ACCEPTED


def _judge_totals(
    attachment: Attachment, kept: Mapping[str, int], policy: AttachmentPolicy
) -> Judged:
    if len(kept) >= policy.max_files:
        return Judged(Verdict.REFUSED, Reason.TOO_MANY)
    if sum(kept.values()) + attachment.size > policy.max_total_size:
        return Judged(Verdict.REFUSED, Reason.TOTAL_TOO_LARGE)
    return _ACCEPTED


def extension_of(name: str) -> str:
    """Return the last extension in lower case without the dot; empty if there is none.

    Windows drops trailing dots and spaces, so `a.exe. ` runs; they are dropped here too.
    """
    trimmed = name.rstrip(". \t\u200b\u200e\u200f\u202e")
    return trimmed.rpartition(".")[2].strip().lower() if "." in trimmed else ""


def _allowed(media_type: str, policy: AttachmentPolicy) -> bool:
    if media_type in map(usual_name, policy.allowed_types):
        return True
    # A wildcard means documents and pictures; a program must be named.
    family = media_type.partition("/")[0]
    return f"{family}/*" in policy.allowed_types and media_type not in PROGRAMS
