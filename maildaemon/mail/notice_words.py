"""The words of mail servers: how reports of failed delivery begin, and what they say.

In lower case, gathered by what they mean; the languages stand together where their words do.
"""


def phrases(text: str) -> tuple[str, ...]:
    """Return what stands between the bars."""
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


# Who writes nothing else than such reports: the local part begins so,
SURE_SENDERS = phrases(
    """
    mailer-daemon | mailerdaemon | mailer_daemon | mailer.daemon | mail-daemon | maildaemon- |
    mdaemon | mail.delivery.system | mailsystem | mail-system |
    microsoftexchange329e71ec88ae4615bbc36ab6ce41109e | mailer-deamon | mailerdeamon
    """
)

# or the name does.
SURE_NAMES = phrases(
    """
    mail delivery s | mail deliver system | mailer-daemon | mailer daemon | mail daemon |
    delivery subsystem | jetmail system | mail delivery service | mail administrator |
    mail delivery-system | e-mail delivery system | email delivery system
    """
)

# He may be a person, who does not begin a subject so.
POSTMASTERS = ("postmast", "post_mast", "post-mast")

# These write other mail, too.
LIKELY_SENDERS = phrases(
    """
    bounce | mailadmin | mail-delivery | no-reply |
    noreply | sysadmin | system | ndr | admin | root | daemon | notification | mta | delivery |
    mailbot | mail-admin | errors | returns
    """
)

# Words of the subject, anywhere in it.
SUBJECTS = phrases(
    """
    undeliver | non-deliver | non deliver | nondeliver | not delivered | not be delivered |
    failure notice | delivery status | delivery fail | delivery notif | delivery warn |
    delivery has | delivery problem | deliver problem | delivery error | mail fail |
    failed mail | failed delivery | returned mail | returning message | returned to sender |
    message delayed | delivery delayed | delivery delay | delayed mail | couldn't be deliv |
    could not be deliv | couldn't deliver | could not deliver | could not send | mail error |
    error during delivery | rejected mail | mail system error | message status |
    delivery report | unable to deliver | warning: message | mail rejected | bounced mail |
    message could not | undelivered | failure delivery | returned e-mail | [bounce] |
    automatically rejected | mail transaction failed | nondelivery | mail delivery | zurück |
    non remis | non délivr | non distribu | échec de la remise | échec d'envoi | avis de non |
    retour à l'expéditeur | unzustellbar | nicht zugestellt | zustellung | nicht zustellbar |
    mancata consegna | mancato recapito | recapito non riuscito | non recapitabile |
    messaggio non consegnato | no se pudo entregar | no entregado | no se ha podido entregar |
    no se puede entregar | error de entrega | mensaje devuelto | não entreg | nao entreg |
    não foi entregue | falha na entrega | não é possível entregar | mensagem devolvida |
    niet afgeleverd | niet bezorgd | onbestelbaar | kan niet worden | inte levereras |
    olevererbart | kan ikke leveres | ikke leveret | kunne ikke leveres | ei voitu toimittaa |
    toimittaminen | nie dostarczono | niedostarczon | zwrot | nie można dostarczyć |
    nedoručiteln | nedoručen | nedoručiteľn | nem kézbesíthető | kézbesítés | nelivrat |
    teslim edilemedi | iletilemedi | недоставлен | не доставлен | не удалось доставить |
    невозможно доставить | ошибка доставки | возврат | не доставлено | не вдалося доставити |
    не може бути доставлен | не дійшло | 退信 | 未送达 | 无法送达 | 无法投递 | 投递失败 |
    无法传递 | 未能送达 | 系统退信 | 退件 | 無法傳遞 | 無法遞送 | 配信不能 | 配信できません |
    送信エラー | 配送エラー | 不達 | 配信に失敗 | 未配達 | エラーメール | 전송 실패 | 배달 실패 |
    반송 | 발송실패 | 메일 전송
    """
)

