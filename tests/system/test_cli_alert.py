"""`check --alert`: does an alarm reach people, by each path, and does a running daemon use it."""

import json
import sys
from pathlib import Path

import pytest

from tests.servers.sink import SmtpSink
from tests.servers.webhook import Webhook
from tests.system.installation import Installation

pytestmark = pytest.mark.sqlite

_CONFIG = """\
database: {{url: "sqlite:///var/maildaemon.db"}}
mailboxes:
  - name: support
    address: support@example.test
    imap: {{host: localhost, username: support, password: {{env: SUPPORT_PASSWORD}}}}
    smtp: {{host: localhost}}
alerts:
  command: ["{command}", "-c", "{program}"]
  webhook: {{env: HOOK}}
  smtp: {{host: localhost, port: {port}, security: none, from: a@b.example, to: [ops@b.example]}}
"""


def test_each_path_is_told_and_what_fails_is_said_without_the_address(
    tmp_path: Path, sink: SmtpSink
) -> None:
    here = Installation(tmp_path)
    here.config.write_text(
        _CONFIG.format(command=sys.executable, program="import sys; sys.exit(3)", port=sink.port)
    )

    with Webhook() as webhook:
        quiet = here.call("check", HOOK=webhook.url)
        assert (webhook.got, sink.accepted()) == ([], [])
        done = here.call("check", "--alert", "--json", HOOK=webhook.url)
        assert webhook.events == ["alert.tested"]

    assert "alerts: a webhook is told" in quiet.out
    found = [json.loads(line) for line in done.out.splitlines()]
    told = {one["what"]: one["result"] for one in found if one["check"] == "alerts"}
    assert told == {
        f"alerts: command: {sys.executable} ended with 3": "failed",
        "alerts: webhook was told; did it reach you?": "ok",
        "alerts: smtp:ops@b.example was told; did it reach you?": "ok",
    }
    assert len(sink.accepted()) == 1
    assert "s3cret" not in done.out + done.err + quiet.out
    assert done.code != 0
    assert not here.data.exists(), "nothing is made by a check"
