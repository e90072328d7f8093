"""ARCHITECTURE.md lists exactly the standards that the code cites."""

import re

from tests.architecture.source import ROOT, modules

RFC = re.compile(r"\bRFC (\d{3,5})\b")


def test_the_list_of_standards_is_what_the_code_cites() -> None:
    cited = {number for path in modules() for number in RFC.findall((ROOT / path).read_text())}
    section = re.search(
        r"(?ms)^## Standards$(.*?)(?=^## |\Z)", (ROOT / "ARCHITECTURE.md").read_text()
    )

    assert section, "ARCHITECTURE.md has no section `## Standards`"
    listed = RFC.findall(section[1])
    assert listed == sorted(cited, key=int)
