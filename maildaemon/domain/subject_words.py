"""What mail clients, gateways and people in a hurry put into a subject, by language.

All lower case, without the colon. A client writes its prefix in the language it is set to,
whatever the language of the mail.
"""

REPLIES = frozenset(
    "re r "  # English and nearly everybody; Italian
    "aw antwort "  # German
    "réponse rép rep "  # French
    "res resp rta respuesta resposta "  # Spanish, Portuguese
    "risposta ris "  # Italian
    "antw antwoord "  # Dutch
    "sv svar vs vast vastaus ansv "  # Scandinavian, Finnish
    "odp odpowiedź odpověď odpoveď odg odgovor ats atb atbilde vastus "  # Slavic, Baltic
    "vá válasz ynt yanıt cevap bls balas "  # Hungarian, Turkish, Indonesian
    "răspuns raspuns rsp svör "  # Romanian, Icelandic
    "απ απάντηση "  # Greek
    "ответ отв отве відповідь вiдповiдь відп на отг отговор адказ одговор "  # Cyrillic
    "回复 回覆 答复 答覆 返信 回信 답장 회신 답변 "  # Chinese, Japanese, Korean
    "תגובה תשובה השב ת رد الرد پاسخ ตอบ ตอบกลับ उत्तर जवाब".split()  # Hebrew, Arabic and others
) | {"trả lời"}

# "Concerning": written by clients, and by people who answer nothing.
REGARDING = frozenset("ref réf rif betr betreft ang σχετ".split())

FORWARDS = frozenset(
    "fw fwd forward forwarded "
    "wg weitergeleitet "
    "tr transf transféré réacheminé "
    "rv renv reenv reenviado enc encaminhado reencaminhado "
    "i inoltra inoltro inoltrato fwi "
    "doorst doorsturen doorgestuurd "
    "vb vl vidarebefordrat vidaresänt videresendt viderest edasi "
    "pd przekazane przesłane přep přeposláno předáno prosl proslijeđeno posr "
    "pers persiųsta pārs pārsūtīts továbbítás továbbítva iletildi ilt i̇lt trs terusan "
    "redir redirecționat πρθ προώθηση "
    "пересл переслано пересылка пер пересилання переадр перенаправлено препр "
    "转发 轉發 轉寄 転送 전달 העבר הועבר إعادة ส่งต่อ tl ct".split()
) | {"إعادة توجيه", "chuyển tiếp", "doorgestuurd bericht"}

# What a gateway puts before the subject of mail from outside, or of what it suspects.
WARNINGS = frozenset(
    "external extern externe externa esterno ext spam warning caution suspicious "
    "quarantine virus phishing newsletter".split()
) | {"spam?", "possible spam", "suspected spam", "external email", "external mail"}

# What has become of it, as help desks and calendars put it before the subject.
STATES = (
    frozenset(
        "resolved solved closed reopened updated update autoreply "
        "accepted declined tentative canceled cancelled "
        "erledigt gelöst geschlossen aktualisiert zugesagt abgesagt abgelehnt "
        "résolu clos accepté refusé annulé provisoire "
        "risolto chiuso aggiornato accettato rifiutato annullato "
        "resuelto cerrado actualizado aceptado aceptada rechazado rechazada cancelado cancelada "
        "resolvido fechado atualizado aceite aceito recusado "
        "opgelost gesloten bijgewerkt geaccepteerd geweigerd geannuleerd "
        "rozwiązane zamknięte zaktualizowano zaakceptowano odrzucono anulowano "
        "решено закрыто закрыта обновлено принято отклонено отменено "
        "вирішено оновлено прийнято відхилено скасовано".split()
    )
    | {"auto reply", "auto-reply", "automatic reply", "automatische antwort", "mit vorbehalt"}
    | {
        "réponse automatique",
        "risposta automatica",
        "respuesta automática",
        "resposta automática",
        "automatisch antwoord",
        "odpowiedź automatyczna",
        "автоматический ответ",
    }
)

NO_SUBJECT = frozenset(
    one.strip()
    for one in (
        "no subject, none, without subject, untitled, empty subject, kein betreff, ohne betreff, "
        "(ohne), ohne titel, sans objet, sans sujet, aucun objet, pas d'objet, nessun oggetto, "
        "senza oggetto, oggetto mancante, sin asunto, ningún asunto, sem assunto, geen onderwerp, "
        "zonder onderwerp, bez tematu, brak tematu, bez předmětu, bez predmetu, nincs tárgy, "
        "ingen ämne, inget ämne, ingen rubrik, intet emne, ingen emne, ei aihetta, fără subiect, "
        "konu yok, konusuz, без темы, без теми, без тема, тема не указана, χωρίς θέμα, 无主题, "
        "無主題, 無題, 件名なし, 제목 없음, (無標題), ללא נושא, بدون موضوع, không có chủ đề, "
        "ไม่มีชื่อเรื่อง, "
    ).split(",")
    if one.strip()
)

