"""The words of a bare "thank you", by language: lower case, as people write them.

`THANKS` say it; `AROUND` may stand beside them and tell nothing; `ASSENT` may be the answer to a
question of ours ("shall we send another one?"). `ARRIVED` is the one piece of news that leaves
nothing to be done: what was waited for is there. Whatever stands in none of them may be other news;
who thanks "in advance" still waits for something.
"""

import re

THANKS = frozenset(
    (
        "thank thanks thx tnx thnx thanx tysm ty cheers thankyou grateful appreciate appreciated "
        "gracious danke dank dankeschön dankeschoen vielendank bedanke dankbar merci remercie "
        "remercions remerciements remerciement mercii grazie ringrazio ringraziamo ringraziamenti "
        "ringraziandovi ringraziandola gracias agradezco agradecido agradecida agradecemos "
        "agradecimiento obrigado obrigada obrigadão agradeço agradecimentos obg bedankt dankjewel "
        "dankuwel dankje bedank dziękuję dziekuje dziękujemy dzięki dzieki dziękuje podziękowania "
        "спасибо благодарю благодарим спс благодарен благодарна пасиб дякую "
        "дякуємо спасибі вдячний "
        "вдячна tack tackar tak takk tusind tusen kiitos kiitoksia kiitän děkuji dekuji děkuju "
        "dekuju díky diky děkujeme ďakujem dakujem vďaka hvala köszönöm koszonom köszi köszönjük "
        "mulțumesc multumesc mulțumim mersi ευχαριστώ ευχαριστω ευχαριστούμε благодаря мерси "
        "teşekkürler teşekkür tesekkurler tesekkur sağolun sağol eyvallah aitäh tänan paldies ačiū "
        "aciu faleminderit gràcies eskerrik תודה شكرا شكراً متشکرم ممنون धन्यवाद शुक्रिया terima "
        "makasih "
    ).split()
)

AROUND = frozenset(
    (
        # English
        "you u very much so a lot lots many again for your the all to everyone team "
        "kind quick fast "
        "swift prompt speedy help reply response answer email mail message service support "
        "assistance effort efforts time really it i we is of in and great excellent wonderful "
        "amazing lovely kindly with best regards wishes have nice good day "
        "weekend evening too "
        "info information update letting me us know getting back from greetings "
        "warm sincerely yours "
        "truly dear hi hello hey million such helpful hard work bunch ever sooo soo sir madam guys "
        # German
        "vielen herzlichen besten schönen lieben tausend sehr recht herzlich ihnen euch dir ihre "
        "ihrer eure deine für fuer die das den schnelle rasche prompte freundliche "
        "nette tolle hilfe "
        "antwort rückmeldung rueckmeldung unterstützung unterstuetzung auskunft information "
        "bearbeitung bemühungen mühe service nochmal nochmals im und auch noch mal "
        "viele liebe beste "
        "freundlichen grüße grüßen gruß gruss gruesse grüsse schöne schönes tag wochenende abend "
        "hallo guten mit mfg lg vg ich wir bei schön dankend für's fürs einen ein wünsche "
        # French
        "beaucoup bien infiniment mille fois pour votre vos ton ta de la le les réponse rapide "
        "rapidité aide retour réactivité je vous te nous à et encore tout tous par bonne journée "
        "soirée fin semaine cordialement salutations bonjour bonsoir excellente grand un "
        "service sincères mes "
        # Italian
        "mille tante molte infinite molto per la il vostra sua tua risposta rapida celere veloce "
        "aiuto gentilezza disponibilità ancora vi ti lei voi della dell'aiuto e cordiali saluti "
        "buona giornata serata buongiorno buonasera ciao di tutto distinti cordialmente gentile "
        "gentilissimi tantissime cortesia "
        # Spanish
        "muchas mil muchísimas por su tu vuestra respuesta rápida ayuda atención todo le "
        "les os muy "
        "amable amables saludos un saludo buenos buenas días dias tardes hola cordial "
        "feliz día dia "
        "de rapidez la el los las y "
        # Portuguese
        "muito muita muitíssimo pela pelo a o sua resposta rápida ajuda atenção tudo bom boa tarde "
        "noite olá cumprimentos abraço abs att desde já mais uma vez vossa os melhores "
        "atenciosamente "
        # Dutch
        "heel erg hartelijk hartelijke veel voor uw je jullie de het snelle reactie antwoord hulp "
        "moeite nogmaals groet groeten vriendelijke met goede fijne dag avond u hoi mvg bericht "
        # Polish
        "bardzo serdecznie za szybką odpowiedź pomoc informację wielkie pozdrawiam pozdrowienia "
        "miłego dnia państwu panu pani z i dzień dobry witam wszystko informacje jeszcze raz "
        # Russian, Ukrainian
        "большое огромное вам вас за быстрый ответ помощь очень всем с уважением хорошего дня "
        "здравствуйте добрый день вечер оперативность информацию и ещё раз еще тебе сердечно дуже "
        "велике швидку відповідь допомогу гарного повагою з щиро оперативність інформацію добрий "
        "вітаю й та ще "
        # Northern Europe
        "så mycket för hjälpen svaret snabbt svar på med vänlig hälsning hälsningar vänliga hej ha "
        "en bra dag ett det mvh mange for hjælpen hjælp hurtige hurtigt venlig hilsen god "
        "hjelpen raske "
        "raskt vennlig hei igjen igen meget skal du dere deg dig i have deres din jeres "
        "er ditt ert "
        "paljon avusta nopeasta vastauksesta vastauksestanne terveisin hyvää päivänjatkoa "
        "ystävällisin oikein teille sinulle kovasti "
        # Central Europe, Turkish
        "moc za rychlou odpověď pomoc pozdravem s hezký den mockrát ochotu pěkný vám veľmi pekne "
        "odpoveď lijepo puno na szépen nagyon a gyors választ segítséget üdvözlettel mult frumos "
        "pentru răspuns ajutor πολύ πολυ για την απάντηση βοήθεια σας много помощта бързия отговор "
        "çok için ederim ederiz yardımınız cevabınız hızlı iyi günler çalışmalar "
        "dönüş ilginiz size "
        # Others
        "רבה לכם לך רב מאוד جزيلا جزيلاً لكم لك على کا بہت kasih banyak asko bien moltes "
    ).split()
)

