"""docs/privacy.md: its configuration is the one it runs with, and every command of it is run."""

import re
import shlex
from pathlib import Path

from tests.servers.dovecot import Account
from tests.servers.sink import SmtpSink
from tests.system.installation import (
    ROOT,
    Installation,
    a_config,
    a_letter,
    imap_of,
    smtp_of,
)

PAGE = (ROOT / "docs" / "privacy.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", PAGE)


def test_every_command_of_the_page_does_what_it_says(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = Installation(tmp_path)
    (policy,) = blocks("yaml")
    here.config.write_text(a_config(imap_of(account), smtp_of(tls_sink, account), policy))
    assert here.call("run", "--once").code == 0
    account.deliver(a_letter("first"))
    assert here.call("run", "--once").code == 0

    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) >= 5
    for command in commands:
        program, *arguments = shlex.split(command)
        outcome = here.call(*arguments)
        assert (program, outcome.code) == ("maildaemon", 0), (command, outcome.out, outcome.err)

    assert (tmp_path / "anna.zip").exists()
    assert b"anna@example.net" not in (here.data / "maildaemon.db").read_bytes()
