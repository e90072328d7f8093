"""What mails bring into the pages that we write: text, whatever cleaner it was made for."""

from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from maildaemon.domain.overview import About, KeptFile, Mail, OwnMail, Wait, Waiting
from maildaemon.domain.transcript import Worded
from maildaemon.mail.compose_transcript import compose_transcript
from maildaemon.mail.text import html_to_text
from tests.unit.test_compose import a_draft
from tests.unit.test_digest import NOW, facts, mail_of

NESTED = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>script>alert(1)<</script>/script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<img src=x onerror=alert(1)",
    "<img src=x onerror=alert(1)//",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<iframe srcdoc='&lt;script>alert(1)&lt;/script>'>",
    "'\"><img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</title></head><script>alert(1)</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "\ufe64script\ufe65alert(1)",
    "<ｓcript>alert(1)</ｓcript>",
]


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] += 1
        self.seen.update(f"{tag} {name}" for name, _ in attrs if name.startswith("on"))


def pages(said: str) -> list[str]:
    """Return the pages of ours that tell what a mail said."""
    about = About("K7F3-Q2", "clara@customer.example", said)
    told = facts(
        waiting=(Waiting(about, Wait(NOW), assigned_to=said),),
        files=(KeptFile(1, said, said, True, True, said, about),),
        junk=(Mail("clara@customer.example", said, NOW, said),),
        shadow=(OwnMail(1, "clara@customer.example", said, NOW, None, said),),
    )
    return [mail_of(told)[2], transcript(said)]


def transcript(said: str) -> str:
    worded = Worded("en", ("Hello,",), (("You wrote to us:", said),), "Kind regards")
    mail = message_from_bytes(compose_transcript(a_draft(), worded), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    page = mail.get_body(("html",))
    assert page is not None
    return str(page.get_content())


@pytest.mark.parametrize("said", NESTED)
def test_s06_s07_no_page_of_ours_has_an_element_that_a_mail_brought(said: str) -> None:
    for page, plain in zip(pages(said), pages("Where is my order?"), strict=True):
        assert Elements(page).seen == Elements(plain).seen


@pytest.mark.parametrize("around", ["", "<i>" * 80, "<div>" * 500])
@pytest.mark.parametrize("element", ["script", "SCRIPT src=x", "style", "script x='<script>'"])
def test_s07_of_a_page_only_what_is_seen_is_kept_however_it_is_nested(
    element: str, around: str
) -> None:
    name = element.partition(" ")[0]
    text, _ = html_to_text(f"{around}<p>Where is my order?</p><{element}>alert(1)</{name}>")

    assert "Where is my order?" in text
    assert "alert(1)" not in text
