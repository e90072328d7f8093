"""What is new in a mail, on letters as the clients and languages write them.

The cases are text files in `replies`: lines that programs write, each put below a letter, and whole
letters with what is new in them.
"""

import time
from pathlib import Path

import pytest

from maildaemon.mail.quotes import cut_quotes, is_forwarding
from tests.unit.parsing import HEADER, read

FOLDER = Path(__file__).parent / "replies"
NEW = "The ring is broken.\nWhat now?"
OLD = "We hope you like it.\n\nThe shop"
MARKED = "> We hope you like it.\n>\n> The shop"


def blocks(name: str) -> list[str]:
    """The blocks of a file, between blank lines; lines with `# ` say where they are from."""
    text = (FOLDER / name).read_text("utf-8")
    lines = (line for line in text.split("\n") if not line.startswith("# "))
    return [block for part in "\n".join(lines).split("\n\n") if (block := part.strip("\n"))]


def lines(name: str) -> list[str]:
    return [line for block in blocks(name) for line in block.split("\n")]


def cases(name: str) -> list[tuple[str, str, str]]:
    parts = ("\n" + (FOLDER / name).read_text("utf-8").rstrip("\n")).split("\n@@ ")[1:]
    found: list[tuple[str, str, str]] = []
    for part in parts:
        head, _, body = part.partition("\n")
        if head == "new":
            title, letter, _ = found.pop()
            found.append((title, letter, body))
        elif head != "all":
            found.append((head, body, body))
    return found