# What neither customers nor parcel services have reason to write.
TECHNICAL = phrases(
    """
    smtp | rcpt to | mailbox unavailable | user unknown | unknown user | no such user |
    following recipient | recipient(s) | non-delivery report | mail delivery system |
    mail delivery subsystem | your message could not be delivered | mail server | mailserver |
    e-mail server | email server | recipient address | recipient's mailbox | message-id: |
    mail system | host unknown | undelivered mail | following address | delivery status |
    mailbox is full | mailbox full | over quota | quota exceeded | did not reach the |
    mail delivery agent | sendmail | qmail | postfix | exchange server | diagnostic |
    unknown recipient | returned mail | your mail to | your mail could |
    your message | user mailbox | domino |
    address book | ihre nachricht | ihre e-mail | postfach | votre message | votre courriel |
    boîte aux lettres | il messaggio | tuo messaggio | casella | su mensaje | el mensaje |
    buzón | sua mensagem | a mensagem | uw bericht | wiadomoś | skrzynk | ваше письмо |
    ваше сообщение | почтовый ящик | ваш лист | 您的邮件 | 邮箱 | 郵件 | 信箱 | 退信 |
    メールアドレス | 送信できません | メールボックス | 메일 | vaše zpráv | schránk | üzenet |
    mesajul | meddeland | viestiä | ileti
    """
)

# One of the first lines that a server writes begins so.
BEGINNINGS = phrases(
    """
    this is the mail system at | this is the qmail-send program | hi. this is the |
    this message was created automatically by | this is an automatically generated delivery |
    this is a message from the mail | this is the mail delivery | this is a delivery status |
    the original message was received at | your message did not reach some or all |
    your message could not be delivered to | your message was not delivered to |
    your message cannot be delivered to | your mail could not be delivered to |
    your mail cannot be delivered to | your mail message to the following address |
    delivery has failed to these recipients | delivery to the following recipient |
    unable to deliver message to | unable to deliver your message |
    could not deliver message to | i'm sorry to have to inform you that |
    i'm afraid i wasn't able to deliver | sorry, unable to deliver your message |
    sorry, your message to | the following message could not be delivered |
    the following message to | the following addresses | your message with subject |
    this report relates to a message you sent | your message to the following recipients |
    message from yahoo | message from interscan | message could not be delivered |
    a message that you sent could not |
    a message you sent could not | the message that you sent to | this user doesn't have |
    delivery of this message to | recipient address rejected | user unknown | unknown user |
    invalid final delivery userid | undeliverable to | user mailbox exceeds allowed size |
    the user(s) account | failed recipients | an error was detected while processing |
    user mailbox exceeds | delivery failed for | delivery failed to |
    each of the following recipients | your mail sent on | your mail attempted to be |
    an error occurred while sending mail | an error occurred while trying to deliver |
    diese nachricht wurde automatisch | ihre nachricht konnte nicht an |
    die nachricht konnte nicht an | ihre nachricht wurde nicht zugestellt |
    ihre e-mail konnte nicht an | fehler bei der zustellung ihrer | votre message n'a pas pu |
    votre message n'a pas été remis | ce message a été généré automatiquement |
    échec de la remise | il messaggio non è stato recapitato | il tuo messaggio non |
    impossibile recapitare il messaggio | su mensaje no | el mensaje no pudo |
    no se pudo entregar el mensaje | error en la entrega del mensaje |
    sua mensagem não | a mensagem não pôde | não foi possível entregar a mensagem |
    uw bericht kon niet | uw bericht is niet | twoja wiadomość nie |
    nie można dostarczyć wiadomości | wiadomość nie została dostarczona |
    это письмо создано автоматически | ваше письмо не может быть доставлено |
    ваше сообщение не доставлено | не удалось доставить сообщение |
    сообщение не доставлено | ваш лист не | 抱歉，您的邮件 | 很抱歉，您 | 您的邮件未能 |
    对不起，您的邮件 | 您发送的邮件 | 以下のメール | 送信されたメール | 次の宛先 |
    メールを送信できません | 메일을 전송하지 | 보내신 메일 | 귀하의 메일 | vaše zpráva nemohla
    """
)

