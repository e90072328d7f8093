"""Words by which machines are known where their headers say nothing, in lower case."""


def phrases(text: str) -> tuple[str, ...]:
    """Return what stands between the bars."""
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


# These subjects mail servers have written for decades, word by word, and nobody else ever: not even
# the customers of a shop, who do write "delivery failed".
BOUNCES = phrases(
    """
    undelivered mail returned to sender | delivery status notification (failure) |
    mail delivery failed: returning message to sender |
    returned mail: see transcript for details | delivery status notification (delay) |
    mail delivery failed: returning message to sender. | delayed mail (still being retried)
    """
)

# These stand in the subject of a mail that a postmaster did not write by hand.
BOUNCE_SUBJECTS = phrases(
    """
    undelivered mail | undeliverable | delivery status notification | delivery failure |
    failure notice | mail delivery failed | returned mail | delivery has failed |
    message not delivered | mail system error | message status | could not be delivered |
    unzustellbar | non remis | mancata consegna | no se puede entregar | no se pudo entregar |
    não é possível entregar | niet afgeleverd | onbestelbaar | niedostarczon | не доставлено |
    недоставлен | 退信 | 未送达 | 配信不能 | 반송
    """
)

# With these begins the subject of an answer that nobody wrote; a mark or nothing follows.
OUT_OF_OFFICE = phrases(
    """
    automatic reply | automatic response | automatic e-mail reply | automatic email reply |
    automatic answer | automated reply | automated response | automated answer | auto reply |
    auto-reply | autoreply | auto response | auto-response | autoresponse | auto answer |
    autoresponder | auto responder | auto-responder | yahoo! auto response | vacation reply |
    vacation response | vacation message | vacation notice | vacation auto-reply |
    holiday auto-reply | out of office autoreply | out of office auto-reply |
    out of office auto reply | out of office reply | out of office response |
    out of office message | out of office notification | out of office notice | out of office |
    out-of-office | out of the office | ooo | away from the office | away from my mail |
    away from my desk | i am out of the office | i'm out of the office |
    i am currently out of the office | i'm currently out of the office |
    currently out of office | i am away from the office | i am currently away from the office |
    absence notification |

    automatische antwort | automatische rückantwort | automatische e-mail-antwort |
    automatische abwesenheitsnotiz | automatische abwesenheitsnachricht |
    automatische benachrichtigung | automatisierte antwort | autoantwort | auto-antwort |
    abwesenheitsnotiz | abwesenheitsnachricht | abwesenheitsmeldung | abwesenheitsassistent |
    abwesenheitsbenachrichtigung | abwesenheitsagent | abwesenheitsinfo | außer haus |
    urlaubsnotiz | urlaubsbenachrichtigung | ich bin nicht im büro |
    ich bin derzeit nicht im büro | ich bin nicht im haus |

    réponse automatique | reponse automatique | réponse auto | réponse d'absence |
    réponse automatique d'absence | message d'absence | message automatique d'absence |
    message automatique | notification d'absence | notification automatique d'absence |
    avis d'absence | absence du bureau | absent du bureau | absente du bureau |
    absent(e) du bureau | répondeur automatique | répondeur |

    risposta automatica | risposta automatica fuori sede | messaggio automatico | fuori sede |
    fuori ufficio | assente dall'ufficio | assenza dall'ufficio | risponditore automatico |
    notifica di assenza | messaggio di assenza | risposta di assenza |

    respuesta automática | respuesta automatica | contestación automática | autorrespuesta |
    mensaje automático | fuera de la oficina | fuera de oficina | ausente de la oficina |
    aviso de ausencia | mensaje de ausencia | respuesta de ausencia | contestador automático |
    respuesta automática de ausencia | resposta automática | resposta automàtica |
    resposta automatica | mensagem automática | resposta automática de ausência |
    fora do escritório | fora da empresa | ausente do escritório | ausência temporária |
    ausência do escritório | aviso de ausência | fora de l'oficina | absent de l'oficina |
    erantzun automatikoa |

    automatisch antwoord | automatische beantwoording | automatisch bericht |
    afwezig: | abwesend: | abwesenheit: | assente: | frånvaro: | fravær: | nieobecność: |
    afwezigheidsbericht | afwezigheidsmelding | afwezigheidsassistent | afwezig van kantoor |
    niet op kantoor | buiten kantoor | autosvar | automatiskt svar | automatiskt meddelande |
    frånvaromeddelande | frånvaromeddelanden | frånvarobesked | ej på kontoret |
    inte på kontoret | automatisk svar | automatisk besvarelse | fraværsmeddelelse |
    fraværsmelding | fraværsbesked | ikke på kontoret | ikke til stede | ute av kontoret |
    sjálfvirkt svar | automaattinen vastaus | automaattivastaus | poissaoloviesti |
    poissaoloilmoitus | poissa toimistosta | automaatvastus | automaatne vastus |
    kontorist väljas | automātiska atbilde | automātiskā atbilde | automatinis atsakymas |

    automatyczna odpowiedź | odpowiedź automatyczna | autoodpowiedź | autoresponder: |
    poza biurem | nieobecność w biurze | informacja o nieobecności | automatická odpověď |
    automatická odpoveď | mimo kancelář | mimo kancelárie | oznámení o nepřítomnosti |
    oznámenie o neprítomnosti | automatikus válasz | automatikus üzenet | házon kívül |
    távolléti üzenet | távolléti értesítés | răspuns automat | raspuns automat | mesaj automat |
    în afara biroului | automatski odgovor | automatsko obavještenje | izvan ureda |
    samodejni odgovor | odsotnost z dela | përgjigje automatike |

    автоответ | автоматический ответ | автоматическое сообщение | автоматическое уведомление |
    автоматический ответ об отсутствии | вне офиса | отсутствие на рабочем месте |
    меня нет на рабочем месте | автоматична відповідь | автовідповідь | поза офісом |
    автоматичне повідомлення | автоматичен отговор | извън офиса | автоматски одговор |
    аутоматски одговор | ван канцеларије | аўтаматычны адказ | автоматты жауап |

    αυτόματη απάντηση | αυτόματο μήνυμα | εκτός γραφείου | απουσία από το γραφείο |
    otomatik yanıt | otomatik cevap | otomatik mesaj | ofis dışında | ofis dışındayım |
    رد تلقائي | الرد التلقائي | رد آلي | خارج المكتب | پاسخ خودکار | תשובה אוטומטית |
    מענה אוטומטי | הודעת היעדרות | לא במשרד | स्वचालित उत्तर | स्वतः उत्तर |

    自動返信 | 自動応答 | 自動回答 | 自動返信メール | 不在通知: | 不在通知： | 自動応答メール |
    自动回复 | 自动答复 | 自动应答 | 外出自动回复 | 假期自动回复 | 自動回覆 | 自動答覆 |
    自動回复 | 不在辦公室 | 不在办公室 | 자동 회신 | 자동 응답 | 자동회신 | 자동응답 |
    부재중 알림 | 부재 중 알림 | 부재중 자동 | 부재중 자동응답 | trả lời tự động |
    thư trả lời tự động | balasan otomatis | jawaban otomatis | balasan automatik |
    di luar kantor | ตอบกลับอัตโนมัติ | การตอบกลับอัตโนมัติ
    """
)

