"""Which files are welcome: judged by content, declared type and name together."""

from dataclasses import replace
from typing import Any

import pytest

from maildaemon.domain.attachments import Judged, Reason, Verdict, judge
from maildaemon.domain.filenames import extension_of
from maildaemon.domain.mediatypes import possible_types
from maildaemon.domain.message import Attachment, Finding, Inside
from maildaemon.domain.policy import AttachmentPolicy, Treatment
from tests.builders import ARCHIVES, TOOL, a_file, a_file_policy

ACCEPTED = Judged(Verdict.ACCEPTED)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
DOCM = "application/vnd.ms-word.document.macroenabled.12"
OCTETS = "application/octet-stream"
ZIP = "application/zip"
OLE = "application/x-ole-storage"
EXE = "application/x-msdownload"


def refused(reason: Reason) -> Judged:
    return Judged(Verdict.REFUSED, reason)


def held(reason: Reason) -> Judged:
    return Judged(Verdict.HELD, reason)


MISMATCH = refused(Reason.TYPE_MISMATCH)
NOT_ALLOWED = refused(Reason.TYPE_NOT_ALLOWED)
BLOCKED = refused(Reason.EXTENSION_BLOCKED)
SEALED = held(Reason.UNREADABLE)
MACRO = refused(Reason.MACRO)


def judged(
    name: str,
    declared: str,
    detected: str | None,
    policy: AttachmentPolicy | None = None,
    **overrides: Any,
) -> Judged:
    file = a_file(filename=name, declared_type=declared, detected_type=detected, **overrides)
    (one,) = judge((file,), policy or a_file_policy())
    return one


# --- what customers send -------------------------------------------------------------------

WELCOME = [
    ("photo.jpg", "image/jpeg", "image/jpeg"),
    ("photo.jpg", "image/jpg", "image/jpeg"),
    ("photo.JPG", "IMAGE/JPEG", "image/jpeg"),
    ("IMG_1.HEIC", "image/heic", "image/heic"),
    ("IMG_1.HEIC", "image/heif", "image/heic"),
    ("IMG_1.HEIC", OCTETS, "image/heic"),
    ("IMG_1.jpg", "image/jpeg", "image/heic"),  # a phone that lies about its own format
    ("scan.png", "image/jpeg", "image/png"),
    ("scan.png", "application/x-png", "image/png"),
    ("scan.tif", "image/tiff", "image/tiff"),
    ("invoice.pdf", "application/pdf", "application/pdf"),
    ("invoice.pdf", "application/x-pdf", "application/pdf"),
    ("invoice.pdf", OCTETS, "application/pdf"),
    ("invoice.pdf", "application/download", "application/pdf"),
    ("letter.docx", DOCX, DOCX),
    ("letter.docx", OCTETS, DOCX),
    ("letter.docx", "application/zip", DOCX),
    ("letter.docx", "application/msword", DOCX),
    ("letter.doc", "application/msword", "application/msword"),
    ("letter.doc", "application/msword", "application/rtf"),
    ("letter.rtf", "text/rtf", "application/rtf"),
    ("letter.odt", ODT, ODT),
    ("table.xlsx", "application/vnd.ms-excel", XLSX),
    ("table.csv", "text/csv", "text/plain"),
    ("table.csv", "application/vnd.ms-excel", "text/plain"),
    ("table.csv", "text/comma-separated-values", "text/plain"),
    ("table.csv", OCTETS, "text/plain"),
    ("note.txt", "text/plain", "text/plain"),
    ("note.md", "text/markdown", "text/plain"),
    ("meeting.ics", "text/calendar", "text/calendar"),
    ("meeting.ics", "application/ics", "text/calendar"),
    ("clara.vcf", "text/x-vcard", "text/vcard"),
    ("clara.vcf", "text/directory", "text/vcard"),
    ("mail.eml", "message/rfc822", "text/plain"),
    ("mail.eml", "message/rfc822", "text/html"),  # the forwarded mail holds a page
    ("smime.p7s", "application/pkcs7-signature", None),
    ("smime.p7s", "application/x-pkcs7-signature", None),
    ("signature.asc", "application/pgp-signature", "application/pgp"),
    ("voice.m4a", "audio/mp4", "video/mp4"),
    ("voice.m4a", "audio/x-m4a", "audio/mp4"),
    ("voice.ogg", "audio/ogg", "audio/ogg"),
    ("voice.opus", "application/ogg", "audio/ogg"),
    ("voice.wav", "audio/x-wav", "audio/wav"),
    ("clip.mp4", "video/mp4", "video/mp4"),
    ("clip.mov", "video/quicktime", "video/mp4"),
    ("clip.webm", "video/webm", "video/x-matroska"),
    ("clip.3gp", "video/3gpp", "video/3gpp"),
    ("photos.zip", ZIP, ZIP),
    ("photos.zip", "application/x-zip-compressed", ZIP),
    ("photos.zip", OCTETS, ZIP),
    ("mail.msg", "application/vnd.ms-outlook", "application/vnd.ms-outlook"),
]


