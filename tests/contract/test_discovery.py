"""The servers of an address are found by what its domain says, and nobody is believed blindly."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maildaemon.adapters.discovery import Found, find_exchanges, find_servers, read_autoconfig
from maildaemon.adapters.dns import Kind, Target, look_up, name_servers
from tests.servers.dovecot import make_certificate
from tests.servers.names import CNAME, SRV, Names, coded, names
from tests.servers.process import HOST
from tests.servers.sink import SmtpSink
from tests.servers.web import Web, web

ADDRESS = "help@shop.example"
AUTOCONFIG = "autoconfig.shop.example/mail/config-v1.1.xml"
WELL_KNOWN = "shop.example/.well-known/autoconfig/mail/config-v1.1.xml"
XML = b"""<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="shop.example"><domain>shop.example</domain>
<incomingServer type="pop3"><hostname>pop.shop.example</hostname><port>995</port>
  <socketType>SSL</socketType><username>pop</username></incomingServer>
<incomingServer type="imap"><hostname>clear.shop.example</hostname><port>143</port>
  <socketType>plain</socketType><username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="imap"><hostname>mail.%EMAILDOMAIN%</hostname><port>993</port>
  <socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
<outgoingServer type="smtp"><hostname>mail.shop.example</hostname><port>587</port>
  <socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider><webMail><loginPageInfo><username>web</username></loginPageInfo></webMail>