# So Lotus Notes names the one who is away: at the end of the subject, or before a date.
IS_AWAY = phrases(
    """
    is out of the office | is out of office | will be out of the office |
    is away from the office | ist außer haus | ist nicht im büro | ist nicht im hause |
    est absent du bureau | est absent(e) | est absente du bureau | è fuori ufficio |
    è assente dall'ufficio | está fuera de la oficina | está fora do escritório |
    is niet op kantoor | is afwezig | er ikke på kontoret | är inte på kontoret |
    je mimo kancelář | jest poza biurem
    """
)

# So a help desk confirms what it got, by the form of its subject alone;
RECEIVED = phrases(
    """
    [request received] | request received: | [ticket received] | ticket received - |
    ticket received: | [ticket created] | ticket created: | ticket created - |
    ticket creation - | support ticket opened | support ticket created |
    new support ticket created | new ticket opened | [anfrage erhalten] | anfrage erhalten: |
    [demande reçue] | demande reçue : | [solicitud recibida] | solicitud recibida: |
    [richiesta ricevuta] | richiesta ricevuta: | [solicitação recebida] | solicitação recebida: |
    [pedido recebido] | [verzoek ontvangen] | verzoek ontvangen: | [запрос получен] |
    запрос получен: | [zgłoszenie przyjęte] | [リクエストを受信しました] | [请求已收到]
    """
)
# or by words that a person might choose, too: only in an answer to a mail of ours.
THANKS = phrases(
    """
    we have received your request | we have received your message | we have received your e |
    we have received your mail | we have received your inquiry | we have received your enquiry |
    we've received your request | we've received your message | we've received your e |
    we received your request | we received your message | we received your email |
    your request has been received | your message has been received |
    your email has been received | your e-mail has been received | your ticket has been |
    your request has been registered | your inquiry has been received |
    your enquiry has been received | your case has been created | thank you for contacting |
    thanks for contacting | thank you for your message | thank you for your email |
    thank you for your e-mail | thank you for your mail | thank you for your inquiry |
    thank you for your enquiry | thank you for your request | thanks for your message |
    thanks for your email | acknowledgement of receipt | auto: | confirmation of receipt |
    please confirm your message | verification required | waiting for your confirmation |

    ihre anfrage ist | ihre anfrage wurde | ihre nachricht ist | ihre nachricht wurde |
    ihre e-mail ist | ihre e-mail wurde | ihre mail ist | eingangsbestätigung |
    empfangsbestätigung | vielen dank für ihre anfrage | vielen dank für ihre nachricht |
    vielen dank für ihre e-mail | vielen dank für ihre mail | danke für ihre nachricht |
    danke für ihre anfrage | danke für ihre e-mail | wir haben ihre anfrage |
    wir haben ihre nachricht | wir haben ihre e-mail |

    accusé de réception | nous avons bien reçu votre demande |
    nous avons bien reçu votre message | nous avons bien reçu votre mail |
    nous avons bien reçu votre e-mail | votre demande a bien | votre message a bien été reçu |
    merci pour votre message | merci de nous avoir contact | conferma di ricezione |
    abbiamo ricevuto la sua richiesta | abbiamo ricevuto la tua richiesta |
    abbiamo ricevuto il suo messaggio | abbiamo ricevuto il tuo messaggio |
    grazie per averci contattat | grazie per il tuo messaggio | acuse de recibo |
    hemos recibido su mensaje | hemos recibido su solicitud | hemos recibido tu mensaje |
    hemos recibido tu solicitud | hemos recibido su correo | gracias por contactar |
    gracias por su mensaje | gracias por ponerse en contacto | confirmação de recebimento |
    recebemos sua mensagem | recebemos a sua mensagem | recebemos seu contato |
    obrigado por entrar em contato | obrigado pela sua mensagem | ontvangstbevestiging |
    wij hebben uw bericht | wij hebben uw e-mail | we hebben je bericht |
    bedankt voor uw bericht | bedankt voor je bericht | bedankt voor uw e-mail |
    uw aanvraag is ontvangen | tack för ditt mail | tack för ditt meddelande |
    tack för ditt mejl | mottagningsbekräftelse | tak for din henvendelse | tak for din mail |
    takk for din henvendelse | kiitos viestistäsi | kiitos yhteydenotostasi |
    potwierdzenie otrzymania | dziękujemy za wiadomość | dziękujemy za kontakt |
    otrzymaliśmy twoją wiadomość | potvrzení o přijetí | děkujeme za váš e-mail |
    köszönjük megkeresés | vă mulțumim pentru mesaj |

    ваше обращение принято | ваше обращение зарегистрировано | ваше обращение получено |
    ваше обращение № | ваш запрос принят | ваш запрос получен | ваш запрос зарегистрирован |
    ваша заявка принята | заявка принята | спасибо за обращение | мы получили ваше письмо |
    мы получили ваше сообщение | дякуємо за звернення | σας ευχαριστούμε για |
    talebiniz alınmıştır | mesajınız alınmıştır | お問い合わせありがとう |
    お問い合わせを受け付け | お問合せありがとう | 문의가 접수 | 문의해 주셔서 | 已收到您的 |
    感谢您的来信 | 我们已收到
    """
)