ASSENT = frozenset(
    (
        "ok okay oki okey perfect fine understood noted received got sure alright "
        "clear solved works "
        "now fantastic brilliant that's that awesome cool alles klar perfekt verstanden prima gut "
        "erhalten passt ist toll parfait d'accord entendu compris c'est reçu noté très génial "
        "perfetto bene ricevuto capito ottimo va benissimo d'accordo perfecto vale recibido "
        "entendido genial estupendo perfeito certo recebido ótimo akkoord duidelijk ontvangen top "
        "goed helemaal super dobrze jasne świetnie rozumiem хорошо понятно понял поняла получил "
        "получила отлично супер добре зрозуміло чудово отримав отримала bra toppen fint godt hyvä "
        "selvä dobře rozumím tamam peki anladım rendben ок окей бине bine εντάξει oké "
    ).split()
)

# Whole clauses, words with one space between them: their order tells the news from the question.
ARRIVED = tuple(
    re.compile(rf"\b(?:{one})\b")
    for one in (
        # English
        (
            # "Have they arrived, thanks" asks, with or without its question mark.
            r"(?<!is )(?<!has )(?<!have )(?<!was )(?<!were )(?<!are )"
            r"(?:it|they|everything|all|(?:the|my) (?:parcel|package|order|delivery|refund|money))"
            r"(?:'s|'ve| has| have| was| were)?(?: now| just| already| finally)?"
            r" (?:arrived|come|came|been delivered|delivered)"
            r"(?: (?:now|today|yesterday|this morning|safely|safe and sound|in time|on time|fine))*"
        ),
        (
            r"i(?:'ve| have)?(?: now| just| already| finally)? (?:got|received)"
            r" (?:it|them|everything)(?: (?:now|today|yesterday|this morning))*"
        ),
        # German
        (
            r"(?:es|sie|er|alles|(?:das|mein|die|meine) (?:paket|päckchen|geld|ware"
            r"|bestellung|lieferung|sendung)) ist"
            r"(?: (?:heute|gestern|gut|heil|schon|inzwischen|jetzt|nun|endlich))*"
            r" (?:angekommen|eingetroffen|da)"
        ),
        r"(?:ich )?habe? (?:es|alles|das paket)(?: (?:heute|gestern|gut))* (?:erhalten|bekommen)",
        # French
        r"(?:(?:le|mon) colis |(?:la|ma) commande |tout |il |elle )est(?: bien| enfin)? arrivée?",
        r"c'est(?: bien)? arrivé|je l'ai(?: bien)? reçue?",
        (
            r"j'ai(?: bien)?(?: tout)? reçu(?: (?:le|mon) colis| (?:la|ma) commande"
            r"| le remboursement)?"
        ),
        # Italian
        (
            r"(?:(?:il pacco|l'ordine|il rimborso|tutto) )?(?:è|e)(?: già| appena| finalmente)?"
            r" arrivat[oa]"
        ),
        r"ho ricevuto (?:tutto|il pacco|l'ordine|il rimborso)",
        # Spanish
        (
            r"(?:(?:el paquete|el pedido|mi pedido|todo|el reembolso) )?(?:ya )?(?:me )?"
            r"(?:ha llegado|llegó)(?: hoy| bien)*"
        ),
        r"(?:ya )?lo (?:he recibido|recibí|tengo)",
        # Portuguese
        r"(?:(?:a encomenda|o pedido|tudo) )?(?:já )?chegou(?: hoje| bem)*",
        r"já recebi(?: tudo| a encomenda| o pedido)?",
        # Dutch
        (
            r"(?:het|alles|(?:het|mijn) pakket(?:je)?|(?:de|mijn) bestelling) is"
            r"(?: (?:vandaag|gisteren|goed|net|inmiddels))* (?:aangekomen|binnen|geleverd)"
        ),
        r"ik heb (?:het|alles|het pakket)(?: goed)? ontvangen",
        # Polish
        (
            r"(?:(?:paczka|przesyłka|wszystko|zamówienie) )?(?:już |dziś |dzisiaj )*"
            r"(?:dotarł[ao]|doszł[ao]|przyszł[ao])(?: już| dziś| dzisiaj)*"
        ),
        # Russian, Ukrainian
        (
            r"(?:(?:посылка|заказ|вс[её]) )?(?:уже |сегодня )*"
            r"(?:приш[её]л|пришл[ао]|дош[её]л|дошл[ао])"
        ),
        r"(?:(?:посилка|замовлення|все) )?(?:вже |сьогодні )*(?:прийшл[ао]|надійшл[ао])",
    )
)

