"""The words of closings, of what telephones and programs add, and of legal notices.

All lower case. Of a telephone's line both ends are given where the language puts the verb last.
"""


def _words(table: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in table.replace("\n", ";").split(";") if word.strip())


# Lines that only a telephone or a program adds.
DEVICE_ALWAYS = _words("""
    sent from my iphone; sent from my ipad; sent from my ipod; sent from mail for; get outlook for
    download outlook for; sent via the samsung; sent from mailspring; get bluemail; get typeapp
    download typeapp; holen sie sich outlook
    outlook für android
    outlook für ios herunter; laden sie outlook; obtenir outlook; téléchargez outlook
    télécharger outlook; obtenez outlook; obtener outlook; obtenga outlook; descargar outlook
    descarga outlook; obter o outlook; obtenha o outlook; scarica outlook; ottieni outlook
    download outlook per; outlook voor android; outlook voor ios; pobierz outlook
    pobierz program outlook dla; pobierz program outlook; скачать outlook; загрузить outlook
    установить outlook
    завантажити outlook; отримати outlook; hämta outlook; skaffa outlook; hent outlook
    få outlook; last ned outlook; hanki outlook; lataa outlook; získat outlook
    stáhnout outlook; získať outlook; az outlook; outlook letöltése; ios için outlook
    android için outlook; descărcați outlook; preuzmite outlook; λήψη του outlook
    iphoneから送信; ipadから送信; androidから送信; 发自我的; 從我的; 从我的; 傳送自我的
    我的iphone
    获取 outlook; 获取适用于; 取得適用於; 나의 iphone; 내 iphone; 나의 ipad; 내 galaxy
    ios용 outlook
    android용 outlook; outlook for ios を入手; outlook for android を入手; ios 版 outlook を入手
    android 版 outlook を入手; từ iphone của; đã gửi từ iphone của tôi; đã gửi từ iphone
    gửi từ iphone; dikirim dari iphone
    dikirim dari ponsel; נשלח מה-iphone; נשלח מה-ipad; أُرسلت من الـ iphone; مرسل من الـ iphone
    أرسلت من iphone; ส่งจาก iphone; στάλθηκε από το iphone; trimis de pe iphone
    poslano s iphone; poslano iz iphone; isprati od moj; elküldve az iphone; iphone-omról
    poslané z iphone; odesláno z iphonu; enviat des del meu; enviat des de l'iphone
    sendt fra min iphone; skickat från min iphone; lähetetty iphon; lähetetty ipad
    lähetetty galaxy
    lähetetty android; lähetetty outlook; lähetetty samsung; lähetetty puhelim; lähetetty yahoo
    lähetetty windows; lähetetty mobiili; sent via blackberry; iphone'umdan
    iphone'dan gönderildi; ipad'imden gönderildi; 由我的; 网易邮箱大师; 發自我的; 來自我的
""")

# Lines that begin so must name such a thing: "Enviado desde Madrid" is a customer's.
DEVICE_OPENERS = _words("""
    sent from; sent with; sent using; sent by; sent via
    gesendet von; gesendet mit; gesendet über; versendet mit
    envoyé de; envoyé depuis; envoyé à partir; envoyé avec; envoyé par; envoyé via
    envoyé du; provenance :; courrier envoyé
    enviado desde; enviado do; enviado de; enviada do; enviada desde; enviado mediante
    enviado a partir; enviado pelo; enviado por; enviado via; enviado con; enviado com
    inviato da; inviata da; inviato dal; inviato con; inviato tramite; spedito da
    verzonden vanaf; verstuurd vanaf; verzonden met; verzonden via; verzonden vanuit
    verstuurd met
    vanuit mail; wysłane z; wysłano z; wysłana z; wysłano przez; wysłane przy; wysłano za
    отправлено с; отправлено из; отправлено через; послано из; послано с; отправлено от
    надіслано з; відправлено з; відправлено через; надіслано через; skickat från; skickad från
    skickat via; sendt fra; sendt med; sendt via; odesláno z; odesláno ze
    odesláno pomocí
    poslané z; poslané cez; odoslané z; küldve; elküldve; trimis de pe; trimis din; trimis cu
    στάλθηκε από; poslano s; poslano iz; изпратено от; enviat des; enviat amb; enviat del
    dikirim dari; được gửi từ; gửi từ; ส่งจาก; נשלח; أُرسلت; مرسل
""")

