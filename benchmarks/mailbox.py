"""A support mailbox made from a seed, with the truth about every message in it.

The same seed, count and `until` give the same bytes. Message n of the mailbox is the n-th that is
delivered. A person (an address) has one conversation, so that what the person must get is one
acknowledgement or none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random
from statistics import mean, median

from benchmarks import mime
from benchmarks.files import File, logo, make_file
from benchmarks.texts import (
    FOOTER,
    LANGUAGES,
    Language,
    as_html,
    choose_language,
    prose,
    quoted,
)

SUPPORT = "support@example.test"
_SPREAD = timedelta(hours=6)
_WEIGHTS = {
    "question": 48,
    "reply": 32,
    "auto_reply": 5,
    "bounce": 4,
    "bulk": 6,
    "list": 3,
    "noreply": 1.5,
    "again": 0.5,
}
# Of what people write, which is four fifths of all.
_SMALL, _LARGE = 0.245, 0.061
_KINDS = {"question": "customer", "reply": "customer", "noreply": "customer"}


@dataclass(frozen=True, slots=True)
class Truth:
    """What must become of a message. `number` is that of the mail: a redelivery repeats it.

    `conversation` is the number of the mail that began it; None where people do not converse.
    `files`: name, size and whether it is accepted; None where none of a person's are in question.
    """

    number: int
    kind: str
    person: str
    conversation: int | None
    acknowledged: bool
    files: tuple[tuple[str, int, bool], ...] | None


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it is handed to LMTP."""

    truth: Truth
    reverse_path: str
    raw: bytes


@dataclass(slots=True)
class _Conversation:
    number: int
    person: str
    name: str
    language: Language
    subject: str
    text: str
    html: bool
    ids: list[str] = field(default_factory=list)


def write_mailbox(seed: int, count: int, until: datetime) -> Iterator[Letter]:
    """Yield the messages, oldest first; the last one was written at `until`."""
    writer = _Writer(seed)
    for number in range(1, count + 1):
        yield writer.write(number, until - _SPREAD * (1 - number / count))


def describe(sizes: list[int]) -> str:
    """Return how large a mailbox is, in words."""
    kb = [size / 1000 for size in sizes]
    return (
        f"{len(sizes)} messages, {sum(kb) / 1000:.0f} MB: median {median(kb):.0f} KB, "
        f"mean {mean(kb):.0f} KB, largest {max(kb) / 1000:.1f} MB"
    )


class _Writer:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._open: list[_Conversation] = []
        self._last: Letter | None = None

    def write(self, number: int, at: datetime) -> Letter:
        random = Random(f"{self._seed}:{number}")
        kind = random.choices([*_WEIGHTS], [*_WEIGHTS.values()])[0]
        if kind == "again" and self._last is not None:
            return self._last
        if kind in {"question", "again"} or (kind == "reply" and not self._open):
            letter = self._question(number, random, at)
        elif kind == "reply":
            letter = self._reply(number, random, at)
        else:
            letter = _by_machine(number, kind, random, at)
        self._last = letter
        return letter

    def _question(self, number: int, random: Random, at: datetime) -> Letter:
        language = choose_language(random)
        talk = _Conversation(
            number=number,
            person=f"person{number}@customer{number % 97}.example",
            name=random.choice(("Clara Conti", "Jürgen Weiß", "Анна Петрова", "Zoë", "Li Wei")),
            language=language,
            subject=f"{random.choice(language.subjects)} ({number})",
            text=prose(language, random, _length(random), f"Person {number}"),
            html=random.random() < 0.12,
        )
        self._open.append(talk)
        return _by_person(number, talk, talk.text, "", talk.subject, [], random, at)

    def _reply(self, number: int, random: Random, at: datetime) -> Letter:
        talk = random.choice(self._open[-400:])
        text = prose(talk.language, random, random.choice((20, 200, 600, 1500)), talk.name)
        date = format_datetime(at - timedelta(hours=1))
        above = talk.language.wrote.format(date=date, ours=SUPPORT)
        old = quoted(talk.text[:20_000], above) if random.random() < 0.85 else ""
        prefix = random.choice((talk.language.reply_prefix, "Re: ", "RE: "))
        cited = _cited(talk, random, number)
        letter = _by_person(number, talk, text, old, prefix + talk.subject, cited, random, at)
        talk.text = f"{text}\n\n{old}" if old else text
        return letter


def _cited(talk: _Conversation, random: Random, number: int) -> list[tuple[str, str]]:
    """Return the fields by which mail programs say what is answered: four manners of it."""
    newest, ours = talk.ids[-1], f"<answer.{number}@example.test>"
    chain = " ".join(talk.ids[-8:])
    match random.choices(range(4), (45, 35, 10, 10))[0]:
        case 0:
            return [("In-Reply-To", newest), ("References", chain)]
        case 1:  # to an answer that staff wrote elsewhere
            return [("In-Reply-To", ours), ("References", f"{chain}\r\n {ours}")]
        case 2:
            return [("References", chain)]
        case _:
            return [("In-Reply-To", newest)]


