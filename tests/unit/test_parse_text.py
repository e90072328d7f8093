"""The readable text of a message, from plain text and from HTML."""

import base64

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


WORDS = {
    "en": "Where is my ring?",
    "ja": "返品したいのですが、どうすればいいですか",
    "zh": "我上周订的戒指坏了，我想退货，请问该怎么办？订单号在下面，谢谢你们的帮助",
    "tw": "我想退貨，請問該怎麼辦",
    "ko": "반품하고 싶은데 어떻게 해야 하나요",
    "ru": "Где мой заказ? Кольцо пришло сломанным.",
    "uk": "Де моє замовлення? Її каблучка зламана.",
    "pl": "Gdzie jest moje zamówienie? Proszę o odpowiedź, źdźbło",
    "cs": "Kde je moje objednávka? Příliš žluťoučký kůň",
    "el": "Πού είναι η παραγγελία μου; Ευχαριστώ πολύ",
    "he": "איפה ההזמנה שלי",
    "ar": "أين طلبي من فضلكم",
    "tr": "Siparişim nerede, ığdır çok şirin",
    "th": "สินค้าของฉันอยู่ที่ไหน",
    "fr": "Où est ma commande ? Ça coûte 5 \u20ac",
    "de": "Grüße, wo bleibt mein Ring? Maß und Größe",
}


@pytest.mark.parametrize(
    ("charset", "codec", "language"),
    [
        ("iso-2022-jp", "iso2022_jp", "ja"),
        ("ISO-2022-JP-MS", "iso2022_jp", "ja"),
        ("_iso-2022-jp$ESC", "iso2022_jp", "ja"),
        ("shift_jis", "cp932", "ja"),
        ("x-sjis", "cp932", "ja"),
        ("euc-jp", "euc_jp", "ja"),
        ("gb2312", "gbk", "zh"),
        ("gb18030", "gb18030", "zh"),
        ("x-gbk", "gbk", "zh"),
        ("hz-gb-2312", "hz", "zh"),
        ("big5", "big5", "tw"),
        ("CN-Big5", "big5", "tw"),
        ("euc-kr", "cp949", "ko"),
        ("ks_c_5601-1987", "cp949", "ko"),
        ("iso-2022-kr", "iso2022_kr", "ko"),
        ("koi8-r", "koi8_r", "ru"),
        ("koi8-r", "koi8_u", "uk"),
        ("windows-1251", "cp1251", "ru"),
        ("x-cp1251", "cp1251", "ru"),
        ("x-mac-cyrillic", "mac_cyrillic", "ru"),
        ("iso-8859-5", "iso8859_5", "ru"),
        ("iso-8859-2", "iso8859_2", "pl"),
        ("iso-8859-2", "cp1250", "pl"),
        ("windows-1250", "cp1250", "cs"),
        ("x-mac-ce", "mac_latin2", "cs"),
        ("iso-8859-7", "iso8859_7", "el"),
        ("windows-1253", "cp1253", "el"),
        ("iso-8859-8-i", "iso8859_8", "he"),
        ("logical", "iso8859_8", "he"),
        ("windows-1255", "cp1255", "he"),
        ("windows-1256", "cp1256", "ar"),
        ("iso-8859-6", "iso8859_6", "ar"),
        ("iso-8859-9", "cp1254", "tr"),
        ("tis-620", "cp874", "th"),
        ("iso-8859-15", "iso8859_15", "fr"),
        ("iso-8859-15", "cp1252", "fr"),
        ("iso-8859-1", "cp1252", "fr"),
        ("macintosh", "mac_roman", "fr"),
        ("x-mac-roman", "mac_roman", "de"),
        ("iso_8859-1:1987", "latin-1", "de"),
        ("ansi", "cp1252", "de"),
        ("cp850", "cp850", "de"),
        ("utf-7", "utf-7", "de"),
        ("unicode-1-1-utf-7", "utf-7", "ru"),
        ("utf-16", "utf-16", "ru"),
        ("utf-16le", "utf-16-le", "ru"),
        ("utf-16", "utf-16-be", "de"),
        ("utf-16", "utf-16-le", "de"),
        ("utf-32", "utf-32", "de"),
        ("charset=utf-8", "utf-8", "ru"),
        ("'utf-8'", "utf-8", "ru"),
        ("utf8", "utf-8", "ja"),
        # No charset, or one that means nothing.
        ("unknown-8bit", "utf-8", "ru"),
        ("x-unknown", "cp1251", "ru"),
        ("default", "cp1252", "de"),
        ("binary", "gb18030", "zh"),
        ("us-ascii", "iso2022_jp", "ja"),
        ("us-ascii", "utf-8", "tr"),
        ("us-ascii", "koi8_r", "ru"),
        ("us-ascii", "utf-16-le", "de"),
        # A label that names another charset than the bytes are plainly in.
        ("iso-8859-1", "utf-8", "de"),
        ("windows-1251", "utf-8", "ru"),
        ("gb2312", "utf-8", "zh"),
        ("iso-2022-jp", "utf-8", "ja"),
        ("big5", "utf-8", "tw"),
        ("tis-620", "utf-8", "th"),
        ("utf-16", "utf-8", "de"),
        ("utf-16", "ascii", "en"),
        ("utf-7", "utf-8", "de"),
        ("utf-8", "cp1251", "ru"),
    ],
)
def test_a_text_is_read_in_whatever_charset_it_was_written(
    charset: str, codec: str, language: str
) -> None:
    words = WORDS[language]
    raw = base64.encodebytes(words.encode(codec))

    message = read(
        HEADER
        + f'Content-Type: text/plain; charset="{charset}"\n'.encode()
        + b"Content-Transfer-Encoding: base64\n\n"
        + raw
    )

    assert message.text == words