# German puts the verb last: without it, somebody tells about his telephone.
DEVICE_GERMAN = (
    "von meinem",
    "von meiner",
    "von unterwegs",
    "von mobil",
    "diese nachricht wurde von",
)
DEVICE_GERMAN_ENDS = ("gesendet", "versendet", "verschickt", "geschrieben")

# Turkish, Finnish, Japanese, Korean …: the verb stands last.
DEVICE_CLOSERS = _words("""
    gesendet; gesendet.; gönderildi; gönderilmiştir; herunterladen; downloaden; から送信
    から送信。
    から送信されました; 에서 보냄; 에서 보냈습니다; 에서 전송; 传送; 傳送; 发送; 발송; küldve
    elküldve
    לקבלת outlook; downloaden.; を入手; 다운로드; 下载; 下載
""")

DEVICES = _words("""
    iphon; ipad; ipod; android; phone; blackberry; samsung; galaxy; huawei; xiaomi; redmi; nokia
    oppo
    oneplus; pixel; motorola; outlook; yahoo; gmail; gmx; web.de; proton; tutanota; tuta; bluemail
    typeapp; spark; airmail; mailspring; edison; superhuman; nine; k-9; k9; fairemail; aqua mail
    canary; newton; hey; mailbird; em client; thunderbird; apple mail; zoho; libero mail
    virgilio; orange; laposte; la poste; free.fr; sfr; bouygues; seznam; onet; wp poczt; interia
    naver; daum; 网易; qq; foxmail; mail.ru; яндекс; yandex; myMail; mymail; mobile; mobil; handy
    smartphone; telefon; téléphone; portable; teléfono; telefono; telefone; tablet; móvil; movil
    cellulare; celular; puhelime; matkapuhelin; мобильн; телефон; мобільн; почт; пошт; windows
    mail-app; mail app; mailbox; t-online; freenet; 手机; 手機; 휴대; 携帯; スマートフォン
    wireless
    cell; ti-85; the new mail; aol; hotmail; mail for; posta; komórk; điện thoại; ponsel; 1&1
""")

# What such a line ends with, if not with the name of the thing.
DEVICE_ENDS = frozenset(
    "ios email e-mail mail app application device meu mój μου uređaja 10 11 emailu".split()
)

