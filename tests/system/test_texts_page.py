"""docs/texts.md, done line by line as it says."""

from pathlib import Path

import pytest

from tests.pages import ROOT, blocks_of
from tests.system.installation import Installation, a_config, a_letter
from tests.system.reader import Reader

STEPS = [one for one in blocks_of(ROOT / "docs" / "texts.md") if one.kind in {"yaml", "sh"}]
_NOWHERE: dict[str, object] = {"host": "localhost", "port": 1, "username": "a", "password": "b"}


@pytest.mark.timeout(240)
def test_the_page_on_texts_does_what_it_says(tmp_path: Path) -> None:
    reader, steps = Reader(Installation(tmp_path)), [*STEPS]
    reader.here.config.write_text(a_config(_NOWHERE, _NOWHERE))
    date = "Date: Sat, 21 Nov 2026 10:00:00 +0000"
    subject, text = "Where is my order?", "Good morning, my order has not arrived yet."
    (tmp_path / "letter.eml").write_bytes(a_letter("q1", subject, text, date))

    def follow(count: int) -> str:
        done = [steps.pop(0) for _ in range(count)]
        return reader.follow(*done)

    changed = follow(2)
    assert "every mail can be written in en, it, fr, de, es, ru, pt, nl, pl, uk" in changed
    assert "Warm wishes" in changed
    assert "Kind regards" not in changed

    assert "every mail can be written in en, it, fr" in follow(1)
    reminding = follow(3)
    assert "! warning: follow_up: 'ring' has no text in `it`; it will be told in `en`" in reminding
    assert "every mail can be written in en, it, fr" in reminding

    announced = follow(4)
    assert "every mail can be written in en, it\n" in announced
    told = " ".join(announced.replace("|", "").split())
    assert "We are taking stock until 2 December 2026; parcels may leave a day later." in told

    added = follow(3)
    assert "every mail can be written in en, it, sv\n" in added
    assert "! warning: notices: 'stocktaking' has no text in `sv`; it will be told in `en`" in added
    assert steps == []
