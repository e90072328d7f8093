"""What somebody sends who wants our daemon to write his words, to others, or into other people's
conversations. Every text of his holds a canary. An id that is one is repeated (RFC 3834 has it so),
and holds none.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from random import Random

from tests.campaigns.mails import SUPPORT

CANARY = "kanarienvogel"
# 7 times 1234567: what a template engine would make of the attacker's sum.
SUM, RESULT = "7*1234567", "8641969"
EVE = "eve@attacker.example"
VICTIM = "victim@third-party.example"
MX = "mx.example.test"


@dataclass(frozen=True, slots=True)
class Target:
    """A conversation, and what of it somebody may know who is not in it: that is in brackets."""

    customer: str
    reference: str
    customers_id: str
    our_id: str


@dataclass(frozen=True, slots=True)
class Forgery:
    """A mail of an attacker; `author` is whom its From names: nobody else may be written to."""

    name: str
    author: str
    sender: str
    raw: bytes
    rcpt: str = SUPPORT
    # Without the word of our own server nobody can know that the From is forged.
    needs_authentication: bool = False


def forgeries(target: Target, eves: Target, random: Random, turn: int) -> Iterator[Forgery]:
    """Yield one of each kind, against a conversation; `eves` is the attacker's own."""
    for make in (_ids, _authors, _reports, _addresses, _injections, _templates):
        for number, one in enumerate(make(target, eves, random)):
            yield _forgery(one, f"{make.__name__}{number}", turn, random)


@dataclass(frozen=True, slots=True)
class _Plot:
    name: str
    fields: Mapping[str, str]
    author: str = ""
    sender: str | None = None
    rcpt: str = SUPPORT
    subject: str = f"{CANARY} buy now"
    body: str = f"{CANARY} http://{CANARY}.example/ {{{{{SUM}}}}}"
    genuine: bool = False


def _forgery(plot: _Plot, name: str, turn: int, random: Random) -> Forgery:
    # A new attacker each time: what is tried must not be stopped by a limit alone.
    eve = f"eve{turn}.{name.strip('_')}@attacker.example"
    author = plot.author or eve
    fields = {
        "From": f"{CANARY} <{author}>",
        "To": plot.rcpt,
        "Subject": plot.subject,
        "Date": format_datetime(datetime.now(UTC)),
        "Message-ID": f"<{random.getrandbits(64):x}@attacker.example>",
        "MIME-Version": "1.0",
        **plot.fields,
    }
    verdict = "fail" if plot.author else "none"
    domain = author.rpartition("@")[2]
    # As our server puts it on top of everything.
    top = f"Authentication-Results: {MX}; dmarc={verdict} header.from={domain}\r\n"
    head = top + "".join(f"{field}: {value}\r\n" for field, value in fields.items())
    if "Content-Type" not in fields:
        head += "Content-Type: text/plain; charset=utf-8\r\n"
    raw = f"{head}\r\n{plot.body}\r\n".encode("utf-8", "surrogateescape")
    sender = eve if plot.sender is None else plot.sender
    return Forgery(plot.name, author, sender, raw, plot.rcpt, bool(plot.author))


def _cites(*ids: str) -> dict[str, str]:
    named = " ".join(f"<{one}>" for one in ids)
    return {"In-Reply-To": f"<{ids[0]}>", "References": named}


