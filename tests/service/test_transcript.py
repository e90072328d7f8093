"""`threads transcript`: the conversation for its customer, and nothing of anybody else."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters import clock
from maildaemon.adapters.installation import make_data_dir, read_key
from maildaemon.cli import main
from maildaemon.domain.policy import Mode
from tests.service.shop import Shop, a_mail, a_policy, parsed
from tests.unit.test_settings import MINIMAL

# What is decided is the same everywhere; the marked ones bring all statements to PostgreSQL too.
pytestmark = pytest.mark.sqlite

CLARA = "clara@customer.example"
EVIL = "<script>alert(1)</script>\u202e"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    opened.round()
    yield opened
    opened.close()


def conversation(shop: Shop) -> None:
    """A customer asks, staff confer and note, a stranger and a copied friend write, staff answer."""

    def write(body: str, folder: str = "INBOX", **fields: Any) -> None:
        shop.wait(minutes=10)
        shop.write(
            a_mail(body, date=shop.at, In_Reply_To="<c1@customer.example>", **fields), folder
        )
        shop.round()

    shop.write(a_mail(f"Where is my order? {EVIL}", Cc="fred@friend.example", date=shop.at))
    shop.round()
    ours = {"sender": "Anna <support@shop.example>"}
    write(
        "Confidential: she is difficult.", "Sent", to="boss@shop.example", message_id="i1@x", **ours
    )
    write("Secret price?", "Sent", to="maker@partner.example", message_id="p1@x", **ours)
    write("I am Fred.", sender="fred@friend.example", message_id="f1@friend.example")
    write("It is on its way.", "Sent", to=CLARA, message_id="a1@shop.example", **ours)
    write("Thanks, it came!", message_id="c2@customer.example")


Run = Callable[..., str]


@pytest.fixture
def run(shop: Shop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Type a command in the shop's folder."""
    config = shop.folder / "maildaemon.yaml"
    url = shop.sql.engine.url.render_as_string(hide_password=False)
    text = MINIMAL.replace("sqlite:///var/maildaemon.db", url)
    config.write_text(f"service: {{data_dir: {shop.folder / 'data'}, mode: shadow}}\n{text}")
    monkeypatch.setattr(clock, "utc_now", shop.now)
    make_data_dir(shop.folder / "data")
    read_key(shop.folder / "data")

    def call(*arguments: object, code: int = 0) -> str:
        with pytest.raises(SystemExit) as end:
            main(["--config", str(config), "threads", "transcript", *map(str, arguments)])
        captured = capfd.readouterr()
        assert end.value.code == code, captured.err
        return captured.out + captured.err

    return call


def reference(shop: Shop) -> str:
    return str(shop.rows("select reference from thread order by id")[0][0])


def drafts(shop: Shop) -> list[EmailMessage]:
    return [parsed(one.raw) for one in shop.account.messages("Drafts")]


def test_it_holds_what_the_customer_and_we_wrote_and_nothing_else(shop: Shop, run: Run) -> None:
    conversation(shop)

    text = run(reference(shop), "--output", "-")

    assert " ".join(text.split()) == (
        "Hello, Here is what we have written to each other so far, in order. "
        "You wrote to us (21 November 2026): Where is my order? <script>alert(1)</script>\\u202e "
        "We wrote to you (21 November 2026): It is on its way. "
        "You wrote to us (21 November 2026): Thanks, it came! Kind regards"
    )


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.LIVE])
def test_it_becomes_a_draft_to_the_customer_whatever_the_mode(
    shop: Shop, run: Run, mode: Mode
) -> None:
    conversation(shop)
    shop.policy = a_policy(mode=mode)

    said = run(reference(shop))
    shop.close()
    shop.open()
    shop.round()

    (draft,) = drafts(shop)
    assert CLARA in said
    assert "it lies in the folder of drafts of support within seconds; nobody gets it" in said
    assert "to undo it: delete that draft" in said
    assert "no daemon is running: the draft is put there once one runs" in said
    assert (draft["To"], draft["Subject"]) == (CLARA, "Re: My order")
    assert draft["In-Reply-To"] == "<c2@customer.example>"
    assert draft["Auto-Submitted"] is None
    page = draft.get_body(("html",))
    assert page is not None
    assert "&lt;script&gt;" in page.get_content()
    assert "\u202e" not in page.get_content()
    assert "Confidential" not in page.get_content()


@pytest.mark.postgresql
def test_who_sends_it_as_it_is_has_given_her_what_she_asked_for(shop: Shop, run: Run) -> None:
    shop.write(a_mail("Can I have all that we wrote to each other?", date=shop.at))
    shop.round()
    run(reference(shop))
    shop.round()
    (draft,) = shop.account.messages("Drafts")

    shop.wait(minutes=1)
    shop.write(draft.raw, "Sent", flags=("\\Seen",))
    shop.round()

    assert shop.rows("select status from thread") == [("pending",)]


def test_without_a_customer_there_is_nothing_to_write(shop: Shop, run: Run) -> None:
    shop.write(a_mail(Precedence="bulk", List_Id="<news.example>", date=shop.at))
    shop.round()

    assert "nothing was written between a customer and us" in run(reference(shop), code=64)


def test_it_is_written_into_a_file_as_text(shop: Shop, run: Run) -> None:
    conversation(shop)
    path = shop.folder / "conversation.txt"

    run(reference(shop), "--output", path)

    assert "It is on its way." in path.read_text()
    assert drafts(shop) == []
