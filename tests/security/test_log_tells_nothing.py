"""The log of a whole shop, at its most talkative, over mails that are full of what it must not say."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters.log import set_up_log
from tests.service.shop import EXE, Shop, a_mail

pytestmark = pytest.mark.sqlite

CANARY = "kanarienvogel"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("maildaemon")
    before = root.handlers[:], root.level, ours.level
    stream = io.StringIO()
    set_up_log(json_lines=False, level="debug", addresses="hash", key=b"k", stream=stream)
    yield stream
    root.handlers[:], root.level, ours.level = before


def test_s22_no_word_of_a_mail_stands_in_the_log(tmp_path: Path, lines: io.StringIO) -> None:
    shop = Shop(tmp_path / "shop")
    shop.start()
    say = f"{CANARY}\n2026-11-21T10:00:00.000Z [info     ] outbox.sent to={CANARY}"
    planted: tuple[dict[str, Any], ...] = (
        {"subject": CANARY},
        {"body": say},
        {"sender": f"{CANARY} <{CANARY}@customer.example>"},
        {"files": ((f"{CANARY}.exe", "application/x-dosexec", EXE),)},
        {"X_Autoreply": CANARY},
        {"In_Reply_To": f"<{CANARY}@x>", "References": f"<{CANARY}@x>"},
        {"Cc": f"{CANARY} <{CANARY}@elsewhere.example>"},
        {"Content_Language": CANARY, "Thread_Topic": CANARY},
    )
    for number, fields in enumerate(planted):
        usual = {"sender": f"c{number}@x.example", "message_id": f"m{number}@x"}
        shop.write(a_mail(**{**usual, **fields}))
    shop.write(b"\xff\xfe" + CANARY.encode() * 9)
    shop.round()

    written = lines.getvalue()
    assert written.count("message.filed") >= 9
    assert [line for line in written.splitlines() if CANARY in line.lower()] == []
    shop.close()
