"""Words by which a short mail shows its language: small words, and what customers write about.

Compared without accents, for who types in a hurry leaves them out. A word that several languages
have stands with each of them and says little; one that all of them borrow (order, tracking,
email, online) stands with none. The languages that no shop answers in by default are here for
their neighbours' sake: so that Danish is not taken for German.
"""

WORDS = {
    "en": """
        photo attached complaint voucher call shop store repair fix fixed gift disappointed
        clasp really tried try keeps gone news nobody someone everything
        the a an i my your you we our it its is are was were be been have has had having do does did
        don doesn didn isn aren wasn haven hasn couldn wouldn won can could will would should shall
        not no yes and or but if when where what why who how which this that these those there here
        to of for from with without by at in on as about after before since until again still yet
        already just only very too so than then any some all more much many never nothing please
        thanks thank thx cheers hello hi hey dear regards kind morning afternoon evening sorry me
        him her them they he she us want wanted need needed like help get got give given send sent
        receive received arrived arrive deliver delivered delivery parcel package ordered bought
        purchase purchased paid pay payment refund refunded return returned exchange broken damaged
        faulty wrong missing lost late waiting wait waited days day week weeks ago today yesterday
        tomorrow month money back item items product size colour color address change cancel
        invoice receipt working work works anyone know tell let ask asked question answer answered
        reply replied response contact charged twice cracked necklace ring watch shoes dress box
        possible soon unfortunately anything something someone cannot shipped shipping
        placed account log password reset track update number stopped unacceptable ridiculous
        disappointed happy great love looking forward hear wondering confirm available stock
        also same different other another first second third last next new old bit big small
        large long short once out off up down into over under because while even though
        refuse left ever""",
    "it": """
        foto allegato allegata reclamo reclami deluso delusa negozio telefonare chiamare
        richiamare riparare chiusura regalo sconto pessimo vergogna gradirei sollecito
        il lo la gli le un uno una di del dello della dei degli delle da dal dalla dai in nel nella
        nei nelle con su sul sulla per tra fra e ed o ma se che chi cui non no sì si mi ti ci vi ne
        io tu lui lei noi voi loro mio mia miei mie tuo tua suo sua vostro vostra vostri nostro
        nostra sono sei è siamo siete ho hai ha abbiamo avete hanno avevo era erano stato stata
        essere avere fare fatto posso può potete potrei potreste vorrei voglio devo dovete dove
        dov quando come cosa cos perché quale quanto quanti questo questa questi quello quella
        ancora già sempre mai più meno molto poco tutto tutti anche solo dopo prima oggi ieri
        domani giorni giorno settimana settimane mese fa buongiorno buonasera salve ciao grazie
        prego scusate scusi gentile gentili cordiali saluti distinti attesa attendo aspetto
        aspettando ordine ordini ordinato ordinata pacco spedizione spedito spedita consegna
        consegnato corriere arrivato arrivata arrivati arriva arrivare ricevuto ricevuta ricevere
        rimborso rimborsato reso resi restituire cambio cambiare taglia misura prodotto articolo
        merce rotto rotta difettoso danneggiato danneggiata sbagliato sbagliata errato manca
        mancante pagamento pagato addebito addebitato soldi fattura scontrino indirizzo annullare
        acquisto acquistato comprato collana anello orologio scarpe vestito scatola risposta
        rispondere rispondete risposto scritto scrivo sapere dire ditemi aiuto aiutarmi bisogno
        problema possibile purtroppo nessuno nessuna niente nulla qualcuno numero richiesta
        informazioni sito conto caso stessa stesso volta volte funziona fermo nuovo nuova
        però quindi allora invece così pure oppure almeno altro altra""",
    "fr": """
        joint jointe jointes photo annulez annulé pièce déçu déçue urgent réception réclamation
        suivi promo horaires dommage remplacer tard
        le la les un une des du de au aux en dans sur sous avec sans pour par chez et ou où mais si
        que qui quoi dont ne pas plus non oui je j tu il elle on nous vous ils elles me m te se
        mon ma mes ton ta votre vos notre nos son sa ses leur ce c cet cette ces ça cela est suis
        sommes êtes sont ai as a avons avez ont avais avait était été être avoir fait faire peux
        peut pouvez pourriez puis voudrais souhaite souhaiterais veux dois devez quand comment
        pourquoi quel quelle combien encore toujours jamais déjà très trop peu tout toute tous rien
        aussi seulement après avant aujourd hui hier demain jour jours semaine semaines mois depuis
        bonjour bonsoir salut coucou merci svp stp plaît cordialement madame monsieur bien bonne
        journée soirée attente attends attend commande commandes commandé colis livraison livré
        livrée livreur expédition expédié envoyé envoyer envoi arrivé arrivée arriver reçu reçue
        recevoir remboursement remboursé rembourser retour retourner échange échanger taille
        produit article articles cassé cassée abîmé abîmée endommagé défectueux erreur mauvais
        mauvaise manque manquant paiement payé payer débité argent facture adresse annuler achat
        acheté collier bague montre chaussures robe boîte réponse répondre répondu écrit savoir
        dire aide aider besoin problème possible malheureusement personne quelqu numéro demande
        site compte fois marche fonctionne nouveau nouvelle même autre donc alors car comme
        deux trois rester  qu d l n s t y jamais voir voici voilà
        inadmissible remerciant svp dites""",
    "de": """
        anbei foto bild reklamation gutschein anruf anrufen zurückrufen enttäuscht reparieren
        verschluss lieferschein geschenk prima abholen laden dauert passt gefällt ärgerlich
        der die das den dem des ein eine einen einem einer und oder aber wenn weil dass daß ob als
        wie wo was wer wann warum wieso weshalb wohin woher ich du er sie es wir ihr mich mir dich
        uns euch ihnen ihm mein meine meinen meiner meinem dein deine ihre ihren ihrem ihrer unser
        unsere sein seine ist sind bin war waren wird werden wurde worden habe hab haben hat hatte
        hätte kann können könnte könnten koennte koennen möchte moechte möchten muss müssen soll
        sollte will wollte darf nicht kein keine keinen nein ja nichts noch schon immer nie mehr
        sehr auch nur nach vor seit bis für fuer mit ohne von vom zu zum zur bei beim auf aus an am
        im in über ueber unter um durch gegen hier da dann denn doch mal bitte danke vielen dank
        hallo guten tag morgen abend servus moin grüß gruß gruss grüße gruesse freundlichen
        freundliche liebe lieber sehr geehrte damen herren bestellung bestellungen bestellt
        bestellnummer paket päckchen lieferung geliefert lieferzeit liefern versand versendet
        verschickt sendung sendungsnummer angekommen ankommen kommt kam bekommen erhalten warte
        warten gewartet rückerstattung erstattung geld zurück zurueck rücksendung retoure
        zurückschicken zurückgeben umtausch umtauschen tauschen größe groesse artikel ware produkt
        kaputt defekt beschädigt falsch falsche falschen falscher fehlt fehlen zahlung bezahlt
        bezahlen abgebucht rechnung adresse anschrift lieferadresse stornieren gekauft kette ring
        uhr schuhe kleid schachtel antwort antworten geantwortet geschrieben wissen sagen hilfe
        helfen brauche problem frage leider niemand jemand nummer konto heute gestern tage tagen
        woche wochen monat zweimal doppelt mal ersten neue neuen neues bleibt steht geht
        funktioniert ganz gar wieder bereits bisher endlich sofort schnell gerne gern eilt
        trotzdem obwohl alles etwas andere anderen diese dieser dieses diesen jetzt""",
    "es": """
        código codigo descuento foto adjunto adjunta envían nadie responda decepcionado
        decepcionada reclamación
        seguimiento reparar arreglar llamar llamarme correo regalo dirección vale
        el la los las un una unos unas de del al a en con sin por para y u pero si que qué quien
        quién cual cuál no sí ni me mi mis te tu tus se su sus nos nuestro nuestra vuestro yo tú
        él ella nosotros ustedes usted ud es son soy está están estoy estaba era fue ser estar he ha
        han hemos había tengo tiene tienen tener hace hacer hecho puedo puede pueden podría podrían
        quiero quisiera quería necesito debo dónde donde cuándo cuando cómo como cuánto por qué este
        esta esto estos estas ese esa eso aún todavía ya siempre nunca más menos muy mucho poco todo
        todos también solo sólo después antes hoy ayer mañana día días semana semanas mes desde
        hasta hola buenos buenas tardes noches gracias favor saludos estimados estimado cordial
        atentamente disculpe disculpen perdón espera esperando espero pedido pedidos pedí paquete
        envío enviado enviar enviaron entrega entregado llegado llegó llega llegar recibido recibí
        recibir reembolso devolución devolver devuelvan cambio cambiar talla producto artículo roto
        rota dañado dañada defectuoso equivocado equivocada falta faltan pago pagado pagué cobrado
        cobraron dinero factura dirección cancelar compra comprado compré collar anillo reloj
        zapatos vestido caja respuesta responder responden contestan contestado escrito escribo
        saber decir ayuda ayudar ayudarme problema posible desgraciadamente nadie alguien nada algo
        número cuenta vez veces funciona nuevo nueva mismo otra otro entonces porque aunque
        vosotros tenéis habéis podéis lleva llevo sigue sigo aquí allí así""",
    "pt": """
        código codigo desconto foto anexo enganei cancelem cancelamento ninguém desiludido
        desiludida reclamação
        seguimento reparar ligar correio presente tamanho obg enviam rastrear loja
        o a os as um uma uns umas de do da dos das ao à aos às em no na nos nas com sem por pelo
        pela para e ou mas se que quem qual não nao sim me meu minha meus minhas te teu seu sua
        seus nosso nossa eu tu ele ela nós vocês você voce é são sou está estão estou estava era foi
        ser estar tenho tem têm ter tinha havia fazer feito faz posso pode podem poderia poderiam
        podiam quero queria gostaria preciso devo onde quando como quanto porque porquê este esta
        isto esse essa isso aquele ainda já sempre nunca mais menos muito pouco tudo todos também
        só depois antes hoje ontem amanhã dia dias semana semanas mês desde até olá ola oi bom boa
        tarde noite obrigado obrigada favor cumprimentos atenciosamente desculpe desculpem espera
        esperando aguardo aguardar encomenda encomendas encomendei pedido pedi pacote envio enviado
        enviada enviar enviaram entrega entregue chegou chega chegar chegaram recebi recebido
        receber reembolso devolução devolver troca trocar tamanho produto artigo partido partida
        quebrado quebrada quebrou danificado danificada defeito errado errada falta pagamento pago
        paguei cobrado cobraram dinheiro fatura endereço morada cancelar compra comprei colar anel
        relógio sapatos vestido caixa resposta responder respondem respondeu escrevi saber dizer
        ajuda ajudar problema possível infelizmente ninguém alguém nada algo número conta vez vezes
        funciona novo nova mesmo outra outro então pois gente seria estou vou vosso vossa
        cadê comprado cliente rastreio rastreamento correios faturado""",
    "nl": """
        prima reageert reageren reactie teleurgesteld bijlage foto niemand retourlabel maak kunnen
        ketting dankuwel heeft bezorgen opgelost eindelijk bevestiging
        de het een en of maar als dat die dit deze wat wie waar wanneer waarom hoe welke ik jij je
        u hij zij ze wij we jullie mij me mijn jouw uw ons onze hun is zijn ben bent was waren word
        wordt worden heb hebt heeft hebben had kan kunt kunnen kon zou wil willen wilde moet moeten
        mag niet geen nee ja niets nog al steeds altijd nooit meer zeer erg heel ook alleen maar
        na voor sinds tot met zonder van uit naar bij op in aan om over onder door tegen hier daar
        dan toen toch even eens alstublieft alsjeblieft aub dank bedankt dankjewel dankuwel hallo
        hoi goedemorgen goedemiddag goedenavond goedendag dag beste geachte groet groeten groetjes
        vriendelijke bestelling bestellingen besteld pakket pakketje levering geleverd bezorgd
        bezorging verzonden verstuurd zending aangekomen ontvangen ontvangst gekregen wacht wachten
        terugbetaling geld terug retour retourneren terugsturen ruilen omruilen maat artikel
        product kapot beschadigd defect verkeerd verkeerde ontbreekt mist betaling betaald betalen
        afgeschreven factuur adres bezorgadres annuleren gekocht ketting ring horloge schoenen jurk
        doos antwoord antwoorden reactie geantwoord geschreven gestuurd weten zeggen hulp helpen
        nodig probleem vraag helaas niemand iemand nummer rekening vandaag gisteren morgen dagen
        week weken maand keer tweede nieuwe blijft staat gaat werkt weer graag snel zo iets alles
        andere nu ervan hiervan graag u""",
    "pl": """
        zdjęcie załączniku reklamacji rozczarowany rozczarowana kod rabatowy dalej dojdzie dwa
        razy telefon sklep naprawić prezent poczta kiedy
        i a w we z ze na do od po za przed przez dla o u przy bez nad pod oraz lub albo ale że
        żeby jeśli jeżeli gdy kiedy gdzie dlaczego czemu jak jaki jaka jakie co kto czy który
        która które nie tak ja ty on ona my wy mój moja moje mojego mojej mojemu mnie mi mam masz
        ma mamy macie mają miałem miałam jest są jestem był była było być będzie mogę można może
        możecie możesz chcę chce chciałbym chciałabym proszę prosze muszę trzeba jeszcze już zawsze
        nigdy więcej bardzo też także tylko potem teraz dziś dzisiaj wczoraj jutro dni dzień
        tydzień tygodnie tygodni miesiąc temu dobry witam cześć hej dziękuję dziekuje dzięki
        pozdrawiam serdecznie państwa państwo pan pani szanowni czekam czeka zamówienie
        zamówienia zamowienie zamówiłem zamówiłam paczka paczki paczkę przesyłka przesyłki przesyłkę
        wysłane wysłana wysłać wysyłka dostawa dostarczona dotarła dotarło dotarł przyszła przyszło
        otrzymałem otrzymałam otrzymałam dostałem dostałam zwrot zwrotu zwrócić pieniądze
        pieniędzy wymiana wymienić rozmiar produkt towar uszkodzony uszkodzona uszkodzone zepsuty
        zepsuł zły zła złą brakuje płatność zapłaciłem zapłaciłam pobrano faktura fakturę faktury
        adres anulować kupiłem kupiłam naszyjnik pierścionek zegarek buty sukienka pudełko
        odpowiedź odpowiedzi odpisać odpowiada pisałem pisałam piszę wiedzieć powiedzieć pomoc
        pomóc problem pytanie niestety nikt ktoś nic coś numer konto raz działa nowy nowa ten ta to
        tego tej tym się sie jestem są został została zostało był dzień reklamacja reklamację""",
    "ru": """
        во фото вложении отмените нужен нужна перезвоните ошибся ошиблась адресом доставляете
        жалоба брак порвалась звоните почта упаковка подарок хорошо ладно понятно номером телефон
        приехал приехала обещали
        и а в во с со на до от по за перед через для о об у при без над под или но что чтобы если
        когда где куда почему зачем как какой какая какие кто ли который которая не нет да я ты он
        она оно мы вы они мой моя мое моё мои моего моей мне меня мной вам вас ваш ваша ваше вашего
        нам нас наш у есть был была было были быть будет буду могу можно может можете хочу хотел
        хотела хотелось прошу пожалуйста надо нужно должен ещё еще уже всегда никогда больше очень
        тоже также только потом сейчас сегодня вчера завтра дня дней день неделя недели неделю
        недель месяц назад здравствуйте здравствуй добрый вечер утро привет спасибо благодарю
        уважением жду ждать ждём заказ заказа заказе заказал заказала заказу заказы посылка посылки
        посылку посылке отправлен отправлена отправили отправить доставка доставки доставили
        доставлен пришел пришёл пришла пришло приходит приедет получил получила получить возврат
        возврата вернуть верните деньги денег обмен обменять размер товар товара вещь сломан
        сломана сломался сломалось поврежден повреждена брак бракованный неправильный другой не
        хватает оплата оплаты оплатил оплатила списали счет чек адрес отменить купил купила цепочка
        кольцо часы обувь туфли платье коробка ответ ответа ответьте отвечает отвечаете писал
        писала пишу знать сказать скажите подскажите помощь помогите помочь проблема вопрос
        сожалению никто ничего номер раз работает новый это этот эта этого так
        там тут здесь уж бы же ни сколько чем""",
    "uk": """
        фото вкладенні скасуйте потрібен потрібна передзвоніть помилився помилилася адресою
        доставляєте скарга пошта подарунок добре зрозуміло телефон обіцяли
        і й та а в у з зі на до від по за перед через для про при без над під або але що щоб якщо
        коли де куди чому навіщо як який яка яке які хто чи котрий не ні так я ти він вона воно ми
        ви вони мій моя моє мої мого моєї мені мене вам вас ваш ваша ваше нам нас наш є був була
        було були бути буде буду можу можна може можете хочу хотів хотіла прошу треба потрібно
        повинен ще вже завжди ніколи більше дуже теж також тільки потім зараз сьогодні вчора завтра
        дні днів день тиждень тижні тижнів місяць тому вітаю добрий добридень вечір ранок привіт
        дякую дуже будь ласка повагою чекаю чекати замовлення замовлень замовив замовила посилка
        посилки посилку посилці відправлено відправили відправити надіслати доставка доставки
        доставили прийшов прийшла прийшло надійшло надійшла отримав отримала отримати повернення
        повернути поверніть гроші грошей обмін обміняти розмір товар товару зламаний зламана
        зламався пошкоджений пошкоджена пошкоджено неправильний інший бракує оплата оплатив
        оплатила списали рахунок чек адреса адресу скасувати купив купила ланцюжок каблучка
        годинник взуття сукня коробка відповідь відповіді відповідає писав писала пишу знати
        сказати скажіть підкажіть допомога допоможіть допомогти проблема питання жаль ніхто хтось
        нічого щось номер раз працює новий це цей ця цього там тут бо""",
}

