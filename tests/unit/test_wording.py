"""File names, types and sizes as a customer reads them."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildaemon.mail.wording import MAX_FILENAME, show_filename, show_size, show_types
from maildaemon.settings.filetypes import ALLOWED_TYPES

WORDS = {it: it for it in ("pictures", "documents", "audio", "video", "archives", "other")}


@pytest.mark.parametrize(
    "name",
    [
        "setup.exe",
        "Rechnung 12.03.2026.pdf",
        "Foto.JPG.exe",
        "IT01234567890_FPR01.xml.p7m",
        "Dr. Müller.docx",
        "col·lecció.pdf",
        "v1.2.msi",
        "счёт.js",
        "請求書.xlsm",
        "README",
        "a (1).tar.gz",
    ],
)
def test_an_ordinary_name_is_shown_as_it_is(name: str) -> None:
    assert show_filename(name, "file 1", known=True) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("https://evil.example/x.exe", "file 1 (.exe)"),
        ("WWW.EVIL.EXE", "file 1 (.exe)"),
        ("www evil.exe", "file 1 (.exe)"),
        ("evil.com", "file 1 (.com)"),
        ("evil.com.pdf", "file 1 (.pdf)"),
        ("pay at evil.com now.exe", "file 1 (.exe)"),
        ("photos.zip", "file 1 (.zip)"),
        ("t.co", "file 1"),
        ("evil。com.exe", "file 1 (.exe)"),
        ("evil．com.exe", "file 1 (.exe)"),
        ("ｅｖｉｌ．ｃｏｍ", "file 1 (.com)"),
        ("evil․com.exe", "file 1 (.exe)"),
        ("ev\u200bil.c\u200bom.exe", "file 1 (.exe)"),
        ("пример.рф", "file 1"),
        ("x.xn--p1ai.exe", "file 1 (.exe)"),
        ("10.0.0.1.exe", "file 1 (.exe)"),
        ("mailto me.exe", "file 1 (.exe)"),
        ("anna@evil.exe", "file 1 (.exe)"),
        ("javascript:alert.exe", "file 1 (.exe)"),
        ("a/b.exe", "file 1 (.exe)"),
        ("a\\b.exe", "file 1 (.exe)"),
        ("evil.photography", "file 1"),
        ("", "file 1"),
        ("\u202e", "file 1"),
    ],
)
def test_s12_a_name_that_reads_as_a_link_is_not_shown(name: str, shown: str) -> None:
    assert show_filename(name, "file 1", known=True) == shown


def test_tricks_with_invisible_characters_come_to_nothing() -> None:
    assert show_filename("anno\u202efdp.exe", "file 1", known=True) == "annofdp.exe"
    assert show_filename("two\r\nlines\x00.exe", "file 1", known=True) == "two lines .exe"


def test_a_long_name_is_cut_but_keeps_its_ending() -> None:
    shown = show_filename("x" * 200 + ".docm", "file 1", known=True)

    assert shown == "x" * 54 + "….docm"
    assert len(shown) == MAX_FILENAME
    assert show_filename("x." + "y" * 200, "file 1", known=True) == "file 1"
    assert show_filename("x " * 100, "file 1", known=True).endswith("…")


@given(name=st.text(st.characters(), max_size=120))
def test_whatever_the_name_what_is_shown_is_short_one_line_and_no_link(name: str) -> None:
    shown = show_filename(name, "file 1", known=True)

    assert 0 < len(shown) <= MAX_FILENAME
    assert shown.encode()
    assert not [it for it in shown if unicodedata.category(it) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not set(shown) & set("/\\:@\u202e\u200e")


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, ""),
        (10_000_000, "10 MB"),
        (26_214_400, "26 MB"),
        (1_000_000, "1 MB"),
        (1_500_000, "1500 KB"),
        (300, "1 KB"),
    ],
)
def test_a_limit_is_said_in_round_units(size: int, shown: str) -> None:
    assert show_size(size, {"MB": "MB", "KB": "KB"}) == shown.replace(" ", "\u00a0")


def test_the_types_accepted_by_default_are_five_readable_lines() -> None:
    assert show_types(ALLOWED_TYPES, WORDS) == (
        "pictures (JPEG, PNG, GIF, WebP, HEIC, AVIF, BMP, TIFF)",
        (
            "documents (PDF, TXT, CSV, RTF, Word, Excel, PowerPoint, OpenDocument, Pages, "
            "Numbers, Keynote)"
        ),
        "audio (MP3, M4A, OGG, WAV, AMR, AAC, FLAC)",
        "video (MP4, MOV, WebM, 3GP, AVI, MKV)",
        "archives (ZIP, GZ, TAR)",
    )


def test_a_wildcard_takes_all_of_its_kind() -> None:
    assert show_types(("image/*", "image/png"), WORDS) == ("pictures",)


def test_a_type_nobody_has_a_name_for_is_told_by_its_own() -> None:
    assert show_types(("application/zip", "model/step", "application/vnd.dwg"), WORDS) == (
        "archives (ZIP)",
        "other (STEP, DWG)",
    )
    assert show_types((), WORDS) == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("call 1-800-555 now.exe", "file 1 (.exe)"),
        ("buy.js", "file 1 (.js)"),
        ("IMG_2026.exe", "file 1 (.exe)"),
        ("photo.BUY", "file 1"),
        ("x." + "y" * 9, "file 1"),
        ("exe", "file 1"),
        ("", "file 1"),
    ],
)
def test_s12_of_somebody_who_may_be_forged_not_one_letter_is_shown(name: str, shown: str) -> None:
    assert show_filename(name, "file 1", known=False) == shown


@given(name=st.text(st.characters(), max_size=80))
def test_of_whatever_a_stranger_writes_only_the_type_is_told_and_only_if_we_know_it(
    name: str,
) -> None:
    assert re.fullmatch(
        r"file 1( \(\.[a-z0-9]{2,6}\))?", show_filename(name, "file 1", known=False)
    )
