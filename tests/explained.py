"""Ten mails, and what `maildaemon explain` says of them, as a page for those who want to see.

python -m tests.explained     writes docs/explained.md anew
"""

import os
import re

from tests.system.installation import ROOT
from tests.system.ready import ready

MAILS = ROOT / "docs" / "explained"
PAGE = ROOT / "docs" / "explained.md"

_ABOUT = {
    "01-danneggiato.eml": "A customer, from a telephone, with a photo, about something urgent.",
    "02-antwort-aus-outlook.eml": "Outlook, two forms of one text, a signature and a disclaimer; "
    "the rule needs an order number, and there is none.",
    "03-bounce.eml": "A bounce that follows no standard, about a mail that a person wrote.",
    "04-absence.eml": "Out of office.",
    "05-files.eml": "Three files: a picture, a program in a zip file, a zip file that is locked.",
    "06-newsletter.eml": "Advertising.",
    "07-zhaloba.eml": "Somebody who has waited too long, in an old encoding.",
    "08-saizu.eml": "A language that the shop does not write, from a telephone.",
    "09-stranger.eml": "Somebody who knows the id of another customer's mail, and her name.",
    "10-risposta.eml": "The first customer again, who answers between the lines of our answer.",
}
_HEAD = """\
# Ten mails, explained

What `maildaemon explain` says of ten mails, in the order in which they came to a shop with this
configuration (`docs/explained/shop.yaml`). Nothing is sent and nothing is written by that; try it
on mails of yours.

```yaml
{shop}```

```sh
cd docs/explained
maildaemon --config shop.yaml explain --thread *.eml
```

Each of them as an object, for programs: `explain --json` ([docs/cli.md](cli.md)). References
(`K7F3-Q2`) are others each time.
"""
_REFERENCE = re.compile(r"\b[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{2}\b")


def page() -> str:
    """Return the page as the program writes it today."""
    files = sorted(it.name for it in MAILS.glob("*.eml"))
    words = ["--config", "shop.yaml", "explain", "--thread", *files]
    code, out, err = ready().run(words, MAILS, os.environ, 120)
    assert code == 0, err.decode()
    told = _REFERENCE.sub("K7F3-Q2", out.decode())
    parts = [_HEAD.format(shop=(MAILS / "shop.yaml").read_text("utf-8"))]
    for name, following in zip(files, [*files[1:], ""], strict=True):
        _, _, rest = told.partition(f"{name}\n")
        text = rest.partition(f"\n{following}\n")[0] if following else rest
        parts.append(f"## {name}\n\n{_ABOUT[name]}\n\n```\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