# Russian and Ukrainian in Latin letters, as people write them who have no other keyboard.
TRANSLITERATED = {
    "ru": """
        gde moy moi moya moyo zakaz zakaza zakazal zakazala posylka posylku posilka kogda budet
        pochemu zdravstvuyte zdravstvujte zdrastvuyte dobryy dobriy spasibo pozhaluysta pojaluysta
        pozhalujsta privet mne menya vas vam vernite vernut dengi skolko zhdat jdat zhdu jdu
        prishel prishla prishlo prislali otpravili poluchil poluchila dostavka tovar vozvrat eto
        esche eshche uzhe uje ne nedelyu nedeli nedelya otvet otvette pomogite razmer nomer
        podskazhite skazhite hochu khochu oplatil oplatila""",
    "uk": """
        zamovlennya moje moye koly bude chomu dobryi dobryj dyakuyu diakuiu bud laska pryvit meni
        mene poverny povernit hroshi skilky chekaty chekayu pryishlo pryyshla otrymav otrymala
        dostavku tyzhden pidkazhit""",
}

# For the neighbours' sake only; the ones that no small word is shared by are left to the model.
FOREIGN = {
    "sv": """
        och att det som en ett jag du vi ni min mitt mina er ert är var har hade kan ska vill inte
        ej nej ja på av för med från till om när var hur vad varför men eller också ännu fortfarande
        inget mycket tack hej hejsan hälsningar vänliga god dag beställning beställt beställde order
        paket paketet leverans levererad skickat skickad kommit fått väntar väntat pengar tillbaka
        retur byta storlek trasig fel saknas betalat faktura adress köpt köpte svar svara snälla
        igen nu idag igår dagar vecka veckor sedan någon ingen""",
    "da": """
        og at det som en et jeg du vi i min mit mine jeres er var har havde kan skal vil ikke nej ja
        på af for med fra til om når hvor hvordan hvad hvorfor men eller også endnu stadig ingen
        meget tak hej hilsen venlig goddag bestilling bestilt bestilte ordre pakke pakken pakke
        levering leveret sendt kommet fået venter ventet penge tilbage retur bytte størrelse ødelagt
        forkert mangler betalt faktura adresse købt købte svar svare gerne igen nu dag går dage uge
        uger siden nogen""",
    "no": """
        og at det som en et jeg du vi dere min mitt mine deres er var har hadde kan skal vil ikke
        nei ja på av for med fra til om når hvor hvordan hva hvorfor men eller også enda fortsatt
        ingen mye takk hei hilsen vennlig bestilling bestilt bestilte ordre pakke pakken levering
        levert sendt kommet fått venter ventet penger tilbake retur bytte størrelse ødelagt feil
        mangler betalt faktura adresse kjøpt kjøpte svar svare gjerne igjen nå dag går dager uke
        uker siden noen""",
    "fi": """
        ja on ei en ole olen oli että mutta tai kun jos missä milloin miksi miten mikä minun teidän
        minä te se tämä vielä jo kiitos hei moi terveisin ystävällisin tilaus tilaukseni tilauksen
        tilasin paketti pakettini paketin toimitus saapunut tullut saanut odottanut odotan rahat
        takaisin palautus vaihtaa koko rikki väärä puuttuu maksoin lasku osoite ostin vastausta
        vastaa tänään eilen päivää viikkoa sitten kuka voitteko voisitteko haluan""",
    "cs": """
        a i v ve z ze na do od po za pro o u při bez nebo ale že aby když kde kdy proč jak jaký co
        kdo ne ano já vy můj moje mého mou mi mám je jsou jsem byl byla být bude mohu můžete chci
        chtěl chtěla prosím ještě už jen velmi dobrý den děkuji díky pozdravem objednávka
        objednávku objednávky objednal objednala balík zásilka zásilku doručení dorazil dorazila
        přišel přišla nepřišla obdržel čekám peníze vrácení vrátit výměna velikost zboží rozbitý
        rozbité špatný chybí zaplatil zaplatila faktura adresa koupil koupila odpověď dnes včera
        dní týden týdny se si to ta ten""",
    "sk": """
        a aj v vo z zo na do od po za pre o u pri bez alebo ale že aby keď kde kedy prečo ako aký čo
        kto nie áno ja vy môj moja moje mi mám je sú som bol bola byť bude môžem môžete chcem chcel
        chcela prosím ešte už len veľmi dobrý deň ďakujem pozdravom objednávka objednávku
        objednávky objednal objednala balík zásielka zásielku doručenie dorazil prišiel prišla
        neprišla čakám peniaze vrátenie vrátiť výmena veľkosť tovar rozbitý chýba zaplatil faktúra
        adresa kúpil kúpila odpoveď dnes včera dní týždeň týždne sa si to ta ten""",
    "hu": """
        a az egy és de hogy nem igen van volt lesz vagyok hol mikor miért hogyan mi ki még már is
        csak nagyon kérem köszönöm köszi üdvözlettel tisztelt szia jó napot rendelésem rendelés
        rendelést rendeltem csomag csomagom csomagot szállítás megérkezett érkezett kaptam várok
        pénz pénzt vissza visszaküldés csere méret termék törött sérült hibás hiányzik fizettem
        számla cím vettem válasz választ ma tegnap nap hete hét""",
    "ro": """
        și si un o de la în in cu pe pentru din că ca să sa nu da este e sunt am ai are a fost era
        vreau doresc pot puteți unde când cand cum ce cine care mea meu mele mei dumneavoastră vă
        va rog mulțumesc multumesc mersi bună buna ziua salut respect comanda comandă comandat
        colet coletul livrare livrat trimis ajuns primit aștept astept bani banii înapoi inapoi
        retur schimb mărime produs produsul defect spart greșit lipsește plătit factura adresa
        cumpărat răspuns încă inca deja foarte azi ieri zile săptămâni""",
    "tr": """
        ve bir bu şu o da de ama veya için icin ile ben benim siz sizin nerede ne zaman neden nasıl
        kim mi mı mu var yok değil oldu henüz daha çok teşekkürler teşekkür ederim merhaba selam iyi
        günler lütfen lutfen rica sipariş siparişim siparişimi kargo kargom paket teslimat teslim
        geldi gelmedi ulaşmadı bekliyorum para paramı iade değişim beden ürün kırık hasarlı yanlış
        eksik ödeme ödedim fatura adres aldım cevap bugün dün gün hafta""",
    "el": "",
    "bg": """
        и в с на до от по за или но че да не къде кога защо как какво кой аз вие моя моята моето ми
        съм е са бях беше ще може моля благодаря здравейте здравей поздрави поръчка поръчката
        поръчах пратка пратката доставка получих чакам пари връщане замяна размер още вече много
        днес вчера дни седмица това този няма""",
    "sr": """
        i u s na do od po za ili ali da ne gde gdje kada zašto kako što šta ja vi moj moja moje mi
        sam je su bio bila će može molim hvala pozdrav poštovani dobar dan narudžba narudžbu
        porudžbina naručio naručila paket paketa dostava stigao stigla nije primio čekam novac
        novca povrat zamjena veličina još već danas jučer juče dana tjedan nedelju""",
    "id": """
        dan di ke dari yang ini itu saya anda kami tidak belum sudah apa mana kapan kenapa bagaimana
        untuk dengan ada bisa mohon tolong terima kasih halo selamat pesanan paket barang kirim
        uang kembali""",
    "af": """
        ek het nie nog my jou julle asseblief dankie bestelling pakkie waar is die en van vir hallo
        goeie dag geld terug ontvang wag""",
    "ca": """
        el la els les un una de del amb i o però si que no em meva meu meus on quan com per perquè
        és són està tinc vull voldria bon dia gràcies salutacions comanda paquet enviament arribat
        rebut espero diners devolució talla trencat encara també molt avui ahir dies setmanes""",
}