def _length(random: Random) -> int:
    """Return how much a person writes: mostly a little, rarely a novel, sometimes a few words."""
    if random.random() < 0.04:
        return random.randrange(2, 50)
    if random.random() < 0.01:
        return random.randrange(40_000, 150_000)
    return int(min(random.lognormvariate(6.6, 0.8), 20_000))


def _files(random: Random, number: int) -> list[File]:
    """Return what is attached. Of all messages a fifth grows by 50 to 500 KB (as it is encoded),
    and one in twenty by 2 to 8 MB.
    """
    lot = random.random()
    if lot < _LARGE:
        return [make_file(random, number * 10, _decoded(random.randrange(2_000_000, 8_000_000)))]
    if lot > _LARGE + _SMALL:
        return []
    count = random.choices((1, 2, 3), (75, 18, 7))[0]
    size = _decoded(random.randrange(50_000, 500_000)) // count
    return [make_file(random, number * 10 + index, size) for index in range(count)]


def _decoded(size: int) -> int:
    """Return how many bytes are that many in base64, line ends included."""
    return size * 57 // 78


def _by_person(
    number: int,
    talk: _Conversation,
    text: str,
    quotation: str,
    subject: str,
    cited: list[tuple[str, str]],
    random: Random,
    at: datetime,
) -> Letter:
    message_id = f"<bench.{number}@customer{number % 97}.example>"
    files = _files(random, number)
    with_logo = not talk.html and random.random() < 0.12
    body = _body(talk, f"{text}\n", quotation, random, with_logo=with_logo)
    if files:
        body = mime.multipart("mixed", random, body, *(mime.file(one, random) for one in files))
    header = [
        *mime.trace(random, at, talk.person),
        ("From", f"{mime.encoded(talk.name, random)} <{talk.person}>"),
        ("To", f"Support <{SUPPORT}>"),
        ("Subject", mime.encoded(subject, random, talk.language.charsets)),
        ("Date", format_datetime(at)),
        ("Message-ID", message_id),
        *cited,
        *mime.programs_fields(random),
    ]
    talk.ids.append(message_id)
    attached = [*([logo()] if with_logo else []), *files]
    truth = Truth(
        number=number,
        kind="customer",
        person=talk.person,
        conversation=talk.number,
        acknowledged=not cited,
        files=tuple(sorted((one.name, len(one.content), one.accepted) for one in attached)),
    )
    return Letter(truth, talk.person, mime.message(header, body))


def _body(
    talk: _Conversation, text: str, quotation: str, random: Random, *, with_logo: bool
) -> bytes:
    whole = f"{text}\n{quotation}\n" if quotation else text
    charset = random.choice(talk.language.charsets)
    html = mime.text(as_html(text, random, quotation), charset, random, "html")
    if talk.html:
        return html
    plain = mime.text(whole, charset, random, "plain")
    if with_logo:
        picture = mime.file(logo(), random, content_id=f"logo{random.random()}@example")
        related = mime.multipart("related", random, html, picture)
        return mime.multipart("alternative", random, plain, related)
    if random.random() < 0.6:
        return mime.multipart("alternative", random, plain, html)
    return plain


def _by_machine(number: int, kind: str, random: Random, at: datetime) -> Letter:
    language, english = choose_language(random), LANGUAGES[0]
    message_id = f"<bench.{number}@machine{number % 31}.example>"
    sender, reverse_path, more = f"news{number % 12}@shop{number % 31}.example", None, []
    subject = f"{random.choice(language.subjects)} ({number})"
    text = prose(language, random, _length(random) * (3 if kind in {"bulk", "list"} else 1), "")
    body = mime.text(f"{text}\n", random.choice(language.charsets), random, "plain")
    match kind:
        case "auto_reply":
            sender, subject = f"away{number}@firm{number % 31}.example", f"Out of office: {number}"
            cited = f"<answer.{number}@example.test>"
            more = [("Auto-Submitted", "auto-replied (vacation)"), ("In-Reply-To", cited)]
        case "bounce":
            sender, reverse_path = f"mailer-daemon@mx{number}.example", ""
            subject, more = "Undelivered Mail Returned to Sender", []
            body = mime.report(random, f"gone{number}@elsewhere.example", f"foreign{number}@x")
        case "bulk":
            page = mime.text(as_html(text * 4, random), "utf-8", random, "html")
            body = mime.multipart("alternative", random, body, page)
            more = [("Precedence", "bulk"), ("X-Campaign-Id", f"spring-{number % 12}")]
        case "list":
            more = [("List-Id", "Makers <makers.lists.example>"), ("List-Post", "<mailto:m@l.ex>")]
        case _:
            sender = f"noreply@portal{number}.example"
            body = mime.text(FOOTER * 5, "us-ascii", random, "plain")
            subject = f"{english.subjects[1]} {number}"
    header = [
        *mime.trace(random, at, sender),
        ("From", f"{mime.encoded('Programm Nº 1', random)} <{sender}>"),
        ("To", SUPPORT),
        ("Subject", mime.encoded(subject, random)),
        ("Date", format_datetime(at)),
        ("Message-ID", message_id),
        *more,
    ]
    truth = Truth(number, _KINDS.get(kind, kind), sender, None, acknowledged=False, files=None)
    return Letter(
        truth, sender if reverse_path is None else reverse_path, mime.message(header, body)
    )