# A closing formula that fills a line of its own, or has a name behind it.
CLOSINGS = frozenset(
    _words("""
    regards; best regards; kind regards; warm regards; warmest regards; many regards
    kindest regards; best; all the best; best wishes; with best regards; with kind regards
    with regards; rgds; thanks & regards; thanks and regards; thank you and regards; brgds
    thanks and best regards; many thanks and regards; thanks and kind regards; sincerely
    yours sincerely; thank you and best regards; thanks, best regards; thank you & regards
    sincerely yours; yours truly; yours faithfully; respectfully; cheers; yours; cordially
    with best wishes; br; kr; kind wishes; warmly; warm wishes; thanks in advance and best regards
    best regards / mit freundlichen grüßen; mit freundlichen grüßen; mit freundlichen grüssen
    mit freundlichem gruß; mit freundlichem gruss; mit freundlichen gruß; mit besten grüßen
    mit besten grüssen; mit lieben grüßen; mit herzlichen grüßen; freundliche grüße
    freundliche grüsse; freundlicher gruß; freundlichen gruß; viele grüße; viele grüsse
    viele liebe grüße; liebe grüße; liebe grüsse; lieber gruß; lieben gruß; beste grüße
    beste grüsse; besten gruß; schöne grüße; schöne grüsse; herzliche grüße; herzliche grüsse
    herzlichst; hochachtungsvoll; mfg; lg; vg; gruß; gruss; grüße; grüsse; mit freundl. grüßen
    freundliche grüße / kind regards
    cordialement; bien cordialement; très cordialement; bien à vous; cdlt; sincères salutations
    salutations; meilleures salutations; salutations distinguées; amicalement
    cordiales salutations
    respectueusement; bonne journée; bonne soirée; bonne réception; sincèrement; bien à toi
    salutations cordiales; avec mes salutations; avec mes meilleures salutations
    saludos; un saludo; saludos cordiales; un cordial saludo; cordiales saludos; cordialmente
    atentamente; atte; atte.; muchos saludos; reciba un cordial saludo; mis saludos; un abrazo
    le saluda atentamente; quedo a la espera, un saludo; saludos atentos; salutacions; cordialment
    salutacions cordials; ben cordialment; atentament
    cordiali saluti; distinti saluti; saluti; un saluto; un cordiale saluto; cari saluti; in fede
    tanti saluti; i migliori saluti; i più cordiali saluti; porgo distinti saluti; saluti cordiali
    un caro saluto; buona giornata; buona serata; con i migliori saluti; con i più cordiali saluti
    atenciosamente; att; att.; cumprimentos; com os melhores cumprimentos; melhores cumprimentos
    abraços; um abraço; cordiais saudações; saudações; os meus cumprimentos; grato; grata
    met vriendelijke groet; met vriendelijke groeten; vriendelijke groet; vriendelijke groeten
    groeten; groet; mvg; hartelijke groet; hartelijke groeten; hoogachtend; m.vr.gr; gr; m.v.g
    met hartelijke groet; met hartelijke groeten; fijne dag; beste groeten; met beste groeten
    pozdrawiam; z poważaniem; z powazaniem; pozdrawiam serdecznie; serdecznie pozdrawiam; pozdr
    pozdrowienia; z pozdrowieniami; z wyrazami szacunku; serdeczne pozdrowienia
    łączę pozdrowienia
    с уважением; с наилучшими пожеланиями; всего доброго; всего наилучшего; с ув; искренне ваш
    искренне ваша; с глубоким уважением; с уважением и наилучшими пожеланиями; хорошего дня
    з повагою; з найкращими побажаннями; всього найкращого; щиро ваш; щиро ваша; гарного дня
    med vänlig hälsning; med vänliga hälsningar; vänliga hälsningar; vänlig hälsning; mvh
    hälsningar; bästa hälsningar; med bästa hälsningar; varma hälsningar; vh; hälsn
    med venlig hilsen; venlig hilsen; de bedste hilsner; bedste hilsner; mange hilsner; hilsen
    hilsner; kh; kærlig hilsen; mvh.; med vennlig hilsen; vennlig hilsen; beste hilsen
    med beste hilsen; med hilsen; vennlige hilsener; ystävällisin terveisin; terveisin; t
    parhain terveisin; yst. terv; terv; kunnioittavasti; ystävällisesti
    s pozdravem; s přátelským pozdravem; s úctou; pěkný den; hezký den; s pozdravom; s úctou
    pozdravujem; prajem pekný deň; zdravím; lep pozdrav; lijep pozdrav; s poštovanjem
    srdačan pozdrav
    srdačno; pozdrav; üdvözlettel; tisztelettel; üdv; szívélyes üdvözlettel; köszönettel
    saygılarımla; saygılarımızla; iyi çalışmalar; iyi günler; saygılar; sevgiler; selamlar
    cu stimă; cu respect; cu drag; o zi bună; toate cele bune; cu deosebită stimă
    με εκτίμηση; φιλικά; με φιλικούς χαιρετισμούς; ευχαριστώ, με εκτίμηση; με σεβασμό
    с уважение; поздрави; поздрави,; בברכה; בכבוד רב; תודה ובברכה; מכבדתך
    مع أطيب التحيات; مع التحية; تحياتي; مع خالص التحية; مع الشكر والتقدير
    وتفضلوا بقبول فائق الاحترام
    trân trọng; thân ái; kính thư; trân trọng kính chào; salam; hormat saya; salam hormat
    terima kasih dan salam
    此致; 敬礼; 此致敬礼; 祝好; 顺祝商祺; 敬上; 以上、よろしくお願いいたします。; 敬具; 草々; 드림
    올림; 감사합니다. 드림
    lugupidamisega; parimate soovidega; ar cieņu; pagarbiai
    """)
)

# One-word closings that also begin sentences: a name behind them needs a comma between.
SHORT_CLOSINGS = frozenset(
    "best cheers yours att br kr gr t regards saludos groeten groet saluti salam pozdrav".split()
)

POSTSCRIPTS = frozenset(
    "ps p.s p.s. ps. p.p.s pps nb n.b n.b. zp p.d p.d. pd pd. п.с п.с. пс 追伸 又及 추신".split()
)

