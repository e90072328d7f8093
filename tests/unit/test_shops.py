"""The complete shops in `config/shops`: each loads as it stands, and its rules say what a shop owner
would say of a mail, in the languages in which customers write.
"""

import functools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maildaemon.domain.actions import Assign, Forward, QueueMail
from maildaemon.domain.context import Decision
from maildaemon.domain.decide import decide
from maildaemon.domain.policy import Policy
from maildaemon.mail.parse import parse_message
from maildaemon.settings import load_settings
from maildaemon.settings.policy import make_policy
from maildaemon.shipped import shipped
from tests.builders import a_context
from tests.service.shop import EXE, PNG, a_mail

SHOPS = ("jewellery", "marketplace", "one-person")
# A Tuesday, ten o'clock in New York.
TUESDAY = datetime(2026, 12, 1, 15, tzinfo=UTC)


@functools.cache
def policy_of(shop: str) -> Policy:
    settings = load_settings(shipped("config") / "shops" / f"{shop}.yaml")
    return make_policy(settings, settings.mailboxes[0])


def decided(shop: str, text: str, at: datetime = TUESDAY, subject: str = "Hello") -> Decision:
    """Return what comes of a mail of somebody new; the first line may be its subject."""
    policy = policy_of(shop)
    if text.startswith("Subject: "):
        subject, _, text = text.removeprefix("Subject: ").partition("\n")
    return decide_mail(shop, a_mail(text, to=policy.sender.address, subject=subject, date=at), at)


def decide_mail(shop: str, raw: bytes, at: datetime = TUESDAY) -> Decision:
    policy = policy_of(shop)
    parsed = parse_message(raw, policy.reading)
    context = a_context(policy=policy, now=at, received_at=at, recorded_at=at)
    return decide(parsed.message, context)


def response(decision: Decision) -> QueueMail:
    (queued,) = (one for one in decision.actions if isinstance(one, QueueMail))
    return queued


@pytest.mark.parametrize("shop", SHOPS)
def test_a_shop_loads_as_it_stands_and_begins_in_shadow(shop: str) -> None:
    settings = load_settings(shipped("config") / "shops" / f"{shop}.yaml")

    assert settings.warnings == ()
    assert settings.mode_of(settings.mailboxes[0]).default == "shadow"


# What the customer writes; the category, the priority and the tags that the shop gives it.
JEWELLERY = (
    ("Is the Aurora ring also available in size 54, in white gold?", "product normal"),
    ("How do I clean a pearl necklace without ruining it?", "product normal"),
    ("Guten Tag, ist die Kette auch in Silber verfügbar?", "product normal"),
    ("Could you send me the invoice for EJ-204417, please?", "order normal"),
    ("Can you add gift wrapping and an engraving to order EJ-204417?", "order normal"),
    ("Buongiorno, mi serve la fattura dell'ordine EJ204417.", "order normal"),
    ("I would like to return the bracelet, it is too big. EJ-204417", "returns normal"),
    ("Ich möchte den Ring zurücksenden und das Geld zurück.", "returns normal"),
    ("Je voudrais un remboursement pour la commande EJ-204417.", "returns normal"),
    ("Where is my order EJ-204417? The tracking has not moved.", "shipping normal"),
    ("¿Dónde está mi pedido? Todavía espero el envío EJ-204417.", "shipping normal"),
    ("Will I have to pay customs for delivery to Norway?", "shipping normal"),
    ("I cannot log in to my account any more, the password is refused.", "account normal"),
    ("Please change the email address of my account.", "account normal"),
    ("J'ai oublié mon mot de passe.", "account normal"),
    ("The earrings are beautiful, I just had to write a review for you.", "feedback normal"),
    ("Ho scritto una recensione, complimenti a tutti!", "feedback normal"),
    ("When will my ring arrive?", "shipping normal"),
    ("Wann kommt mein Ring an?", "shipping normal"),
    ("Do you ship to Canada?", "shipping normal"),
    ("What is your return policy?", "returns normal"),
    ("The ring is too small, what can I do?", "returns normal"),
    ("A stone fell out of my ring.", "product normal"),
    ("I would like to order the bracelet, how do I pay?", "order normal"),
    # Twelve business hours
    ("My necklace EJ-204417 arrived yesterday and the clasp is broken.", "shipping urgent damage"),
    ("The box was open and the stone is cracked, photos follow.", "shipping urgent damage"),
    ("L'anello è arrivato ieri, ma è graffiato.", "shipping urgent damage"),
    ("Das Armband ist leider verbogen angekommen.", "shipping urgent damage"),
    ("J'ai reçu mon colis et la bague est cassée.", "shipping urgent damage"),
    ("El collar llegó roto, pedido EJ-204417.", "shipping urgent damage"),
    ("The tracking says delivered, but there is nothing here.", "shipping urgent emergency"),
    ("The wedding is on Saturday, our wedding is this week!", "shipping urgent emergency"),
    ("Mein Paket wurde gestohlen!", "shipping urgent emergency"),
    ("Please change the shipping address of EJ-204417.", "order urgent address"),
    ("Ho sbagliato, vorrei cambiare l'indirizzo di consegna.", "order urgent address"),
    ("I need to cancel my order EJ-204417 before it ships.", "order urgent cancellation"),
    ("Ich möchte meine Bestellung stornieren.", "order urgent cancellation"),
    ("Je souhaite annuler ma commande EJ-204417.", "order urgent cancellation"),
    ("I have changed my mind, please do not send it.", "order urgent cancellation"),
    # Complaints: each is about something
    ("I want to make a complaint about the delivery of EJ-204417.", "shipping high complaint"),
    ("This is unacceptable. I expect more of a jeweller.", "feedback high complaint"),
    ("I am very unhappy with your service.", "feedback high complaint"),
    ("Could I speak to the manager?", "feedback high complaint"),
    ("Ich möchte mich beschweren: die Rechnung ist falsch.", "order high complaint"),
    (
        "I must complain: the ring EJ-204417 arrived broken.",
        "shipping urgent complaint damage",
    ),
    # Nothing of all that
    ("Do you have a shop in Boston?", "None normal"),
)