# So the subject of a receipt begins, and so its text says that it is one.
READ_SUBJECTS = phrases(
    """
    read: | not read: | gelesen: | ungelesen: | nicht gelesen: | lu : | lu: | non lu : |
    non lu: | letto: | non letto: | leído: | no leído: | lida: | não lida: | lido: | gelezen: |
    niet gelezen: | läst: | ej läst: | læst: | lest: | luettu: | przeczytane: | przeczytano: |
    přečteno: | prečítané: | olvasott: | citit: | прочитано: | прочтено: | прочетено: |
    διαβάστηκε: | okundu: | תשובת קריאה: | 開封済み: | 开封: | 已读: | 已閱讀: | 읽음: |
    return receipt | receipt: | read receipt | lesebestätigung | accusé de lecture |
    conferma di lettura | confirmación de lectura | confirmação de leitura | leesbevestiging |
    potwierdzenie przeczytania | уведомление о прочтении | повідомлення про прочитання
    """
)
READ_TEXTS = phrases(
    """
    was read on | was displayed on | was read at | was deleted without being read |
    has been displayed | has been read on | this is a receipt for the mail | return receipt for |
    wurde gelesen am | gelesen am | ungelesen gelöscht | wurde angezeigt | a été lu le |
    a été affiché | supprimé sans avoir été lu | è stato letto il | è stato visualizzato |
    eliminato senza essere | fue leído el | se leyó el | ha sido leído | se mostró |
    foi lida em | foi lido em | foi exibid | is gelezen op | werd gelezen op | is weergegeven |
    lästes den | blev læst | ble lest | luettiin | została przeczytana | przeczytano dnia |
    byla přečtena | bola prečítaná | elolvasták | a fost citit | было прочитано | прочтено |
    було прочитано | tarihinde okundu | 開封されました | 表示されました | 已阅读 | 已讀取 |
    읽었습니다
    """
)

# Where nobody reads: an address has such words, whatever stands between them.
NO_REPLY = phrases(
    """
    noreply | noreplies | donotreply | dontreply | noresponse | noanswer | nichtantworten |
    keineantwort | antwortennicht | nepasrepondre | nerepondezpas | pasdereponse |
    nonrispondere | nonrisponda | noresponder | noresponda | norespondre | naoresponder |
    naoresponda | nietantwoorden | nietbeantwoorden | geenantwoord | nietreageren | svarainte |
    svaraej | ejsvar | ikkesvar | svarikke | alavastaa | eivastausta | nieodpowiadaj |
    neodpovidat | neodpovidejte | neodpovedat | nevalaszoljon | nevalasz | nuraspunde |
    neodgovaraj | neodgovarjaj | neotvechat | neotvechaite | neotvechayte | nevidpovidaty |
    cevaplamayin | yanitlamayin | henshinfuyou | autoconfirm | unmonitored | mailrobot
    """
)