# What a person signs with, that tells where to reach him.
CONTACT_LABELS = _words("""
    tel; tel.; tél; tél.; telefon; telephone; téléphone; teléfono; telefono; telefone; phone; ph.
    mobile; mobil; mob; mob.; mobiel; móvil; cell; cel.; cell.; handy; fax; direct; office; e-mail
    email
    mail; web; www; website; http; skype; whatsapp; linkedin; twitter; facebook; instagram; тел
    тел.
    моб; моб.; телефон; факс; сайт; почта; puh; puh.; gsm; tlf; tlf.; kom.; t:; m:; e:; w:; f:; a:
    p:
    t.; m.; 电话; 電話; 手机; 邮箱; 전화; 휴대폰; 携帯; メール; ust-id; vat; p.iva; p. iva; nif
    cif; siret; hrb
    amtsgericht; geschäftsführer; registered; nip; regon; krs; ico; ičo; dič; c.f.; sitz der
    steuernummer
""")

# Words with which a customer tells a number that belongs to his question.
NUMBERED = _words("""
    order; bestell; auftrag; rechnung; kunden; lieferung; sendung; vorgang; ticket; invoice
    customer no; customer number; customer id; tracking; shipment; reference; ref.; ref:; ref no
    reference no; case; booking; reservation; serial; imei; article; artikel; commande; facture
    numéro de; client n; n° client; suivi; colis; réservation; pedido; factura; número de; nº de
    cliente n; seguimiento; ordine; fattura; numero d; n. ordine; codice; spedizione; cliente:
    encomenda; fatura; rastreio; bestelling; bestelnummer; factuur; klantnummer; ordernummer
    zamówieni; faktur; numer; klient; przesyłk; заказ; счёт; счет; накладн; трек; номер; клиент
    замовлен; рахун; клієнт; beställning; ordrenummer; ordre; kundnummer; kundenr; kundenummer
    tilaus
    lasku; asiakasnumero; objednáv; číslo; faktúr; rendelés; számla; sipariş; fatura; müşteri
    comand
    παραγγελ; поръчк; narudžb; narocil; הזמנה; طلب; đơn hàng; pesanan; 注文; 番号; 订单; 訂單
    单号; 發票
    주문; 운송장; iban; bic
""")

# Small words in lower case that names, titles and addresses hold.
PARTICLES = frozenset(
    "della delle dello degli dalla nella sulla sous pour chez avec dans avenue boulevard place "
    "route chemin calle carrer avenida plaza paseo praça straße strasse weg platz gasse allee "
    "street road lane ulica улица просп вулиця gatan vägen veien vejen katu laan straat plein "
    "bulvarı sokak "
    "and und bei from with limited company société department abteilung reparto".split()
)

# Programs that look for viruses, lists, the wish to save paper: such a line says nothing.
FOOTERS = _words("""
    virus-free. www; virus-free.www; virus-free; virenfrei; garanti sans virus; sans virus. www
    libre de virus; priva di virus; privo di virus; livre de vírus; sem vírus; virusvrij
    wolny od wirusów
    без вирусов; не содержит вирусов; virusfri; viruksista vapaa; neobsahuje viry; vírusmentes
    this email has been checked for viruses; this e-mail has been checked for viruses
    this email has been scanned; this e-mail has been scanned; this message has been scanned
    this email was scanned; no virus found in this; diese e-mail wurde von avast
    diese e-mail wurde auf viren; diese nachricht wurde auf viren; l'absence de virus dans ce
    ce courrier électronique ne contient aucun virus; cet e-mail a été vérifié
    el software de antivirus; este correo electrónico ha sido comprobado
    este mensaje ha sido analizado; este correo ha sido analizado
    questa e-mail è stata controllata
    questa email è stata controllata; este email foi escaneado; este e-mail foi verificado
    esta mensagem foi verificada; deze e-mail is gecontroleerd; dit bericht is gecontroleerd
    ta wiadomość została sprawdzona; wiadomość została sprawdzona; это сообщение проверено
    проверено на вирусы; tento e-mail byl zkontrolován; denna e-post har kontrollerats
    denne e-mail er blevet kontrolleret; www.avast.; [avast logo; https://www.avast.com
    please consider the environment; consider the environment; please think of the environment
    think before you print; before printing this; p please consider; save a tree
    please don't print this; bitte denken sie an die umwelt; bitte prüfen sie, ob
    bitte prüfen sie der umwelt zuliebe; der umwelt zuliebe; denken sie an die umwelt
    pensez à l'environnement; pensez à l’environnement; avant d'imprimer; n'imprimez ce
    ne pas imprimer; préservez l'environnement; antes de imprimir; piense en el medio ambiente
    por favor, piense; proteja el medio ambiente; prima di stampare; pensa all'ambiente
    rispetta l'ambiente; non stampare questa; pense no meio ambiente; pense no ambiente
    preserve o meio
    denk aan het milieu; bespaar papier; denk eerst aan het milieu; pomyśl o środowisku
    zanim wydrukujesz
    подумайте об окружающей; берегите природу; прежде чем распечатать; tänk på miljön
    tenk på miljøet
    tænk på miljøet; ajattele ympäristöä; myslete na životní prostředí; lütfen çevreyi
    çevreyi düşünün
    you received this message because you are subscribed; to unsubscribe from this group
    to unsubscribe, e-mail; to post to this group; for more options, visit
    yahoo mail: search, organize; yahoo mail: suchen, organisieren; yahoo mail: cerca, organizza
    yahoo mail: busca, organiza; yahoo mail : recherchez, organisez
    yahoo mail: recherchez, organisez
    yahoo mail: pesquise, organize; sent through; scanned by mailscanner; mailscanner
    click here to report this email as spam
""")