def _ids(target: Target, eves: Target, random: Random) -> Iterator[_Plot]:
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    body, mac = ("".join(random.choices(letters, k=n)) for n in (24, 26))
    yield _Plot("a forged id of ours", _cites(f"md.{body}.{mac}@example.test"))
    left = target.our_id.partition("@")[0]
    swapped = left[:-1] + ("a" if left[-1] != "a" else "b")
    yield _Plot("one letter of a signed id changed", _cites(f"{swapped}@example.test"))
    mine = eves.our_id.partition("@")[0].rpartition(".")[2]
    mixed = left.rpartition(".")[0] + "." + mine
    yield _Plot("the signature of another id", _cites(f"{mixed}@example.test"))
    yield _Plot("a stolen id of ours", _cites(target.our_id))
    yield _Plot("a stolen id behind an own one", _cites(eves.our_id, target.our_id))
    yield _Plot("the customer's own id", _cites(target.customers_id))
    yield _Plot("the customer's id used again", {"Message-ID": f"<{target.customers_id}>"})
    yield _Plot("our id used again", {"Message-ID": f"<{target.our_id}>"})
    subject = f"Re: [#{target.reference}] {CANARY}"
    yield _Plot("a guessed reference", {}, subject=subject)
    yield _Plot("a guessed reference, in words", {}, subject=f"[#{target.reference}]{CANARY}")
    token = {"X-Maildaemon-Loop": left, "Auto-Submitted": "no"}
    yield _Plot("a stolen loop header", token)
    yield _Plot("a forged loop header", {"X-Maildaemon-Loop": f"md.{body}.{mac}"})


def _authors(target: Target, eves: Target, random: Random) -> Iterator[_Plot]:
    them, cites = target.customer, _cites(target.our_id)
    yield _Plot("in the customer's name", {**cites, "Cc": EVE}, author=them, sender=them)
    yield _Plot("something new in his name", {}, author=them)
    file = {"Content-Type": f'application/x-msdownload; name="{CANARY}.exe"'}
    yield _Plot("a file in his name", file, author=them, body="MZ")
    yield _Plot("in his name, answers to Eve", {**cites, "Reply-To": EVE}, author=them)
    yield _Plot("the customer as Sender", {**cites, "Sender": f"{CANARY} <{them}>"})
    two = {**cites, "From": f"{EVE}, {CANARY} <{them}>"}
    yield _Plot("two authors", two, author=EVE, sender=EVE)
    twice = {**cites, "From": f"{EVE}\r\nFrom: {CANARY} <{them}>"}
    yield _Plot("two From fields", twice, author=EVE, sender=EVE)
    shown = {**cites, "From": f'"{them}" <{EVE}>'}
    yield _Plot("an address as a display name", shown, author=EVE, sender=EVE)
    for staff in (SUPPORT, f"anna@{SUPPORT.partition('@')[2]}"):
        more = {**cites, "To": them, "Cc": SUPPORT}
        yield _Plot(f"in the name of staff ({staff})", more, author=staff, sender=staff)
    forged = {**cites, "Authentication-Results": f"{MX}; dmarc=pass header.from=customer.example"}
    yield _Plot("with a verdict of his own", forged, author=them, sender=them)
    yield _Plot("a third party's return path", {}, sender=VICTIM)
    yield _Plot("a third party as author", {}, author=VICTIM, sender=VICTIM)
    yield _Plot("no return path", {}, sender="")
    yield _Plot("a second Return-Path", {"Return-Path": f"<{VICTIM}>"})
    asks = ("Disposition-Notification-To", "Return-Receipt-To", "Errors-To", "X-Confirm-Reading-To")
    yield _Plot("asking for receipts", dict.fromkeys(asks, VICTIM))
    resent = {"Resent-From": VICTIM, "Resent-To": SUPPORT, "Resent-Sender": VICTIM}
    yield _Plot("resent", resent)


def _reports(target: Target, eves: Target, random: Random) -> Iterator[_Plot]:
    for kind, status in (("delivery-status", "5.1.1"), ("disposition-notification", "")):
        about = f"Action: failed\r\nStatus: {status}" if status else "Disposition: a/b; displayed"
        # The true id is known to who got the mail alone.
        yield _Plot(
            f"a forged {kind}",
            {"Content-Type": f'multipart/report; report-type={kind}; boundary="b"'},
            sender="",
            body=(
                f"--b\r\nContent-Type: text/plain\r\n\r\n{CANARY}\r\n--b\r\nContent-Type: message/{kind}"
                f"\r\n\r\nReporting-MTA: dns; {CANARY}.example\r\n\r\nFinal-Recipient: rfc822; "
                f"{target.customer}\r\nOriginal-Message-ID: <md.x{target.our_id[4:]}>\r\n{about}\r\n"
                f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <md.x{target.our_id[4:]}>"
                "\r\n\r\n--b--"
            ),
        )


