"""A second Postfix instance on loopback: submission with STARTTLS and Dovecot SASL.

Everything it accepts is relayed to a sink on this machine; nothing can leave it.
"""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from tests.servers import process
from tests.servers.dovecot import Dovecot
from tests.servers.process import HOST, ServerMissingError
from tests.servers.throwaway import Throwaway

_MAIN = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {base}/mail.log
maillog_file_prefixes = {base}
syslog_name = throwaway
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.test
mydestination =
mynetworks =
local_recipient_maps =
local_transport = error:nothing is delivered here
relayhost = [127.0.0.1]:{relay_port}
smtp_host_lookup = native
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl_port}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtputf8_enable = yes
message_size_limit = 20480000
alias_maps =
alias_database =
bounce_queue_lifetime = 1m
minimal_backoff_time = 10s
maximal_backoff_time = 20s
queue_run_delay = 10s
default_process_limit = 20
"""

_MASTER = """\
{host}:{port} inet n - n - - smtpd
postlog   unix-dgram n  -       n       -       1       postlogd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
"""


class Postfix(Throwaway):
    """A running instance. Users and passwords are those of the Dovecot given."""

    name = "Postfix"
    logs = ("out", "mail.log")

    def __init__(self, dovecot: Dovecot, relay_port: int) -> None:
        """Needs root: Postfix's master refuses everybody else."""
        self._program = process.require_program("postfix", "postfix")
        if os.getuid() != 0:
            raise ServerMissingError("Postfix can be started by root only; run these tests as root")
        super().__init__()
        self._dovecot = dovecot
        self._relay_port = relay_port
        self.ca_file = dovecot.ca_file
        [self.port] = process.free_ports(1)

    def _make(self) -> None:
        for name in ("conf", "queue", "data"):
            (self.base / name).mkdir()
        shutil.chown(self.base / "data", "postfix")
        (self.base / "conf" / "main.cf").write_text(
            _MAIN.format(
                base=self.base,
                relay_port=self._relay_port,
                sasl_port=self._dovecot.sasl_port,
                certificate=self._dovecot.ca_file,
                key=self._own_key(),
            )
        )
        (self.base / "conf" / "master.cf").write_text(_MASTER.format(host=HOST, port=self.port))
        # It makes the queue's folders; it grumbles about a second instance, harmlessly.
        self._run("check")

    def _own_key(self) -> Path:
        # Postfix insists that its key belongs to root.
        key = self.base / "key.pem"
        key.write_bytes(self._dovecot.key_file.read_bytes())
        key.chmod(0o600)
        return key

    def _greets(self) -> bool:
        if not process.answers(self.port, b"220"):
            return False
        with socket.create_connection((HOST, self.port), timeout=5) as connection:
            connection.recv(512)
            connection.sendall(b"EHLO test\r\n")
            return b"STARTTLS" in connection.recv(4096)

    @property
    def _user(self) -> dict[str, Any]:
        return {}

    def _command(self, what: str = "start") -> list[str]:
        return [self._program, "-c", str(self.base / "conf"), what]

    def _run(self, what: str) -> None:
        with (self.base / "out").open("ab") as out:
            subprocess.run(
                self._command(what), check=False, stdout=out, stderr=out, timeout=60, **self._around
            )

    def _launch(self) -> None:
        # Its master leaves whoever starts it, and only by a command all its processes end.
        self._run("start")

    def _end(self, sig: signal.Signals) -> None:
        self._run("stop")
