"""What customers, machines and broken programs write: made from a seed, expectations included.

Every mail carries its number in `X-Mail-Number`, by which the judge recognises it on the server. A
person (an address) belongs to one conversation only, so that what the person must get is one
acknowledgement or none, whatever order the daemon sees the mails in after it died.
"""

import base64
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from quopri import encodestring
from random import Random

from tests.servers.sink import Accepted

SUPPORT = "support@example.test"


class Kind(StrEnum):
    """What is delivered; the value is what the table of a campaign calls it."""

    QUESTION = "question"
    HTML = "question in HTML"
    GOOD_FILE = "with a welcome file"
    REFUSED_FILE = "with a refused file"
    TWICE = "delivered twice"
    NO_MESSAGE_ID = "without Message-ID"
    BROKEN = "broken"
    SECOND_MAIL = "answers the person's own mail"
    ANSWERS_US = "answers our acknowledgement"
    ANSWERS_UNKNOWN = "answers an unknown mail"
    NEWSLETTER = "newsletter"
    LIST = "mailing list"
    OUT_OF_OFFICE = "out of office"
    FOREIGN_BOUNCE = "bounce of a foreign mail"
    OUR_BOUNCE = "bounce of our acknowledgement"
    NO_REPLY = "from a noreply address"
    OLD = "three days old"
    NO_FROM = "without From"


# The first mail of a conversation: exactly these must be acknowledged.
MUST_BE_ACKNOWLEDGED = frozenset(
    {
        Kind.QUESTION,
        Kind.HTML,
        Kind.GOOD_FILE,
        Kind.REFUSED_FILE,
        Kind.TWICE,
        Kind.NO_MESSAGE_ID,
        Kind.BROKEN,
    }
)
_WEIGHTS = {
    Kind.QUESTION: 30,
    Kind.HTML: 8,
    Kind.GOOD_FILE: 7,
    Kind.REFUSED_FILE: 6,
    Kind.TWICE: 5,
    Kind.NO_MESSAGE_ID: 3,
    Kind.BROKEN: 5,
    Kind.SECOND_MAIL: 9,
    Kind.ANSWERS_US: 8,
    Kind.ANSWERS_UNKNOWN: 2,
    Kind.NEWSLETTER: 4,
    Kind.LIST: 3,
    Kind.OUT_OF_OFFICE: 4,
    Kind.FOREIGN_BOUNCE: 2,
    Kind.NO_REPLY: 1,
    Kind.OLD: 2,
    Kind.NO_FROM: 1,
}
# More bounces than these of our own mails would, rightly, stop all automatic mail.
_BOUNCES_OF_OURS = 6