# How legal notices begin.
DISCLAIMERS = _words("""
    this email and any; this e-mail and any; this message and any; this mail and any
    this email is; this e-mail is; this message is; this email may; this e-mail may
    this message may
    this email (; this e-mail (; this message (; this message contains; this email contains
    this e-mail contains; this e-mail message; this email message; this electronic
    this communication
    this transmission; this email, ; this e-mail, ; this email transmission; this mail is
    the information contained
    the information in this; the information transmitted; the contents of this
    the content of this
    information contained in; information in this; confidentiality; confidential; disclaimer
    privileged; notice:; important notice; legal notice; privacy notice; internet email
    email confidentiality
    if you are not the intended; if you have received this; if you received this; any unauthorised
    any unauthorized; unless otherwise; we have taken; this footnote
    diese e-mail; diese email; diese nachricht; diese mail; der inhalt dieser; die in dieser
    die information; vertraulich; haftungsausschluss; disclaimer:; wichtiger hinweis
    rechtlicher hinweis
    wenn sie nicht der; sollten sie nicht; falls sie nicht; dieses e-mail; dieses email
    datenschutzhinweis
    datenschutz:; informationen zum datenschutz; hinweise zum datenschutz; das unerlaubte kopieren
    ce message; ce courriel; ce mail; cet e-mail; cet email; ce courrier
    les informations contenues
    l'information contenue; le présent message; le présent courriel; confidentialité
    avis de confidentialité
    si vous n'êtes pas; si vous avez reçu; avertissement; mention légale
    este mensaje; este correo; este e-mail; este email; la información contenida
    la información incluida
    aviso legal; aviso de confidencialidad; confidencialidad; advertencia legal
    cláusula de confidencialidad
    si usted no es; si ha recibido; si no es usted; de conformidad con; en cumplimiento
    protección de datos
    le informamos; de acuerdo con; en virtud; en virtut; aquest missatge; aquest correu
    questo messaggio; questa e-mail; questa email; questa mail; questa comunicazione
    il presente messaggio
    la presente e-mail; la presente comunicazione; il contenuto di questa
    il contenuto del presente
    le informazioni contenute; le informazioni trasmesse; avvertenza; avvertenze
    avviso di riservatezza
    riservatezza; nota di riservatezza; informativa; ai sensi; privacy; qualora; si precisa che
    esta mensagem; este e-mail; a informação contida; as informações contidas; o conteúdo deste
    aviso de confidencialidade; confidencialidade; esta comunicação; aviso legal; se não for o
    dit bericht; deze e-mail; deze email; dit e-mailbericht; de informatie; de inhoud van
    vertrouwelijk
    dit e-mail; indien u niet
    niniejsza wiadomość; ta wiadomość; treść tej wiadomości; wiadomość ta; informacja zawarta
    informacje zawarte; niniejszy e-mail; uwaga:; ta e-mail; klauzula; poufność
    это сообщение; данное сообщение; настоящее сообщение; это электронное; данное электронное
    настоящее электронное; содержание данного; информация, содержащаяся; конфиденциальн; внимание!
    це повідомлення; дане повідомлення; цей лист; інформація, що; конфіденц; це електронне
    detta meddelande; detta e-post; denna e-post; det här meddelandet; innehållet i
    informationen i
    denne e-mail; denne mail; denne besked; denne meddelelse; denne e-post; denne e-posten
    denne meldingen
    informasjonen i; oplysningerne i; indholdet af; innholdet i; fortrolig
    tämä viesti; tämä sähköposti; luottamuksell; tämän viestin; viesti ja sen
    tento e-mail; tato zpráva; tento email; tato e-mail; tento dokument; obsah tohoto
    informace obsažené
    tato komunikace; táto správa; tento mail; obsah tejto
    ez az üzenet; ez az e-mail; jelen üzenet; jelen e-mail; a jelen; az üzenet; ez a levél
    figyelem
    acest mesaj; acest e-mail; acest email; informațiile conținute; informatiile continute
    continutul acestui
    bu e-posta; bu mesaj; bu elektronik; bu e-mail; bu ileti; yasal uyarı; gizlilik
    το παρόν; αυτό το μήνυμα; το μήνυμα αυτό; οι πληροφορίες; εμπιστευτικ; η πληροφορία
    това съобщение; този имейл; настоящото; ova poruka; ovaj e-mail; ova e-pošta; to sporočilo
    本メール; このメール; 本電子メール; 本邮件; 此邮件; 本電郵; 本郵件; 这封邮件; 声明; 免责声明
    保密; 이 메일; 본 메일; 이 이메일
    본 이메일; 이 전자우편; 본 전자우편; הודעה זו; דואר אלקטרוני זה; המידע; هذه الرسالة
    هذا البريد; إخلاء مسؤولية
    email này; thư này; thông tin trong; email ini; surel ini; pesan ini; informasi dalam
""")

