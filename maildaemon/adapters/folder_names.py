"""What folders are called that are for the same in every mailbox, in many languages."""

import re
import unicodedata

from imapclient import imap_utf7

from maildaemon.ports import Role

# Where mail clients and providers put these folders when nothing else tells their use.
_NAMES = {
    Role.SENT: """
        Sent|Sent Items|Sent Messages|Sent Mail|Sent-Mail|Sent E-mails
        Gesendet|Gesendete Objekte|Gesendete Elemente|Gesendete Nachrichten|Gesendete E-Mails
        Envoyés|Éléments envoyés|Messages envoyés|Objets envoyés|Courrier envoyé
        Inviata|Inviati|Posta inviata|Messaggi inviati|Elementi inviati
        Enviados|Elementos enviados|Mensajes enviados|Correo enviado|Correos enviados
        Itens enviados|Mensagens enviadas|E-mails enviados|Enviadas|Enviats|Elements enviats
        Verzonden|Verzonden items|Verzonden berichten|Verzonden objecten
        Skickat|Skickade|Skickade objekt|Skickade meddelanden
        Sendt|Sendt post|Sendt mail|Sendte elementer|Sendte objekter|Sendte e-mails
        Lähetetyt|Lähetetyt viestit|Wysłane|Elementy wysłane|Wysłane elementy
        Odeslané|Odeslaná pošta|Odeslané položky|Odoslané|Odoslaná pošta|Odoslané položky
        Elküldött|Elküldött elemek|Trimise|Elemente trimise|Mesaje trimise
        Poslano|Poslane stavke|Poslana pošta|Изпратени|Послати|Poslati
        Отправленные|Надіслані|Відправлені|Απεσταλμένα|Saadetud|Nosūtītie|Išsiųsta|Išsiųsti
        Gönderilmiş|Gönderilmiş Öğeler|Gönderilenler|Gönderilmiş Postalar
        送信済み|送信済みアイテム|送信済みメール|送信済みメッセージ|送信済トレイ
        已发送|已发送邮件|已傳送|寄件備份|已寄出|보낸편지함|보낸 편지함|보낸 메일함|보낸메일함
        العناصر المرسلة|البريد المرسل|פריטים שנשלחו|ส่งแล้ว|Terkirim|Đã gửi
    """,
    Role.JUNK: """
        Junk|Spam|Junk E-mail|Junk Email|Junk Mail|Bulk|Bulk Mail|Spamverdacht|Werbung
        Unerwünscht|Unerwünschte Werbung|Junk-E-Mail|Indésirables|Courrier indésirable|Pourriel
        Posta indesiderata|Indesiderata|Correo no deseado|No deseado|Correo basura
        Lixo eletrônico|Lixo eletrónico|Correio não solicitado|Correu brossa
        Ongewenst|Ongewenste e-mail|Reclame|Skräppost|Skräp|Uønsket|Uønsket e-mail|Søppelpost
        Roskaposti|Niechciane|Wiadomości-śmieci|Wiadomości śmieci
        Nevyžádaná pošta|Nevyžádané|Nevyžiadaná pošta|Levélszemét|Nedorite|Mesaje nedorite
        Neželjena pošta|Neželena pošta|Спам|Нежелательная почта|Небажана пошта|Нежелана поща
        Ανεπιθύμητα|Ανεπιθύμητη αλληλογραφία|Önemsiz|Önemsiz E-posta|İstenmeyen
        迷惑メール|迷惑メールフォルダ|垃圾邮件|垃圾郵件|스팸|스팸메일함|스팸함|정크 메일
        البريد غير الهام|דואר זבל|สแปม|Rämpspost|Mēstules|Šlamštas
    """,
    Role.DRAFTS: """
        Drafts|Draft|Entwürfe|Entwurf|Brouillons|Bozze|Borradores|Rascunhos|Esborranys
        Concepten|Utkast|Kladder|Kladde|Luonnokset|Szkice|Wersje robocze|Kopie robocze
        Koncepty|Rozepsané|Rozpísané|Piszkozatok|Ciorne|Skice|Osnutki|Чернови|Нацрти
        Черновики|Чернетки|Πρόχειρα|Taslaklar|下書き|草稿|草稿箱|草稿匣|임시보관함|임시 보관함
        المسودات|טיוטות|ร่าง|Mustandid|Melnraksti|Juodraščiai|Konsep|Bản nháp
    """,
}


def folded(name: str) -> str:
    """Return a name as names are compared."""
    return unicodedata.normalize("NFC", name).casefold()


# The most common name of each first.
WELL_KNOWN = {
    role: tuple(
        folded(name.strip()) for line in names.strip().splitlines() for name in line.split("|")
    )
    for role, names in _NAMES.items()
}


# A year, or a number that a program has added: `Sent-2026`, `Gesendet (1)`.
_NUMBERED = re.compile(r"[ _-]*\(?[0-9][0-9 _.-]*\)?$")


def role_of_name(name: str) -> Role | None:
    """Return what a folder is for, by its name alone; None if that does not tell."""
    wanted = _NUMBERED.sub("", folded(name.strip()))
    return next((role for role, names in WELL_KNOWN.items() if wanted in names), None)


def readable_name(name: str) -> str:
    """Return the name of a folder of a Maildir as people read it; unchanged if it is no such."""
    # RFC 3501 §5.1.3: servers name the folders on disk as in the protocol, in modified UTF-7.
    try:
        return str(imap_utf7.decode(name.encode("ascii")))
    except UnicodeError:
        return name