_TEXTS = (
    ("My parcel has not arrived", "Hello, I ordered two weeks ago and nothing has come yet."),
    ("Bestellung beschädigt", "Guten Tag, die Lampe kam zerbrochen an. Was kann ich jetzt tun?"),
    ("Domanda sul mio ordine", "Buongiorno, vorrei sapere quando arriverà il mio ordine. Grazie."),
    ("Retour d'un article", "Bonjour, je souhaite renvoyer cet article, il est trop petit."),
    ("Pregunta sobre el envío", "Hola, ¿cuándo llegará mi pedido? Todavía no he recibido nada."),
    ("Вопрос о заказе", "Здравствуйте, я хотел бы узнать, когда будет доставлен мой заказ."),
    ("注文について", "こんにちは。先週注文した商品がまだ届いていません。"),
    ("Fråga om min order", "Hej, jag undrar när min beställning kommer fram. Tack på förhand."),
)
_FILES = {
    "photo.png": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    ),
    "invoice.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
}
_PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(120)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as it is handed over, and how often it is."""

    number: int
    kind: Kind
    person: str
    reverse_path: str
    message_id: str | None
    raw: bytes

    @property
    def times(self) -> int:
        return 2 if self.kind is Kind.TWICE else 1

    @property
    def must_be_acknowledged(self) -> bool:
        return self.kind in MUST_BE_ACKNOWLEDGED


class Writer:
    """Writes mail after mail. What is written depends on the seed alone, but for dates and for
    which of our acknowledgements is answered.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._begun: list[Mail] = []
        self._bounced: set[str | None] = set()

    def write(
        self, number: int, accepted: Sequence[Accepted], date: datetime | None = None
    ) -> Mail:
        """Return mail `number`, of now or of a date; `accepted` is what we have sent so far."""
        random = Random(f"{self._seed}:{number}")
        kind = random.choices([*_WEIGHTS], [*_WEIGHTS.values()])[0]
        if kind is Kind.ANSWERS_US and accepted:
            return self._about_ours(number, random, random.choice(accepted))
        if kind is Kind.ANSWERS_US:
            kind = Kind.SECOND_MAIL
        if kind is Kind.SECOND_MAIL and not self._begun:
            kind = Kind.QUESTION
        mail = self._compose(number, kind, random, date or datetime.now(UTC))
        if mail.must_be_acknowledged:
            self._begun.append(mail)
        return mail

    def _about_ours(self, number: int, random: Random, ours: Accepted) -> Mail:
        [person] = ours.rcpt_to
        fresh = ours.message_id not in self._bounced
        if fresh and len(self._bounced) < _BOUNCES_OF_OURS and random.random() < 0.2:
            self._bounced.add(ours.message_id)
            return _bounce(number, Kind.OUR_BOUNCE, person, ours.message_id or "", {})
        subject, text = random.choice(_TEXTS)
        cited = {"In-Reply-To": f"<{ours.message_id}>", "References": f"<{ours.message_id}>"}
        return _mail(number, Kind.ANSWERS_US, person, f"Re: {subject}", _text(text), cited)

    def _compose(self, number: int, kind: Kind, random: Random, date: datetime) -> Mail:
        person = f"person{number}@customer{number % 97}.example"
        subject, text = random.choice(_TEXTS)
        dated = {"Date": format_datetime(date)}
        match kind:
            case Kind.BROKEN:
                return _broken(number, person, subject, text, random, dated)
            case Kind.FOREIGN_BOUNCE:
                return _bounce(number, kind, person, f"foreign{number}@elsewhere.example", dated)
            case Kind.SECOND_MAIL:
                earlier = random.choice(self._begun)
                # Without an id there is nothing to cite: the daemon must take it for an old talk.
                cited = earlier.message_id or f"unseen{number}@customer.example"
                more = {**dated, "In-Reply-To": f"<{cited}>"}
                return _mail(number, kind, earlier.person, f"Re: {subject}", _text(text), more)
            case Kind.NO_REPLY:
                person = f"noreply@shop{number}.example"
            case Kind.OUT_OF_OFFICE:
                subject = random.choice(("Out of office", "Abwesenheitsnotiz", "Fuori sede"))
            case _:
                pass
        body = _body(kind, f"{text}\r\n\r\n{number}", random)
        return _mail(number, kind, person, subject, body, dated | _fields(kind, number, date))


def _body(kind: Kind, text: str, random: Random) -> bytes:
    plain = _text(text, random.choice(("8bit", "base64", "qp")))
    match kind:
        case Kind.HTML:
            page = f"<html><body><p>{text}</p></body></html>"
            return _multipart("alternative", plain, _text(page, "qp", "html"))
        case Kind.GOOD_FILE:
            name = random.choice(("photo.png", "invoice.pdf"))
            return _multipart("mixed", plain, _file(name, _FILES[name]))
        case Kind.REFUSED_FILE:
            name = random.choice(("invoice.pdf.exe", "setup.exe", "foto.scr"))
            photo = _file("photo.png", _FILES["photo.png"])
            return _multipart("mixed", plain, _file(name, _PROGRAM), photo)
        case _:
            return plain


def _fields(kind: Kind, number: int, date: datetime) -> dict[str, str]:
    match kind:
        case Kind.ANSWERS_UNKNOWN:
            return {"In-Reply-To": f"<before.us.{number}@customer.example>"}
        case Kind.NEWSLETTER:
            return {"List-Unsubscribe": "<mailto:off@news.example>", "Precedence": "bulk"}
        case Kind.LIST:
            return {"List-Id": "Makers <makers.lists.example>", "List-Post": "<mailto:m@l.example>"}
        case Kind.OUT_OF_OFFICE:
            return {"Auto-Submitted": "auto-replied (vacation)"}
        case Kind.OLD:
            return {"Date": format_datetime(date - timedelta(days=3))}
        case _:
            return {}