</clientConfig>"""


@pytest.fixture
def resolver() -> Iterator[Names]:
    with names() as found:
        yield found


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web(tmp_path, "autoconfig.shop.example", "shop.example") as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def test_what_the_domain_says_by_https_comes_first(pages: Web, resolver: Names) -> None:
    pages.put(AUTOCONFIG, XML)
    resolver.srv("_imaps._tcp.shop.example", 0, 993, "other.example")
    resolver.srv("_submissions._tcp.shop.example", 0, 465, "other.example")

    found = find_servers(ADDRESS, resolver.servers)

    assert found == Found("mail.shop.example:993", "mail.shop.example:587", "help", AUTOCONFIG)
    assert f"{AUTOCONFIG}?emailaddress=help%40shop.example" in pages.asked


def test_the_well_known_place_is_the_second_one(pages: Web, resolver: Names) -> None:
    pages.put(WELL_KNOWN, XML)

    assert find_servers(ADDRESS, resolver.servers).by == WELL_KNOWN


@pytest.mark.parametrize("to", ["http://autoconfig.shop.example/", "https://shop.example/x"])
def test_a_redirect_is_followed_nowhere(pages: Web, resolver: Names, to: str) -> None:
    pages.put(AUTOCONFIG, XML, "302 Found", f"Location: {to}\r\n")
    pages.put("shop.example/x", XML)

    assert find_servers(ADDRESS, resolver.servers, 5).by != AUTOCONFIG
    assert "shop.example/x" not in pages.asked


def test_a_certificate_of_somebody_else_is_not_believed(
    pages: Web, resolver: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.put(AUTOCONFIG, XML)
    monkeypatch.delenv("SSL_CERT_FILE")

    assert not find_servers(ADDRESS, resolver.servers, 5).imap
    assert pages.asked == []


def test_a_network_that_says_nothing_costs_some_seconds(pages: Web, resolver: Names) -> None:
    pages.pages[AUTOCONFIG] = None
    pages.pages[WELL_KNOWN] = None
    resolver.changed = lambda _: None
    began = time.monotonic()

    assert find_servers(ADDRESS, resolver.servers, 1) == Found()
    assert time.monotonic() - began < 10


def test_srv_records_are_the_third(pages: Web, resolver: Names) -> None:
    resolver.srv("_imaps._tcp.shop.example", 20, 993, "second.shop.example")
    resolver.srv("_imaps._tcp.shop.example", 10, 1993, "first.shop.example")
    resolver.srv("_submission._tcp.shop.example", 0, 587, "first.shop.example")

    found = find_servers(ADDRESS, resolver.servers)

    assert found == Found("first.shop.example:1993", "first.shop.example:587", "", "DNS")


@pytest.mark.parametrize("trusted", [True, False])
def test_names_that_answer_are_the_last_and_it_is_told_where_they_are_not_trusted(
    resolver: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    host, known = "mail.shop.example", socket.getaddrinfo
    certificate, key = tmp_path / "cert.pem", tmp_path / "cert.key"
    make_certificate(certificate, key, f"DNS:{host}")

    def resolved(name: str, *more: Any, **named: Any) -> Any:
        return known(HOST if name == host else name, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SmtpSink(tmp_path / "log", security="tls", certificate=(certificate, key)) as sink:
        # Before anything is said in TLS, one service shows its certificate as the other.
        usual = [(kind, "mail", sink.port, "tls") for kind in ("imap", "smtp")]
        monkeypatch.setattr("maildaemon.adapters.discovery._USUAL", usual)
        found = find_servers(ADDRESS, resolver.servers, 20)

    by = "a usual name, which answers"
    by += "" if trusted else "; with a certificate that is not trusted"
    assert found == Found(f"{host}:{sink.port}", f"{host}:{sink.port}", "", by)


def test_a_service_that_is_not_offered_is_none(resolver: Names) -> None:
    resolver.srv("_imaps._tcp.shop.example", 0, 0, "")

    assert look_up("_imaps._tcp.shop.example", Kind.SRV, resolver.servers) == ()


def test_where_mail_arrives_tells_whose_customer_it_is(resolver: Names) -> None:
    resolver.mx("shop.example", 10, "alt1.aspmx.l.google.com")
    resolver.mx("shop.example", 1, "aspmx.l.google.com")

    found = find_exchanges("help@Shop.Example", resolver.servers)
    assert found == ("aspmx.l.google.com", "alt1.aspmx.l.google.com")


def test_an_alias_before_the_answer_is_passed_over(resolver: Names) -> None:
    data = struct.pack("!3H", 0, 0, 993) + coded("mail.shop.example")
    resolver.records["x.example", SRV] = [(CNAME, coded("y.example")), (SRV, data)]

    found = look_up("x.example", Kind.SRV, resolver.servers)
    assert found == (Target(0, "mail.shop.example", 993),)


def test_an_answer_that_was_cut_is_asked_for_by_tcp(resolver: Names) -> None:
    resolver.mx("shop.example", 1, "mail.shop.example")
    resolver.changed = lambda answer: answer[:2] + b"\x83\x80" + answer[4:12]

    found = look_up("shop.example", Kind.MX, resolver.servers)
    assert found == (Target(1, "mail.shop.example"),)
    assert resolver.asked == ["udp shop.example", "tcp shop.example"]


@pytest.mark.parametrize(
    "changed",
    [
        lambda answer: b"\0\0" + answer[2:],  # another number
        lambda answer: answer[:2] + b"\x01\x80" + answer[4:],  # a question
        lambda answer: answer[:12] + b"\x04evil" + answer[17:],  # about another name
        lambda answer: answer[:-30],  # half of it
        lambda answer: answer[:4],
        lambda answer: answer[:30] + b"\xc0\x1e" + answer[32:],  # a name that leads to itself
    ],
)
def test_what_is_no_answer_to_the_question_is_none(
    resolver: Names, changed: Callable[[bytes], bytes]
) -> None:
    resolver.mx("shop.example", 1, "a-long-name-for-a-server.shop.example")
    resolver.changed = changed

    assert look_up("shop.example", Kind.MX, resolver.servers) == ()
    resolver.changed = lambda answer: answer
    assert look_up("shop.example", Kind.MX, resolver.servers) != ()


def test_the_next_name_server_is_asked_where_one_is_silent(resolver: Names) -> None:
    resolver.mx("shop.example", 1, "mail.shop.example")
    nobody = ("127.0.0.1", 9)

    assert look_up("shop.example", Kind.MX, (nobody, *resolver.servers))
    assert look_up("shop.example", Kind.MX, ()) == ()
    assert look_up(f"{'x' * 64}.example", Kind.MX, resolver.servers) == ()


def test_the_name_servers_are_those_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# ours\nsearch example\nnameserver 192.0.2.1\nnameserver 2001:db8::1\n")

    assert name_servers(path) == (("192.0.2.1", 53), ("2001:db8::1", 53))
    assert name_servers(tmp_path / "absent") == ()


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<html>welcome",
        b'<!DOCTYPE x [<!ENTITY a "mail.shop.example">]>' + XML.replace(b"%EMAILDOMAIN%", b"&a;"),
        XML.replace(b">993<", b">imap<"),
        XML.replace(b"STARTTLS", b"plain").replace(b"SSL", b"plain"),
    ],
)
def test_what_is_no_such_page_names_no_server(xml: bytes) -> None:
    assert not read_autoconfig(xml, ADDRESS).imap


def test_a_port_that_cannot_be_written_alone_is_left_out() -> None:
    found = read_autoconfig(XML.replace(b">587<", b">2587<"), ADDRESS)

    assert (found.imap, found.smtp) == ("mail.shop.example:993", "")
