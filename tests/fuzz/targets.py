"""What is fuzzed: where it begins, how it is damaged, and what must hold of the answer."""

import json
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from maildaemon.domain.attachments import judge
from maildaemon.domain.automatic import Circumstances, Kind, classify
from maildaemon.domain.message import Parsed
from maildaemon.domain.reading import Reading
from maildaemon.mail import parse
from maildaemon.mail.parse import parse_message
from maildaemon.mail.quotes import cut_quotes
from maildaemon.settings import minimal, read_settings
from maildaemon.settings.policy import make_policy
from tests.fuzz import seeds
from tests.fuzz.configs import check_config, configs
from tests.fuzz.invariants import flaws, flaws_of_frames, flaws_of_reply
from tests.fuzz.mutation import mutate, mutate_content
from tests.fuzz.sessions import check_session, sessions
from tests.fuzz.verdicts import check_verdict, verdicts
from tests.unit.parsing import READING

SLOW = 2.0
_SETTINGS = read_settings(minimal("support@shop.example", "localhost", "localhost"), Path("a.yaml"))
_POLICY = make_policy(_SETTINGS, _SETTINGS.mailboxes[0]).attachments
Shape = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is wrong with it, and a shape: an input whose answer has a new one is worth damaging."""

    flaws: tuple[str, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Target:
    """`check` is total but for what it is to find: it raises what the code raises."""

    name: str
    begin: Callable[[Sequence[Path]], list[bytes]]
    damage: Callable[[Random, bytes, bytes], bytes]
    check: Callable[[bytes], Answer]


def look(target: Target, raw: bytes, *, twice: bool) -> Answer:
    """Return the answer to an input: what raises, is slow or differs the second time is a flaw.

    Slow is by processor time: other programs do not make it so.
    """
    try:
        answer, seconds = _timed(target, raw)
        again, repeated = _timed(target, raw) if twice or seconds > SLOW else (answer, seconds)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what is looked for
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name} {place.name}"
        return Answer((f"raises {type(error).__name__} in {where}: {error}",), ("raised", where))
    found = [*answer.flaws]
    if again != answer:
        found.append("the same bytes have two answers")
    # What is loaded at its first use, such as a country's holidays, is paid once.
    if min(seconds, repeated) > SLOW:
        found.append(f"takes more than {SLOW:g} s")
    return Answer(tuple(found), answer.shape)


def _timed(target: Target, raw: bytes) -> tuple[Answer, float]:
    began = time.process_time()
    answer = target.check(raw)
    return answer, time.process_time() - began


def _check_mail(raw: bytes) -> Answer:
    """Parse and judge a mail, as the daemon does before it looks at what is known."""
    parsed = parse_message(raw, READING)
    message = parsed.message
    if "parse_failed" in message.defects:
        parse._parse(raw, READING.languages)  # raises, and says where
    found = [*flaws(raw, parsed), *flaws_of_frames(parsed)]
    judgement = classify(message, Circumstances(message.from_))
    verdicts = judge(message.attachments, _POLICY)
    if len(verdicts) != len(message.attachments):
        found.append("not one verdict a file")
    if message.bounce and judgement.kind is Kind.CUSTOMER:
        found.append("a report of a customer")
    return Answer(tuple(found), _shape(parsed, judgement.kind, [one.reason for one in verdicts]))


def _shape(parsed: Parsed, kind: Kind, reasons: list[object]) -> Shape:
    message = parsed.message
    report = message.bounce.recipients if message.bounce else ()
    return (
        kind,
        message.content_type[:20],
        frozenset(message.defects),
        frozenset((one.action, one.status) for one in report[:3]),
        frozenset((one.declared_type[:12], one.detected_type) for one in message.attachments[:3]),
        frozenset(finding for one in message.attachments for finding in one.findings),
        frozenset(map(str, reasons)),
        len(message.reply_text) < len(message.text),
        message.language,
    )


def _check_text(raw: bytes) -> Answer:
    text = raw.decode("utf-8", "replace").replace("\r", "\n").replace("\x00", "")
    new = cut_quotes(text)
    forwarded = cut_quotes(text, forwarded=True)
    found = [*flaws_of_reply(text, new), *flaws_of_reply(text, forwarded)]
    cut = text.rstrip().removeprefix(new.rstrip())
    return Answer(tuple(found), (len(new) * 8 // (len(text) + 1), new == forwarded, cut[:12]))


def _mails(folders: Sequence[Path]) -> list[bytes]:
    return seeds.mails(folders)


def _texts(folders: Sequence[Path]) -> list[bytes]:
    texts = [parse_message(raw, Reading()).message.text.encode() for raw in seeds.mails(folders)]
    return [text for text in texts if text.strip()]


def _reports(folders: Sequence[Path]) -> list[bytes]:
    """Begin with what the reader of bounces takes for one, and with what was found before."""
    more = [raw for raw in seeds.mails(folders) if parse_message(raw, Reading()).message.bounce]
    return [*seeds.reports(), *more]


def _files(_: Sequence[Path]) -> list[bytes]:
    return [json.dumps(name).encode() + b"\n" + content for name, content in seeds.files()]


def _damage_file(random: Random, raw: bytes, other: bytes) -> bytes:
    """Damage a content, and now and then let it go by another's name."""
    name, _, content = raw.partition(b"\n")
    if random.random() < 0.1:
        name = other.partition(b"\n")[0]
    return name + b"\n" + mutate_content(random, content, other.partition(b"\n")[2])


def _check_file(raw: bytes) -> Answer:
    name, _, content = raw.partition(b"\n")
    try:
        told = str(json.loads(name))
    except ValueError:
        told = "a.bin"
    plain = "".join(char for char in told if char.isalnum() or char in ".-_") or "a.bin"
    return _check_mail(seeds.with_file(plain, content))


def targets() -> Iterator[Target]:
    """Yield every target."""
    yield Target("parser", _mails, mutate, _check_mail)
    yield Target("quotes", _texts, mutate_content, _check_text)
    yield Target("bounces", _reports, mutate, _check_mail)
    yield Target("files", _files, _damage_file, _check_file)
    yield Target("verdicts", lambda _: verdicts(), mutate_content, _answer(check_verdict))
    yield Target("imap", lambda _: sessions(), mutate_content, _answer(check_session))
    yield Target("config", lambda _: configs(), mutate_content, _answer(check_config))


def _answer(check: Callable[[bytes], tuple[list[str], Shape]]) -> Callable[[bytes], Answer]:
    def answer(raw: bytes) -> Answer:
        flaws, shape = check(raw)
        return Answer(tuple(flaws), shape)

    return answer
