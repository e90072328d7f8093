"""The options of a login by token: what they mean, and what contradicts itself."""

import re
from pathlib import Path

import pytest

from maildaemon.domain.grants import Application
from maildaemon.settings import show
from tests.unit.test_settings import MINIMAL, only_problem, problems, read, with_imap

OTHER = (
    "provider: other, device_url: https://id.example/device, token_url: https://id.example/token, "
    "scope: mail offline_access, client_id: x"
)
WITHOUT_PASSWORD = MINIMAL.replace(", password: {env: SUPPORT_PASSWORD}", "")

# What is written of an option, beside what; what it is read as; what is wrong; what is said of it.
OPTIONS = {
    "provider": ("microsoft", "client_id: x", "microsoft", "gogle", "did you mean `google`?"),
    "client_id": ("abc", "provider: google", "abc", "''", "nothing is given here"),
    "client_secret": (
        *("{env: S}", "provider: google, client_id: x"),
        *("{'env': 'S'}", "{env: $S}", "bare name of the variable"),
    ),
    "tenant": (
        *("example.com", "provider: microsoft, client_id: x"),
        *("example.com", "a/b", "neither a domain nor an id"),
    ),
    "device_url": (
        *(
            "http://127.0.0.1:8080/device",
            OTHER.replace("device_url: https://id.example/device,", ""),
        ),
        *("http://127.0.0.1:8080/device", "http://id.example/device", "write `https://`"),
    ),
    "token_url": (
        *("https://a.example/t", OTHER.replace("token_url: https://id.example/token,", "")),
        *("https://a.example/t", "ftp://a.example", "write `https://"),
    ),
    "scope": (
        *("mail", OTHER.replace("scope: mail offline_access,", "")),
        *("mail", "[a]", "expected one value"),
    ),
}


def with_oauth2(options: str, server: str = "imap") -> str:
    host = f"host: {server}.example.com,"
    return WITHOUT_PASSWORD.replace(host, f"{host} oauth2: {{{options}}},")


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_of_oauth2_is_read_into_its_value_and_refused_when_wrong(name: str) -> None:
    written, beside, meant, wrong, said = OPTIONS[name]

    (mailbox,) = read(with_smtp_password(with_oauth2(f"{name}: {written}, {beside}"))).mailboxes

    assert mailbox.imap.oauth2 is not None
    assert str(mailbox.imap.oauth2.model_dump(mode="json")[name]) == meant
    mistakes = problems(with_smtp_password(with_oauth2(f"{name}: {wrong}, {beside}")))
    assert any(said in problem.message for problem in mistakes)


def with_smtp_password(text: str) -> str:
    return text.replace("host: smtp.example.com,", "host: smtp.example.com, password: {env: P},")


def test_oauth2_stands_in_place_of_the_password_for_imap_and_for_smtp() -> None:
    text = with_oauth2("provider: google, client_id: x")
    text = text.replace(
        "host: smtp.example.com,",
        "host: smtp.example.com, oauth2: {provider: google, client_id: x},",
    )

    (mailbox,) = read(text).mailboxes

    assert (mailbox.imap.password, mailbox.smtp and mailbox.smtp.password) == (None, None)
    assert mailbox.smtp is not None
    assert mailbox.smtp.oauth2 == mailbox.imap.oauth2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            with_smtp_password(WITHOUT_PASSWORD),
            (
                "mailboxes[0].imap.password: `password` is missing; add for example `password: "
                "{env: SUPPORT_PASSWORD}`, or `oauth2`"
            ),
        ),
        (
            with_imap("oauth2: {provider: google, client_id: x, tenant: y}"),
            "mailboxes[0].imap.oauth2.tenant: only Microsoft has a `tenant`",
        ),
        (
            with_imap("oauth2: {provider: other, client_id: x, scope: y, token_url: https://a}"),
            "mailboxes[0].imap.oauth2.provider: with `provider: other`, `device_url` must be given",
        ),
        (
            with_imap("oauth2: {provider: google, client_id: x, scope: y}"),
            "mailboxes[0].imap.oauth2.scope: `scope` is known of `google`; take it out",
        ),
        (
            MINIMAL.replace(
                "username: support@example.com, password: {env: SUPPORT_PASSWORD}}\n    smtp: {",
                "username: me, password: {env: P}}\n    smtp: "
                "{oauth2: {provider: google, client_id: x}, ",
            ).replace(
                "smtp.example.com, username: support@example.com, password: {env: SUPPORT_PASSWORD}",
                "smtp.example.com",
            ),
            "mailboxes[0].smtp.oauth2: `oauth2` needs a `username` beside it",
        ),
    ],
)
def test_what_does_not_go_together_is_said(text: str, said: str) -> None:
    assert only_problem(text).partition(": ")[2] == said


def test_a_secret_in_the_file_works_but_warns_and_is_never_shown() -> None:
    settings = read(with_imap("oauth2: {provider: google, client_id: x, client_secret: hush}"))

    (warning,) = (one for one in settings.warnings if "hours" not in str(one))
    assert (warning.path, warning.message) == (
        "mailboxes[0].imap.oauth2.client_secret",
        "a secret stands in this file; write `{env: NAME}` or `{file: PATH}`",
    )
    assert "hush" not in show(settings) + repr(settings)


def test_google_has_a_browser_come_back_and_microsoft_a_code_to_type() -> None:
    def application(options: str) -> Application:
        (mailbox,) = read(with_imap(f"oauth2: {{client_id: x, {options}}}")).mailboxes
        assert mailbox.imap.oauth2 is not None
        return mailbox.imap.oauth2.application

    google, microsoft = application("provider: google"), application("provider: microsoft")
    assert (google.device_url, google.scope) == (None, "https://mail.google.com/")
    assert google.authorize_url == "https://accounts.google.com/o/oauth2/v2/auth"
    assert microsoft.device_url == (
        "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"
    )
    assert application("provider: microsoft, tenant: shop.example").token_url == (
        "https://login.microsoftonline.com/shop.example/oauth2/v2.0/token"
    )
    assert "offline_access" in microsoft.scope


def test_every_configuration_in_the_page_of_providers_can_be_read_and_warns_of_nothing() -> None:
    page = (Path(__file__).parents[2] / "docs" / "providers.md").read_text("utf-8")
    written = re.findall(r"(?ms)^```yaml\n(.*?)^```$", page)

    assert len(written) >= 4
    for text in written:
        settings = read(text)
        assert [one for one in settings.warnings if "hours" not in str(one)] == []
        (mailbox,) = settings.mailboxes
        assert mailbox.smtp is not None
        assert mailbox.smtp.oauth2 == mailbox.imap.oauth2, "they share one sign-in"
        for host in (mailbox.imap.host, mailbox.smtp.host):
            assert f"`{host}`" in page or host == "mail.example.com"