@pytest.mark.parametrize(("name", "declared", "detected"), WELCOME)
def test_what_customers_send_is_accepted(name: str, declared: str, detected: str | None) -> None:
    assert judged(name, declared, detected) == ACCEPTED


# --- what is not ---------------------------------------------------------------------------

UNWELCOME: list[tuple[str, str, str | None, Judged]] = [
    # by name
    ("tool.exe", OCTETS, EXE, BLOCKED),
    ("photo.jpg.exe", "image/jpeg", EXE, BLOCKED),
    ("photo.jpg.exe", "image/jpeg", "image/jpeg", BLOCKED),
    ("TOOL.EXE", "image/jpeg", "image/jpeg", BLOCKED),
    ("tool.exe. .", "text/plain", "text/plain", BLOCKED),
    ("tool.exe\u200b", "text/plain", "text/plain", BLOCKED),
    ("script.js", "text/plain", "text/plain", BLOCKED),
    (".lnk", OCTETS, None, BLOCKED),
    # by content
    ("photo.jpg", "image/jpeg", EXE, MISMATCH),
    ("invoice.pdf", "application/pdf", EXE, MISMATCH),
    ("letter.docx", DOCX, EXE, MISMATCH),
    ("tool", OCTETS, EXE, NOT_ALLOWED),
    ("tool", "application/x-dosexec", EXE, NOT_ALLOWED),
    ("tool", OCTETS, "text/x-script", NOT_ALLOWED),
    ("note.txt", "text/plain", "text/x-script", NOT_ALLOWED),
    # one says what the other is not
    ("photo.jpg", "image/jpeg", "application/pdf", MISMATCH),
    ("photo.png", "image/png", "text/html", MISMATCH),
    ("photo.png", "image/png", "text/plain", MISMATCH),
    ("photo.png", "image/png", None, MISMATCH),
    ("invoice.pdf", "application/pdf", "image/png", MISMATCH),
    ("invoice.pdf", "application/pdf", "text/plain", MISMATCH),
    ("invoice.pdf", "application/pdf", None, MISMATCH),
    ("letter.docx", DOCX, ZIP, MISMATCH),  # any ZIP can call itself so
    ("letter.docx", DOCX, None, MISMATCH),
    ("letter.doc", "application/msword", None, MISMATCH),
    ("table.xls", "application/vnd.ms-excel", "text/html", MISMATCH),
    ("note.txt", "text/plain", None, MISMATCH),
    ("note.txt", "text/plain", "application/pdf", MISMATCH),
    ("voice.mp3", "audio/mpeg", "text/plain", MISMATCH),
    ("mail.eml", "message/rfc822", EXE, MISMATCH),
    # not on the list
    ("page.html", "text/html", "text/html", NOT_ALLOWED),
    ("page.html", "text/html", "text/plain", NOT_ALLOWED),
    ("note.txt", "text/plain", "text/html", NOT_ALLOWED),
    ("logo.svgz", "image/svg+xml", "application/gzip", MISMATCH),
    ("logo.svgz", OCTETS, "application/gzip", NOT_ALLOWED),
    ("logo.png", "image/png", "image/svg+xml", MISMATCH),
    ("page.xhtml", "application/xhtml+xml", "application/xml", NOT_ALLOWED),
    ("letter.docm", DOCM, DOCM, MACRO),
    ("letter.docx", DOCX, DOCM, MACRO),
    ("data.bin", OCTETS, None, NOT_ALLOWED),
    ("data", "", None, NOT_ALLOWED),
    ("code.txt", "application/javascript", "text/plain", NOT_ALLOWED),
    # a browser goes by the name
    ("page.html", "text/plain", "text/plain", NOT_ALLOWED),
    ("page.htm", "message/rfc822", "text/html", NOT_ALLOWED),
    ("page.xht", "text/plain", "text/plain", NOT_ALLOWED),
    # nobody here can look into it, and the customer does not know of it
    ("winmail.dat", "application/ms-tnef", "application/ms-tnef", SEALED),
    ("winmail.dat", "application/vnd.ms-tnef", "application/ms-tnef", SEALED),
    ("winmail.dat", OCTETS, "application/ms-tnef", SEALED),
    ("smime.p7m", "application/pkcs7-mime", None, SEALED),
    ("encrypted.asc", OCTETS, "application/pgp", SEALED),
    ("version.asc", "application/pgp-encrypted", "text/plain", SEALED),
    ("secret.docx", DOCX, OLE, SEALED),
    ("photos.rar", "application/vnd.rar", "application/vnd.rar", SEALED),
    ("photos.rar", "application/x-rar-compressed", "application/vnd.rar", SEALED),
    ("photos.7z", OCTETS, "application/x-7z-compressed", SEALED),
    ("photos.zst", OCTETS, "application/zstd", SEALED),
    ("image.bin", OCTETS, "application/x-iso9660-image", SEALED),
    ("image.bin", OCTETS, "application/x-apple-diskimage", SEALED),
    ("image.iso", OCTETS, "application/x-iso9660-image", BLOCKED),
    # a program in an image of a disk stays closed, whatever else it is called
    ("photo.jpg", "image/jpeg", "application/x-iso9660-image", MISMATCH),
]