@pytest.mark.parametrize("attribution", blocks("attributions.txt"))
def test_all_below_an_attribution_is_cut_with_and_without_marks(attribution: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{attribution}\n\n{MARKED}\n") == NEW
    assert cut_quotes(f"{NEW}\n\n{attribution}\n{MARKED}\n") == NEW
    assert cut_quotes(f"{NEW}\n\n{attribution}\n\n{OLD}\n") == NEW


@pytest.mark.parametrize("attribution", blocks("attributions_marked.txt"))
def test_an_attribution_of_few_words_is_cut_with_its_marked_quote(attribution: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{attribution}\n\n{MARKED}\n") == NEW
    assert cut_quotes(f"{NEW}\n{attribution}\n{MARKED}\n") == NEW
    assert cut_quotes(f"{attribution}\n{MARKED}\n\n{NEW}\n") == NEW


@pytest.mark.parametrize("separator", blocks("separators.txt"))
def test_all_below_a_separator_is_cut(separator: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{separator}\n\n{OLD}\n") == NEW
    assert cut_quotes(f"{NEW}\n\n-- \nAnna\n{separator}\n{OLD}\n") == NEW


@pytest.mark.parametrize("block", blocks("header_blocks.txt"))
def test_all_below_a_header_block_is_cut(block: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{block}\n\n{OLD}\n") == NEW
    assert cut_quotes(f"{NEW}\n\n________________________________\n{block}\n\n{OLD}\n") == NEW


@pytest.mark.parametrize("line", lines("devices.txt"))
def test_the_line_of_a_telephone_is_cut_at_the_end_and_above_a_quote(line: str) -> None:
    attribution = "On Fri, Nov 20, 2026 at 10:00 AM Shop <support@shop.example> wrote:"

    assert cut_quotes(f"{NEW}\n\n{line}\n") == NEW
    assert cut_quotes(f"{NEW}\n\n-- \n{line}") == NEW
    assert cut_quotes(f"{NEW}\n\n{line}\n\n{attribution}\n\n{OLD}") == NEW
    assert cut_quotes(f"{NEW}\n\n{attribution}\n{MARKED}\n\n{line}") == NEW


@pytest.mark.parametrize(
    ("letter", "new"),
    [
        pytest.param(letter, new, id=title)
        for name in ("letters.txt", "traps.txt")
        for title, letter, new in cases(name)
        if not title.endswith("(forwarded)")
    ],
)
def test_what_is_new_in_a_letter(letter: str, new: str) -> None:
    assert cut_quotes(letter) == new


@pytest.mark.parametrize(
    ("letter", "new"),
    [
        pytest.param(letter, new, id=title)
        for title, letter, new in cases("letters.txt")
        if title.endswith("(forwarded)")
    ],
)
def test_what_is_new_in_a_letter_that_sends_something_on(letter: str, new: str) -> None:
    assert cut_quotes(letter, forwarded=True) == new


@pytest.mark.parametrize(
    ("page", "new", "subject"),
    [
        pytest.param(page, new, b"Fwd: x" if title.endswith("(forwarded)") else b"Re: x", id=title)
        for title, page, new in cases("html.txt")
    ],
)
def test_what_is_new_in_a_page(page: str, new: str, subject: bytes) -> None:
    header = HEADER.replace(b"The ring", subject)

    message = read(header + b"Content-Type: text/html; charset=utf-8\n\n" + page.encode())

    assert message.reply_text == new


def alternatives(plain: str, page: str) -> bytes:
    parts = (
        f"--x\nContent-Type: text/{kind}; charset=utf-8\n\n{text}\n"
        for kind, text in (("plain", plain), ("html", page))
    )
    header = HEADER + b"Content-Type: multipart/alternative; boundary=x\n\n"
    return header + "".join(parts).encode() + b"--x--\n"


QUOTE_OF_A_PAGE = '<div class="gmail_attr">{}</div><blockquote type="cite">Old, older.</blockquote>'


def test_where_the_plain_text_does_not_show_the_quote_the_page_does() -> None:
    attribution = "პარ, 20 ნოე., Shop:"
    page = f"<div>New.</div>{QUOTE_OF_A_PAGE.format(attribution)}"

    assert read(alternatives(f"New.\n\n{attribution}\nOld, older.", page)).reply_text == "New."


def test_a_page_that_says_something_else_than_the_plain_text_is_not_believed() -> None:
    page = f"<div>Send me money.</div>{QUOTE_OF_A_PAGE.format('Shop:')}"
    plain = "The ring is broken, and nobody answers."

    assert read(alternatives(plain, page)).reply_text == plain


def test_a_page_does_not_hide_what_only_the_plain_text_says() -> None:
    page = f"<div>New.</div>{QUOTE_OF_A_PAGE.format('Shop:')}"
    plain = "New.\n\nThe ring is broken, and nobody has answered for weeks.\n\nShop:\nOld, older."

    assert read(alternatives(plain, page)).reply_text == plain


def test_marks_of_our_own_are_taken_out_of_what_a_stranger_sends() -> None:
    plain = "New.\n\ufdd3\ufdd0\n\ufdd2The ring is broken.\n\ufdd1me@x.example"
    page = "<p>New.</p><p>&#xFDD2;The ring is broken.</p>"

    assert "\ufdd2" not in read(alternatives(plain, "")).text
    assert read(alternatives(plain, "")).reply_text == ("New.\n\nThe ring is broken.\nme@x.example")
    html = read(HEADER + b"Content-Type: text/html\n\n" + page.encode())
    assert html.reply_text == html.text == "New.\n\nThe ring is broken."


@pytest.mark.parametrize(
    ("subject", "forwards"),
    [
        ("Fwd: Parcel", True),
        ("FW: Parcel", True),
        ("WG: Paket", True),
        ("TR : Colis", True),
        ("I: Pacco", True),
        ("RV: Paquete", True),
        ("ENC: Pacote", True),
        ("PD: Paczka", True),
        ("VB: Paket", True),
        ("İLT: Paket", True),
        ("转发：包裹", True),
        ("[shop] Fwd: Parcel", True),
        ("Re: Fwd: Parcel", False),
        ("Forward this: parcel", False),
        ("Parcel", False),
        ("", False),
        ("[shop", False),
    ],
)
def test_what_subject_says_that_something_is_sent_on(subject: str, forwards: bool) -> None:
    assert is_forwarding(subject) is forwards


HOSTILE = {
    "marks": ">" * 1_000_000,
    "on": "On " * 330_000,
    "spaces": "On " + " " * 1_000_000 + "wrote:",
    "dates": "On 20.11.2026 10:00 " * 50_000,
    "addresses": "<a@b> " * 160_000,
    "open brackets": "On 2026 10:00 <" + "<a" * 400_000,
    "dashes": "-" * 1_000_000,
    "colons": "from:" * 200_000,
    "From lines": "From: a\n" * 100_000,
    "From lines with addresses": "From: a@b.example\nTo: a\n" * 50_000,
    "labels that are nearly a block": "From: a\nTo: b\n\n" * 30_000,
    "attributions that never end": "On 20.11.2026 10:00 a@b.example\n" * 30_000,
    "attributions that end too late": ("On 20.11.2026 10:00\n" * 5 + "x\n") * 15_000,
    "quotes and answers": "> a\nb\n" * 50_000,
    "closings": "Regards\n" * 100_000,
    "closings with names": "Regards, Anna\n\n" * 50_000,
    "rules": "________________\n" * 50_000,
    "rules and labels": "________________\na: b\nc: d\n" * 30_000,
    "telephones": "Sent from my iPhone\n" * 50_000,
    "disclaimers": "This email is confidential, delete it.\n\n" * 25_000,
    "a long disclaimer": "This email is confidential. " + "delete " * 140_000,
    "fences": "```\n" * 200_000,
    "banners": "CAUTION: external\n" * 50_000,
    "introduced quotes": "See:\n> a\n" * 90_000,
    "numbers": "Regards\n" + "1" * 1_000_000,
    "short numbers": "Regards\nAnna\n" + "1111-" * 16,
    "GroupWise": ">>> 20.11.2026 10:00 >>>" * 40_000,
    "GroupWise lines": "a\n" + ">>> 20.11.2026 10:00 a@b >>>\n" * 30_000,
    "invisible": "\u200b" * 1_000_000,
    "one-line blocks": "From: a@b Sent: x To: y Subj " * 30_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timed
def test_a_hostile_body_of_a_megabyte_is_cut_in_bounded_time(body: str) -> None:
    began = time.process_time()

    cut_quotes(f"Hello\n{body}")
    cut_quotes(f"Hello\n{body}", forwarded=True)

    assert time.process_time() - began < 1


def test_a_quote_longer_than_what_is_looked_at_is_still_cut() -> None:
    assert cut_quotes(f"{NEW}\n\n" + "> old\n" * 10_000) == NEW


def test_in_a_text_longer_than_what_is_looked_at_nothing_is_lost() -> None:
    text = "\n".join(f"line {number}" for number in range(10_000))

    assert cut_quotes(text) == text
