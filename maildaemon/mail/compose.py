"""Turns a rendered mail into the bytes that go over the wire, and proves them.

The bytes are parsed again and must hold exactly the header fields, the one recipient and the two
texts that were meant. Nothing else of what a stranger wrote gets past this point.
"""

import base64
import quopri
import re
from email import message_from_string
from email.header import Header, decode_header, make_header
from email.message import Message
from email.utils import format_datetime, getaddresses
from hashlib import sha256

from maildaemon.domain.delivery import Draft
from maildaemon.domain.message import Address
from maildaemon.mail.wording import clean

_MAX_VALUE = 200
_MAX_ADDRESS = 320
_MAX_LINE = 76
_FLOWED_LINE = 72
HARD_LINE = 998
_FOLD = "\r\n "

# One token, with nothing that ends it early.
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")
# RFC 5322 §3.6.4: two names of atoms, or an address of a host on the right. Whatever else stands in
# the place of an id may be a text, and nobody's text goes out in our mail.
_ATOMS = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_CITABLE = re.compile(rf"{_ATOMS}@(?:{_ATOMS}|\[[!-Z^-~]+\])", re.ASCII)
_LONGEST_CITED = 250
_TOKEN = re.compile(r"[!-~]{1,200}")
_KEYWORD = re.compile(r"auto-[a-z]+")
# A conversation begins with 22 bytes in Outlook, the first of which is 1; each answer adds 5.
_INDEX_BEGIN, _INDEX_STEP, _LONGEST_INDEX = 22, 5, 900

Fields = list[tuple[str, str]]


def clean_header(value: str) -> str:
    """Return a value that can stand in one header field and be nothing but its value."""
    return clean(value, _MAX_VALUE)


def echo_subject(subject: str) -> str:
    """Return the subject of an answer to this one; empty if nothing is left of it."""
    cleaned = clean_header(subject)
    if not cleaned or cleaned.lower().startswith("re:"):
        return cleaned
    return clean_header(f"Re: {cleaned}")


def compose_mail(draft: Draft, subject: str, text: str, html: str) -> bytes:
    """Return the mail, lines ended by CRLF, ASCII unless an address itself is not.

    The same values give the same bytes. Raises ValueError if what came out is not what was meant.
    """
    boundary = "=_" + sha256(draft.message_id.encode()).hexdigest()[:32]
    fields = _fields(draft, subject)
    fields.append(("Content-Type", f'multipart/alternative; boundary="{boundary}"'))
    texts = {
        "text/plain; charset=utf-8; format=flowed": flow(text),
        "text/html; charset=utf-8": _lines(html),
    }
    lines = [f"{name}: {value}" for name, value in fields]
    for kind, content in texts.items():
        lines += [
            "",
            f"--{boundary}",
            f"Content-Type: {kind}",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            *quoted_printable(content),
        ]
    wire = "\r\n".join([*lines, "", f"--{boundary}--", ""])
    _prove(wire, fields, draft, subject, texts)
    return wire.encode()


def _fields(draft: Draft, subject: str) -> Fields:
    fields = [
        ("From", address_field(draft.sender)),
        # The customer's display name is text of the customer's: it stays out.
        ("To", draft.recipient.address),
        *([("Reply-To", draft.reply_to)] if draft.reply_to else []),
        ("Subject", unstructured("Subject", subject)),
        ("Date", format_datetime(draft.date)),
        ("Message-ID", message_id_field(draft.message_id)),
    ]
    if draft.in_reply_to and is_citable(draft.in_reply_to):
        fields.append(("In-Reply-To", f"<{draft.in_reply_to}>"))
    if cited := [f"<{it}>" for it in draft.references if is_citable(it)]:
        fields.append(("References", _FOLD.join(cited)))
    fields += markers(draft.auto_submitted, draft.loop_token)
    if draft.thread_topic and (topic := clean_header(draft.thread_topic)):
        fields.append(("Thread-Topic", unstructured("Thread-Topic", topic)))
    if draft.thread_index and _is_thread_index(draft.thread_index):
        fields.append(("Thread-Index", draft.thread_index))
    fields.append(("MIME-Version", "1.0"))
    return fields


def is_citable(message_id: str) -> bool:
    """Tell whether somebody's Message-ID (no brackets) is one, and may stand in our mail."""
    return len(message_id) <= _LONGEST_CITED and _CITABLE.fullmatch(message_id) is not None


def _is_thread_index(value: str) -> bool:
    if len(value) > _LONGEST_INDEX:
        return False
    try:
        index = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    answers = len(index) - _INDEX_BEGIN
    return index[:1] == b"\x01" and answers >= 0 and answers % _INDEX_STEP == 0


