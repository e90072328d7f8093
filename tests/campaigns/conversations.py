"""Ten conversations in ten languages, and one in an eleventh, through the real servers.

What customers got stands in docs/samples, exactly as the SMTP server took it; only what differs
from day to day (dates, references) is replaced.

python -m tests.campaigns.conversations
"""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import yaml

from maildaemon.adapters.vocabulary import Vocabulary, parse_words
from maildaemon.shipped import shipped
from tests.campaigns.installation import Installation, installed
from tests.campaigns.judge import judge_log
from tests.campaigns.mails import SUPPORT
from tests.campaigns.table import Table, conclude
from tests.campaigns.timed import timed_mails
from tests.campaigns.told import CONVERSATIONS, Conversation
from tests.servers.sink import Accepted, SmtpSink

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
SHOP = "Atelier Lumen"
PRIVACY = "https://atelier-lumen.example/privacy"
# What stands in the samples instead of what every run has anew.
_REFERENCE = "K7F3-Q2"
_LAST_DAY = date(2027, 1, 2)
_WITHIN = 60
_HOW = """\
Made by `python -m tests.campaigns.conversations`, through a real IMAP and a real SMTP server. The
second mail is ours; people wrote the others. What time brings is written without waiting for it."""
_REFERENCES = re.compile(r"\[#([0-9A-Z]{4}-[0-9A-Z]{2})\]")


@dataclass(frozen=True, slots=True)
class Row:
    """What the records say of one message."""

    thread: int
    kind: str
    match: str
    language: str | None
    silence: str | None


def campaign(say: Callable[[str], None] = print) -> tuple[Table, Mapping[str, str]]:
    """Hold the conversations; return what came of them, and the samples by their file's name."""
    with installed("conversations") as (installation, sink):
        last_day = datetime.now(UTC).date() + timedelta(days=9)
        _configure(installation, last_day)
        installation.start()
        installation.wait_started()
        responses = _hold(installation, sink, say)
        installation.wait_done(_WITHIN)
        installation.stop()

        table = Table(f"conversations: {len(CONVERSATIONS)} of them")
        got = [mail.rcpt_to for mail in sink.accepted()]
        table.promise(
            "automatic mails",
            len(got),
            sorted(got) == sorted(mail.rcpt_to for mail in responses.values()),
            "one to each customer",
        )
        records = _recorded(installation)
        for one in CONVERSATIONS:
            _judge(table, one, records, responses[one.language])
        judge_log(table, installation)
        pages = {
            f"{one.language}.md": _page(one, responses[one.language], last_day)
            for one in CONVERSATIONS
        }
    return table, pages


def _configure(installation: Installation, last_day: date) -> None:
    """Announce a holiday and the privacy notice, as an operator does."""
    text = yaml.load(installation.config.read_text("utf-8"), yaml.BaseLoader)
    first_day = datetime.now(UTC).date() - timedelta(days=1)
    text["notices"] = [{"from": str(first_day), "until": str(last_day), "template": "holiday"}]
    text["privacy"] = {"notice": PRIVACY}
    text["mailboxes"][0]["display_name"] = SHOP
    installation.config.write_text(yaml.safe_dump(text, allow_unicode=True), "utf-8")
    installation.call("check")


def _hold(
    installation: Installation, sink: SmtpSink, say: Callable[[str], None]
) -> Mapping[str, Accepted]:
    """Let everybody write in turn; return our responses by language."""
    account = installation.account
    for one in CONVERSATIONS:
        account.deliver(_mail(one, 1, one.first), sender=_address(one))
    accepted = {mail.rcpt_to[0]: mail for mail in sink.wait_accepted(len(CONVERSATIONS), _WITHIN)}
    say(f"{len(accepted)} customers are acknowledged")
    for number, folder in ((2, "Sent"), (3, "INBOX"), (4, "INBOX")):
        for one in CONVERSATIONS:
            text = (one.answer, one.second, one.thanks)[number - 2]
            if folder == "Sent":
                account.file(_mail(one, number, text), folder, flags=(r"\Seen",))
            else:
                account.deliver(_mail(one, number, text), sender=_address(one))
        _wait_recorded(installation, number * len(CONVERSATIONS))
        say(f"{number * len(CONVERSATIONS)} mails of people are recorded")
    return {one.language: accepted[_address(one)] for one in CONVERSATIONS}


def _wait_recorded(installation: Installation, count: int) -> None:
    installation.wait_done(_WITHIN, lambda: len(_recorded(installation)) >= count, still=0)


def _recorded(installation: Installation) -> Mapping[str, Row]:
    """Return the people's mails by Message-ID."""
    with installation.records.open() as connection:
        rows = connection.execute(
            "select message_id, thread_id, kind, match, language, silence from message "
            "where message_id like '%@people.example'"
        ).fetchall()
    return {row[0]: Row(*row[1:]) for row in rows}