@pytest.mark.parametrize(
    ("charset", "codec", "word"),
    [("windows-1251", "cp1251", "СУМКА"), ("euc-kr", "cp949", "반품"), ("gb2312", "gbk", "退货")],
)
def test_a_short_word_is_not_taken_for_utf_8(charset: str, codec: str, word: str) -> None:
    message = read(f"Content-Type: text/plain; charset={charset}\n\n".encode() + word.encode(codec))

    assert message.text == word


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
        # As word processors write the cells of a table, and as pages are laid out with tables.
        (
            "<table><tr><td><p>Item</p></td><td><p><b>Qty</b></p><tr><td><p>Ring</p><td>2",
            "Item | Qty\nRing | 2",
        ),
        ("<table><tr><td><div>Ring<br></div></td><td><div>54 </div></td></table>", "Ring | 54"),
        ("<table><tr><td><p>a<p>b</td><td><p>c</p></td></table>", "a\n\nb\n\nc"),
        ("<table><tr><td>a<br>b</td><td>c</td></table>", "a\nb | c"),
        (
            "<table><tr><td>Menu</td><td><table><tr><td>x<td>y</table></td></tr></table>",
            "Menu\n\nx | y",
        ),
        ("<table><tr><td></td><td>only</td><td> </td></tr></table>", "only"),
        ("<table><caption>Order</caption><tr><th>Ring</th></table>", "Order\nRing"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ul><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ul>", "- a\n  - b\n    1. c\n- d"),
        ("<ul><li><b>a</b><br>more</ul>", "- a\nmore"),
        ("<dl><dt>Size<dd>54</dl>", "Size\n54"),
        ("<h1>Order</h1>Hello<hr>Bye", f"Order\n\nHello\n{'_' * 32}\nBye"),
        ("<p>a</p><p>&nbsp;</p><p><br></p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<div><div><div>a</div></div></div><div>b</div>", "a\nb"),
        (
            "&lt;b&gt; &copy; &#8364; &#x20ac; &#128; &eacute; &nosuch; &amp;amp;",
            "<b> © € € € é &nosuch; &amp;",
        ),
        ('<div style="white-space: pre-wrap">a\n  b\n\nc</div>', "a\n  b\n\nc"),
        ("<pre>a &lt; b\n\tc</pre>d", "a < b\n\tc\n\nd"),
        ("می\u200cخواهم 👩\u200d🔧 a\u200c \u200c\u00a0b", "می\u200cخواهم 👩\u200d🔧 a b"),
        # A layout in which letters have no size until a cell gives them one.
        (
            '<td style="font-size:0px"><div style="font-size:13px">Hello <b>you</b></div></td>',
            "Hello you",
        ),
        ('<span style="font:0px a"><span style="font:14px/1.5 Arial">Hello</span></span>', "Hello"),
        ('<!--[if mso]><p>Outlook</p><![endif]--><p class="MsoNormal">Hi<o:p></o:p></p>', "Hi"),
        ("<![if !mso]><p>Hello</p><![endif]>", "Hello"),
        (
            '<a href="https://x.example/a?b=1&amp;c=2">order</a>',
            "order (https://x.example/a?b=1&c=2)",
        ),
        ('<a href="https://x.example/a"><img alt="Track"></a>', "[Track] (https://x.example/a)"),
        ('<a href="tel:+390612345">Call us</a> <a name=x>here</a>', "Call us here"),
        ('<a href="https://x.example/a">https://x.example/a</a>', "https://x.example/a"),
        ("<p>unclosed <b>bold <i>both</p><p>next", "unclosed bold both\n\nnext"),
        ("just text, no markup", "just text, no markup"),
        ("a < b and c > d", "a < b and c > d"),
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
        '<div style="display : NONE !important">x</div>',
        '<div style="mso-hide:all">x</div>',
        '<div style="opacity:0">x</div>',
        '<div style="max-height:0px;overflow:hidden">x<p>x</p></div>',
        '<span style="font-size:0;line-height:0">x</span>',
        '<span style="color:#fff;font:0px/0 Arial">x</span>',
        '<span class="preheader">x</span>',
        '<div class="a PreHeaderText">x</div>',
        "<head><style>x</style><title>x</title></head>",
        "<noframes>x</noframes>",
        "<object>x</object><textarea>x</textarea>",
        "\u200b\u034f\u200c \u00ad",
    ],
)
def test_what_nobody_sees_is_not_in_the_text(hidden: str) -> None:
    assert html(f"a {hidden} b").split() == ["a", "b"]


def test_embedded_pictures_do_not_use_up_the_space_for_text() -> None:
    picture = '<img src="data:image/png;base64,' + "A" * 3_000_000 + '">'
    page = picture + "<p>The ring is broken"

    message = read(HEADER + b"Content-Type: text/html\n\n" + page.encode())

    assert html(page) == message.text == "The ring is broken"
    assert message.defects == ()


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