@pytest.mark.parametrize(("name", "declared", "detected", "verdict"), UNWELCOME)
def test_what_is_not_accepted(
    name: str, declared: str, detected: str | None, verdict: Judged
) -> None:
    assert judged(name, declared, detected) == verdict


def test_the_worst_of_all_names_counts() -> None:
    assert (
        judged("photo.jpg", "image/jpeg", "image/jpeg", names=("photo.jpg", "photo.exe")) == BLOCKED
    )
    assert judged("photo.exe", "image/jpeg", "image/jpeg", names=()) == BLOCKED


@pytest.mark.parametrize(
    ("finding", "reason"), [("ambiguous", Reason.AMBIGUOUS), ("unreadable", Reason.UNREADABLE)]
)
def test_what_can_be_read_in_two_ways_or_not_at_all_is_held_for_a_person(
    finding: str, reason: Reason
) -> None:
    assert judged("photo.jpg", "image/jpeg", "image/jpeg", findings=(finding,)) == held(reason)
    assert judged("photo.jpg", "image/jpeg", None, findings=(finding,)) == held(reason)


def test_a_program_is_refused_and_never_only_held() -> None:
    assert judged("tool", OCTETS, EXE, findings=("ambiguous",)) == NOT_ALLOWED
    assert judged("tool.exe", OCTETS, EXE, findings=("unreadable",)) == BLOCKED


def test_an_empty_file_contradicts_nothing() -> None:
    assert judged("note.txt", "text/plain", None, size=0) == ACCEPTED
    assert judged("tool.exe", "text/plain", None, size=0) == BLOCKED


# --- the operator's lists ------------------------------------------------------------------


def test_a_wildcard_accepts_a_family_but_no_program() -> None:
    policy = a_file_policy(allowed_types=("application/*", "text/*"))

    assert judged("photos.zip", ZIP, ZIP, policy) == ACCEPTED
    assert judged("page.html", "text/html", "text/html", policy) == ACCEPTED
    assert judged("photo.jpg", "image/jpeg", "image/jpeg", policy) == NOT_ALLOWED
    assert judged("tool", OCTETS, EXE, policy) == NOT_ALLOWED
    assert judged("tool.txt", "text/plain", "text/x-script", policy) == NOT_ALLOWED


@pytest.mark.parametrize(
    ("allowed", "declared", "detected"),
    [
        ("image/jpg", "image/jpeg", "image/jpeg"),  # under any of its names
        ("image/vnd.dwg", "image/vnd.dwg", None),  # though nobody here can tell it
        ("model/stl", "model/stl", None),
        ("application/pkcs7-mime", "application/pkcs7-mime", None),
        ("application/zip", "application/x-zip-compressed", ZIP),
        ("text/html", "text/html", "text/html"),
    ],
)
def test_what_the_operator_names_is_accepted(
    allowed: str, declared: str, detected: str | None
) -> None:
    policy = a_file_policy(allowed_types=(allowed,))

    assert judged("file", declared, detected, policy) == ACCEPTED