MARKETPLACE = (
    ("Where is my parcel? 100-1234567-7654321", "delivery normal"),
    ("Où est mon colis, s'il vous plaît ?", "delivery normal"),
    ("Gdzie jest moja paczka?", "delivery normal"),
    ("I never received order 100-1234567-7654321.", "delivery urgent missing"),
    ("Das Paket ist nicht angekommen.", "delivery urgent missing"),
    ("Mi paquete ha sido robado.", "delivery urgent missing"),
    ("The lamp is broken, what can we do?", "damage urgent damage"),
    ("La lampada è arrivata rotta.", "damage urgent damage"),
    ("Lampa dotarła uszkodzona.", "damage urgent damage"),
    ("I want a refund for 100-1234567-7654321.", "returns normal"),
    ("Ich möchte den Artikel zurücksenden.", "returns normal"),
    ("Chciałbym zwrócić ten produkt.", "returns normal"),
    ("¿Cuándo llega mi mesa?", "delivery normal"),
    ("Kiedy przyjdzie moje zamówienie?", "delivery normal"),
    ("I want to cancel my order.", "order urgent cancellation"),
    ("Der Verkäufer antwortet nicht.", "dispute high"),
    ("I forgot my password.", "account normal"),
    ("Il me faut la facture de mon achat.", "account normal"),
    ("I have been charged twice for one lamp.", "dispute high"),
    ("Das ist Betrug, ich will mein Geld!", "dispute high"),
    ("Esto es una estafa.", "dispute high"),
)

ONE_PERSON = (
    ("How much does a blue bowl cost, and what is its price with shipping?", "order normal"),
    ("Quanto costa una ciotola grande?", "order normal"),
    ("Vorrei ordinare sei tazze per Natale.", "order normal"),
    ("Two of the cups arrived broken.", "broken urgent damage"),
    ("Il vaso è arrivato in pezzi.", "broken urgent damage"),
    ("One plate is chipped, I am so sad.", "broken urgent damage"),
    ("Le tazze sono rotte!", "broken urgent damage"),
    ("Are you at the market in Orvieto on Sunday?", "None normal"),
    ("Fate anche corsi per principianti?", "None normal"),
    ("I would like to commission a tea set.", "order normal"),
    ("I piatti sono bellissimi.", "order normal"),
    ("Can a vase go into the dishwasher?", "order normal"),
    ("Do you ship to Germany?", "order normal"),
)


@pytest.mark.parametrize(
    ("shop", "text", "expected"),
    [
        (shop, *row)
        for shop, rows in zip(SHOPS, (JEWELLERY, MARKETPLACE, ONE_PERSON), strict=True)
        for row in rows
    ],
)
def test_the_rules_of_a_shop_say_what_a_mail_is_about(shop: str, text: str, expected: str) -> None:
    found = decided(shop, text).understanding

    said = f"{found.category} {found.priority} {' '.join(found.tags)}".strip()
    assert said == expected


NEW_YORK = ZoneInfo("America/New_York")


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("text", "written", "told"),
    [
        ("Is it available in gold?", "2026-12-01 09:00", "2026-12-03 09:00"),
        ("Is it available in gold?", "2026-12-04 17:00", "2026-12-08 17:00"),
        ("The ring arrived broken.", "2026-12-04 17:00", "2026-12-07 05:00"),
        ("The ring arrived broken.", "2026-12-05 22:00", "2026-12-07 12:00"),
        ("Please cancel my order.", "2026-12-01 09:00", "2026-12-01 21:00"),
        ("This is unacceptable.", "2026-12-01 09:00", "2026-12-02 09:00"),
        # Thanksgiving is no business day, and neither is Christmas.
        ("Is it available in gold?", "2026-11-25 17:00", "2026-11-30 17:00"),
        ("The ring arrived broken.", "2026-12-24 18:00", "2026-12-28 06:00"),
        # The clock goes back on a Sunday: nobody works then.
        ("Is it available in gold?", "2026-10-30 12:00", "2026-11-03 12:00"),
    ],
)
def test_the_jeweller_promises_the_first_reply_that_his_policy_names(
    text: str, written: str, told: str
) -> None:
    found = response(decided("jewellery", text, new_york(written)))

    assert found.answer_by == new_york(told)


