"""What is not here cannot be attacked: which kinds of libraries the program does without."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Whatever makes a picture or a PDF of a page fetches what the page names, files of the server too.
RENDERERS = frozenset(
    "weasyprint xhtml2pdf pdfkit imgkit html2image htmlwebshot pyppeteer playwright selenium reportlab "
    "pyqtwebengine pyside6 cefpython3 splash mammoth pypandoc docx2pdf unoconv borb fpdf2 qtwebkit "
    "cairosvg wand pymupdf".split()
)
# Whatever has a key can be made to open something for somebody else.
DECRYPTORS = frozenset(
    "cryptography pgpy pgpy13 gnupg python-gnupg pyrage endesive m2crypto pysequoia oscrypto asn1crypto "
    "pycryptodome pycryptodomex pynacl msoffcrypto-tool smail".split()
)
# What a mail holds is read by what is here, within its limits.
READERS = frozenset(
    "vobject icalendar ics vcard tnefparse extract-msg msg-parser olefile oletools defusedxml lxml "
    "python-docx openpyxl pypdf pdfminer-six pypff libratom".split()
)


def installed() -> set[str]:
    """Return every library that a daemon is installed with."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(one for extra in extras for one in extra)]
    names = {re.split(r"[\[<>=!~; ]", one)[0] for one in wanted}
    for name in ("runtime", "postgres", "mariadb"):
        locked = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        names.update(re.findall(r"^([A-Za-z0-9][\w.-]*)==", locked, re.MULTILINE))
    return {re.sub(r"[-_.]+", "-", one).lower() for one in names}


def test_s08_no_library_here_shows_a_page() -> None:
    assert installed() & RENDERERS == set()


def test_s25_no_library_here_opens_what_is_sealed() -> None:
    assert installed() & DECRYPTORS == set()


def test_s28_no_library_here_reads_cards_calendars_or_wrappers() -> None:
    assert installed() & READERS == set()


def test_the_list_of_libraries_is_not_empty() -> None:
    assert {"imapclient", "sqlalchemy", "psycopg", "pymysql"} <= installed()
