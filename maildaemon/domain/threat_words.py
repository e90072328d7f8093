"""How customers threaten, by language: with money and courts, or with a bad name.

The form is that of `distress_words`.
"""

# Money that will be taken back, or courts and authorities: a clock runs that is not ours.
THREATS = {
    "en": """
        chargeback*
        charge back + will|going|bank|card|file|request|open|initiate
        contest|contesting|dispute|disputing|disputed the|this|my|that|your charge|charges|
            payment|transaction|purchase
        dispute + paypal|bank|klarna|ebay|stripe|visa|mastercard
        paypal|klarna|ebay|bank dispute|claim|case
        open|opened|opening|file|filed|raise|raised|start + case|claim|dispute + paypal|ebay|
            klarna|bank
        my bank|card + block|recall|refund|reverse|reclaim
        call|calling|contact|contacting my bank
        buyer protection + open*|claim*|use|file*|start*
        contact|contacting|consult|consulting|call|calling|involve|involving|instruct|
            instructing|inform|see|hire|get my|our|a|an lawyer|attorney|solicitor|barrister
        hear|speak|speaking|talk|talking from|to|with my|our|a lawyer|lawyers|attorney|solicitor
        to my|our|a lawyer|attorney|solicitor + pass|passed|passing|hand|handing|handed|
            refer|forward
        my|our lawyer|attorney|solicitor will|is|has|shall
        lawyer|lawyers|attorney|solicitor|solicitors letter|s
        legal action|steps|proceedings|consequences|measures
        take|taking|pursue|seek|seeking legal|legally
        to|in court + you|this|it|take|taking|see
        small claims
        sue you|your|the
        will|gonna|shall sue
        to sue
        suing + you|your
        trading standards
        better business bureau
        consumer protection|association|ombudsman|affairs|organisation|organization|agency|
            authority
        consumer rights + report|complain*|contact|breach|violat*|body
        ombudsman + complain*|contact*|report*|refer*
        citizens advice
        report|reporting you|your|this + police|fraud|authorities|scam|fca|ftc
        going|go|call|contact + police
        lawsuit""",
    "it": """
        chargeback*
        contest*|disput* + addebito|pagamento|transazione|paypal|banca
        storn* + banca|paypal|faro
        apr* + controversia|contestazione|disputa|reclamo + paypal|banca|ebay
        controversia|contestazione + paypal|banca|ebay
        mio|nostro|un avvocato|legale + rivolg*|contatt*|affid*|incaric*|sentir*|parler*|
            passer*|mano|mani|scrivera
        tramite avvocato|legale|legali|avvocati
        tramite il|un mio|avvocato|legale avvocato|legale|di
        vie legali
        azioni|azione|provvedimenti legal*
        adir* vie
        vi denunci*
        denunciero|denuncero|denunceremo|denuncio
        denunci* + truffa|autorita
        sporg* denuncia|querela
        querel*
        polizia postale
        giudice di pace
        tribunale + porter*|vedi*|ved*|rivolg*|cit*
        associazion* + consumatori
        altroconsumo|codacons|federconsumatori|adiconsum|adoc
        antitrust|agcm + segnal*|rivolg*|scriv*|denunc*
        guardia di finanza
        diffid* + legal*|avvocato|formale|mora
        messa in mora""",
    "fr": """
        chargeback*|retrofacturation
        contest* + paiement|debit|prelevement|transaction|banque
        faire|fais|ferai opposition
        litige + ouvr*|paypal|banque|ebay|declar*
        mon|notre|un avocat|avocate|huissier + contact*|saisi*|consult*|transm*|fera|
            intermediaire|confi*|ecrira
        action|actions|poursuite*|voie|voies|suites|recours judiciair*|justice|juridique*|legale*
        poursuiv* + justice|tribunal|tribunaux|vous
        en justice + vous|poursui*|irai|aller|traduire|attaquer|action|agir
        saisi* + tribunal|justice|mediateur|dgccrf|conciliateur|prud
        tribunal + iray|irai|saisir|saisi*|devant|porter*
        port*|depos* + plainte
        plainte + police|gendarmerie|procureur|depot
        mise en demeure
        dgccrf|signalconso
        signal conso
        ufc que choisir
        60 millions de consommateurs
        que choisir + contact*|saisi*|signal*|aler*
        association* + consommateurs
        repression des fraudes
        mediateur + saisi*|contact*|recour*
        protection juridique""",
    "de": """
        chargeback*|ruckbuchung*|rueckbuchung*
        zuruckbuch*|ruckbuch*
        zahlung|betrag|lastschrift|geld + zuruckholen|zurueckholen|zuruckbuchen|zurueckbuchen|
            widersprech*
        bank|kreditkarte* + zuruckholen|zurueckholen|zuruckfordern|reklamier*|einschalten
        paypal + konflikt|fall|beschwerde|kauferschutz|kaeuferschutz|melden|einschalten|antrag
        kauferschutz|kaeuferschutz + beantrag*|einschalt*|offn*|melde*|nutz*|greif*
        anwalt|anwalte|anwaltin|anwaelt*|rechtsanwalt|rechtsanwaltin + einschalt*|schalte|
            beauftrag*|ubergeb*|uebergeb*|kontaktier*|konsultier*|weiterleit*|uberlass*
        von meinem|meiner|unserem anwalt|anwaltin|rechtsanwalt
        mein|meine|unser anwalt|anwaltin|rechtsanwalt|rechtsanwaltin wird|ist|hat
        an meinen|unseren|einen anwalt|rechtsanwalt + wend*|gebe|geht|weiter*
        zum anwalt|rechtsanwalt
        rechtliche* schritte|konsequenzen|massnahmen|mittel|wege
        rechtsweg|gerichtlich*|mahnbescheid|mahnverfahren|klageweg
        klage + einreich*|erheb*|droh*
        vor gericht
        verklag*
        strafanzeige|betrugsanzeige
        anzeige erstatt*|wegen
        anzeige + polizei|betrug
        polizei + einschalt*|gehe|gehen|meld*|wend*
        verbraucherzentrale*|verbraucherschutz*
        schlichtungsstelle + wend*|anruf*|einschalt*|meld*
        rechtsschutzversicherung
        frist + setze|anwalt|gesetzt""",
    "es": """
        chargeback*|contracargo*
        disput*|reclam*|controversia + paypal|banco|ebay|visa
        abrir*|abro|abierto + disputa|controversia
        mi banco|tarjeta + devolver*|devuelva|anular*|anule|retroceder*|bloquear*
        mi|nuestro|un|mis abogado|abogada|abogados + contact*|hablar*|hablare|pondr*|consult*|
            manos|acudir*|denunci*|noticias
        acciones|medidas|vias|accion legal*|judicial*
        via judicial|legal
        demandar*|demandare|demandarles|demandarlos
        demanda + presentar*|interpon*|poner|pondre
        juzgado|tribunales|juicio + llevar*|acudir*|vemos|ir|iremos|ire|denunci*
        denunci* + policia|guardia|poner*|pondre|estafa|facua|ocu|consumo|pienso|voy|vamos
        denunci* + presentar*
        denunciar*|denunciare|denunciaros|denunciarles
        policia + ir|voy|acudir*|llamar*
        hojas|hoja de reclamaciones|reclamacion
        reclamacion + consumo|omic|oficina
        omic|facua|profeco|sernac|indecopi
        ocu
        defensa del consumidor
        oficina del consumidor
        organizacion* + consumidores
        proteccion al consumidor
        asociacion de consumidores
        burofax""",
    "pt": """
        chargeback*
        contest*|disput* + paypal|banco|cartao|cobranca|pagamento|compra
        abrir|abro|abri + disputa|reclamacao|queixa + paypal|banco|policia
        disputa + paypal|abrir|abro|vou
        meu|minha|nosso|um|uma advogad* + contact*|contat*|falar*|acion*|process*|procur*|
            consult*|maos
        acao|acoes|medidas|vias|providencias judicia*|legais|cabiveis|juridicas
        processar|processo judicial
        vou processar
        tribunal|justica|juizado + vou|levar*|recorr*|entrar*|acion*|processo
        queixa + policia|psp|gnr|apresentar*|vou|asae
        boletim de ocorrencia
        procon|asae
        a deco + queixa|reclamac*|contactar|denunci*
        deco proteste
        livro de reclamacoes
        reclame aqui
        portal da queixa
        defesa do consumidor
        pequenas causas""",
    "nl": """
        chargeback*|terugboeking
        bank + terugboek*|terughal*|storner*|terugvorder*|terugdraai*
        betaling|incasso + betwist*
        paypal + geschil|klacht|zaak|dispuut|claim
        geschil + openen|open|start|indien*|paypal
        mijn|onze|een advocaat|jurist|rechtsbijstand* + inschakel*|schakel|contact|overdra*|
            stuur|horen|raadpleg*
        rechtsbijstandsverzekering
        juridische stappen|acties|maatregelen
        gerechtelijke stappen|procedure
        naar de rechter
        voor de rechter
        rechtszaak|dagvaard*|ingebrekestelling
        in gebreke
        aanklag*
        aangifte + doen|doe|oplichting
        politie + ga|naar|inschakel*|melden|bel
        consumentenbond|consuwijzer|consumentenautoriteit|geschillencommissie
        autoriteit consument
        test aankoop
        radar + tv|programma|uitzending|melden|avrotros
        fraudehelpdesk""",
    "pl": """
        chargeback*
        obciazenie zwrotne
        reklamacj*|spor + paypal|banku|bank|karty + zglosz*|zloz*|otwor*|wszczn*
        spor + paypal|otwor*|zglosz*|allegro
        moj|mojego|mojemu|do|z|przez|moim|naszego prawnik*|adwokat*|radc* + skontakt*|zglosz*|
            przekaz*|oddam|oddaje|odezw*|konsult*|sprawe
        kroki|krokow|droge|drodze|drogi|konsekwencje|dzialania|postepowanie prawn*|sadow*
        na droge sadowa
        do sadu
        pozew|pozwe|pozwu
        policj* + zglosz*|zawiadom*|powiadom*|ide|pojde|zglaszam|skladam
        prokuratur*
        uokik
        rzecznik* + konsument*
        rzecznikowi|rzecznika|rzecznik praw konsumenta|konsumentow
        inspekcj* handlow*
        federacj* konsument*
        zawiadomienie + oszustw*|policj*|przestepst*""",
    "ru": """
        чарджбэк*|чарджбек*|чардж бэк
        оспор*|опротест* + платеж*|операци*|списани*|банк*|транзакци*|оплат*|покупк*
        спор + paypal|открою|открываю|банк*
        через банк + верну|возврат|деньги
        к|моего|моему|моим|мой|с|через|нашему юрист*|адвокат* + обращ*|обрат*|подключ*|передам|
            передаю|консультир*|привлек*
        суд|суде + подам|подаю|подадим|обращ*|обрат*|встрет*|увидим*|пойду|иск|придется|буду
        исков* заявлени*|заявление
        подам|подаю|подадим + иск|суд|жалоб*|претензи*
        судебн* + порядк*|разбират*|иск|инстанци*
        претензи* + досудебн*|официальн*|направ*|подам|подаю|роспотреб*
        роспотребнадзор*
        защит* прав потребител*
        зозпп|озпп
        прокуратур*
        полици* + заявлени*|обращ*|обрат*|пойду|подам|напишу|пишу
        фас + жалоб*|обращ*|обрат*
        жалоб* + роспотреб*|прокурат*|полици*|банк*|фас""",
    "uk": """
        чарджбек*|чарджбэк*
        оскарж*|опротест* + платіж*|платеж*|операці*|списання|банк*|оплат*|транзакці*
        спір|суперечк* + paypal|відкрию|банк*
        до|мого|моєму|моїм|мій|з|через|нашого юрист*|адвокат* + зверн*|зверта*|передам|передаю|
            підключ*|проконсульт*|залуч*
        суд|суду|суді + подам|подаю|зверн*|зустрі*|піду|позов*|позив*|буду
        позов + подам|подаю|суд*
        позовн* заяв*
        держпродспоживслужб*
        захист* прав споживач*
        прокуратур*
        кіберполіці*
        поліці* + заяв*|зверн*|піду|подам|напишу|пишу
        скарг* + держпрод*|поліці*|прокурат*|банк*|суд*""",
}

