"""How customers say that they are upset, by language: chasing, anger; and by what they are not.

A line each, without accents. `word*` begins a word, `a|b` is one or the other. `x + y` are two
that stand near each other in one sentence, in either order: "my lawyer" alone may be whom the
ring is for, "contact my lawyer" is a threat.
"""

# What asks again for what was asked before.
CHASING = {
    "en": """
        third|3rd|fourth|4th|fifth|5th|sixth|6th|tenth|10th|umpteenth|nth time + write|writing|
            written|wrote|ask*|contact*|email*|mail*|message*|call*|request*|chas*|remind*|now|
            reply
        third|3rd|fourth|4th|fifth|5th|sixth email|mail|message|reminder|request|attempt
        for the third|fourth|fifth|sixth|umpteenth|hundredth time
        still + no|not|without + answer*|reply|replied|response|responded|news|word|heard|hearing
        still + no|not|without + update
        still waiting + reply|answer|response|hear
        no|not|never + answer|reply|response|single + you|since|weeks|days|emails|messages|
            received|gotten|anyone|got
        nobody|noone answers|answered|replies|replied|responds|responded|answering|replying|cares
        no one answers|answered|replies|replied|responds|responded|answering|replying|cares
        nobody|anyone|somebody|someone + answer*|reply|respond* + ever|please|me|finally
        haven|not|never + heard + back|from|anything
        you|your|team|support + ignor*
        ignor* + me|my|emails|messages|mails
        how many times|emails|messages|more
        several|many|multiple|numerous|countless|three|four|five|3|4|5|6|7|8|10 emails|
            messages|mails|times|reminders + sent|wrote|written|emailed|contacted|without|no|
            ignored|unanswered
        unanswered
        again and again
        over and over""",
    "it": """
        terza|quarta|quinta|sesta|ennesima|decima volta + scriv*|scritto|chied*|chiest*|
            contatt*|sollecit*|mail|mando|mandat*
        terza|quarta|quinta|ennesima mail|email|richiesta|comunicazione
        terzo|quarto|quinto|ennesimo messaggio|sollecito|tentativo|reclamo
        ancora + nessuna|senza|nessun + risposta|riscontro|notizia|notizie
        nessuna|nessun risposta|riscontro|notizia
        nessuno + risponde|rispond*|risposto|degnat*
        non + ricevuto|avuto|ho + risposta|riscontro|risposte
        non + rispondete|risponde|rispondono|avete|mi + risposto|rispondete|risponde|rispondono
        senza risposta|riscontro
        ignor* + mi|mail|messaggi|state|avete|continuat*|continuate
        quante volte|mail|email
        piu volte + scritto|chiesto|contattat*|sollecitat*|inviat*
        sollecit* + ennesimo|nuovamente|terzo""",
    "fr": """
        troisieme|3eme|3e|quatrieme|4eme|4e|cinquieme|5eme|enieme|dixieme|10eme fois + ecri*|
            demand*|contact*|relanc*|mail|message|sollicit*
        troisieme|3eme|3e|quatrieme|4eme|cinquieme|5eme|enieme mail|email|message|relance|
            courriel|demande|reclamation
        toujours + pas|aucune|rien|sans + reponse|repondu|retour|nouvelle*|nouvelles
        aucune reponse|nouvelle
        aucun retour + part|depuis|mails|messages|jour|malgre
        sans reponse|retour
        personne + repond*|repondu
        ne + repondez|repond|repondent + pas|jamais
        pas de reponse|retour + part|depuis|mails|messages|toujours
        pas|jamais + recu|eu + reponse
        ignor* + mes|mails|messages|moi|vous
        combien de fois|mails|messages
        relanc* + fois|plusieurs|encore|nouveau|mails
        nombreux|multiples|trois|quatre|cinq|3|4|5|6 mails|messages|relances|courriels|emails""",
    "de": """
        zum|das dritten|vierten|funften|fuenften|sechsten|zigsten|x wiederholten|mal|male
        zum dritten|vierten|funften|fuenften|sechsten|zigsten|wiederholten|zehnten|hundertsten|
            letzten mal
        dritte*|vierte*|funfte* mail|email|nachricht|anfrage|erinnerung|mahnung|schreiben|
            versuch|aufforderung
        immer|noch|weiterhin + keine|ohne|nichts + antwort|ruckmeldung|rueckmeldung|reaktion|
            nachricht|gehort|gehoert
        keine|keinerlei antwort|ruckmeldung|rueckmeldung|reaktion + seit|bisher|bis|erhalten|
            bekommen|tagen|wochen|mails|ihnen|auf
        niemand|keiner + antwortet|meldet|reagiert|geantwortet|gemeldet|reagiert|zustandig
        antwortet|antworten|reagiert|reagieren + nicht|niemand|keiner + mails|anfragen|meine|
            mehr|sie
        warum + antwort*|meld*|reagier* + nicht|niemand|keiner
        ignorier* + mich|meine|mails|anfragen|nachrichten|sie
        wie oft + noch|muss|soll|schon
        wie viele mails
        mehrfach|mehrmals|wiederholt + geschrieben|kontaktiert|angeschrieben|gefragt|angefragt|
            angerufen|gemeldet
        unbeantwortet
        drei|vier|funf|fuenf|3|4|5|6|7 mails|emails|nachrichten + geschrieben|geschickt|ohne|
            unbeantwortet|keine""",
    "es": """
        tercera|cuarta|quinta|sexta|enesima|decima vez + escrib*|escrit*|pregunt*|contact*|
            reclam*|solicit*|pid*|llam*
        tercer*|cuarto|quinto|enesimo correo|email|mail|mensaje|aviso|intento
        tercera|cuarta|quinta|enesima reclamacion|solicitud|peticion
        sigo|seguimos + sin|esperando + respuesta|noticias|contestacion|contesten|respondan
        sin respuesta|contestacion|noticias
        ninguna respuesta|contestacion
        nadie + responde|contesta|respondido|contestado|atiende|responden
        no + responden|contestan|contestais|respondeis|contesta|responde|respondido|
            contestado + correos|mensajes|mails|nadie|me|nunca|mi|mis
        no + recibido|tenido|recibo|obtenido + respuesta|contestacion
        ignor* + me|mis|correos|mensajes
        cuantas veces|correos
        varias|muchas|repetidas|tres|cuatro|cinco veces + escrito|contactado|llamado|
            preguntado|reclamado
        varios|muchos|tres|cuatro|cinco|3|4|5 correos|mensajes|mails|emails + sin|enviado|
            mandado|escrito|nadie|contest*""",
    "pt": """
        terceira|quarta|quinta|sexta|enesima|decima vez + escrev*|pergunt*|contact*|entro|peco|
            reclam*|envio|mando
        terceiro|quarto|quinto|enesimo email|mail|contato|contacto|aviso
        terceira|quarta|quinta|enesima mensagem|reclamacao|tentativa|solicitacao
        continuo|continuamos|ainda|ate + sem|nao|nenhuma + resposta|responderam|retorno|noticias
        sem resposta|retorno
        nenhuma resposta
        ninguem + responde|respondeu|respondem|retorna|atende|liga
        nao + respondem|responde|responderam + email|emails|mensagens|ninguem|me|nunca|meus
        nao + recebi|tive|obtive + resposta|retorno
        ignor* + me|meus|emails|mensagens|estao
        quantas vezes
        varias|muitas|diversas|tres|quatro|cinco vezes + escrevi|contactei|contatei|liguei|
            perguntei|tentei
        varios|muitos|tres|quatro|cinco|3|4|5 emails|mails + sem|enviei|mandei|ninguem""",
    "nl": """
        derde|vierde|vijfde|zesde|zoveelste|tiende keer|maal + schrijf|schrijven|vraag|mail|
            mailen|contact|stuur|bericht|bel
        derde|vierde|vijfde|zoveelste mail|email|bericht|verzoek|herinnering|poging
        nog + steeds|altijd|geen|niets + antwoord|reactie|gehoord|bericht
        geen|zonder antwoord|reactie + ontvangen|gekregen|week|weken|dagen|mails|op|jullie|u|
            sinds|nog
        niemand + reageert|antwoordt|reageerde|geantwoord|opneemt
        reageren|antwoorden|reageert|antwoordt + niet|niemand|nooit + jullie|mails|u|mijn|op
        negeer*|negeren|genegeerd
        hoe vaak
        hoeveel mails|keer
        meerdere|diverse|drie|vier|vijf|3|4|5 keren|keer|malen|mails|berichten + gemaild|
            geschreven|gestuurd|contact|gebeld|zonder|geen
        onbeantwoord""",
    "pl": """
        trzeci|czwarty|piaty|szosty|kolejny|enty|ktorys|dziesiaty raz + pisz*|pytam|prosz*|
            kontakt*|wysyl*|dzwon*
        trzeci|czwarty|piaty|kolejny mail|email|monit
        trzecia|czwarta|piata|kolejna wiadomosc|prosba|proba|reklamacja
        nadal|wciaz|dalej|ciagle|do tej + brak|bez|nie|zadnej + odpowiedzi|odpowiedz|reakcji|
            informacji|odpisal*|odpowiedzial*
        brak odpowiedzi|reakcji|kontaktu
        bez odpowiedzi|reakcji|odzewu
        zadnej odpowiedzi|reakcji
        nikt + odpowiada|odpisuje|odpowiedzial|odpisal|odbiera|reaguje|odpisze|raczyl
        nie + odpowiadacie|odpisujecie|odpowiadaja|odpisuja|odpowiedzieliscie|otrzymalem|
            otrzymalam|dostalem|dostalam + odpowiedzi|maile|wiadomosci|panstwo|mi|na
        ignor* + mnie|maile|moje|wiadomosci|panstwo
        ile razy|maili
        kilka|wiele|trzy|cztery|piec|kilkukrotnie|wielokrotnie + maili|maile|razy|wiadomosci|
            pisalem|pisalam + bez|odpowiedzi|pisalem|pisalam|wyslalem|wyslalam|nikt""",
    "ru": """
        третий|четвертый|пятый|шестой|десятый|сотый|который раз + пиш*|прош*|спраш*|обращ*|
            отправл*|звон*|письм*
        третье|четвертое|пятое|очередное письмо|сообщение|обращение
        до сих|все|опять|снова|никак* + пор|еще|нет|без|не + ответ*|отвечает|отвечаете|
            ответили|реакци*|ответа
        никакого|нет|без|никаких ответа|реакции|ответов
        никто + отвеч*|ответил|реагирует|перезвон*|удосуж*
        не + отвечаете|отвечают|отвечает|ответили|реагируете + письм*|вы|сообщени*|почему|мне|
            недел*|мои
        не + получил*|дождал* + ответ*
        игнорир*
        сколько раз|можно
        несколько|много|пять|три|четыре|3|4|5|10 раз|писем|сообщений + писал*|отправил*|без|
            обращ*|звонил*
        неоднократно""",
    "uk": """
        третій|четвертий|п|шостий|десятий|вкотре|котрий раз + пиш*|прош*|пита*|зверта*|
            надсила*|дзвон*
        втретє|вчетверте|вкотре + пиш*|прош*|пита*|зверта*
        третій|четвертий|черговий лист
        третє|чергове повідомлення|звернення
        досі|ще|знову + нема*|без|не|жодної + відповід*|відповіли|реакці*
        жодної|нема|немає|без відповіді|реакції|відповідей
        ніхто + відповід*|відповів|реагує|передзвон*
        не + відповідаєте|відповідають|відповідає|відповіли|реагуєте + лист*|ви|повідомлен*|
            чому|мені|тиж*|мої
        не + отримав|отримала|дочекал* + відповід*
        ігнору*
        скільки раз*|можна
        кілька|багато|три|чотири|3|4|5 разів|листів|повідомлень + писа*|надісла*|без|зверта*|
            дзвон*
        неодноразово""",
}