def test_a_page_is_accepted_where_pages_are() -> None:
    assert (
        judged("a.html", "text/html", "text/html", a_file_policy(allowed_types=("text/html",)))
        == ACCEPTED
    )


# --- sizes and numbers ---------------------------------------------------------------------


def test_a_file_may_be_as_large_as_the_limit_and_no_larger() -> None:
    policy = a_file_policy(max_file_size=1000)

    assert judged("photo.jpg", "image/jpeg", "image/jpeg", policy, size=1000) == ACCEPTED
    assert judged("photo.jpg", "image/jpeg", "image/jpeg", policy, size=1001) == refused(
        Reason.TOO_LARGE
    )


def photos(count: int, size: int = 1000) -> tuple[Any, ...]:
    return tuple(a_file(filename=f"{n}.jpg", sha256=f"{n:064}", size=size) for n in range(count))


def test_good_files_are_kept_beside_a_bad_one_which_counts_for_nothing() -> None:
    one, other = photos(2)
    policy = a_file_policy(max_files=2, max_total_size=2000)

    assert judge((one, TOOL, other), policy) == (ACCEPTED, BLOCKED, ACCEPTED)


def test_more_files_than_allowed_are_refused_from_there_on() -> None:
    verdicts = judge(photos(3), a_file_policy(max_files=2))

    assert verdicts == (ACCEPTED, ACCEPTED, refused(Reason.TOO_MANY))


def test_a_file_that_bursts_the_total_is_refused_and_a_smaller_one_still_fits() -> None:
    large, other, small = (*photos(2, size=600), a_file(filename="small.jpg", size=400))

    verdicts = judge((large, other, small), a_file_policy(max_total_size=1000))

    assert verdicts == (ACCEPTED, refused(Reason.TOTAL_TOO_LARGE), ACCEPTED)


def test_the_same_logo_again_and_again_counts_once() -> None:
    logo = a_file(
        filename="logo.png", declared_type="image/png", detected_type="image/png", size=600
    )
    policy = a_file_policy(max_files=2, max_total_size=1000)

    assert judge((logo, logo, logo, *photos(2, size=200)), policy) == (
        *(ACCEPTED,) * 4,
        refused(Reason.TOO_MANY),
    )


# --- what was found in a file --------------------------------------------------------------


def zip_of(*findings: Finding, **inside: Any) -> Attachment:
    return a_file(
        filename="photos.zip",
        declared_type=ZIP,
        detected_type=ZIP,
        size=1_000_000,
        findings=findings,
        inside=Inside(**{"files": 3, "size": 2_000_000, "depth": 1, **inside}),
    )


FOUND = [
    (zip_of(), ACCEPTED),
    (zip_of(extensions=("jpg", "exe")), refused(Reason.ARCHIVE_CONTAINS_BLOCKED)),
    (zip_of(extensions=("html",)), refused(Reason.ARCHIVE_CONTAINS_BLOCKED)),
    (zip_of(types=("image/jpeg", EXE)), refused(Reason.ARCHIVE_CONTAINS_BLOCKED)),
    (zip_of(types=("application/xhtml+xml",)), refused(Reason.ARCHIVE_CONTAINS_BLOCKED)),
    (zip_of(types=("application/xml", "image/vnd.dwg")), ACCEPTED),  # not on the list, no harm
    (zip_of(Finding.ESCAPING_NAMES), refused(Reason.ARCHIVE_CONTAINS_BLOCKED)),
    (zip_of(Finding.OVERLAPPING), refused(Reason.ARCHIVE_BOMB)),
    (zip_of(size=200_000_001), refused(Reason.ARCHIVE_BOMB)),
    (zip_of(size=100_000_001), refused(Reason.ARCHIVE_BOMB)),
    (zip_of(size=100_000_000), ACCEPTED),
    (zip_of(files=1001), refused(Reason.ARCHIVE_BOMB)),
    (zip_of(depth=4), refused(Reason.ARCHIVE_TOO_DEEP)),
    (zip_of(depth=3), ACCEPTED),
    (zip_of(Finding.ENCRYPTED), refused(Reason.ARCHIVE_ENCRYPTED)),
    (zip_of(Finding.MACROS), refused(Reason.MACRO)),
    (zip_of(Finding.ACTIVE_CONTENT), refused(Reason.ACTIVE_CONTENT)),
    (zip_of(Finding.UNFINISHED), held(Reason.UNREADABLE)),
    (zip_of(types=("application/vnd.rar",)), held(Reason.UNREADABLE)),
    (zip_of(Finding.MALWARE), refused(Reason.MALWARE)),
    (zip_of(Finding.UNSCANNED), held(Reason.SCANNER_UNAVAILABLE)),
    (zip_of(Finding.HIDDEN_CHARACTERS), ACCEPTED),
]