def question(number: int, person: str, **fields: str) -> Mail:
    """Return a plain new question; `fields` (underscores for hyphens) are added or replaced."""
    subject, text = _TEXTS[number % len(_TEXTS)]
    more = {name.replace("_", "-"): value for name, value in fields.items()}
    return _mail(number, Kind.QUESTION, person, subject, _text(f"{text}\r\n\r\n{number}"), more)


def _mail(
    number: int, kind: Kind, person: str, subject: str, body: bytes, more: dict[str, str]
) -> Mail:
    domain = person.partition("@")[2]
    message_id = None if kind is Kind.NO_MESSAGE_ID else f"campaign.{number}@{domain}"
    header = {
        "X-Mail-Number": str(number),
        "From": f"Person {number} <{person}>",
        "To": SUPPORT,
        "Subject": _encoded(subject),
        "Date": format_datetime(datetime.now(UTC)),
        "MIME-Version": "1.0",
        **({"Message-ID": f"<{message_id}>"} if message_id else {}),
        **more,
    }
    if kind is Kind.NO_FROM:
        del header["From"]
    lines = "".join(f"{name}: {value}\r\n" for name, value in header.items())
    return Mail(number, kind, person, person, message_id, lines.encode() + body)


def _broken(
    number: int, person: str, subject: str, text: str, random: Random, more: dict[str, str]
) -> Mail:
    """Return a mail that a bad program made; a person wrote it nevertheless."""
    boundary = b'Content-Type: multipart/mixed; boundary="never"\r\n\r\n'
    bodies = (
        boundary + b"--never\r\n" + _text(text),
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\n" + text.encode("utf-16"),
        b"Content-Transfer-Encoding: base64\r\n\r\n=?!not*base64\r\n" + text.encode(),
        b"this line is no header\r\nContent-Type: text/plain\r\n\r\n" + text.encode(),
        b"Content-Type: ;;;=\r\n\r\n" + text.encode("latin-1", "replace"),
        b"\r\n\x00\x01\xff\xfe" + text.encode() + b"\r\nlone\rreturns\nand feeds\r\n",
    )
    mail = _mail(number, Kind.BROKEN, person, subject, random.choice(bodies), more)
    # RFC 2047 was news to it, and so was RFC 5322's date.
    raw = mail.raw.replace(_encoded(subject).encode(), subject.encode())
    if random.random() < 0.3:
        raw = raw.replace(b"\r\nDate: ", b"\r\nDate: sometime ")
    return Mail(number, mail.kind, person, person, mail.message_id, raw)


def _bounce(number: int, kind: Kind, failed: str, message_id: str, more: dict[str, str]) -> Mail:
    """Return an RFC 3464 report that a mail to `failed` could not be delivered."""
    report = (
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.elsewhere.example\r\n"
        f"\r\nFinal-Recipient: rfc822; {failed}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
    )
    original = f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\n"
    text = _text(f"Your message to {failed} could not be delivered.")
    subtype = "report; report-type=delivery-status"
    body = _multipart(subtype, text, report.encode(), original.encode())
    daemon = f"mailer-daemon@mx{number}.example"
    mail = _mail(number, kind, daemon, "Undelivered Mail Returned to Sender", body, more)
    return Mail(number, kind, daemon, "", mail.message_id, mail.raw)


def _encoded(subject: str) -> str:
    if subject.isascii():
        return subject
    return f"=?utf-8?B?{base64.b64encode(subject.encode()).decode()}?="


def _text(text: str, encoding: str = "8bit", subtype: str = "plain") -> bytes:
    content = text.encode() + b"\r\n"
    match encoding:
        case "base64":
            content = base64.encodebytes(content).replace(b"\n", b"\r\n")
        case "qp":
            encoding = "quoted-printable"
            content = encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        case _:
            pass
    header = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}"
    return header.encode() + b"\r\n\r\n" + content


def _file(name: str, content: bytes) -> bytes:
    declared = mimetypes.guess_type(name)[0] or "application/octet-stream"
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    header = (
        f'Content-Type: {declared}; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return header.encode() + encoded


def _multipart(subtype: str, *parts: bytes) -> bytes:
    opened = b"".join(b"--=_campaign\r\n" + part + b"\r\n" for part in parts)
    subtype, _, parameters = subtype.partition("; ")
    more = f"; {parameters}" if parameters else ""
    header = f'Content-Type: multipart/{subtype}; boundary="=_campaign"{more}\r\n\r\n'
    return header.encode() + opened + b"--=_campaign--\r\n"
