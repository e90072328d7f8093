"""Reads RFC 3463 statuses out of what servers write, and makes one where only words stand."""

import re

from maildaemon.domain.message import ReportAction
from maildaemon.mail.notice_words import phrases

_MAX_TEXT = 8_000

# RFC 3463 §2: class, subject and detail. An address of a host or a version looks similar.
_STATUS = re.compile(r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?!\d|\.\d)")

# RFC 3463 §3, subject and detail, by the words of servers that give no code. The first hit counts:
# what is sure stands before what is vague. "Mailbox unavailable" is none of these, since
# RFC 5321 §4.2.3 has it say "not found" and "not welcome" alike.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "2.2",
        phrases(
            """
            mailbox full | mailbox is full | mailfolder is full | mailbox is over | quota |
            storage limit | exceeds allowed size | mailbox has exceeded |
            insufficient disk space | not enough space | not enough free space |
            message count limit | messages in recipient's mailbox exceeded | inbox is full |
            postfach ist voll | postfach voll | speicherplatz | boîte pleine | boite pleine |
            boîte aux lettres est pleine | bal pleine | casella piena | casella di posta piena |
            spazio esaurito | buzón lleno | buzon lleno | caixa postal cheia | caixa cheia |
            postvak is vol | mailbox is vol | skrzynka jest pełna | skrzynka pełna |
            przepełnion | переполнен | переповнен | превышен лимит | 邮箱空间不足 | 邮箱已满 |
            容量已满 | 信箱已滿 | メールボックスの容量 | 容量を超え | 용량 초과 | 가득
            """
        ),
    ),
    (
        "3.4",
        phrases(
            """
            message too big | message too large | message is too large | message size exceed |
            mail size limit | maximum size | size limit | exceeds the maximum message size |
            nachricht ist zu groß | message trop volumineux | messaggio troppo grande |
            mensaje demasiado grande | слишком большой | 邮件过大 | 邮件太大 | サイズが大きすぎ
            """
        ),
    ),
    (
        "2.1",
        phrases(
            """
            account disabled | account is disabled | account has been disabled |
            mailbox disabled | mailbox is disabled | mailbox is inactive | inactive user |
            account is inactive | account inactive | user is inactive | has been deactivated |
            account suspended | account is suspended | account has been suspended |
            user suspended | account is temporarily limited | administrativly disabled |
            administratively disabled | mailbox has been blocked | account is blocked |
            konto ist gesperrt | konto deaktiviert | compte désactivé | compte suspendu |
            account disabilitato | casella disattivata | cuenta desactivada | conta desativada |
            ящик заблокирован | ящик отключен | аккаунт заблокирован | 帐号被禁用 | 账号已停用
            """
        ),
    ),
    (
        "1.2",
        phrases(
            """
            host unknown | unknown host | host not found | domain not found | no such host |
            host or domain name not found | no such domain | unknown domain | nxdomain |
            domain does not exist | domain doesn't exist | remote domain doesnt exist |
            couldn't find any host | could not find any host | non-existent hosts |
            bad destination system | bad destination host | name service error for |
            domain couldn't be found | domain could not be found | couldn't find a gateway |
            could not find a gateway | no mx record | illegal host/domain | invalid domain |
            all host address lookups failed | domain unbekannt | domäne nicht gefunden |
            domaine inconnu | dominio sconosciuto | dominio inesistente | dominio no existe |
            домен не найден | домен не существует | 域名不存在 | ドメインが見つかりません
            """
        ),
    ),
    (
        "1.1",
        phrases(
            """
            user unknown | unknown user | unknown recipient | recipient unknown |
            unknown address | address unknown | unknown mailbox | unknown local part |
            unknown or illegal alias | no such user | no such recipient | no such mailbox |
            no such address | no such person | no such account | no such email |
            no mailbox here by that name | no account by that name | no user by that name |
            user not found | recipient not found | recipnotfound | mailbox not found |
            recipientnotfound | address not found | address couldn't be found |
            address wasn't found | address could not be found | mailbox could not be found |
            user does not exist | user doesn't exist | account does not exist |
            mailbox does not exist | mailbox doesn't exist | recipient does not exist |
            address does not exist | address doesn't exist | doesn't have an account |
            tried to reach does not exist | doesn't have a | not a valid user |
            invalid recipient | invalid mailbox | invalid user | invalid address |
            invalid final delivery userid | not a valid mailbox | not a known user |
            not listed in | recipient name is not recognized | addressee unknown |
            did not exactly match | no matches to nameserver query | unrouteable address |
            unroutable address | user unkown | not our customer | no valid recipients |
            recipient rejected: user | recipient address rejected: undeliverable address |
            unbekannter empfänger | empfänger unbekannt | empfänger ist unbekannt |
            unbekannter benutzer | benutzer unbekannt | existiert nicht | nicht gefunden |
            utilisateur inconnu | destinataire inconnu | adresse inconnue | n'existe pas |
            utente sconosciuto | destinatario sconosciuto | indirizzo sconosciuto | non esiste |
            inesistente | non trovato | usuario desconocido | no existe |
            destinatario desconocido | no se encontr | usuário desconhecido | não existe |
            destinatário desconhecido | não encontrado | onbekende gebruiker | bestaat niet |
            niet gevonden | onbekende ontvanger | nieznany użytkownik | nieznany adres |
            nie istnieje | nie znaleziono | neexistuje | neznámý | nem létezik | nu există |
            не существует | не найден | несуществующ | нет такого пользователя |
            не зарегистрирован | не існує | не знайден | kullanıcı bulunamadı | findes ikke |
            finnes ikke | finns inte | hittades inte | ei löydy | ei ole olemassa | 不存在 |
            没有此用户 | 无此用户 | 用户不存在 | 查無 | 找不到 | 見つかりません | 存在しません |
            ありませんでした | 존재하지 않 | 찾을 수 없
            """
        ),
    ),
    (
        "7.1",
        phrases(
            """
            relaying denied | relay denied | relay access denied | unable to relay |
            not permitted to relay | smtp relay error | blocked | blacklist | blocklist | spam |
            policy | not authorized | not allowed | access denied | permission denied |
            prohibited | not accepting mail from | dmarc | virus
            """
        ),
    ),
    (
        "4.6",
        phrases(
            """
            mail loop | too many hops | hop count | mail forwarding loop | loops back
            """
        ),
    ),
    (
        "4.7",
        phrases(
            """
            retry timeout exceeded | delivery time expired | queue too long | expired |
            not delivered within | maximum delivery attempts | delivery attempts failed |
            maximum time in queue | could not be delivered for | attempts have failed
            """
        ),
    ),
    (
        "4.1",
        phrases(
            """
            connection timed out | connection refused | not reachable | not responding |
            no answer from host | could not connect | couldn't connect | unable to connect |
            operation timed out | network is unreachable | no route to host | smtp connection |
            keine verbindung
            """
        ),
    ),
)


def find_status(text: str) -> str | None:
    """Return the first RFC 3463 code in a text, None if there is none."""
    found = _STATUS.search(text[:_MAX_TEXT])
    return found[1] if found else None


def status_in_words(text: str, action: ReportAction) -> str | None:
    """Return the RFC 3463 code that the words of a server amount to; None if they say too little.

    The class is the action's: what was given up is permanent, whatever it was in the beginning.
    """
    lower = " ".join(text[:_MAX_TEXT].lower().replace("\u2019", "'").split())
    code = next((code for code, words in _WORDS if any(word in lower for word in words)), None)
    if code is None:
        return None
    return f"{'4' if action is ReportAction.DELAYED else '5'}.{code}"


def refine(status: str | None, diagnostic: str) -> str | None:
    """Return the finer of two codes: many servers state 5.0.0 and quote a 5.1.1."""
    if status is not None and not status.endswith(".0.0"):
        return status
    told = find_status(diagnostic)
    if told is None or (status is not None and told[0] != status[0]):
        return status
    return told
