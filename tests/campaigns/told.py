"""Conversations of a shop with its customers, one in each language and one in none of its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is written, in this order; between the first mail and the answer stands our response.

    `files` are sent with the first mail. `spoken`: the shop answers in this language.
    """

    language: str
    name: str
    customer: str
    subject: str
    first: str
    answer: str
    second: str
    thanks: str
    files: tuple[str, ...] = ()
    spoken: bool = True


CONVERSATIONS = (
    Conversation(
        "en",
        "English",
        "Grace Holt <grace@customer.example>",
        "Scratched lamp",
        "Hello,\n\nthe desk lamp I ordered from you came today. It is lovely, but the shade has a "
        "long scratch on one side. I have put some pictures into the attached file. Could you send "
        "me another shade?\n\nBest wishes\nGrace Holt",
        "Dear Grace,\n\nI am sorry about the scratch. A new shade goes out to you this afternoon; "
        "you can keep the old one.\n\nBest wishes\nMarta",
        "Hello Marta,\n\nthat was quick! Should I be at home for the parcel, or does it fit into "
        "the letter box?\n\nGrace",
        "Thanks!",
        files=("pictures.zip",),
    ),
    Conversation(
        "it",
        "Italiano",
        "Giulia Ferri <giulia@customer.example>",
        "Cambio indirizzo",
        "Buongiorno,\n\nho ordinato ieri due tazze blu, ma ho dato il vecchio indirizzo. Potete "
        "spedirle in via Garibaldi 12 a Parma?\n\nGrazie e buona giornata\nGiulia Ferri",
        "Gentile Giulia,\n\nabbiamo corretto l’indirizzo: il pacco parte domani per Parma.\n\n"
        "Cordiali saluti\nMarta",
        "Buongiorno Marta,\n\nperfetto. Posso ancora aggiungere all’ordine un piattino dello "
        "stesso colore?\n\nGiulia",
        "Grazie mille!",
    ),
    Conversation(
        "fr",
        "Français",
        "Camille Roux <camille@customer.example>",
        "Facture de ma commande",
        "Bonjour,\n\nj’aurais besoin d’une facture au nom de mon entreprise pour la commande de "
        "la semaine dernière. Je joins nos coordonnées et notre logo.\n\nBien à vous\n"
        "Camille Roux",
        "Bonjour,\n\nvous trouverez la facture corrigée dans votre espace client. N’hésitez pas à "
        "nous écrire si quelque chose manque.\n\nBien à vous\nMarta",
        "Bonjour Marta,\n\nmerci pour la facture. Le numéro de TVA n’y figure pas encore, "
        "pouvez-vous l’ajouter ?\n\nCamille Roux",
        "Merci beaucoup !",
        files=("coordonnees.exe", "logo.zip"),
    ),
    Conversation(
        "de",
        "Deutsch",
        "Jonas Weber <jonas@customer.example>",
        "Rückgabe",
        "Guten Tag,\n\ndie Vase ist schön, aber für meinen Tisch leider zu groß. Kann ich sie "
        "zurückgeben, und wer zahlt das Porto?\n\nViele Grüße\nJonas Weber",
        "Guten Tag, Herr Weber,\n\nselbstverständlich. Das Etikett für die Rücksendung liegt in "
        "Ihrem Paket, das Porto zahlen wir.\n\nFreundliche Grüße\nMarta",
        "Guten Tag,\n\ndanke für die schnelle Antwort. Gibt es dieselbe Vase auch eine Nummer "
        "kleiner? Dann würde ich gern tauschen.\n\nJonas Weber",
        "Vielen Dank!",
    ),
    Conversation(
        "es",
        "Español",
        "Lucía Vega <lucia@customer.example>",
        "Pedido sin recibir",
        "Hola:\n\nHice un pedido hace dos semanas y todavía no me ha llegado. En el seguimiento "
        "pone que sigue en el almacén. ¿Me pueden decir qué ha pasado?\n\nUn saludo\nLucía Vega",
        "Hola, Lucía:\n\nEl transportista lo había dejado apartado por error. Sale hoy mismo y le "
        "llegará en dos o tres días.\n\nUn cordial saludo\nMarta",
        "Hola, Marta:\n\nGracias por avisarme. ¿Pueden dejarlo en la portería si no estoy en casa?"
        "\n\nLucía",
        "¡Muchas gracias!",
    ),
    Conversation(
        "ru",
        "Русский",
        "Ирина Соколова <irina@customer.example>",
        "Вопрос о размере",
        "Здравствуйте!\n\nХочу заказать льняную скатерть для стола длиной два метра. Какой размер "
        "мне лучше взять, чтобы края свисали? И как её стирать?\n\nС уважением\nИрина Соколова",
        "Здравствуйте, Ирина!\n\nДля такого стола подойдёт скатерть длиной два с половиной метра. "
        "Стирать её можно при сорока градусах.\n\nС уважением\nМарта",
        "Здравствуйте, Марта!\n\nТогда возьму эту. Есть ли она в сером цвете, или только в "
        "белом?\n\nИрина",
        "Спасибо большое!",
    ),
    Conversation(
        "pt",
        "Português",
        "Inês Moura <ines@customer.example>",
        "Pagamento em duplicado",
        "Olá,\n\nacabo de ver que o meu cartão foi cobrado duas vezes pela mesma encomenda. "
        "Junto o extrato do banco. Podem devolver um dos pagamentos?\n\nObrigada\nInês Moura",
        "Olá, Inês,\n\ntem toda a razão, e pedimos desculpa. Já devolvemos um dos pagamentos; "
        "costuma aparecer no extrato em poucos dias.\n\nCom os melhores cumprimentos\nMarta",
        "Olá, Marta,\n\nobrigada pela rapidez. A encomenda segue na mesma esta semana?\n\nInês",
        "Muito obrigada!",
        files=("extrato.zip",),
    ),
    Conversation(
        "nl",
        "Nederlands",
        "Sanne de Boer <sanne@customer.example>",
        "Kapot glas",
        "Goedemiddag,\n\nvandaag kwam mijn pakket aan, maar een van de zes glazen is gebroken. "
        "Kan ik één los glas nabestellen of krijg ik een nieuw?\n\nGroeten\nSanne de Boer",
        "Goedemiddag,\n\nwat vervelend. U krijgt van ons een nieuw glas, het gaat morgen op de "
        "post.\n\nMet vriendelijke groet\nMarta",
        "Dag Marta,\n\nfijn! Moet ik het gebroken glas nog terugsturen of mag het in de "
        "glasbak?\n\nSanne",
        "Hartelijk dank!",
    ),
    Conversation(
        "pl",
        "Polski",
        "Ewa Lis <ewa@customer.example>",
        "Reklamacja",
        "Dzień dobry,\n\nw kubku, który od Państwa dostałam, po pierwszym myciu odpadło ucho. "
        "Chciałabym go zareklamować. Zdjęcia przesyłam w załączniku.\n\nPozdrawiam\nEwa Lis",
        "Dzień dobry,\n\nbardzo nam przykro. Wyślemy Pani nowy kubek, a starego nie trzeba "
        "odsyłać.\n\nZ poważaniem\nMarta",
        "Dzień dobry,\n\ndziękuję. Czy zamiast niebieskiego mogę dostać zielony?\n\nEwa Lis",
        "Dziękuję bardzo!",
        files=("zdjecia.zip",),
    ),
    Conversation(
        "uk",
        "Українська",
        "Олена Коваль <olena@customer.example>",
        "Коли прийде посилка",
        "Добрий день!\n\nМинулого тижня я замовила у вас вовняну ковдру. Скажіть, будь ласка, коли "
        "її відправлять і чи можна змінити відділення пошти?\n\nЗ повагою\nОлена Коваль",
        "Добрий день, Олено!\n\nКовдру відправимо завтра. Напишіть, будь ласка, номер нового "
        "відділення, і ми все змінимо.\n\nЗ повагою\nМарта",
        "Добрий день, Марто!\n\nНове відділення — двадцять третє. Чи потрібно щось доплатити?"
        "\n\nОлена",
        "Щиро дякую!",
    ),
    Conversation(
        "tr",
        "Türkçe",
        "Elif Demir <elif@customer.example>",
        "Siparişim hakkında",
        "Merhaba,\n\ngeçen hafta sizden iki seramik kase sipariş ettim ama kargo takip numarası "
        "hâlâ gelmedi. Paketin ne zaman yola çıkacağını söyleyebilir misiniz?\n\nTeşekkürler\n"
        "Elif Demir",
        "Dear Elif,\n\nyour parcel leaves tomorrow morning. You will get the tracking number by "
        "email.\n\nBest wishes\nMarta",
        "Merhaba Marta,\n\nteşekkür ederim. Paket Ankara’ya yaklaşık kaç günde ulaşır?\n\nElif",
        "Çok teşekkürler!",
        spoken=False,
    ),
)
