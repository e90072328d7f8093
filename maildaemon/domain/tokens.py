"""What we sign, so that we recognise our own: Message-IDs, loop headers, thread references.

The key is the installation's own, made at first start. Everything is derived from a cause and
never from a row id: a restored database reuses row ids, and must not reuse what customers hold.
"""

import hmac
import re
from base64 import b32encode

_MARK = "md"
_LOCAL_PART = 64
_DIGITS_AT_MOST = 20
_RATING_MARK = re.compile(
    r"\[#([0-9a-z]{4}-[0-9a-z]{2})\]\s*([1-5])\.([2-7a-z]{26})\b", re.IGNORECASE | re.ASCII
)
_TOKEN = re.compile(rf"{_MARK}\.[2-7a-z]{{24}}\.[2-7a-z]{{26}}")
_UNAMBIGUOUS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # without 0 O, 1 I L, and the U that looks like V


def _hmac32(key: bytes, purpose: str, text: str, size: int) -> str:
    digest = hmac.digest(key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
    return b32encode(digest[:size]).decode("ascii").rstrip("=").lower()


def issue_message_id(key: bytes, cause: str, domain: str) -> str:
    """Return the Message-ID (no brackets) of the one mail that this cause may send.

    Only `[a-z0-9.]` stand left of the `@`: some servers mangle or cannot find anything else.
    """
    return f"{issue_loop_token(key, cause)}@{domain}"


def issue_draft_id(key: bytes, message_id: str) -> str:
    """Return the Message-ID of the draft that stands in the place of our mail with this one.

    Not signed: mail clients may keep it, and what a person sends is not ours.
    """
    left, _, domain = message_id.partition("@")
    return f"draft.{_hmac32(key, 'draft', left, 15)}@{domain}"


def issue_loop_token(key: bytes, cause: str) -> str:
    """Return what the loop header holds: the left side of the Message-ID, which is signed."""
    body = _hmac32(key, "cause", cause, 15)
    return f"{_MARK}.{body}.{_hmac32(key, 'signature', body, 16)}"


def is_ours(key: bytes, token: str) -> bool:
    """Tell whether we signed this Message-ID (no brackets) or loop token."""
    mark, _, rest = token.strip().partition("@")[0].lower().partition(".")
    body, _, signature = rest.partition(".")
    if mark != _MARK or not body:
        return False
    expected = _hmac32(key, "signature", body, 16)
    # Surrogates cannot be encoded strictly, and a forged token may hold them.
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))


def is_of_another(key: bytes, token: str) -> bool:
    """Tell whether this Message-ID (no brackets) or loop token is one of maildaemon's that was
    signed with another key.
    """
    left = token.strip().partition("@")[0].lower()
    return _TOKEN.fullmatch(left) is not None and not is_ours(key, left)


def issue_probe_mark(key: bytes, mailbox: str, number: int) -> str:
    """Return what the probe of a mailbox with this number carries: the number, and a signature."""
    signature = _hmac32(key, "probe", f"{mailbox}\0{number}", 16)
    return f"{number}.{signature}"


def read_probe_mark(key: bytes, mailbox: str, mark: str) -> int | None:
    """Return the number of the probe of a mailbox that bears this mark, None if we signed none."""
    number = mark.strip().partition(".")[0]
    if not (number.isascii() and number.isdecimal()):
        return None
    expected = issue_probe_mark(key, mailbox, int(number[:_DIGITS_AT_MOST]))
    given = mark.strip().lower().encode("utf-8", "surrogatepass")
    return int(number) if hmac.compare_digest(expected.encode(), given) else None


def issue_reply_address(key: bytes, address: str, reference: str) -> str | None:
    """Return the address at which answers to mails of a thread are known; None if there is none.

    `support+k7f3q2.<signature>@shop.example`: the signature shows that we gave it out.
    """
    local, _, domain = address.rpartition("@")
    token = _reply_token(key, reference)
    # RFC 5321 §4.5.3.1.1: the local part has at most 64 octets.
    fits = len(f"{local}+{token}".encode()) <= _LOCAL_PART
    return f"{local}+{token}@{domain}" if local and fits else None


def read_reply_address(key: bytes, address: str) -> str | None:
    """Return the reference for which we have given out this address; None if we have not."""
    token = address.rpartition("@")[0].rpartition("+")[2].lower()
    short = token.partition(".")[0].upper()
    reference = f"{short[:4]}-{short[4:]}"
    expected = _reply_token(key, reference)
    given = token.encode("utf-8", "surrogatepass")
    known = hmac.compare_digest(expected.encode("utf-8", "surrogatepass"), given)
    return reference if known else None


def issue_rating_mark(key: bytes, reference: str, rating: int) -> str:
    """Return what a subject holds beside the tag of a thread so that we know whom we asked."""
    return f"{rating}.{_rating_signature(key, reference, rating)}"


def issue_rating_address(key: bytes, address: str, reference: str, rating: int) -> str | None:
    """Return the address to which a thread is rated so; None if there is none."""
    local, _, domain = address.rpartition("@")
    short = reference.replace("-", "").lower()
    token = f"{short}.{issue_rating_mark(key, reference, rating)}"
    # RFC 5321 §4.5.3.1.1: the local part has at most 64 octets.
    fits = len(f"{local}+{token}".encode()) <= _LOCAL_PART
    return f"{local}+{token}@{domain}" if local and fits else None


def read_rating_subject(key: bytes, subject: str) -> tuple[str, int] | None:
    """Return the thread (by reference) and the rating that we put into a subject, else None."""
    found = _RATING_MARK.search(subject)
    return _proven_rating(key, found[1].upper(), found[2], found[3]) if found else None


def read_rating_address(key: bytes, address: str) -> tuple[str, int] | None:
    """Return the thread (by reference) and the rating for which we gave out this address."""
    token = address.rpartition("@")[0].rpartition("+")[2].lower()
    short, rating, signature, *_ = (*token.split("."), "", "")
    reference = f"{short[:4]}-{short[4:]}".upper()
    return _proven_rating(key, reference, rating, signature)


def _proven_rating(
    key: bytes, reference: str, rating: str, signature: str
) -> tuple[str, int] | None:
    if rating not in {"1", "2", "3", "4", "5"}:
        return None
    expected = _rating_signature(key, reference, int(rating)).encode()
    given = signature.lower().encode("utf-8", "surrogatepass")
    return (reference, int(rating)) if hmac.compare_digest(expected, given) else None


def _rating_signature(key: bytes, reference: str, rating: int) -> str:
    return _hmac32(key, "rating", f"{reference.upper()}\0{rating}", 16)


def _reply_token(key: bytes, reference: str) -> str:
    short = reference.replace("-", "").lower()
    return f"{short}.{_hmac32(key, 'reply address', short, 16)}"


def thread_reference(key: bytes, cause: str, attempt: int) -> str:
    """Return a short public reference such as `K7F3-Q2`; another one for each attempt.

    Six characters of thirty: some 700 million. Whoever calls takes the first that is free.
    """
    text = f"reference\0{cause}\0{attempt}".encode("utf-8", "surrogatepass")
    number = int.from_bytes(hmac.digest(key, text, "sha256"))
    characters = []
    for _ in range(6):
        number, digit = divmod(number, len(_UNAMBIGUOUS))
        characters.append(_UNAMBIGUOUS[digit])
    return "".join(characters[:4]) + "-" + "".join(characters[4:])