@pytest.mark.parametrize(("file", "verdict"), FOUND)
def test_a_file_is_judged_by_what_was_found_in_it(file: Attachment, verdict: Judged) -> None:
    assert judge((file,), a_file_policy()) == (verdict,)


def test_the_gravest_reason_is_told_first() -> None:
    bad = zip_of(
        Finding.ENCRYPTED, Finding.MACROS, Finding.UNREADABLE, extensions=("exe",), size=10**9
    )
    burst = zip_of(Finding.ENCRYPTED, Finding.UNREADABLE, depth=9, size=10**9)

    verdicts = judge((bad, burst), a_file_policy())

    assert verdicts == (refused(Reason.ARCHIVE_CONTAINS_BLOCKED), refused(Reason.ARCHIVE_BOMB))


def test_what_unpacks_to_less_than_a_file_may_have_is_no_bomb_however_well_it_was_packed() -> None:
    white = replace(zip_of(size=9_000_000), size=9_000)

    assert judge((white,), a_file_policy()) == (ACCEPTED,)
    assert judge((white,), a_file_policy(max_file_size=1_000_000)) == (
        refused(Reason.ARCHIVE_BOMB),
    )


def test_a_harmful_part_of_a_document_is_active_content_and_no_packed_file() -> None:
    page = a_file(
        filename="a.pdf",
        declared_type="application/pdf",
        detected_type="application/pdf",
        inside=Inside(extensions=("exe",)),
    )

    assert judge((page,), a_file_policy()) == (refused(Reason.ACTIVE_CONTENT),)


def test_the_operator_says_what_becomes_of_macros_passwords_and_unscanned_files() -> None:
    files = (zip_of(Finding.MACROS), zip_of(Finding.ENCRYPTED), zip_of(Finding.UNSCANNED))

    def judged_as(treatment: Treatment) -> tuple[Judged, ...]:
        archives = replace(ARCHIVES, encrypted=treatment)
        policy = a_file_policy(archives=archives, macros=treatment, unscanned=treatment)
        return judge(files, policy)

    reasons = (Reason.MACRO, Reason.ARCHIVE_ENCRYPTED, Reason.SCANNER_UNAVAILABLE)
    assert judged_as(Treatment.REFUSE) == tuple(map(refused, reasons))
    assert judged_as(Treatment.HOLD) == tuple(map(held, reasons))
    assert judged_as(Treatment.ACCEPT) == (ACCEPTED,) * 3


def test_these_tests_reach_every_reason() -> None:
    reached = {verdict.reason for *_, verdict in UNWELCOME}
    reached |= {verdict.reason for _, verdict in FOUND}

    assert reached | {
        None,
        Reason.TOO_LARGE,
        Reason.TOO_MANY,
        Reason.TOTAL_TOO_LARGE,
        Reason.MESSAGE_TOO_LARGE,  # of a mail of which no file was read
        Reason.AMBIGUOUS,
    } == {None, *Reason}


# --- names and types -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("photo.jpg", "jpg"),
        ("photo.tar.GZ", "gz"),
        ("README", ""),
        ("", ""),
        (".htaccess", "htaccess"),
        ("a.exe. ", "exe"),
        ("a.exe...", "exe"),
        ("a. exe", "exe"),
        ("a.exe\u202e", "exe"),
    ],
)
def test_the_last_extension_counts(name: str, extension: str) -> None:
    assert extension_of(name) == extension


@pytest.mark.parametrize(
    ("declared", "shown", "types"),
    [
        (OCTETS, "image/png", ("image/png",)),
        (OCTETS, "", (OCTETS,)),
        ("audio/mp4", "video/mp4", ("video/mp4", "audio/mp4")),
        ("application/json", "text/plain", ("application/json",)),
        ("application/x-anything", "image/png", ("image/png",)),
        ("model/stl", "", ("model/stl",)),
        ("image/png", "image/gif", ("image/gif",)),
        ("image/png", "", ()),
    ],
)
def test_what_a_file_may_be_taken_for(declared: str, shown: str, types: tuple[str, ...]) -> None:
    assert possible_types(declared, shown) == types