def markers(auto_submitted: str | None, loop_token: str) -> Fields:
    """Return the fields that say that no person wrote this; none for a person's draft."""
    if auto_submitted is None:
        return []
    return [
        # RFC 3834 §5: no `Precedence` besides, which harms delivery.
        ("Auto-Submitted", _require(_KEYWORD, auto_submitted)),
        ("X-Auto-Response-Suppress", "All"),
        ("X-Maildaemon-Loop", _require(_TOKEN, loop_token)),
    ]


def message_id_field(message_id: str) -> str:
    """Return the value of a Message-ID field. Raises ValueError if it is fit for none."""
    return f"<{_require(_MESSAGE_ID, message_id)}>"


def quoted_printable(text: str) -> list[str]:
    """Return the encoded lines of a text that ends in a line break."""
    # RFC 2045 §6.7: a trailing line break would be part of the text.
    return quopri.encodestring(text.encode()).decode("ascii").split("\n")[:-1]


def _require(form: re.Pattern[str], value: str) -> str:
    if not form.fullmatch(value):
        raise ValueError(f"not fit for a header field: {value!r}")
    return value


def unstructured(name: str, value: str) -> str:
    """Return a value as it stands in an unstructured field, folded."""
    # What looks like an encoded-word would be decoded at the other end into who knows what.
    if value.isascii() and "=?" not in value and len(name) + 2 + len(value) <= _MAX_LINE:
        return value
    return _words(name, value)


def address_field(address: Address) -> str:
    """Return an address as it stands in a field, folded."""
    name = clean_header(address.name)
    if not name:
        return address.address
    if name.isascii() and "=?" not in name and len(name) <= _MAX_LINE // 2:
        phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = _words("From", name)
    fits = len("From: ") + len(phrase) + len(address.address) + len(" <>") <= _MAX_LINE
    return f"{phrase}{' ' if fits else _FOLD}<{address.address}>"


def _words(name: str, value: str) -> str:
    """Return RFC 2047 encoded-words, folded; none is cut within a character."""
    return Header(value, "utf-8", header_name=name, maxlinelen=_MAX_LINE - 1).encode(linesep="\r\n")


def flow(text: str) -> str:
    """Return the text in lines of a reader's width, which a mail client may join again.

    RFC 3676 §4: a line that ends in a space goes on in the next one; what begins like a quotation
    or with a space gets one more before it. Only spaces are broken at: no link, no `10 MB`.
    """
    return _lines("".join(map(_flow_line, _lines(text).split("\n"))))


def _flow_line(line: str) -> str:
    if not (stripped := line.rstrip(" ")):
        return "\n"
    rows = [""]
    for word in stripped.split(" "):
        # RFC 3676 §4.3: a line of its own, `-- ` would begin a signature.
        if rows[-1] not in {"", "-- "} and len(rows[-1]) + len(word) >= _FLOWED_LINE:
            rows.append("")
        rows[-1] += f"{word} "
    stuffed = (f" {row}" if row.startswith((" ", ">", "From ")) else row for row in rows)
    return "\n".join(stuffed).removesuffix(" ") + "\n"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def _prove(wire: str, fields: Fields, draft: Draft, subject: str, texts: dict[str, str]) -> None:
    """Read it as a receiver does; raise ValueError at what was not meant."""
    mail = message_from_string(wire)
    parts = [part for part in mail.walk() if not part.is_multipart()]
    sender, recipient = draft.sender.address, draft.recipient.address
    proofs = {
        "header": [(name, _flat(value)) for name, value in mail.items()]
        == [(name, _flat(value)) for name, value in fields],
        "recipient": getaddresses(mail.get_all("To", [])) == [("", recipient)],
        "sender": [it for _, it in getaddresses(mail.get_all("From", []))] == [sender],
        "addresses": all(map(is_address, (sender, recipient, draft.reply_to or sender))),
        "subject": clean_header(subject) == subject == _decoded_words(mail.get("Subject", "")),
        "structure": [part.get_content_type() for part in mail.walk()]
        == ["multipart/alternative", *(it.partition(";")[0] for it in texts)],
        "texts": [_decoded(part) for part in parts] == list(texts.values()),
        "lines": max(map(len, wire.encode().split(b"\r\n"))) <= HARD_LINE,
        "line ends": wire.count("\r") == wire.count("\n") == wire.count("\r\n"),
        "defects": not any(part.defects for part in mail.walk()),
    }
    if wrong := [name for name, holds in proofs.items() if not holds]:
        raise ValueError(f"the composed mail is not as intended: {', '.join(wrong)}")


def is_address(address: str) -> bool:
    local_part, _, domain = address.rpartition("@")
    whole = clean(address, _MAX_ADDRESS) == address and " " not in address
    return whole and bool(local_part and domain)


def _decoded_words(value: str) -> str:
    return str(make_header(decode_header(_flat(value))))


def _flat(value: str) -> str:
    return value.replace("\r\n", "")


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode().replace("\r\n", "\n") if isinstance(content, bytes) else ""