# Written without spaces: taken out as they are, the longest first.
UNSPACED_THANKS = tuple(
    one.strip()
    for one in (
        "ありがとうございました, ありがとうございます, 有難うございました, 有難うございます, "
        "有り難うございます, 感謝いたします, 感謝申し上げます, 感謝します, ありがとう, "
        "お礼申し上げます, 非常感谢您, 非常感謝您, 非常感谢, 非常感謝, 谢谢您, 謝謝您, 谢谢你, "
        "謝謝你, 谢谢, 謝謝, 多谢, 多謝, 感谢, 感謝, 감사합니다, "
        "감사드립니다, 고맙습니다, 감사해요, "
        "고마워요, 감사, ขอบคุณมากครับ, ขอบคุณมากค่ะ, ขอบคุณครับ, ขอบคุณค่ะ, ขอบคุณมาก, ขอบคุณ, "
        "cảm ơn, cám ơn, "
    ).split(",")
    if one.strip()
)
KIND_SIGNS = frozenset("👍👌🙏❤♥💕💖💙💚💛🧡💜🥰😍😊☺🙂😀😃😄😁😉😎🤗🤩🌸🌹🌷🌺🌻💐✨🎉💯⭐🌟☀👏🤝")

UNSPACED_AROUND = tuple(
    one.strip()
    for one in (
        "ご連絡いただき, ご連絡, ご返信いただき, ご返信, ご対応いただき, ご対応, 迅速な, 早速の, "
        "お返事, お世話になっております, お世話になります, よろしくお願いいたします, "
        "宜しくお願いします, よろしくお願いします, 大変, 誠に, 本当に, どうも, 丁寧な, ご丁寧な, "
        "いただき, に, を, 您的回复, 您的回覆, 您的帮助, 您的幫助, 你的帮助, 的回复, 帮助, 幫助, "
        "回复, 回覆, 祝您愉快, 祝好, 此致, 敬礼, 您好, 你好, 非常, 真的, 了, 您, 的, 정말, 대단히, "
        "답변, 답변해, 빠른, 도움, 주셔서, 안녕하세요, 수고하세요, 너무, มาก, ครับ, ค่ะ, นะ, "
        "rất nhiều, nhiều, anh, chị, bạn, "
    ).split(",")
    if one.strip()
)
