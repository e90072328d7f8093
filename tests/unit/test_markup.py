"""XML as a browser shows it: what may be in a drawing or an invoice, and what may not."""

import time

import pytest

from maildaemon.domain.attachments import Judged, Reason, Verdict
from maildaemon.domain.mediatypes import usual_name
from tests.everyday_documents import DRAWING, INVOICE
from tests.made_files import packed, png, zipped
from tests.unit.test_inside import ACCEPTED, ACTIVE, judged

SVG = "http://www.w3.org/2000/svg"
PAGE = "http://www.w3.org/1999/xhtml"
WAITS = Judged(Verdict.HELD, Reason.UNREADABLE)


def drawing(inside: str, attributes: str = "") -> bytes:
    return f'<svg xmlns="{SVG}" xmlns:l="http://www.w3.org/1999/xlink"{attributes}>{inside}</svg>'.encode()


@pytest.mark.parametrize(
    "content",
    [
        DRAWING,
        drawing("<path d='M0 0'/><g><text>Anna</text></g>"),
        drawing("<use l:href='#p'/><image href='data:image/png;base64,AAAA'/>"),
        drawing("<image href='photo.png'/>"),
        drawing("<animate attributeName='x' values='1;2'/>"),
        drawing("<metadata><a:b xmlns:a='urn:x' a:on='d'/></metadata><!-- onload= -->"),
        drawing("&lt;script"),
    ],
)
def test_a_drawing_that_only_shows_something_is_welcome(content: bytes) -> None:
    assert judged("logo.svg", content, "image/svg+xml") == ACCEPTED
    assert judged("logos.zip", zipped({"logo.svg": content})) == ACCEPTED


@pytest.mark.parametrize(
    "content",
    [
        drawing("<script>alert(1)</script>"),
        drawing("<SCRIPT/>"),
        drawing("<g onclick='x'/>"),
        drawing("", " onload='alert(1)'"),
        drawing("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>"),
        drawing("<a l:href='https://evil.example/login'><text>Open</text></a>"),
        drawing("<a href=' java&#x0A;script:alert(1)'/>"),
        drawing("<image href='//evil.example/x.png'/>"),
        drawing("<use href='data:image/svg+xml;base64,AAAA'/>"),
        drawing("<animate attributeName='l:href' values='javascript:x'/>"),
        drawing("<set attributeName='onclick' to='x'/>"),
        drawing(f"<x:img xmlns:x='{PAGE}' src='x'/>"),
        drawing(f"<x:img xmlns:x='{PAGE[:-5]}&#x78;html' src='x'/>"),
        f'<d:svg xmlns:d="{SVG}"><d:script/></d:svg>'.encode(),
        b"<!-- " + b"x" * 5000 + b" -->" + drawing("<script/>"),
        drawing("<script/>").decode().encode("utf-16"),
        b"<svg><script>1</script></svg>",
    ],
)
def test_s05_a_drawing_that_does_something_is_refused(content: bytes) -> None:
    assert judged("logo.svg", content, "image/svg+xml").verdict is Verdict.REFUSED
    assert judged("logos.zip", zipped({"logo.svg": content})) == ACTIVE


@pytest.mark.parametrize(
    "content",
    [
        INVOICE,
        INVOICE.decode("utf-8").encode("utf-16"),
        b'<?xml version="1.0" encoding="GB2312"?><a>\xc4\xe3</a>',
        b'<?xml version="1.0" encoding="ISO-8859-15"?><a b="\xa4"/>',
        b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="fattura.xsl"?><a/>',
        b'<?xml version="1.0"?><order onSale="1" href="https://shop.example/"><script/></order>',
        b'<?xml version="1.0"?><a><b>broken & cut',
        b'<?xml version="1.0"?><!DOCTYPE note SYSTEM "note.dtd"><note/>',
    ],
)
@pytest.mark.parametrize("declared", ["application/xml", "text/xml", "application/octet-stream"])
def test_an_export_in_xml_is_welcome(content: bytes, declared: str) -> None:
    assert judged("order.xml", content, declared) == ACCEPTED


def test_xml_is_text_to_whoever_says_so() -> None:
    assert judged("order.xml", INVOICE, "text/plain") == ACCEPTED
    assert judged("order.json", b'{"order": 1}', "application/json") == ACCEPTED
    assert judged("order.gz", packed(INVOICE, "gz")) == ACCEPTED


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (f'<?xml version="1.0"?><a xmlns:x="{PAGE}"><x:script/></a>'.encode(), ACTIVE),
        (f'<a xmlns:x="{PAGE}"><x:script/></a>'.encode(), ACTIVE),
        (f'<?xml version="1.0"?><a xmlns:x="{SVG}"><x:g onload="x"/></a>'.encode(), ACTIVE),
        (b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#a"?><a/>', ACTIVE),
        (b'<?xml version="1.0"?><?xml-stylesheet href="data:text/xsl,x"?><a/>', ACTIVE),
        (b'<?xml version="1.0"?><?xml-stylesheet href="https://x.example/a.xsl"?><a/>', WAITS),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', WAITS),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ATTLIST a xmlns CDATA "x">]><a/>', WAITS),
        (b'<?xml version="1.0" encoding="Shift_JIS"?><a xmlns="&#104;ttp"/>', WAITS),
        (b'<?xml version="1.0"?>' + b"<a>" * 6000, Judged(Verdict.HELD, Reason.UNREADABLE)),
    ],
)
def test_s04_s05_xml_that_a_browser_runs_is_not_accepted(content: bytes, verdict: Judged) -> None:
    assert judged("order.xml", content) == verdict
    assert judged("orders.zip", zipped({"a/order.xml": content})) == verdict


def test_a_drawing_called_a_photograph_is_no_photograph() -> None:
    assert judged("a.png", DRAWING, "image/png").reason is Reason.TYPE_MISMATCH
    assert judged("a.svg", png(), "image/svg+xml").reason is Reason.TYPE_MISMATCH


@pytest.mark.timed
def test_xml_of_nothing_but_elements_costs_little() -> None:
    began_at = time.process_time()
    for content in (b"<a/>" * 700_000, b"<a " + b"".join(b"b%d='' " % n for n in range(200_000))):
        judged("a.xml", b'<?xml version="1.0"?><r>' + content, "application/xml")

    assert time.process_time() - began_at < 1.5


@pytest.mark.parametrize(
    ("media_type", "usual"),
    [
        (" Application/Atom+XML", "application/xml"),
        ("text/xml", "application/xml"),
        # A browser runs what stands in these.
        ("image/svg+xml", "image/svg+xml"),
        ("application/xhtml+xml", "application/xhtml+xml"),
    ],
)
def test_xml_of_whatever_kind_is_xml_but_for_what_a_browser_runs(
    media_type: str, usual: str
) -> None:
    assert usual_name(media_type) == usual
