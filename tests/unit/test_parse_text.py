"""The readable text of a message, from plain text and from HTML."""

import pytest

from maildaemon.mail.bodies import MAX_TEXT, unflow
from maildaemon.mail.text import html_to_text
from tests.unit.parsing import HEADER, read, text, with_parts


def html(markup: str) -> str:
    return html_to_text(markup)[0]


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("utf-8", "utf-8"),
        ("ISO-8859-1", "cp1252"),
        ("win-1252", "cp1252"),
        ("us-ascii", "utf-8"),
        ("no-such-charset", "utf-8"),
        ("zlib_codec", "utf-8"),
        ("undefined", "cp1252"),
        ("utf-8", "cp1252"),
    ],
)
def test_a_body_is_decoded_whatever_its_label_says(charset: str, codec: str) -> None:
    words = "Grüße – für 5 €, natürlich"

    message = read(
        HEADER + f"Content-Type: text/plain; charset={charset}\n\n".encode() + words.encode(codec)
    )

    assert message.text == words


def test_one_damaged_byte_does_not_spoil_the_rest() -> None:
    raw = "Größe, Maß, Güte, Süße, Blüte".encode() + b"\xff"

    message = read(HEADER + b"Content-Type: text/plain; charset=utf-8\n\n" + raw)

    assert message.text == "Größe, Maß, Güte, Süße, Blüte\ufffd"


def test_a_guess_is_told() -> None:
    message = read(HEADER + b"Content-Type: text/plain; charset=utf-8\n\nGr\xfc\xdfe")

    assert message.text == "Grüße"
    assert "charset_guessed" in message.defects


def test_line_ends_are_one_kind_and_controls_vanish() -> None:
    assert read(HEADER + b"\na\r\nb\rc\nd\x00\x07\x0ce\tf").text == "a\nb\nc\nd\ne\tf"


def test_plain_text_is_preferred_to_its_html_twin() -> None:
    twins = (text(b"plain"), b"Content-Type: text/html\n\n<p>rich</p>")

    assert read(with_parts(*twins, kind=b"alternative")).text == "plain"
    assert read(with_parts(*reversed(twins), kind=b"alternative")).text == "plain"


def test_an_empty_plain_text_does_not_hide_the_html() -> None:
    message = read(
        with_parts(text(b" \n"), b"Content-Type: text/html\n\n<p>rich</p>", kind=b"alternative")
    )

    assert message.text == "rich"


def test_texts_one_after_the_other_are_all_read() -> None:
    message = read(with_parts(text(b"first"), b"Content-Type: image/png\n\nx", text(b"second")))

    assert message.text == "first\n\nsecond"


def test_the_charset_of_a_page_may_stand_in_the_page() -> None:
    message = read(
        HEADER
        + b"Content-Type: text/html\n\n<meta charset=iso-8859-5><p>"
        + "Где мой заказ".encode("iso8859_5")
    )

    assert message.text == "Где мой заказ"


def test_a_text_without_end_is_cut_and_told() -> None:
    message = read(HEADER + b"\n" + b"words and " * 300_000)

    assert len(message.text) <= MAX_TEXT
    assert "text_cut" in message.defects


@pytest.mark.parametrize(
    ("flowed", "unflowed"),
    [
        ("one \nline\nnext", "one line\nnext"),
        ("> quoted \n> too\nnot", "> quoted too\nnot"),
        (">> deep \n> less", ">> deep \n> less"),
        (" > stuffed", "> stuffed"),
        (" From here", "From here"),
        ("text\n-- \nAnna", "text\n-- \nAnna"),
    ],
)
def test_flowed_lines_are_joined(flowed: str, unflowed: str) -> None:
    assert unflow(flowed, delete_space=False) == unflowed


def test_flowed_lines_of_a_language_without_spaces_are_joined_without() -> None:
    message = read(
        HEADER
        + "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\n返 \n品\n".encode()
    )

    assert message.text == "返品\n"


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>One<p>Two", "One\n\nTwo"),
        ("One<br>Two<br><br>Three", "One\nTwo\n\nThree"),
        ("<b>bo</b>ld &amp; <i>sl anted</i>", "bold & sl anted"),
        ("a \n  b&nbsp;&nbsp;c", "a b c"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<ol><li>a<li><p>b</p></ol>", "1. a\n2. b"),
        ("<table><tr><th>Item<th>Qty<tr><td>Ring<td>2</table>", "Item | Qty\nRing | 2"),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></table>", "a\n\nb"),
        ('see <a href="https://x.example/a">this</a>.', "see this (https://x.example/a)."),
        ('<a href="https://x.example/">x.example</a>', "x.example"),
        ('<a href="mailto:a@x.example">Anna</a>', "Anna (a@x.example)"),
        ('<a href="javascript:alert(1)">Anna</a>', "Anna"),
        ('<img alt="Our logo" src=x><img src=y>', "[Our logo]"),
        (
            "<blockquote>old<blockquote>older</blockquote></blockquote>new",
            "> old\n>\n> > older\n\nnew",
        ),
        ('<blockquote style="margin:0 0 0 40px;border:none">indented</blockquote>', "indented"),
        ("a\u200b\u00adb", "ab"),
        ("", ""),
    ],
)
def test_html_reads_like_text(markup: str, words: str) -> None:
    assert html(markup) == words


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>x</script>",
        "<style>x</style>",
        "<title>x</title>",
        '<div style="display:none">x</div>',
        '<span style="color:red; VISIBILITY : hidden">x</span>',
        '<p style="font-size:0px">x<b>x</b></p>',
        "<p hidden>x</p>",
        "<!-- x -->",
        "<template>x</template>",
        "<svg><text>x</text></svg>",
    ],
)
def test_what_nobody_sees_is_not_in_the_text(hidden: str) -> None:
    assert html(f"a {hidden} b").split() == ["a", "b"]


def test_embedded_pictures_do_not_use_up_the_space_for_text() -> None:
    picture = '<img src="data:image/png;base64,' + "A" * 3_000_000 + '">'

    assert html(picture + "<p>The ring is broken") == "The ring is broken"


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 100_000,
        "<b><p>" * 50_000,
        "".join(f"<font color={number}>" for number in range(50_000)) + "<p>x" * 1000,
        "<table><tr><td>" * 50_000,
        "<p " + "".join(f"a{number}=b " for number in range(100_000)),
        "<a href=x>t" * 50_000,
        "<" * 500_000,
    ],
)
@pytest.mark.timeout(20)
def test_absurd_html_takes_bounded_time(markup: str) -> None:
    html_to_text(markup)


def test_many_pages_are_not_read_without_end() -> None:
    page = b"Content-Type: text/html\n\n<p>words</p>" + b"<!-- -->" * 60_000

    message = read(with_parts(*[page] * 5))

    assert message.text.split() == ["words", "words"]
    assert "text_cut" in message.defects
