"""`check` finds every mistake of a configuration in one run, each with its place and advice."""

import re
from pathlib import Path

import pytest

from maildaemon.cli import main

CONFIG = 78

# What stands behind `#!` is what must be said about the line, and nothing else may be said.
MAIN = """\
service:
  mode: lvie                                         #! `lvie` is no choice here; did you mean `live`?
  reply_within: 2 business days                      #! working time does not count here; write plain
  log_addresses: hidden                              #! `hidden` is no choice here; known here: full
  htpp: {port: 8080}                                 #! unknown option `htpp`; did you mean `http`?
  http: {port: 80800}                                #! must be from 1 to 65535
database:
  url: mariadb+mysqldb://db.example.com/mail         #! write MariaDB as `mariadb://USER@HOST/DATABASE`
mailboxes:
  - name: support
    address: support@example.com
    languages: [it, sv]                              #! `sv` is not among `languages.supported`; add it
    imap: {host: imap.example.com, username: me, password: {env: A}, idle: 3 hours}  #! from 30 seconds
    smtp: {host: smtp.example.com, username: me}     #! `username` needs a `password` beside it
    policy:
      limits: {burst: 0}                             #! must be from 1 to 1000
      database: {}                                   #! unknown option `database`
  - name: returns
    address: returns@example.com
    mode: live
    imap: {host: imap.example.com, username: me, password: {env: A}}  #! another mailbox reads this account
    smtp: {host: smtp.example.com, oauth2: {provider: gogle, client_id: x}}  #! did you mean `google`?
    policy: {mode: drafts}                           #! `mode` is also given beside `policy`; keep one
  - name: anna
    address: anna@example.com
    reads: sent_only
    imap: {host: imap.example.com, username: anna, password: {env: B}}
    smtp: {host: smtp.example.com}                   #! nothing is ever sent for an account of which
  - name: berta
    address: berta@example.com
    reads: send_only                                 #! did you mean `sent_only`?
    imap: {host: imap.example.com, username: berta, password: {env: C}}
    smtp: {host: smtp.example.com}
attachments:
  max_file_size: 30 MB                               #! no file can be larger than `max_total_size`
limits:
  burst: 3
  burst: 4                                           #! `burst` is already given in line 37; keep one
hours:
  timezone: Europe/Roma                              #! did you mean `Europe/Rome`?
  open: {mon: 09:00-13:00 12:00-18:00}               #! `09:00-13:00` and `12:00-18:00` overlap
  holidays: {country: UK, add: [2026-02-30]}         #! `UK` is no country; did you mean `GB`? #! no day `2026-02-30`
notices:
  - {from: 2027-01-02, until: 2026-12-22, template: holiday}  #! would end before it begins; swap
promises:
  normal: {first_reply: 24 business hours, warn_at: 30 business hours}  #! staff would be warned only when
  urgent: {first_reply: 3 open days}                 #! days are counted in `business days`
  urgnet: {first_reply: 1 hour}                      #! did you mean `urgent`?
escalation:
  - {after: 2 days, on: customer_replies_after_answer, to: [lead@shop.example]}  #! either `after` or `on`
follow_up:
  - {after: 7 business days, template: closing_soon}
  - {after: 3 business days, template: follow_up}    #! the step before comes later (7 business days)
  - {after: 9 business days}                         #! give a `template` to send, or `resolve: yes`
languages:                                           #! default: `en` is not among
  supported: [it, xx]                                #! there are no texts in `xx`
privacy:
  notice: http://shop.example/privacy                #! is no web address; write `https://
alerts:
  command: page --now                                #! expected a list such as `[one, two]`, found a text
digest: {to: [anna], at: 8 o'clock}                  #! `anna` is no mail address #! is no time of the day
probe: {every: 1 minute}                             #! must be from 5 minutes to 24 hours
control: {keywords: perhaps}                         #! `perhaps` is neither `yes` nor `no`
include: [rules.yaml, tab.yaml, gone.yaml]           #! gone.yaml: there is no such file
"""

RULES = """\
rules:
  - name: damaged
    when: {any: [damaged, "/arrived (/"]}            #! is no regular expression: missing )
    need: [order_number]                             #! nobody knows what an order number looks like
  - name: damaged                                    #! `damaged` is given twice; rename one
    when: {in: [subject]}                            #! no condition is given
    forward: watchmaker                              #! no partner is called `watchmaker`
  - name: idle                                       #! this rule does nothing
    when: {any: [x]}
  - name: &anchor copied                             #! anchors are not read
    when: {any: [x]}
    set: *anchor                                     #! `*anchor` is not followed; write the value out
contacts: {telephone: }                              #! nothing is given here
hours: {}                                            #! `hours` is already given in
service: {}                                          #! `service` stands in the main file only
include: [maildaemon.yaml]                           #! includes itself in the end
"""

TAB = "limits:\n\tburst: 3                               #! a tab stands where YAML wants spaces\n"


def planted() -> dict[tuple[str, int], list[str]]:
    """Return what must be said, by file and line."""
    files = {"maildaemon.yaml": MAIN, "rules.yaml": RULES, "tab.yaml": TAB}
    return {
        (name, number): [words.strip() for words in line.split("#!")[1:]]
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if "#!" in line
    }


def check() -> int:
    with pytest.raises(SystemExit) as end:
        main(["--config", "maildaemon.yaml", "check"])
    assert isinstance(end.value.code, int)
    return end.value.code


def test_check_finds_every_planted_mistake_with_its_line_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("maildaemon.yaml", MAIN), ("rules.yaml", RULES), ("tab.yaml", TAB)):
        Path(name).write_text(re.sub(r" *#!.*", "", text))

    assert check() == CONFIG

    said: dict[tuple[str, int], list[str]] = {}
    for line in capsys.readouterr().out.splitlines():
        match = re.fullmatch(r"✗ FAILED: (?:.*/)?(\w+\.yaml):(\d+):(\d+): (.+)", line)
        assert match is not None, line
        assert int(match[3]) > 0
        said.setdefault((match[1], int(match[2])), []).append(match[4])
    wanted = planted()
    assert sum(map(len, wanted.values())) >= 45
    missed = [
        (*place, words)
        for place, all_words in wanted.items()
        for words in all_words
        if not any(words in message for message in said.get(place, []))
    ]
    assert missed == [], said
    assert {place: len(words) for place, words in said.items()} == {
        place: len(words) for place, words in wanted.items()
    }