# It failed,
FAILED = phrases(
    """
    could not be delivered | cannot be delivered | can not be delivered | not be delivered |
    unable to deliver | able to deliver | not delivered | did not reach | undeliverable |
    delivery failed | delivery has failed | delivery to the following | failed | failure |
    permanent | unknown user | user unknown | unknown recipient | recipient unknown |
    no such user | no such recipient | does not exist | doesn't exist | mailbox unavailable |
    not found | invalid | quota | mailbox is full | mailfolder is full | mailbox full |
    not reach | could not be reached | could not deliver | disabled | delivery problems | error |
    aborted | undelivered | has been returned | not a valid | intended recipient | rejected |
    wasn't delivered | couldn't be delivered | could not be sent | blocked | doesn't have a |
    not match an | exceeds allowed | not accepted | refused | deferred | nicht zugestellt |
    unzustellbar | unbekannter empfänger | fehlgeschlagen | nicht gesendet | nicht gefunden |
    n'a pas pu | n'a pas été | pas pu être | échec | erreur | inconnu | no pudo | no se pudo |
    no se ha podido | no ha podido | no puede | no existe | devuelto | non è stato |
    non e' stato | impossibile | mancat | errore | sconosciut | inesistente | não pôde |
    nao pode ser | não foi | não é possível | não existe | falha | erro | niet worden |
    niet bezorgd | niet afgeleverd | kon niet | mislukt | bestaat niet | nie dostarczono |
    nie można | nie została | nie istnieje | błąd | nie udało | не может быть | не удалось |
    невозможно | не доставлен | недоставлен | не существует | не найден | ошибка | не вдалося |
    не може бути | не існує | помилка | отклонен | kunne ikke | kan ikke | kunde inte |
    kan inte | ei voi | epäonnistui | nelze | nebyl | nepodařilo | nemožno | nem sikerült |
    nem lehet | nu a putut | edilemedi | 未送达 | 无法 | 無法 | 失败 | 失敗 | 退回 | 退信 |
    不存在 | 被拒 | 未能 | 错误 | できません | エラー | 届きません | 配信不能 | 실패 | 반송 |
    없습니다 | 못했습니다
    """
)

# or is late;
DELAYED = phrases(
    """
    delayed | not yet been delivered | will be retried | attempts will continue |
    continue to be made | postponed | warning message only | only a warning | a warning only |
    just a warning | continue to attempt | continue to try | will keep trying | will retry |
    will try again | still trying | do not need to resend | retry for | temporarily deferred |
    delivery incomplete | not been delivered yet | noch nicht zugestellt | verzögert |
    weitere zustellversuche | retardé | en attente de remise | nouvelle tentative | retrasad |
    se seguirá intentando | in ritardo | ritardat | ulteriori tentativi | atrasad |
    continuará tentando | vertraagd | opóźnion | задержан | задержка | отложен |
    попытки доставки будут | затриман | затримка | försenad | forsinket | zpožděn | 延迟 | 延遲 |
    稍后重试 | 将继续尝试 | 遅延 | 再送 | 지연
    """
)

# where these stand it is over, however late it was before.
FINAL = phrases(
    """
    permanent | giving up | given up | gave up | no longer | not going to try again |
    will not be retried | no further delivery attempts | returned to sender | has expired |
    delivery failed | delivery has failed | undeliverable | endgültig | définitive | definitiv |
    will be deleted | no further attempts | was returned
    """
)

# After a line that begins so comes the returned mail; addresses in it are none that failed.
COPY_BEGINS = phrases(
    """
    received: | return-path: | content-type: message/rfc822 | start of returned |
    mensaje original | mensagem original | messaggio originale | message original |
    message d'origine | ursprüngliche nachricht | originalnachricht | oorspronkelijk bericht |
    oryginalna wiadomość | исходное сообщение | оригинальное сообщение | текст письма | 原邮件如下 |
    原始邮件 | 原信 | 原始郵件 | 元のメッセージ | 元のメール | 送信メール | 원본 메시지 |
    this is a copy of | here is a copy of | a copy of | copy of | included is a copy |
    below this line | below the next line | original message | original mail |
    --- original | your message reads | this attachment is a copy | an attachment is a copy |
    the header of the original | message header of | header of the source | unsent message |
    returned message | returned mail: | message headers follow | message text follows |
    no message was collected | the text of your | headers of the message | x-mailer:
    """
)

# These may stand anywhere in a line that has no address.
COPY_WITHIN = phrases(
    """
    copy of the message | copy of your message | original message follows | unsent message |
    message text follows | headers follow | original message headers | returned message below |
    header of the original | below this line | original message is attached |
    text of the returned | message is as follows | message as received is as follows
    """
)
