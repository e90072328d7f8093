"""Judges files: each gets a verdict of its own, so that a good one survives a bad neighbour."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from maildaemon.domain.filenames import is_dotfile, looks_like, read_extensions
from maildaemon.domain.mediatypes import (
    CLOSED,
    OLE,
    PROGRAMS,
    RUN_BY_BROWSERS,
    SEALED,
    has_macros,
    is_document,
    possible_types,
    usual_name,
)
from maildaemon.domain.message import Attachment, Finding, Inside
from maildaemon.domain.policy import AttachmentPolicy, Treatment


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
    MESSAGE_TOO_LARGE = "message_too_large"
    ARCHIVE_ENCRYPTED = "archive_encrypted"
    ARCHIVE_TOO_DEEP = "archive_too_deep"
    ARCHIVE_BOMB = "archive_bomb"
    ARCHIVE_CONTAINS_BLOCKED = "archive_contains_blocked"
    MACRO = "macro"
    ACTIVE_CONTENT = "active_content"
    MALWARE = "malware"
    SCANNER_UNAVAILABLE = "scanner_unavailable"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Judged:
    """One file's verdict; `reason` is None exactly if it is accepted."""

    verdict: Verdict
    reason: Reason | None = None


_ACCEPTED = Judged(Verdict.ACCEPTED)
_MALWARE = Judged(Verdict.REFUSED, Reason.MALWARE)
# Bytes; a photograph is larger, even from an old telephone.
DECORATION = 50_000
_SHUT = SEALED | CLOSED
# Windows leaves one of these in every folder; whether it has a password was looked at.
_SHUT_INSIDE = _SHUT - {OLE}
_HELD_FOR = {
    Finding.UNREADABLE: Reason.UNREADABLE,
    Finding.AMBIGUOUS: Reason.AMBIGUOUS,
    Finding.UNFINISHED: Reason.UNREADABLE,
}


def judge(attachments: tuple[Attachment, ...], policy: AttachmentPolicy) -> tuple[Judged, ...]:
    """Return one verdict a file, in order.

    Only what is accepted counts against the totals, the same content only once, and logos not
    at all: a long correspondence carries dozens.
    """
    verdicts: list[Judged] = []
    kept: dict[str, int] = {}
    for attachment in attachments:
        judged = _judge_alone(attachment, policy)
        if judged is _ACCEPTED and not is_decoration(attachment) and attachment.sha256 not in kept:
            judged = _judge_totals(attachment, kept, policy)
        if judged is _ACCEPTED and not is_decoration(attachment):
            kept[attachment.sha256] = attachment.size
        verdicts.append(judged)
    return tuple(verdicts)


def _judge_alone(attachment: Attachment, policy: AttachmentPolicy) -> Judged:
    # A part may carry several names; the worst one counts.
    names = (*attachment.names, attachment.filename)
    extensions = frozenset(one for name in names for one in read_extensions(name))
    shown = usual_name(attachment.detected_type or "")
    declared = usual_name(attachment.declared_type)
    types = possible_types(declared, shown) if attachment.size else (declared,)
    if Finding.MALWARE in attachment.findings:
        return _MALWARE
    if _has_blocked(extensions, policy) or any(map(is_dotfile, names)):
        return _refused(Reason.EXTENSION_BLOCKED)
    if shown in PROGRAMS and not _allowed(shown, policy):
        return _refused(Reason.TYPE_NOT_ALLOWED if types else Reason.TYPE_MISMATCH)
    doubts = (*_doubts_inside(attachment, policy), *_doubts(attachment, policy))
    refusal = next((one for one in doubts if one.verdict is Verdict.REFUSED), None)
    if refusal or doubts:
        return refusal or doubts[0]
    if not types:
        return _refused(Reason.TYPE_MISMATCH)
    return _judge_welcome(attachment, extensions, types, policy)


def _judge_welcome(
    attachment: Attachment,
    extensions: frozenset[str],
    types: tuple[str, ...],
    policy: AttachmentPolicy,
) -> Judged:
    """Judge what nothing speaks against but the operator's lists and limits."""
    run = {RUN_BY_BROWSERS[one] for one in extensions if one in RUN_BY_BROWSERS}
    welcome = any(_allowed(one, policy) for one in types)
    if not welcome and _SHUT.intersection(types):
        return Judged(Verdict.HELD, Reason.UNREADABLE)
    if not welcome or not all(_allowed(one, policy) for one in run):
        return _refused(Reason.TYPE_NOT_ALLOWED)
    if attachment.size > policy.max_file_size:
        return _refused(Reason.TOO_LARGE)
    return _ACCEPTED