# What so many write that it tells nothing of which matter is meant.
GENERIC = frozenset(
    one.strip()
    for one in (
        # English
        "hello, hi, hey, hi there, good morning, good afternoon, dear sir or madam, question, "
        "a question, questions, quick question, query, enquiry, inquiry, order, my order, "
        "your order, orders, new order, help, help me, please help, support, problem, a problem, "
        "issue, urgent, important, contact, contact us, contact form, "
        "message, new message, request, "
        "information, info, complaint, feedback, return, returns, refund, invoice, delivery, "
        "shipping, payment, test, mail, email, document, documents, photo, photos, picture, image, "
        "attachment, scan, file, files, reply, answer, thanks, thank you, "
        "customer, product, cancel, "
        "cancellation, account, damaged, missing, reminder, "
        # German
        "hallo, guten tag, guten morgen, frage, eine frage, fragen, anfrage, bestellung, "
        "meine bestellung, ihre bestellung, hilfe, bitte um hilfe, dringend, wichtig, kontakt, "
        "kontaktanfrage, kontaktformular, nachricht, bitte, reklamation, beschwerde, retoure, "
        "rücksendung, rechnung, lieferung, versand, zahlung, stornierung, widerruf, foto, fotos, "
        "bild, bilder, anhang, danke, unterlagen, rückfrage, info, auftrag, konto, erinnerung, "
        "mahnung, "
        # French
        "bonjour, bonsoir, question, une question, commande, ma commande, aide, demande, "
        "demande d'information, renseignement, renseignements, réclamation, retour, remboursement, "
        "facture, livraison, paiement, problème, merci, urgent, contact, formulaire de contact, "
        "annulation, photo, pièce jointe, "
        # Italian
        "ciao, buongiorno, buonasera, salve, domanda, una domanda, ordine, il mio ordine, "
        "mio ordine, aiuto, richiesta, informazioni, richiesta informazioni, reclamo, reso, "
        "rimborso, fattura, consegna, spedizione, pagamento, problema, urgente, contatto, grazie, "
        "foto, allegato, annullamento, "
        # Spanish, Portuguese
        "hola, buenos días, buenas tardes, pregunta, consulta, duda, pedido, mi pedido, ayuda, "
        "solicitud, información, reclamación, queja, devolución, reembolso, "
        "factura, envío, entrega, "
        "pago, problema, contacto, gracias, olá, bom dia, boa tarde, pergunta, dúvida, meu pedido, "
        "encomenda, ajuda, informação, informações, reclamação, devolução, fatura, pagamento, "
        "contato, obrigado, obrigada, cancelamento, anexo, foto, imagen, adjunto, "
        # Dutch, Polish
        "goedendag, goedemorgen, vraag, een vraag, bestelling, mijn bestelling, hulp, klacht, "
        "retour, factuur, levering, betaling, probleem, bedankt, dringend, dzień dobry, witam, "
        "pytanie, zapytanie, zamówienie, moje zamówienie, pomoc, reklamacja, zwrot, faktura, "
        "dostawa, płatność, problem, dziękuję, pilne, "
        # Russian, Ukrainian
        "привет, здравствуйте, добрый день, вопрос, заказ, мой заказ, помощь, помогите, жалоба, "
        "возврат, счёт, счет, доставка, оплата, проблема, срочно, спасибо, "
        "фото, сообщение, запрос, "
        "информация, документы, привіт, вітаю, добрий день, питання, замовлення, моє замовлення, "
        "допомога, скарга, повернення, рахунок, терміново, дякую, "
        # Northern and Central Europe, Turkish
        "hej, fråga, beställning, min beställning, hjälp, retur, faktura, tack, hei, spørsmål, "
        "spørgsmål, bestilling, ordre, min ordre, hjelp, hjælp, takk, kysymys, tilaus, tilaukseni, "
        "apua, palautus, lasku, kiitos, dobrý den, dotaz, objednávka, moje objednávka, pomoc, "
        "reklamace, vrácení, děkuji, merhaba, soru, sipariş, siparişim, yardım, iade, fatura, "
        "teşekkürler, kérdés, rendelés, segítség, întrebare, comandă, ajutor, ερώτηση, παραγγελία, "
        # East Asia
        "こんにちは, 質問, 注文, 注文について, お問い合わせ, 問い合わせ, 返品, 至急, 你好, 您好, "
        "问题, 問題, 订单, 訂單, 咨询, 諮詢, 求助, 退货, 退款, 發票, 안녕하세요, 질문, 문의, 주문, "
        "문의드립니다, 도움, 반품, 환불, 감사합니다, "
    ).split(",")
    if one.strip()
)
