"""A mail that was sent on as a file: what there is to read in it if nothing stands above it."""

from tests.unit.parsing import HEADER, read, text, with_parts

INNER = (
    b"From: Clara <clara@customer.example>\nSubject: Re: My ring\nMIME-Version: 1.0\n"
    b"Content-Type: text/plain; charset=utf-8\n\n"
    b"The stone has fallen out again.\n\n"
    b"On Mon, 16 Nov 2026 at 10:00, Shop <shop@shop.example> wrote:\n> We have mended it.\n"
)
FORWARDED = b"Content-Type: message/rfc822\n\n"


def test_without_a_word_above_it_the_mail_that_was_sent_on_is_what_there_is_to_read() -> None:
    message = read(with_parts(text(b" \n"), FORWARDED + INNER))

    assert message.text.startswith("The stone has fallen out again.")
    assert "We have mended it." in message.text
    assert message.reply_text == "The stone has fallen out again."
    assert message.language == "en"
    assert [file.filename for file in message.attachments] == ["Re_ My ring.eml"]


def test_several_are_read_one_after_the_other() -> None:
    other = b"Subject: y\n\nAnd the clasp is bent.\n"

    message = read(with_parts(FORWARDED + INNER, FORWARDED + other))

    assert message.reply_text == "The stone has fallen out again.\n\nAnd the clasp is bent."


def test_what_was_sent_on_twice_is_read_too() -> None:
    twice = with_parts(FORWARDED + INNER)

    assert read(with_parts(FORWARDED + twice)).reply_text == "The stone has fallen out again."


def test_it_is_not_looked_for_without_end() -> None:
    mail = INNER
    for level in range(8):
        kind = b'Content-Type: multipart/mixed; boundary="b%d"\n\n' % level
        mail = kind + b"--b%d\n" % level + FORWARDED + mail + b"\n--b%d--\n" % level

    assert read(HEADER + mail).text.strip() == ""


def test_the_pages_of_what_was_sent_on_are_read_as_text() -> None:
    page = b"Content-Type: text/html\n\n<p>The stone <b>has</b> fallen out.<script>x</script></p>"

    assert read(with_parts(FORWARDED + page)).text == "The stone has fallen out."


def test_what_a_report_returns_is_no_text_though_it_says_nothing_itself() -> None:
    status = (
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        b"Final-Recipient: rfc822; gone@customer.example\nAction: failed\nStatus: 5.1.1\n"
    )

    message = read(with_parts(text(b""), status, FORWARDED + INNER, kind=b"report"))

    assert message.text.strip() == ""
    assert message.bounce is not None


def test_a_header_that_breaks_the_limits_is_a_file_and_nothing_else() -> None:
    bomb = b"X: y\n" * 2_000 + b"\nThe stone.\n"

    message = read(with_parts(FORWARDED + bomb))

    assert message.text.strip() == ""
    assert len(message.attachments) == 1
