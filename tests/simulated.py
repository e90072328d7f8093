"""One conversation, and what `maildaemon simulate` tells of it, as a page for those who want to see.

python -m tests.simulated     writes docs/simulate.md anew
"""

import os
import re

from tests.system.installation import ROOT
from tests.system.ready import ready

MAILS = ROOT / "docs" / "simulated"
PAGE = ROOT / "docs" / "simulate.md"

_HEAD = """\
# A month of mail, on a virtual clock

`maildaemon simulate` takes the mail that a shop has (mbox, Maildir, message files), lets it arrive once
more in the order in which it came, and does what the daemon would have done with it, by the same
code. The clock leaps from one moment to the next, so a year takes a minute. It only reads: no
network, no password, no database; nothing of the shop's is changed.

```sh
maildaemon --config shop.yaml simulate ~/Mail/support      # a Maildir, or a folder of mbox files
maildaemon --config shop.yaml simulate inbox.mbox sent.mbox
maildaemon --config shop.yaml simulate --compare new.yaml ~/Mail/support
```

What lies in a folder or file called `sent` (`Sent Items`, `Posta inviata`, `Gesendet-2026.mbox`) was
written by staff, and so was what one of the mailbox's own addresses wrote to somebody else, wherever it
lies; what Google gives out in one file is told apart by its labels. Without it every answer seems to be
missing. Junk is treated as in the mailbox; drafts and deleted mail are left out, and what cannot be read
is named. A mail arrived when its topmost `Received` says, else its `Date`.

It judges as if the mode were `live`. Mail that is queued goes at once, so the pace of the mailbox
(`limits.per_mailbox`) and everything else that a network makes wait is not shown; a brake that would
have stopped all automatic mail is named and released. Files are not shown to the virus scanner, and
numbers are looked up in CSV files only.

`--since` is when the daemon is thought to be started: mail from before is known, and never answered. It
ends 60 days after the last mail, or at `--until`. `--json` prints an object an event ([cli.md](cli.md)).

## One conversation, from the first mail to the question how it went

Four mails (`docs/simulated`), and this configuration:

```yaml
{shop}```

```
{told}```

What it tells, line by line:

- **Friday evening** Giulia writes, and gets an acknowledgement at once. 48 business hours from then are Tuesday,
  17:10, and that is the day it names: the weekend does not count.
- **Monday** half of that time is over, and Anna is warned. She answers on Tuesday, so nothing is late. Had
  she not, a line with `✗` would stand there.
- **Wednesday** Giulia writes again. She is not acknowledged a second time. Anna answers, and from here it is
  Giulia's turn.
- She is silent: after 3 business days a reminder goes to her, after 7 the word that the matter will be taken as
  settled, after 10 it is (8 December is a holiday in Italy and does not count). A mail of hers, or of Anna's,
  would have stopped all of this.
- **A business day later** she is asked how it went.

`K7F3-Q2` names the conversation, as in `maildaemon threads show`. Where a reminder to staff comes again and again, it
stands there once, with the number of times and the last one.

## What another configuration changes

With reminders after five days instead of three (`docs/simulated/patient.yaml`):

```
{compared}```

`+` is sent as well, `-` no more, `~` at another time, to somebody else, or with another date in it. Where
there is more than one, their number stands below them. If nothing differs, nothing is printed. That a mailbox
would have another mode (going live, say) is said first: the rest is judged as live with both. Both are judged as if they
had been in force all the time; the daemon, from the reload on, leaves out what was due before.
"""
_REFERENCE = re.compile(r"\b[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{2}\b")
_INDENTED = re.compile(r"^ +$", re.MULTILINE)


def page() -> str:
    """Return the page as the program writes it today."""
    return _HEAD.format(
        shop=(MAILS / "shop.yaml").read_text("utf-8"),
        told=_simulate(),
        compared=_simulate("--compare", "patient.yaml"),
    )


def _simulate(*options: str) -> str:
    words = ["--config", "shop.yaml", "simulate", *options, "."]
    code, out, err = ready().run(words, MAILS, os.environ, 120)
    assert code == 0, err.decode()
    return _INDENTED.sub("", _REFERENCE.sub("K7F3-Q2", out.decode()))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