def test_the_jeweller_says_when_he_opens_again_while_he_is_closed_and_not_before() -> None:
    def opens(written: str) -> datetime | None:
        return response(decided("jewellery", "Is it gold?", new_york(written))).opens_at

    assert opens("2026-12-01 11:00") is None
    opening = opens("2026-12-05 22:00")
    assert opening is not None
    assert f"{opening.astimezone(NEW_YORK):%a %d}" == "Mon 07"


def test_an_urgent_mail_to_the_jeweller_names_the_telephone_and_asks_for_what_is_missing() -> None:
    urgent = response(decided("jewellery", "The ring arrived broken."))
    usual = response(decided("jewellery", "Is it available in gold?"))

    assert urgent.contacts is not None
    assert urgent.contacts.telephone == "+1 212 555 0123"
    assert urgent.missing == ("order_number", "photo")
    assert (usual.contacts, usual.missing) == (None, ())


@pytest.mark.parametrize(
    "text",
    [
        "Do you ship to Canada?",
        "Will I have to pay customs for delivery to Norway?",
        "What is your return policy?",
        "I would like to order the Aurora ring, can I pay with PayPal?",
        "Liefern Sie nach Norwegen?",
    ],
)
def test_who_has_bought_nothing_yet_is_not_asked_for_the_number_of_an_order(text: str) -> None:
    assert response(decided("jewellery", text)).missing == ()


@pytest.mark.parametrize(
    ("text", "slower"),
    [
        ("Guten Tag, ich möchte gerne wissen, ob Sie den Ring auch in Größe 54 haben.", True),
        ("Buongiorno, vorrei sapere se avete lo stesso anello anche in oro bianco.", True),
        ("Hello, I would like to know whether you have the ring in size 54.", False),
    ],
)
def test_the_jeweller_answers_in_english_and_says_when_that_may_take_longer(
    text: str, slower: bool
) -> None:
    found = response(decided("jewellery", text))

    assert (found.language, found.slower) == ("en", slower)


@pytest.mark.parametrize(
    ("text", "hours"), [("Where is my parcel?", 48), ("The lamp is broken.", 24)]
)
def test_the_marketplace_promises_hours_that_pass_on_sundays_too(text: str, hours: int) -> None:
    saturday = datetime(2026, 12, 5, 12, tzinfo=UTC)

    found = response(decided("marketplace", text, saturday))

    assert found.answer_by == saturday + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "partner"),
    [
        ("When will 201-1234567-7654321 arrive?", "orders@northern-lamps.example"),
        ("¿Tiene Casa Verde esta mesa en roble?", "ventas@casa-verde.example"),
        ("When will 100-1234567-7654321 arrive?", None),
        ("201-1234567-7654321: I have told my lawyer.", None),
    ],
)
def test_the_marketplace_sends_a_mail_to_the_seller_whose_goods_it_is_about(
    text: str, partner: str | None
) -> None:
    found = decided("marketplace", text).actions

    to = next((one.to for one in found if isinstance(one, Forward)), None)
    assert to == partner
    assert not any(isinstance(one, Assign) for one in found)


def test_the_marketplace_says_which_file_it_does_not_take_and_what_it_takes() -> None:
    files = (("photo.png", "image/png", PNG), ("viewer.exe", "application/octet-stream", EXE))
    sender = policy_of("marketplace").sender.address
    raw = a_mail("The lamp that I ordered is broken.", to=sender, date=TUESDAY, files=files)

    found = response(decide_mail("marketplace", raw))

    assert [(one.filename, one.reason) for one in found.refusals] == [
        ("viewer.exe", "extension_blocked")
    ]
    assert found.missing == ("order_number",)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Où est mon colis ? Je l'attends depuis une semaine.", "fr"),
        ("Wo bleibt mein Paket? Ich warte schon seit einer Woche.", "de"),
        ("Gdzie jest moja paczka? Czekam już od tygodnia.", "pl"),
        ("Onde está a minha encomenda? Estou à espera há uma semana.", "en"),
    ],
)
def test_the_marketplace_answers_in_the_customers_language(text: str, language: str) -> None:
    assert response(decided("marketplace", text)).language == language


def test_one_person_promises_three_days_and_never_says_that_the_shop_is_closed() -> None:
    sunday = datetime(2026, 12, 6, 3, tzinfo=UTC)

    found = response(decided("one-person", "Quanto costa una ciotola?", sunday))

    assert (found.answer_by, found.opens_at) == (sunday + timedelta(days=3), None)
    assert policy_of("one-person").time.follow_up == ()