# The model's dialects and its rarer names, by the language that is written in their place.
WRITTEN_AS = {
    "als": "de",
    "bar": "de",
    "nds": "de",
    "frr": "de",
    "pfl": "de",
    "lmo": "it",
    "nap": "it",
    "scn": "it",
    "vec": "it",
    "eml": "it",
    "pms": "it",
    "co": "it",
    "wa": "fr",
    "frp": "fr",
    "ast": "es",
    "an": "es",
    "li": "nl",
    "vls": "nl",
    "zea": "nl",
    "rue": "uk",
    "nn": "no",
    "bs": "sr",
    "hr": "sr",
    "sh": "sr",
    "ms": "id",
}
# Invented, or written by hardly anybody in a mail to a shop: what the model sees there is noise.
NOISE = frozenset(
    "eo ia ie io vo jbo la war ceb min bcl pam tl ilo jv su bpy new gom gn qu sco oc rm sc ht dsb "
    "hsb csb szl kv mhr mrj myv koi krc lez av ce cv os sah tt ba tyv xal mdf pnb ckb gv kw br cy "
    "ga gd yi diq ku so mg mai bh sa arz mzn azb nah tk lb fy".split()
)

# Letters that one or two languages write, as good as a word.
LETTERS = {
    "ß": "de",
    "ñ": "es",
    "¿": "es",
    "¡": "es",
    "ã": "pt",
    "õ": "pt",
    "œ": "fr",
    "ù": "fr it",
    "ê": "fr pt",
    "ł": "pl",
    "ą": "pl",
    "ę": "pl",
    "ś": "pl",
    "ź": "pl",
    "ż": "pl",
    "ř": "cs",
    "ě": "cs",
    "ů": "cs",
    "ľ": "sk",
    "ő": "hu",
    "ű": "hu",
    "ț": "ro",
    "ș": "ro",
    "ă": "ro",
    "ğ": "tr",
    "ı": "tr",
    "ş": "tr",
    "å": "sv da no",
    "ø": "da no",
    "æ": "da no",
    "ы": "ru",
    "э": "ru",
    "ё": "ru",
    "і": "uk",
    "ї": "uk",
    "є": "uk",
    "ґ": "uk",
    "đ": "sr",
}