def _judge(table: Table, one: Conversation, records: Mapping[str, Row], response: Accepted) -> None:
    rows = [records[_id(one, number)] for number in (1, 2, 3, 4)]
    seen = [(row.kind, row.silence) for row in rows]
    expected = [
        ("customer", None),
        ("staff", "own_address"),
        ("customer", "acknowledged_already"),
        ("customer", "acknowledged_already"),
    ]
    table.promise(
        f"{one.name}: one thread",
        len({row.thread for row in rows}),
        len({row.thread for row in rows}) == 1,
        "1",
    )
    table.promise(
        f"{one.name}: answered once",
        seen.count(("customer", None)),
        seen == expected,
        f"{expected}",
    )
    language = rows[0].language
    table.promise(f"{one.name}: known as", str(language), language == one.language, one.language)
    spoken = one.language if one.spoken else "en"
    html = _parts(response)[1]
    table.promise(f"{one.name}: answered in", spoken, f'<html lang="{spoken}">' in html, spoken)


# --- mails ---------------------------------------------------------------------------------------


def _id(one: Conversation, number: int) -> str:
    return f"{one.language}{number}@people.example"


def _address(one: Conversation) -> str:
    return one.customer.partition("<")[2].rstrip(">")


def _mail(one: Conversation, number: int, text: str) -> bytes:
    """Return mail `number` of a conversation; the second is the shop's own."""
    mail, ours = EmailMessage(), (SUPPORT, SHOP)
    shop = f"{ours[1]} <{ours[0]}>"
    mail["From"], mail["To"] = (shop, one.customer) if number == 2 else (one.customer, SUPPORT)
    mail["Subject"] = one.subject if number == 1 else f"Re: {one.subject}"
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = f"<{_id(one, number)}>"
    if number > 1:
        mail["In-Reply-To"] = f"<{_id(one, number - 1)}>"
        mail["References"] = " ".join(f"<{_id(one, it)}>" for it in range(1, number))
    mail.set_content(f"{text}\n")
    for name in one.files if number == 1 else ():
        content = _zip() if name.endswith(".zip") else b"MZ\x90\x00" + bytes(200)
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes(policy=SMTP)


def _zip() -> bytes:
    """Photographs behind a password, as far as the archive tells."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("1.jpg"), b"\xff\xd8\xff\xe0")
    locked = bytearray(file.getvalue())
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    return bytes(locked)


def _parts(mail: Accepted) -> tuple[str, str]:
    """Return the two texts, as a mail client has them once decoded."""
    parsed = message_from_bytes(mail.raw, policy=default)
    texts = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
    plain, html = (str(it).replace("\r\n", "\n") for it in texts)
    return plain, html


# --- samples -------------------------------------------------------------------------------------


def _page(one: Conversation, response: Accepted, last_day: date) -> str:
    """Return the sample of one conversation."""
    mail = message_from_bytes(response.raw, policy=default)
    plain, html = _parts(response)
    header = "\n".join(
        f"{name}: {mail[name]}"
        for name in ("From", "To", "Subject", "In-Reply-To", "Auto-Submitted")
    )
    found = _REFERENCES.search(str(mail["Subject"]))
    assert found, mail["Subject"]
    language = one.language if one.spoken else "en"
    # Lines are joined first: another date may be longer.
    shown = "\n\n".join(_unwrapped(plain))
    replaced = [_timeless(it, language, last_day, found[1]) for it in (header, shown, html)]
    files = f"\n\nAttached: {', '.join(one.files)}" if one.files else ""
    first = f"{one.subject}\n\n{one.first}{files}"
    blocks = (
        f"# {one.name}",
        _HOW,
        f"## 1. The customer\n\n{_quoted(first)}",
        f"## 2. The response\n\n```\n{replaced[0]}\n\n{replaced[1]}\n```",
        f"## 3. The shop, from its own mail program\n\n{_quoted(one.answer)}",
        f"## 4. The customer: joined, not acknowledged again\n\n{_quoted(one.second)}",
        f"## 5. The customer: recorded, not answered\n\n{_quoted(one.thanks)}",
        *timed_mails(one, SHOP),
        f"## The response in HTML\n\n```html\n{replaced[2].strip()}\n```",
    )
    return "\n\n".join(blocks) + "\n"


def _unwrapped(plain: str) -> list[str]:
    """Return the paragraphs of a flowed text, each line as long as it is."""
    return [re.sub(r" \n", " ", it).strip() for it in plain.strip().split("\n\n")]


def _timeless(text: str, language: str, last_day: date, reference: str) -> str:
    """Return the text of any other day."""
    words = (shipped("config") / "templates" / language / "words.txt").read_text("utf-8")
    vocabulary = Vocabulary(language, parse_words(words))
    now, then = (vocabulary.notice("holiday", day) for day in (last_day, _LAST_DAY))
    return text.replace(reference, _REFERENCE).replace(str(now), str(then))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def main() -> Table:
    """Write the samples anew."""
    table, pages = campaign()
    SAMPLES.mkdir(exist_ok=True)
    for name, page in pages.items():
        (SAMPLES / name).write_text(page, "utf-8")
    return table


if __name__ == "__main__":
    conclude(main)