# What makes such a notice one, and no letter of somebody who wants his data deleted.
DISCLAIMER_SIGNS = _words("""
    confidential; intended recipient; intended solely; intended only; intended for; privileged
    virus; named addressee; vertraulich; rechtlich geschützt; richtige adressat; bestimmungsgemäß
    beabsichtigt; vorgesehene empfänger; viren; confidentiel; usage exclusif; exclusi; seul usage
    confidencia; riservat; confidenzial; esclusiv; vertrouwelijk; uitsluitend; poufn; wyłącznie
    конфиденциал; исключительно; предназнач; конфіденц; виключно; признач; konfidentiell
    endast avsedd; fortrolig; rette modtager; rette mottaker; luottamuksel; tarkoitettu; důvěrn
    dôvern; výhradn; bizalmas; kizárólag; confidenți; confidenti; gizli; εμπιστευτικ; απόρρητ
    поверител; povjerljiv; namijenjen; 2016/679; 196/2003; 15/1999; rgpd; gdpr; lgpd; dsgvo; rodo
    機密; 秘密; 誤送信; 保密; 机密; 기밀; 비밀; סודי; חסוי; سري; bảo mật; rahasia
""")

# What such notices speak of; two of these, and one of those above, make one.
DISCLAIMER_TERMS = _words("""
    intended recipient; intended solely; intended only; intended for; privileged
    unauthori
    received this; in error; notify; delete; disclos; liab; virus; legally; copying
    distribut
    dissemination; addressee; sender; attachments; gdpr; personal data; views; proprietary
    monitored
    vertraulich; rechtlich geschützt; adressat; empfänger; irrtümlich; informieren
    vernichten
    löschen; unbefugt; nicht gestattet; weitergabe; viren; haftung; anhäng; datenschutz
    gesetzlich
    destinataire; pièces jointes; par erreur; expéditeur; détrui; supprim; interdit
    autorisé; divulg; responsabilité; altéré; usage exclusif; données personnelles
    confidencial; por error; remitente; elimin; prohib; autoriz; protección de datos
    rgpd
    responsable; derechos; 2016/679; adjuntos; datos personales; protecció de dades; ley orgánica
    riservat; confidenzial; per errore; mittente; cancell; distru; vietat; privacy; 196/2003
    allegati; dati personali; proibit; diffusione; utilizzo
    destinatário; por engano; remetente; apag; proibid; anexos; dados pessoais; lgpd
    vertrouwelijk; geadresseerde; abusievelijk; ten onrechte; afzender; verwijder; vernietig
    niet toegestaan; verboden; openbaar; bestemd; bijlagen; aansprakelijk
    poufn; adresat; omyłk; nadawc; usun; zabronion; rozpowszechnian; ujawni; załącznik
    rodo
    danych osobowych; przeznaczon; chronion
    конфиденциал; предназнач; получател; адресат; ошибк; ошибочн; отправител; удали; запрещ
    раскрыт; вложени
    распростран; конфіденц; признач; одержувач; помилк; відправник; видал; заборон; вкладен
    розповсюдж
    konfidentiell; avsedd; mottagare; avsändare; av misstag; radera; obehörig; bifogade; förbjud
    fortrolig; modtager; mottaker; ved en fejl; ved en feil; slet; uautoris
    vedlegg
    vedhæft; taushet; underrett; personopplysninger
    luottamuksel; vastaanottaj; erehdy; lähettäj; poista; luvaton; tarkoitettu; liitte
    důvěrn; dôvern; adresát; omyl; odesílatel; odosielateľ; odstra; vymaž; zakáz; určen; příloh
    príloh; příjemc
    bizalmas; címzett; téved; feladó; töröl; tilos; mellékl; jogosulat
    confidenți; confidenti; destinatar; din greșeală; din greseala; expeditor; șterg; sterg
    interzis
    gizli; alıcı; yanlışlıkla; gönderen; silin; yetkisiz; yasak; sorumlu; ekleri; kişiye özel
    εμπιστευτικ; παραλήπτ; λάθος; εσφαλμέν; αποστολέ; διαγρά; απαγορε; συνημμέν; απόρρητ
    поверител; изпращач; изтри; забранен; povjerljiv; primatelj; namijenjen
    pošiljatelj; obriš
    機密; 秘密; 受信者; 宛先; 誤って; 送信者; 破棄; 削除; 禁じ; 添付; 誤送信; 保密; 机密; 收件人
    误收; 誤收; 发件人; 寄件人; 删除; 刪除; 禁止; 附件
    기밀; 비밀; 수신인; 수신자; 잘못; 발신인; 발신자; 삭제; 금지; 첨부; סודי; חסוי; נמען; בטעות
    מחק
    سري; المرسل; الخطأ; حذف; محظور; bảo mật; người nhận; nhầm; xóa; người gửi; rahasia
    penerima; hapus; pengirim
""")

