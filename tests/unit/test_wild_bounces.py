"""What the mail servers of the world write when they cannot deliver, read to the last detail.

Each file holds mails as such servers send them: what is expected of one stands above its header.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from maildaemon.domain.automatic import Circumstances, Kind, classify
from tests.unit.parsing import read

FOLDER = Path(__file__).parent / "bounces"
EXPECTED = re.compile(r"> (\S+) (\S+)(?: (\S+))?\n")


@dataclass(frozen=True)
class Case:
    name: str
    recipients: list[tuple[str, str, str]]
    message_id: str | None
    raw: bytes


def a_case(text: str) -> Case:
    name, _, rest = text.partition("\n")
    recipients, message_id = [], "sent@shop.example"
    while found := EXPECTED.match(rest):
        rest = rest[found.end() :]
        if found[1] == "id":
            message_id = ""
        else:
            recipients.append((found[1], found[2], found[3]))
    header = "To: support@shop.example\nMessage-ID: <report@mx.example>\n"
    return Case(name, recipients, message_id or None, (header + rest).encode())


CASES = [
    a_case(text)
    for file in sorted(FOLDER.glob("*.txt"))
    for text in re.split(r"^=== ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_report_is_read_as_the_server_meant_it(case: Case) -> None:
    message = read(case.raw)

    assert message.bounce is not None
    told = [
        (one.address, one.action.value, one.status or "null") for one in message.bounce.recipients
    ]
    assert sorted(told) == sorted(case.recipients)
    assert message.bounce.original_message_id == case.message_id


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_report_is_never_taken_for_a_persons_mail(case: Case) -> None:
    message = read(case.raw)
    actions = {action for _, action, _ in case.recipients}
    kind = Kind.DELAYED if actions == {"delayed"} else Kind.BOUNCE
    kind = Kind.RECEIPT if actions == {"delivered"} else kind

    found = classify(message, Circumstances(message.from_))
    assert found.kind is kind
    assert found.must_not_answer


def test_there_are_reports_of_eighty_servers() -> None:
    assert len({case.name for case in CASES}) >= 80
