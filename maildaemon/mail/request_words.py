"""The words by which people ask for something, by language; as `plainwords.plain_words` has them.

Those of four letters and more are stems, with which a word begins; phrases stand alone. Too many
do no harm: whoever asks is left in peace.
"""

from collections.abc import Mapping

STEMS: Mapping[str, frozenset[str]] = {
    language: frozenset(stems.split())
    for language, stems in {
        "en": """please pls plz kindly could would cannot can't how when where what why which who
            whether want wish need request cancel refund return exchang replac repair help assist
            explain confirm advis tell inform enquir inquir question wonder ask asking buy purchas
            hope hoping expect require demand reimburs compensat chang update resend""",
        "de": """bitte bitten wie wann wo was warum wieso weshalb welch wer wohin woher wieviel
            konnen konnte kannst wurde mocht will wollen wollte brauch benotig storn erstatt
            ruckerstatt umtausch tausch zuruck reparier hilf hilfe helfen erklar bestatig mitteil
            fragen anfrag wunsch hoffe erwart verlang fordere widerruf kundig reklam ander ersatz
            frage""",
        "fr": """svp comment quand pourquoi quel quelle quels quelles quoi combien pourri pouvez
            peux puis veux voudr veuillez souhait aimerai besoin demand annul rembours retour
            echang remplac repar aide aider expliqu confirm dites question renseign esper attend
            exig prier prie""",
        "it": """favore cortesia gentilmente come quando dove perche quale quali quanto cosa potete
            potrei potrest possibile posso puo vorre voglio desider bisogno serve chied richie
            domand annull rimbors reso restitu cambi sostit ripar aiut spieg conferm dite fatemi
            sper aspett pretend attend recess""",
        "es": """favor como cuando donde porque cual cuales cuanto pueden puede podri podeis quier
            quisier dese necesit solicit pido pedir pregunt consult cancel anul reembols devol
            devuel cambi reemplaz repar ayud explic confirm diga digan inform esper exij reclam""",
        "pt": """favor como quando onde porque qual quais quanto podem pode poderi quer queri
            gostari desej precis solicit peco pedir pergunt duvid cancel reembols devol troc
            substitu repar ajud expliq confirm digam inform esper aguard exij reclam""",
        "nl": """alstublieft aub graag hoe wanneer waar wat waarom welk welke wie kan kunt kunnen
            zou wil willen wens nodig verzoek vraag annule terugbetal retour ruil vervang repar help
            uitleg bevestig laat hoop verwacht eis""",
        "pl": """prosz prosi jak kiedy gdzie dlaczego czemu co czy ktor ile kto moge mozna moglib
            chce chcia potrzeb zycz anul rezygn zwrot zwroc wymian wymien napraw pomoc pomoz wyjasn
            potwierdz informac zapyt pytam pytanie oczekuj zadam reklam""",
        "ru": """пожалуист прошу просьб просим просил как когда где почему зачем какои какая какие
            сколько кто что можно можете могли могу хочу хотел хотим нужн надо необходим требу
            отмен возврат верн обмен замен почин ремонт помо объясн подтверд сообщ скаж подскаж
            вопрос уточн жду ждем надеюс интересу""",
        "uk": """будь прошу просимо прохан як коли де чому навіщо якии яка які скільки хто що можна
            можете могли можу хочу хотів хотіла потрібн треба необхідн вимаг скасу поверн обмін
            замін ремонт допомо поясн підтверд повідом скаж підкаж питан уточн чекаю сподіва
            ціка""",
        "sv": """snalla hur nar var varfor vad vilken vem kan skulle vill onskar behov behover
            avbok retur aterbetal byt ersatt laga hjalp forklar bekraft fraga undrar hoppas
            forvanta begar""",
        "da": """venligst hvordan hvornar hvor hvorfor hvad hvilken hvem kan kunne ville vil onsker
            ønsker behov annull refun tilbagebetal retur byt ombyt erstat reparer hjælp hjaelp
            forklar bekræft bekraeft spørg sporg haber håber forvent""",
        "no": """vennligst hvordan hvorfor nar hvor hva hvilken hvem kan kunne vil onsker ønsker
            trenger behov kanseller avbestill refusjon tilbakebetal retur bytt erstat reparer hjelp
            forklar bekreft spørsmal sporsmal lurer haper forvent""",
        "fi": """miten milloin missa miksi mika mita kuka voitte voisit voisitte voinko halua toivo
            tarvits pyyd peru palaut hyvit vaihta vaihto korja auta apua selit vahvist kysy odota
            vaadi""",
        "cs": """prosim prosba jak kdy kde proc jaky jaka kolik kdo muze muzete mohl chci chtel
            potreb zadam zadost zru storn vrat vrac vymen oprav pomoc pomoz vysvetl potvrd sdel
            dotaz zajim cekam ocekav reklam""",
        "tr": """lutfen nasil nezaman nerede neden niye hangi kim kac misiniz misin musunuz miyim
            istiyor isterim rica gerek ihtiyac iptal iade degis onar tamir yardim acik onay bildir
            soru merak bekliyor umar talep""",
        "ja": "",
        "zh": "",
        "ko": "",
    }.items()
}

PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": ("can you", "can i", "can we", "may i", "let me know", "i'd like", "send me"),
    "de": ("teilen sie", "geben sie", "schicken sie", "senden sie", "lassen sie", "kann ich"),
    "fr": ("s'il vous plait", "est-ce", "ou est", "faites", "envoyez", "dire"),
    "it": ("per piacere", "dov'e", "mandatemi", "inviatemi", "ditemi"),
    "es": ("por que", "en que", "envienme", "haganme", "a ver"),
    "pt": ("por que", "enviem", "avisem", "me diga"),
    "nl": ("a.u.b", "s.v.p", "stuur mij", "weet u"),
    "pl": ("daj znac", "dajcie znac", "przyslijcie"),
    "ru": ("даите знать", "пришлите", "вышлите", "ли вы", "есть ли", "был ли"),
    "uk": ("даите знати", "надішліть", "чи"),
    "tr": ("ne zaman", "var mi", "mi", "mu"),
    "ja": tuple(
        """ください 下さい ますか ですか でしょうか お願い いただけ 頂け ほしい 欲しい 希望 したい
        いつ どう 教えて 質問 返金 返品 交換 キャンセル 問い合わせ 問合せ
        ませんか たいです""".split()
    ),
    "zh": tuple(
        """请 請 吗 嗎 什么 什麼 怎么 怎麼 如何 何时 何時 哪里 哪裡 为什么 為什麼 多少 能否 可以
        可否 希望 想要 我要 需要 退款 退货 退貨 换货 換貨 取消 帮 幫 麻烦 麻煩 查询 查詢""".split()
    ),
    "ko": tuple(
        """주세요 주십시오 바랍니다 부탁 언제 어디 어떻게 왜 무엇 얼마 까요 나요 가요 인가요
        싶습니다 싶어요 원합니다 환불 반품 교환 취소 문의 질문 요청 해주""".split()
    ),
}
