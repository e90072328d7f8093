"""The header fields of the old message, as Outlook and its kin put them above it."""

import re

from maildaemon.mail.quote_words import DATE, FROM, LABELS, SUBJECT, TO

LINES = 12
_ROLES = 3
_MAX_LABEL = 25
_RULE_LENGTH = 10
_MAX_IN_ONE_LINE = 1_000
_RULE = "-_=*—–━─"
_CONTACT = ("mail", "tel", "phone", "e-mail", "email", "web", "url", "http")
_MECHANICAL = re.compile(r"\d{1,2}:\d\d:\d\d [+-]\d{4}")
_DATED = re.compile(r"(?:19|20)\d\d|\d[./-]\d{1,2}[./-]\d{2}|\d:\d\d")


def label(line: str) -> str:
    """Return the label of a `Label: value` line in one spelling; empty if it is none."""
    head = line[: _MAX_LABEL + 5].lstrip("|> ").replace("：", ":").replace("|", ":")
    name, colon, _ = head.partition(":")
    return _spelled(name) if colon else ""


def _spelled(name: str) -> str:
    words = name.strip("*_ \t\u00a0\u3000[]").lower().split()
    spelled = "_".join(words)
    return spelled if spelled in LABELS or spelled.isascii() else _joined(spelled, words)


def _joined(spelled: str, words: list[str]) -> str:
    """Chinese, Japanese and Korean labels are spread over their column: "主　题"."""
    joined = "".join(words)
    return joined if joined in LABELS else spelled


def roles(labels: set[str]) -> int:
    return sum(bool(labels & group) for group in (FROM, TO, DATE, SUBJECT))


def is_block(lines: list[str], at: int) -> bool:
    """Tell whether a quoted header block begins here: From, Sent, To, Subject in any order."""
    if label(lines[at]) not in LABELS:
        return False
    if _is_in_one_line(lines[at]):
        return True
    labels = set()
    blanks = 0
    window = lines[at : at + LINES]
    for line in window:
        blanks = 0 if line else blanks + 1
        if blanks > 1:
            break
        labels.add(label(line))
    addressed = any("@" in line for line in window[: _ROLES + 1])
    if not labels & FROM:
        if _MECHANICAL.search(lines[at]) and labels & TO and "@" in "".join(window[1:3]):
            return True
        return _is_without_from(labels, window, addressed=addressed)
    return roles(labels) >= _ROLES and bool(labels & SUBJECT or addressed)


def _is_without_from(labels: set[str], window: list[str], *, addressed: bool) -> bool:
    """Yandex names whom it went to and what about; the sender is in the attribution below."""
    if not (addressed and labels & TO and labels & SUBJECT):
        return False
    return any("@" in line and line.endswith(":") and _DATED.search(line) for line in window)


def _is_in_one_line(line: str) -> bool:
    """Some programs run the whole block into one line."""
    if len(line) > _MAX_IN_ONE_LINE or "@" not in line:
        return False
    found = set()
    for piece in line.replace("：", ":").split(":")[:-1]:
        words = piece.replace("*", " ").split()[-2:]
        found |= {word.lower() for word in words[-1:]} | {"_".join(words).lower()}
    return bool(found & FROM) and roles(found) > _ROLES


def is_rule(line: str) -> bool:
    return len(line) > 1 and not line.strip(_RULE)


def is_ruled_block(lines: list[str], at: int) -> bool:
    """Tell whether a rule and a header block in a language that we do not know begin here."""
    if len(lines[at]) < _RULE_LENGTH or not is_rule(lines[at]):
        return False
    following = [line for line in lines[at + 1 : at + 1 + LINES] if line][:_ROLES]
    if len(following) < _ROLES:
        return False
    labels = [label(line) for line in following]
    if "" in labels:
        return False
    known = set(labels) & (FROM | TO | DATE | SUBJECT)
    addressed = "@" in following[0] and not labels[0].startswith(_CONTACT)
    dated = any(_DATED.search(line) for line in following)
    return (addressed and (dated or bool(known))) or (bool(known & FROM) and len(known) > 1)