# What a mail gateway or a program of the reader put on top of what somebody wrote.
BANNERS = _words("""
    caution: this email originated; caution: external; caution: this message; external email
    [external; external sender; external message; warning: this email; warning: external
    this email originated from outside; this message originated from outside; this is an external
    this message was sent from outside; this email was sent from outside
    you don't often get email
    you don’t often get email; some people who received this message don't often
    some people who received this message don’t often; sie erhalten nicht oft
    sie erhalten nicht häufig
    einige personen, die diese nachricht; achtung: diese e-mail; externe e-mail; externe email
    vous n'obtenez pas souvent; vous ne recevez pas souvent; vous n’obtenez pas souvent
    attention : cet e-mail; attention : courriel externe; no suele recibir; no recibe a menudo
    no recibe correo electrónico de; precaución: este correo; non si ricevono spesso
    non ricevi spesso
    attenzione: questa e-mail; attenzione: mail esterna; não costuma receber
    você não costuma receber
    não recebe frequentemente; u ontvangt niet vaak; let op: deze e-mail; let op: externe
    nie otrzymujesz często; uwaga: wiadomość zewnętrzna; vous ne recevez pas fréquemment
    du får inte ofta; du får ikke ofte; et saa usein; часто не получаете; вы нечасто получаете
    ви не часто отримуєте; nezískáváte často e-maily; e-postayı genellikle almıyorsunuz
""")
BANNER_SEQUELS = _words("""
    do not click; don't click; links or open attachments; content is safe
    learn why this is important
    erfahren sie, warum; découvrez pourquoi; pourquoi c'est important; por qué es esto importante
    por qué esto es importante; scopri perché; scoprire perché; saiba por que; saiba porque
    meer informatie over waarom
    dowiedz się, dlaczego; be careful when; verify the sender; exercise caution
    unless you recognize
    unless you recognise; klicken sie nicht; ne cliquez pas; no haga clic; non cliccare
    aka.ms/learnabout
""")
