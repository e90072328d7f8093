"""Nothing that stands in a mail makes the daemon ask anybody for anything."""

import io
import socket
import subprocess
import zipfile
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.service.shop import Shop, a_mail

pytestmark = pytest.mark.sqlite

EVIL = "http://evil.example"

PAGE = f"""<html><head><base href="{EVIL}/"><link rel="stylesheet" href="{EVIL}/a.css">
<link rel="dns-prefetch" href="//evil.example"><meta http-equiv="refresh" content="0;url={EVIL}">
<style>@import url({EVIL}/b.css); body {{ background: url({EVIL}/c.png) }}</style></head>
<body background="{EVIL}/d.png"><img src="{EVIL}/pixel.gif" width=1 height=1><img srcset="{EVIL}/e 2x">
<iframe src="{EVIL}"></iframe><video poster="{EVIL}/f.jpg" src="{EVIL}/g"></video>
<script src="{EVIL}/h.js">fetch("{EVIL}")</script><object data="{EVIL}/i"></object>
<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{EVIL}/j"/></svg>
<p>Where is my order? <a ping="{EVIL}/k" href="{EVIL}/l">Look</a></p></body></html>"""

DRAWING = f"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "{EVIL}/x">]>
<?xml-stylesheet href="{EVIL}/y.xsl" type="text/xsl"?>
<svg xmlns="http://www.w3.org/2000/svg"><image href="{EVIL}/z"/><text>&x;</text></svg>"""

CALENDAR = f"""BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T100000Z
URL:{EVIL}/cal\r\nATTACH:{EVIL}/file\r\nSUMMARY:Meeting\r\nBEGIN:VALARM\r\nACTION:EMAIL
ATTENDEE:mailto:x@evil.example\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"""

CARD = f"BEGIN:VCARD\r\nFN:Eve\r\nPHOTO;VALUE=URI:{EVIL}/me.jpg\r\nSOURCE:{EVIL}\r\nEND:VCARD\r\n"

RELATIONS = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
Target="{EVIL}/t.dotm" TargetMode="External"/></Relationships>"""

FIELDS = {
    "List-Unsubscribe": f"<{EVIL}/unsubscribe>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Content-Location": f"{EVIL}/mail",
    "Disposition-Notification-To": "receipt@evil.example",
    "X-Face-URL": f"{EVIL}/face",
    "Face": f"{EVIL}/face",
    "BIMI-Location": f"v=BIMI1; l={EVIL}/logo.svg",
    "Autocrypt": "addr=eve@evil.example; keydata=AAAA",
    "OpenPGP": f"url={EVIL}/key.asc",
    "DKIM-Signature": "v=1; a=rsa-sha256; d=evil.example; s=x; b=AAAA",
    "Received": "from evil.example ([192.0.2.1]) by evil.example; Fri, 20 Nov 2026 10:00:00 +0000",
}


def document() -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("word/document.xml", "<document/>")
            archive.writestr("word/_rels/settings.xml.rels", RELATIONS)
        return file.getvalue()


def mails() -> list[bytes]:
    files = (
        ("a.svg", "image/svg+xml", DRAWING.encode()),
        ("a.xml", "application/xml", DRAWING.encode()),
        ("a.html", "text/html", PAGE.encode()),
        ("a.ics", "text/calendar", CALENDAR.encode()),
        ("a.vcf", "text/vcard", CARD.encode()),
        ("a.rtf", "application/rtf", rb"{\rtf1{\*\template http://evil.example/t}x}"),
        ("a.pdf", "application/pdf", b"%PDF-1.4\n1 0 obj<</S/URI/URI(http://evil.example)>>endobj"),
        ("a.url", "text/plain", f"[InternetShortcut]\nURL={EVIL}".encode()),
        ("a.docx", "application/octet-stream", document()),
    )
    page = a_mail(message_id="page@x", sender="p@x.example").replace(b"text/plain", b"text/html")
    head, _, _ = page.partition(b"\r\n\r\n")
    external = a_mail(message_id="external@x", sender="e@x.example").replace(
        b"Content-Type: text/plain",
        b'Content-Type: message/external-body; access-type=URL; URL="http://evil.example/body"',
    )
    fields: dict[str, Any] = {name.replace("-", "_"): value for name, value in FIELDS.items()}
    return [
        head + b"\r\n\r\n" + PAGE.encode(),
        external,
        a_mail(
            f"See {EVIL}/track?id=1 and \\\\evil.example\\share.",
            message_id="links@x",
            sender="l@x.example",
        ),
        *(
            a_mail(message_id=f"f{number}@x", sender=f"f{number}@x.example", files=(file,))
            for number, file in enumerate(files)
        ),
        *(
            a_mail(message_id=f"h{number}@x", sender=f"h{number}@x.example", **{name: value})
            for number, (name, value) in enumerate(fields.items())
        ),
    ]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that leads out of the process is shut; who knocks is noted."""
    knocked: list[str] = []

    def shut(name: str) -> Any:
        def refuse(*arguments: object, **_: object) -> NoReturn:
            knocked.append(f"{name}{arguments[-1:]}")
            raise OSError("nothing leads out of here")

        return refuse

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, shut(name))
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, shut(name))
    monkeypatch.setattr(subprocess.Popen, "__init__", shut("Popen"))
    return knocked


def test_s26_no_mail_causes_a_request(tmp_path: Path, asked: list[str]) -> None:
    shop = Shop(tmp_path / "shop")
    shop.start()
    written = mails()
    for raw in written:
        shop.write(raw)
    shop.round()

    assert asked == []
    assert shop.rows("select count(*) from message") == [(len(written),)]
    assert shop.rows("select count(*) from inbound where state <> 'done'") == [(0,)]
    shop.close()


def test_whoever_knocks_is_noticed(asked: list[str]) -> None:
    for knock in (
        lambda _: socket.create_connection(("127.0.0.1", 1)),
        lambda one: one.connect(("127.0.0.1", 1)),
        lambda _: socket.getaddrinfo("evil.example", 80),
        lambda _: subprocess.run(["true"], check=False),
    ):
        with socket.socket() as one, pytest.raises(OSError, match="nothing leads out"):
            knock(one)

    assert len(asked) == 4
