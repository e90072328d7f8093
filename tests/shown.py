"""The pages that people look at, each in its states, always the same; and their pictures.

python -m tests.shown     writes the pictures in docs/ anew
"""

import hashlib
import re
import struct
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from maildaemon.cli.report_page import render
from maildaemon.cli.status_page import render_page
from maildaemon.domain.figures import (
    Feedback,
    Figures,
    FirstReplies,
    Month,
    Open,
    Promises,
    Question,
    Sent,
    Step,
)
from maildaemon.domain.standing import Standing
from tests.pages import ROOT
from tests.servers.chromium import Chromium
from tests.unit.test_status_page import ILL, NOW, WELL

SIZES = {"desktop": (1000, 900), "phone": (390, 900)}
SCHEMES = ("light", "dark")
_ROME = ZoneInfo("Europe/Rome")
_SIGNATURE, _NOTE = b"\x89PNG\r\n\x1a\n", b"page\0"

_STEPS = (("under 1 hour", 31), ("1 to 4 hours", 24), ("4 to 8 hours", 11), ("8 to 24 hours", 28))
FIGURES = Figures(
    since=datetime(2026, 9, 1, tzinfo=_ROME),
    until=NOW,
    mailboxes=("support", "orders"),
    conversations=112,
    first_replies=FirstReplies(
        *(103, 4, 5, 13200, 93600, 0.951),
        (*(Step(*one) for one in _STEPS), Step("1 to 2 days", 9), Step("2 to 3 days", 0)),
    ),
    promises=Promises(141, 7, 5, 141 / 148),
    statuses={"open": 5, "working": 3, "pending": 12, "resolved": 88, "ignored": 4},
    waiting=(
        Open(
            "K7F3-Q2",
            "Where is my order 123456? I have been waiting for two weeks",
            NOW - timedelta(days=2),
            NOW - timedelta(hours=1),
            "broken",
            "urgent",
        ),
        Open("M2PX-9C", "Ring size", NOW - timedelta(hours=20), NOW, "at_risk", "normal"),
        Open("T8RW-4N", "خاتم مكسور", NOW - timedelta(hours=3), None, None, "normal"),
    ),
    silences={"acknowledged_already": 64, "mailing_list": 31, "auto_submitted": 9},
    refused={"extension_blocked": 3, "too_large": 2},
    held={"macro": 1},
    feedback=Feedback(21, 4.6, {"5": 15, "4": 4, "3": 1, "1": 1}),
    months=(
        Month("2026-09", 31, {"shipping": 14, "product": 12, "none": 5}, ()),
        Month("2026-10", 38, {"shipping": 20, "product": 11, "returns": 7}, ()),
        Month(
            "2026-11",
            43,
            {"shipping": 25, "product": 10, "returns": 6, "none": 2},
            (Question("where is my order", 17), Question("damaged on delivery", 4)),
        ),
    ),
    mails=(
        Sent("acknowledgement", sent=101),
        Sent("acknowledgement + refused_files", sent=5),
        Sent("follow_up", drafts=9),
        Sent("staff", sent=12),
        Sent("digest", sent=81),
    ),
)
_NOTHING = replace(
    FIGURES,
    conversations=0,
    first_replies=FirstReplies(0, 0, 0, None, None, None, ()),
    promises=Promises(0, 0, 0, None),
    waiting=(),
    feedback=Feedback(0, None, {}),
    months=(Month("2026-11", 0, {}, ()),),
    mails=(),
    statuses={},
    silences={},
    refused={},
    held={},
)
_CALM = replace(WELL, troubles=(), waiting=(), silences={}, mails=())
_NEW = replace(_CALM, standing=Standing())
_SICK = replace(ILL, mailbox="orders", troubles=ILL.troubles[:1])


def _status(*found: object) -> str:
    return render_page(found, NOW, UTC)  # type: ignore[arg-type]


# What a stranger wrote stands in two of them.
PAGES: Mapping[str, str] = {
    "status of a shop that is well": _status(WELL),
    "status with alarms": _status(WELL, ILL),
    "status of a new installation": _status(_NEW),
    "report": render(FIGURES, NOW, _ROME),
    "report of nothing": render(_NOTHING, NOW, _ROME),
}
_SHOWN = {
    "status": re.sub(
        "refused [^<]*</span>", "the server refused the login</span>", _status(WELL, _SICK)
    ),
    "report": PAGES["report"],
}


def pictures() -> Mapping[Path, str]:
    """Return each picture that is kept, and the page it must show."""
    return {
        ROOT / "docs" / f"{name}-{size}-{scheme}.png": page
        for name, page in _SHOWN.items()
        for size in SIZES
        for scheme in SCHEMES
    }


def page_in(picture: bytes) -> str:
    """Return the hash of the page that a picture was made of."""
    at = picture.index(b"tEXt" + _NOTE) + 4 + len(_NOTE)
    return picture[at : at + 64].decode("ascii")


def hash_of(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()


def _take() -> None:
    with Chromium() as browser, tempfile.TemporaryDirectory() as folder:
        for path, page in pictures().items():
            _, size, scheme = path.stem.split("-")
            source = Path(folder) / "page.html"
            source.write_text(page, "utf-8")
            browser.show(source.as_uri(), SIZES[size], prefers_color_scheme=scheme)
            browser.picture(path)
            path.write_bytes(_with_note(path.read_bytes(), hash_of(page)))


def _with_note(picture: bytes, text: str) -> bytes:
    """Put a text behind the first chunk of the picture, its header."""
    content = b"tEXt" + _NOTE + text.encode()
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    end = len(_SIGNATURE) + 25
    return picture[:end] + chunk + picture[end:]


if __name__ == "__main__":
    _take()