# What harms the shop's name. No clock runs.
REVIEWS = {
    "en": """
        bad|negative|terrible|awful|horrible|scathing review* + leave|write|post|give|leaving|
            writing|posting|will|from
        one|1|zero|0 star* + review*|rating|leave|give|trustpilot
        review* + everywhere|bad|negative + trustpilot|google|will|warn
        warn + others|people|everyone|everybody|friends|customers
        tell everyone|everybody
        name and shame
        social media + post*|share|expose|everyone|will|going""",
    "it": """
        recension* + negativ*|pessim*|brutt*|stella
        una stella
        passaparola negativo
        sconsiglier* + tutti|amici|pubblic*
        social + scriver*|pubblicher*|denunc*|post*""",
    "fr": """
        avis + negatif*|mauvais|desastreux
        une etoile
        reseaux sociaux + publi*|partag*|post*|denonc*|temoign*
        deconseiller* + tous|tout|autour""",
    "de": """
        bewertung*|rezension* + schlecht*|negativ*|entsprechend*|vernichtend*
        schlechte*|negative* bewertung*
        ein|einen|1 stern + bewert*|geben|vergeb*|gibt
        warnen + andere*|alle|freunde|bekannte*|kunden
        offentlich + machen|bewert*|post*|social""",
    "es": """
        resena*|opinion*|valoracion*|critica* + negativ*|mala|malas|pesim*
        una|1 estrella + dejar*|pondr*|dar*|resena|valorar*
        redes sociales + publicar*|denunci*|compartir*|contar*""",
    "pt": """
        avaliac*|critica*|opini* + negativ*|pessim*
        uma|1 estrela + dar|vou|avaliac*|deixar*
        redes sociais + publicar*|denunci*|partilhar*|expor|vou""",
    "nl": """
        slechte|negatieve|vernietigende review*|recensie*|beoordeling*
        review*|recensie* + slechte|negatieve
        een|1 ster + geef|geven|review|beoordeling|krijg*
        waarschuw* + anderen|iedereen|mensen""",
    "pl": """
        negatywn*|zla|zle|najgorsz* opini*|ocen*|recenzj*
        opini* + zla|zle|negatywn*
        jedna|1 gwiazdk* + wystaw*|dam|ocen*|opini*
        ostrzeg* + innych|wszystkich|znajomych|ludzi""",
    "ru": """
        отзыв* + плох*|негативн*|отрицательн*|везде|разгромн*
        расскажу всем
        предупре* + всех|люд*|друз*|знаком*
        соцсет* + напишу|выложу|расскажу|опубликую|размещу""",
    "uk": """
        відгук* + поган*|негативн*|всюди
        розповім усім|всім
        попередж* + всіх|усіх|люд*|друз*
        соцмереж* + напишу|викладу|розповім|опублікую""",
}
