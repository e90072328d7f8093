"""`service.http` of a running daemon."""

import http.client
import json
import signal
from pathlib import Path

import pytest

from tests.servers.dovecot import Account
from tests.servers.process import HOST, free_ports, wait_until
from tests.servers.sink import SmtpSink
from tests.system.installation import Installation, a_config, end, imap_of, smtp_of


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except ConnectionRefusedError:
        return 0, ""
    finally:
        connection.close()


@pytest.mark.sqlite
def test_the_daemon_shows_itself_on_its_port_and_to_this_machine_alone(
    tmp_path: Path, account: Account, tls_sink: SmtpSink
) -> None:
    here = Installation(tmp_path)
    port, other = free_ports(2)
    text = a_config(imap_of(account), smtp_of(tls_sink, account))
    text = text.replace("mode: live", f"mode: live, http: {{port: {port}}}")
    here.config.write_text(text)

    with here.running() as process:
        wait_until(lambda: ask(port, "/healthz")[0] == 200, 60, "it is healthy")
        assert json.loads(ask(port, "/healthz")[1])["well"] is True
        assert 'maildaemon_well{mailbox="support"} 1' in ask(port, "/metrics")[1]
        assert "all is well" in ask(port, "/")[1]

        here.config.write_text(text.replace(f"port: {port}", f"port: {other}", 1))
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: ask(other, "/healthz")[0] == 200, 60, "it moved to the other port")
        assert ask(port, "/healthz") == (0, "")
        assert end(process) == 0