def _addresses(target: Target, eves: Target, random: Random) -> Iterator[_Plot]:
    short = target.reference.replace("-", "").lower()
    local, _, domain = SUPPORT.partition("@")
    token = "".join(random.choices("abcdefghijklmnopqrstuvwxyz234567", k=26))
    guessed = f"{local}+{short}.{token}@{domain}"
    yield _Plot("a guessed reply address", {}, rcpt=guessed)
    for field in ("Delivered-To", "X-Original-To", "Envelope-To"):
        yield _Plot(f"a guessed reply address in {field}", {field: guessed})
    yield _Plot("a reply address without token", {"Delivered-To": f"{local}+{short}@{domain}"})
    yield _Plot("copies to others", {"Cc": f"{VICTIM}, {target.customer}", "Bcc": VICTIM})


def _word(text: str) -> str:
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def _injections(target: Target, eves: Target, random: Random) -> Iterator[_Plot]:
    for name, end in (
        ("CRLF", "\r\n"),
        ("LF", "\n"),
        ("CR", "\r"),
        ("VT", "\x0b"),
        ("FF", "\x0c"),
        ("FS", "\x1c"),
        ("NEL", "\x85"),
        ("LS", "\u2028"),
    ):
        evil = f"{CANARY}{end}Bcc: {VICTIM}{end}{end}{CANARY}"
        author = f"eve.{name.lower()}@attacker.example"
        yield _Plot(
            f"{name} in subject and name",
            {"From": f"{_word(evil)} <{author}>", "Thread-Topic": _word(evil)},
            author=author,
            sender=author,
            subject=_word(evil),
        )
    yield _Plot(
        "a quoted local part", {"From": f'"{CANARY}\\ , {VICTIM}"@attacker.example'}, author=EVE
    )
    yield _Plot("a group", {"From": f"{CANARY}: {VICTIM}, {EVE};"}, author=EVE)
    for name, text in (
        ("text", f"{CANARY} buy now at\t{CANARY}.example"),
        ("text with an at sign", f"{CANARY}, buy now @ {CANARY}.example"),
        ("text between two at signs", f"{CANARY}@buy.now@{CANARY}.example"),
        ("text without end", f"{CANARY}{'.buy.now' * 40}@{CANARY}.example"),
    ):
        yield _Plot(f"an id that is a {name}", {"Message-ID": f"<{text}>"})
        yield _Plot(f"a cited {name}", {"References": f"<{text}> <{text}x>"})
    yield _Plot("an id of two lines", {"Message-ID": f"<a@b.example>\r\n Bcc: {VICTIM} {CANARY}"})
    for index in (f"AQ{CANARY * 2}AAA=", "Q" + CANARY):
        yield _Plot("an index that is a text", {"Thread-Index": index, "Thread-Topic": CANARY})


def _templates(target: Target, eves: Target, random: Random) -> Iterator[_Plot]:
    for code in (
        "",
        "{{" + SUM + "}}",
        "${" + SUM + "}",
        "{%print(" + SUM + ")%}",
        "#{" + SUM + "}",
        "{0.__class__}",
        "<%= " + SUM + " %>",
    ):
        file = (
            f"--b\r\nContent-Type: text/plain\r\n\r\n{CANARY} {code}\r\n--b\r\n"
            f'Content-Type: application/x-msdownload; name="{CANARY}{code}.exe"\r\n'
            f'Content-Disposition: attachment; filename="{CANARY}{code}.exe"\r\n\r\nMZ\r\n--b--'
        )
        kind = {"Content-Type": 'multipart/mixed; boundary="b"'}
        yield _Plot(f"template {code}", kind, subject=f"{code} {CANARY}", body=file)
