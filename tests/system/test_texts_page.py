"""docs/texts.md, done line by line as it says."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest
import yaml

from tests.system.installation import ROOT, Installation, a_config, a_letter

PAGE = (ROOT / "docs" / "texts.md").read_text("utf-8")
_NOWHERE: dict[str, object] = {"host": "localhost", "port": 1, "username": "a", "password": "b"}


class Reader:
    """Somebody who types what the page says, and changes the configuration as it says."""

    def __init__(self, folder: Path) -> None:
        self.here = Installation(folder)
        self.here.config.write_text(a_config(_NOWHERE, _NOWHERE))
        date = "Date: Sat, 21 Nov 2026 10:00:00 +0000"
        subject, text = "Where is my order?", "Good morning, my order has not arrived yet."
        (folder / "letter.eml").write_bytes(a_letter("q1", subject, text, date))
        self._steps = re.findall(r"```(yaml|sh)\n(.*?)```", PAGE, re.DOTALL)

    def follow(self, steps: int) -> str:
        """Do the next steps; return what was printed."""
        ahead, self._steps = self._steps[:steps], self._steps[steps:]
        return "".join(self._change(it) if kind == "yaml" else self._type(it) for kind, it in ahead)

    @property
    def done(self) -> bool:
        return not self._steps

    def _change(self, text: str) -> str:
        config = yaml.load(self.here.config.read_text("utf-8"), yaml.BaseLoader)
        config |= yaml.load(text, yaml.BaseLoader)
        self.here.config.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
        return ""

    def _type(self, text: str) -> str:
        return "".join(
            self._call([*lines]) if ours else self._shell("".join(lines))
            for ours, lines in groupby(text.splitlines(keepends=True), _is_ours)
        )

    def _call(self, lines: Sequence[str]) -> str:
        outcomes = [self.here.call(*shlex.split(line)[1:]) for line in lines]
        assert [one.err for one in outcomes if one.code] == []
        return "".join(one.out for one in outcomes)

    def _shell(self, text: str) -> str:
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        done = subprocess.run(
            ["sh", "-ec", text],
            cwd=self.here.folder,
            env=self.here.environment_with({"PATH": path}),
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
        return done.stdout.decode()


def _is_ours(line: str) -> bool:
    return line.startswith("maildaemon ")


@pytest.mark.timeout(240)
def test_the_page_on_texts_does_what_it_says(tmp_path: Path) -> None:
    reader = Reader(tmp_path)

    changed = reader.follow(2)
    assert "every mail can be written in en, it, fr, de, es, ru, pt, nl, pl, uk" in changed
    assert "Warm wishes" in changed
    assert "Kind regards" not in changed

    assert "every mail can be written in en, it, fr" in reader.follow(1)
    reminding = reader.follow(3)
    assert "! follow_up: 'ring' has no text in `it`; it will be told in `en`" in reminding
    assert "every mail can be written in en, it, fr" in reminding

    announced = reader.follow(4)
    assert "every mail can be written in en, it\n" in announced
    told = " ".join(announced.replace("|", "").split())
    assert "We are taking stock until 2 December 2026; parcels may leave a day later." in told

    added = reader.follow(3)
    assert "every mail can be written in en, it, sv\n" in added
    assert "! notices: 'stocktaking' has no text in `sv`; it will be told in `en`" in added
    assert reader.done