# Said to the shop, not asked; whoever asks whether something is a fraud is only careful.
ANGER = {
    "en": """
        you|shop|company|store|site|website|are|bunch + scammer*|thieves|crooks|fraudsters|
            liars|criminals|idiots|thief
        scammers|fraudsters|con artists
        rip|ripped off
        is|complete|total|pure|such|absolute a|total|complete|pure|an scam|fraud|robbery|theft|
            swindle
        total|complete|pure|absolute scam|fraud|robbery|theft
        absolute*|total*|utter*|complete* + disgrace*|joke|rubbish|unacceptable|ridiculous|
            appalling|incompeten*
        disgraceful|disgusting|pathetic|outrageous|scandalous|appalling|incompetent
        worst + service|shop|company|experience|store|customer|ever
        totally|completely|simply|just unacceptable
        fed up|furious|livid
        sick and tired
        had enough""",
    "it": """
        truffator*|ladri|imbroglion*|delinquent*|incompetent*
        e|vera|siete|propria|autentica|vostra una|propria|vera|truffa truffa|frode
        vera|propria truffa
        vergogn* + e|che|siete|dovreste|vergogna|servizio
        presa|prendere|prendete|preso in giro
        scandalos*|indecent*|inaccettabil*|inammissibil*|schifo|schifos*
        peggior* + servizio|negozio|esperienza|azienda|sito
        stuf*|esasperat*|furios*|arrabbiat*
        non ne posso""",
    "fr": """
        escroc*|voleur*|arnaqueur*|incompetent*
        pure|vraie|une|l|d arnaque|escroquerie
        du vol + c
        honteu*|scandaleu*|inadmissible*|inacceptable*|lamentable*|deplorable*
        honte + vous|une|c
        moqu*|fout* + moi|gueule|client*|vous
        foutage|ras le bol
        marre
        pire + service|site|experience|boutique
        furieu*|exaspere*|colere""",
    "de": """
        betruger|betrueger|abzock*|verbrecher|inkompetent*|gauner|diebe
        frechheit|unverschamt*|unverschaemt*|skandal|skandalos|katastrophe|unfassbar|zumutung|
            sauerei|saftladen
        ist|reiner|glatter|purer betrug
        verarsch*
        absolut*|vollig|einfach|total inakzeptabel|unmoglich|unterirdisch
        schlechteste* + service|kundenservice|shop|laden|kundendienst|erfahrung
        unmoglich* + service|kundenservice|verhalten|so
        wutend|wuetend|stinksauer|stocksauer
        nase|schnauze voll""",
    "es": """
        estafador*|ladrones|sinverguenza*|timador*|incompetent*
        es|sois|son una|un|verdadera estafa|timo|robo|fraude
        verguenza|vergonzos* + es|una|que|servicio|vergonzoso|pena
        inaceptable*|indignant*|lamentable*|intolerable*|inadmisible*
        harto|harta|hartos|furios*|indignad*
        peor + servicio|tienda|experiencia|empresa
        tomando|toman|tomadura + pelo""",
    "pt": """
        burloes|burlao|ladroes|vigaristas|golpistas|incompetent*|aldraboes
        e|sao um|uma|verdadeira burla|golpe|roubo|fraude|vigarice
        vergonha|vergonhos* + e|uma|que|servico
        inaceitave*|inadmissive*|lamentave*|absurdo|descaso|palhacada
        farto|farta|furios*|indignad*|cansado|cansada + disto|disso|desta|estou
        pior + servico|loja|experiencia|empresa
        desrespeito""",
    "nl": """
        oplichters|oplichter|dieven|boeven|incompetent*
        is|pure|gewoon + oplichting|diefstal|zwendel
        schandalig*|schande|belachelijk*|onacceptabel*|onaanvaardbaar*|walgelijk*|waardeloos|
            bespottelijk
        slechtste + service|winkel|ervaring|klantenservice|webshop
        woedend|razend|spuugzat
        zat + ik|ben|helemaal|meer""",
    "pl": """
        oszusci|oszust|oszustow|zlodzieje|zlodziej*|naciagacz*|niekompetent*
        to|zwykle|jest + oszustwo|kradziez|kpina|kpiny|zart
        skandal|skandaliczn*|zenad*|zenujac*|niedopuszczaln*|karygodn*
        wstyd + to|wam|panstwu|jest
        najgorsz* + sklep|obsluga|firma|doswiadczenie
        wsciekl*|dosc + mam|jestem|tego""",
    "ru": """
        мошенник*|жулик*|вор|воры|обманщик*|кидал*|аферист*|некомпетентн*
        это|просто|обычн*|чист* + обман|мошенничеств*|развод|кидал*|воровств*|грабеж
        безобрази*|хамств*|позор|возмут*|наглост*|издевательств*|отвратительн*|ужасн* сервис
        худш* + магазин|сервис|обслужив*|опыт
        надоело|достали|взбеш*|возмущен*
        сколько можно""",
    "uk": """
        шахра*|злоді*|крадії|обманщик*|аферист*|некомпетентн*
        це|просто + обман|шахрайств*|розвод*|крадіжк*
        неподобств*|хамств*|ганьб*|обурен*|нахабств*|знущанн*|жахлив* сервіс
        найгірш* + магазин|сервіс|обслуговуван*|досвід
        набридло|дістали""",
}