def _doubts(attachment: Attachment, policy: AttachmentPolicy) -> Iterator[Judged]:
    """Yield what speaks against a file, whatever it is, as the operator wants it treated."""
    shown, findings = attachment.detected_type or "", attachment.findings
    if Finding.MACROS in findings or has_macros(shown):
        yield from _treated(policy.macros, Reason.MACRO)
    if Finding.UNSCANNED in findings:
        yield from _treated(policy.unscanned, Reason.SCANNER_UNAVAILABLE)
    if Finding.ENCRYPTED in findings:
        yield from _treated(policy.archives.encrypted, Reason.ARCHIVE_ENCRYPTED)
    for finding, reason in _HELD_FOR.items():
        if finding in findings:
            yield Judged(Verdict.HELD, reason)


def _doubts_inside(attachment: Attachment, policy: AttachmentPolicy) -> Iterator[Judged]:
    """Yield why a file is refused for what is in it, the gravest first."""
    inside, findings = attachment.inside, attachment.findings
    if inside is not None:
        if _holds_blocked(inside, policy) or Finding.ESCAPING_NAMES in findings:
            part = is_document(usual_name(attachment.detected_type or ""))
            yield _refused(Reason.ACTIVE_CONTENT if part else Reason.ARCHIVE_CONTAINS_BLOCKED)
        if Finding.OVERLAPPING in findings or _bursts(inside, attachment.size, policy):
            yield _refused(Reason.ARCHIVE_BOMB)
        if inside.depth > policy.archives.max_depth:
            yield _refused(Reason.ARCHIVE_TOO_DEEP)
        if Finding.UNFINISHED not in findings and _SHUT_INSIDE.intersection(
            map(usual_name, inside.types)
        ):
            yield Judged(Verdict.HELD, Reason.UNREADABLE)
    if Finding.ACTIVE_CONTENT in findings:
        yield _refused(Reason.ACTIVE_CONTENT)


def _holds_blocked(inside: Inside, policy: AttachmentPolicy) -> bool:
    extensions = frozenset(inside.extensions)
    shown = {usual_name(one) for one in inside.types}
    shown |= {RUN_BY_BROWSERS[one] for one in extensions if one in RUN_BY_BROWSERS}
    harmful = shown & (PROGRAMS | frozenset(RUN_BY_BROWSERS.values()))
    return _has_blocked(extensions, policy) or not all(_allowed(one, policy) for one in harmful)


def _bursts(inside: Inside, size: int, policy: AttachmentPolicy) -> bool:
    """Tell whether it unpacks to more than anybody wants.

    What is no larger unpacked than a file may be does no harm, however well it was packed.
    """
    archives = policy.archives
    if inside.size > archives.max_size or (inside.depth and inside.files > archives.max_files):
        return True
    return inside.size > max(policy.max_file_size, archives.max_ratio * size)


def is_decoration(attachment: Attachment) -> bool:
    """Tell whether this is a logo or the like: a small picture that the text shows. Nobody knows
    that he has attached it, so nobody misses it.
    """
    return attachment.inline and attachment.size <= DECORATION


def _judge_totals(
    attachment: Attachment, kept: Mapping[str, int], policy: AttachmentPolicy
) -> Judged:
    if len(kept) >= policy.max_files:
        return _refused(Reason.TOO_MANY)
    if sum(kept.values()) + attachment.size > policy.max_total_size:
        return _refused(Reason.TOTAL_TOO_LARGE)
    return _ACCEPTED


def _has_blocked(extensions: frozenset[str], policy: AttachmentPolicy) -> bool:
    alike = extensions | {looks_like(one) for one in extensions}
    return not alike.isdisjoint(policy.blocked_extensions)


def _treated(treatment: Treatment, reason: Reason) -> Iterator[Judged]:
    match treatment:
        case Treatment.REFUSE:
            yield _refused(reason)
        case Treatment.HOLD:
            yield Judged(Verdict.HELD, reason)
        case Treatment.ACCEPT:
            return


def _refused(reason: Reason) -> Judged:
    return Judged(Verdict.REFUSED, reason)


def _allowed(media_type: str, policy: AttachmentPolicy) -> bool:
    if media_type in map(usual_name, policy.allowed_types):
        return True
    # A wildcard means documents and pictures; what does harm must be named.
    family = media_type.partition("/")[0]
    return f"{family}/*" in policy.allowed_types and media_type not in PROGRAMS | CLOSED
