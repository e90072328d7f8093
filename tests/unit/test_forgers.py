"""What whoever writes in the name of another can do to him."""

from maildaemon.domain.actions import MuteSender
from maildaemon.domain.decide import decide
from maildaemon.domain.responder import Glance
from tests.builders import a_context, a_message, a_policy

MX = "mx.shop.example"


def mutes(verdict: str) -> bool:
    said = f"{MX}; dmarc={verdict} header.from=customer.example"
    message = a_message(headers={"Authentication-Results": said})
    alike = Glance("my order", message.reply_text)
    context = a_context(policy=a_policy(authserv_id=MX), sender_lately=(alike, alike))
    return any(isinstance(one, MuteSender) for one in decide(message, context).actions)


def test_s12_three_forged_mails_do_not_mute_whom_they_name() -> None:
    assert mutes("pass")
    assert not mutes("fail")


def test_s12_what_a_forger_writes_as_a_known_customer_is_not_echoed_to_him() -> None:
    def echoes(verdict: str) -> bool:
        said = f"{MX}; dmarc={verdict} header.from=customer.example"
        message = a_message(headers={"Authentication-Results": said})
        context = a_context(policy=a_policy(authserv_id=MX), sender_known=True)
        mail = decide(message, context).mail
        assert mail is not None
        return mail.echo_subject

    assert echoes("pass")
    assert not echoes("fail")