# Whoever is glad writes "!!!", too.
GLAD = frozenset(
    "thank thanks love loved lovely great perfect amazing happy beautiful wonderful awesome yay "
    "grazie bellissimo bellissima perfetto perfetta felice contenta contento splendido adoro "
    "merci super parfait parfaite magnifique ravie ravi adore genial heureuse "
    "danke toll perfekt freue klasse wunderschon begeistert dankeschon prima spitze "
    "gracias perfecto perfecta encanta encantada encantado feliz genial maravilla preciosa "
    "obrigada obrigado perfeito perfeita adorei amei maravilha lindo linda otimo "
    "bedankt geweldig mooi prachtig blij fantastisch perfect "
    "dziekuje dzieki swietnie super pieknie piekne cudowne wspaniale "
    "спасибо отлично прекрасно супер красиво рада рад восторге благодарю "
    "дякую чудово прекрасно супер гарно рада радий".split()
)

# In capitals they make a sentence of capitals; names, codes and postal addresses have none.
PERSONS = frozenset(
    "i my me mine you your we our io mio mia miei mi ci voi vi je mon ma mes moi vous nous votre "
    "ich mein meine meinen mir mich sie ihr wir uns yo mis nos ustedes les me eu meu minha voces "
    "ik mijn u jullie wij ons ja moje moj moja mi nam panstwo was "
    "я мой моя мои мое мне меня мы нам вы вам вас мій моє мої мені мене ми ви".split()
)
SMALL = PERSONS | frozenset(
    "it is are am the a an not no have has want need this that when where why and to of for never "
    "non ho il la un una che voglio dove quando perche e di per siete avete sono ma ancora "
    "est pas ne le les des une ou quand pourquoi et de que ai veux toujours "
    "ist nicht das die der den wo wann warum und zu ein eine kein keine will habe seit "
    "el los las es que donde cuando por quiero tengo y se nao o os um uma onde quero tenho do da "
    "niet het de een waar wanneer waarom en wil heb geen dat van "
    "nie to jest gdzie kiedy dlaczego i w na chce mam z sie "
    "не это где когда почему и в на до хочу у за с це де коли чому і й хочу".split()
)
