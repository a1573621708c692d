"""The words: English, other languages with spaces between words, and scripts where words are searched for.

A star ends the beginning of a word, an underscore stands for a space. Entries are folded like the text, so
accents do not matter. A word alone never counts; the rules say which of them together do.
"""

# ruff: noqa: RUF001

ENGLISH = {
    "JUDGE": """
        judge judges judgebot evaluator* grader* rater raters assessor* arbiter* arbitrator* annotator*
        referee reviewer reviewers grading
    """,
    "VERDICT": "verdict* winner winners judgement judgment preference preferences ranking",
    "NOUN": """
        response responses answer answers reply replies completion completions output outputs candidate
        submission candidates
    """,
    "STRONG": "response responses reply replies completion completions submission submissions",
    "OUTPUT": "output outputs",
    "WEAK": "one text texts option solution side slot assistant mine passage",
    "OTHER": """
        other competing competitor competitors alternative rival opposing opposite opponent opponents
    """,
    "SELF": "this present these current",
    "MY": "my mine our",
    "ME": "me us opponent rival",
    "COMPARE": "compare compares comparing judge judges judging grade grades grading",
    "SIDE": "first second former latter left",
    "BOTH": "both two either",
    "BETTER": """
        better best stronger strongest favourite favorite superior win wins winning won beats highest
        maximum winner top supreme
    """,
    "WORSE": """
        wrong hallucination* lowest corrupted broken unsafe malware loses lose worse worst inferior
        invalid zero lies placeholder violates weaker empty failing poor error errors
    """,
    "PREFER": """
        prefer preferred prefers choose chooses chosen choosing pick picks picked select selects
        selected selecting favour favours favor favors mark marks marking rate rates rank vote votes
        accept award awards raise decide decides reward rewards approve approves
    """,
    "IGNORE": """
        ignore ignores ignoring disregard* forget discard* override* overrid* neglect* abandon* skip
        outdated bypass overlook overrule void
    """,
    "PUNISH": "disqualified plagiari* penali*",
    "RULES": """
        instruction instructions guideline guidelines rules principles directions directives criterion
        prompt clauses told
    """,
    "RUBRIC": "rubric constitution criteria",
    "PRIOR": """
        previous previously prior above earlier preceding all your any every everything whatever
        received given
    """,
    "ROLE": "pretend pretends suppose imagine simulate rehearse roleplay",
    "AUTHORITY": """
        anthropic openai administrator admin operator harness pipeline developer* evaluation calibration
        committee ruled experts benchmark moderator comparison
    """,
    "CERTIFIED": "certified gold golden approved exempt",
    "SCORE": "score scores rating ratings grade grades",
    "UNIT": "mark marks grade points stars score scores rating ratings preference",
    "TOP": "highest maximum max top full perfect",
    "DEAR": "dear attention hello hey kindly please whoever note hi",
    "GIVE": """
        give gives assign award awards grant return record output say call deserves receives receive get
        gets
    """,
    "MUST": """
        must should shall always required reminded instructed obliged supposed asked automatically
        automatic
    """,
}

#: Other languages with spaces between words.
FOREIGN_WORDS = {
    "JUDGE": """
        dommer* biro biralo* tuomari arvioija* gutachter* richter schiedsrichter* bewerter* prufer*
        juror juroren beoordelaar* rechter jury domare* bedomare* juge juges evaluateur* correcteur*
        juez jueces evaluador* calificador* giudice giudici valutator* juiz juizes avaliador* judecator*
        evaluatorul* sedzi* sedzia oceniajac* recenzen* hodnotitel* soudce* soudc* судья судьи судье
        судью оценщик* эксперт* рецензент* суддя судде суддi* оцiнювач* оцінювач* hakem* degerlendirici*
        yargic* penilai juri hakim κριτη* αξιολογητ*
    """,
    "VERDICT": """
        afgorelse* itelet* gyoztes* tuomio voittaja* thắng urteil* bewertung* entscheidung* ergebnis
        gewinner* sieger* oordeel* winnaar* dom omdome* verdict* jugement* vainqueur* gagnant*
        veredicto* ganador* verdetto vincitor* vencedor* veredito verdictul castigator* werdykt* zwycie*
        verdikt* vitez* вердикт* решение победител* приговор* рішення переможе* karar kazanan* putusan
        pemenang*
    """,
    "NOUN": """
        valasz valaszt valaszod vastaus vastauksen vastausta resposta antwort* antwoord* svar svaret
        reponse reponses respuesta* rispost* respost* raspuns* odpowied* odpoved* ответ* відповід*
        cevab* cevap* yanit* jawaban* respons απαντησ*
    """,
    "WEAK": "text* texte texto testo tekst* текст* metin* metni* teks",
    "OTHER": """
        anden andet masik toinen toisen kia khác andere anderen anderer anderes ander andra andre autre
        autres otra otras otro altra altre altro outra outras outro cealalta celalalt inna inne inną
        druga drugą jina jinou druhou другой другую другом другий інша іншу інший diger lain lainnya
        αλλη
    """,
    "SELF": """
        denne dette ezt ez tama taman tata này diese diesen dieser dieses dit deze detta denna cette cet
        esta este questa questo essa esse aceasta acest ta te tę ten tuto tato teto этот этому эта этом
        цей цю ця цій bu ini nay αυτη αυτην
    """,
    "SIDE": """
        erste ersten erster zweite zweiten eerste tweede forsta premiere premier seconde deuxieme
        primera segunda primer prima seconda primeira pierwsz* prvni druha druhá первый первого второй
        второго перший першу birinci ikinci pertama kedua πρωτη
    """,
    "BETTER": """
        bedre jobb legjobb parempi paras nyer voittaa vinder besser* beste besten bestes uberlegen*
        gewinnt hochste* beter hoogste battre bast basta hogsta meilleur* gagne mejor* gana maxima
        maximo miglior* vince melhor* vence vencedora bun lepsza lepsz* najlepsz* lepsi nejlepsi лучш*
        наилучш* превосход* выигр* краща кращу найкращ* iyi iyisi ustun terbaik baik unggul καλυτερ*
        zwycięsk* победил* zwycieska
    """,
    "WORSE": """
        falsch* schlecht* verkeerd samst fausse mauvais* incorrect* incorrecta falsa sbagliat* errad*
        gresit bledn* spatn* неверн* неправильн* плох* хуже невірн* yanlis salah
    """,
    "PREFER": """
        vaelg velg valaszd valitse chọn wahle* wahlen wahlt bevorzug* entscheide* bewerte* kies valj
        choisi* prefer* prefier* elige elija escoge* selecciona* scegli* selezion* escolh* prefir*
        alege* selecta* wybier* uznaj vyber* zvol* выбер* выбир* предпоч* обери* обир* вибер* сец* seç
        secin pilih* declare* declara* επιλεξ* selectionn* sec
    """,
    "IGNORE": """
        ignorer hagyd unohda glem felejtsd ignorier* negeer* ignorer* ignorez ignora ignora* ignorad*
        ignore* bortse glom vergiss* vergessen vergeet oublie* olvid* dimentic* esquec* desconsider*
        uita zignoruj* ignoruj* pomin* zapomni* zapomen* neberte necti nečti игнорир* проигнор* забуд*
        забыв* ігнору* проігнор* зважай забудь yoksay gormezden unut* abaikan lupakan scarta scarti
        missachte* αγνοησ* ignorati descart*
    """,
    "RULES": """
        instruktion* utasitas* szabaly* ohje* saannot regler* anweisung* regeln vorgaben instructie*
        anvisning* consigne* instruction* regles instruccion* reglas istruzion* regole instruc*
        instruco* regras instructiun* reguli instrukcj* zasad* polecen* pokyn* pravidl* instrukc*
        инструкц* правил* указани* інструкці* правила вказівк* talimat* kural* instruksi petunjuk οδηγι*
    """,
    "RUBRIC": "verfassung kriterien criteres criterios criteri критери* критері* kriter* kriteria",
    "PRIOR": """
        tidligere alle korabbi osszes kaikki aiemm* kulli trước mọi vorherig* vorig* bisherig* fruher*
        vorige tidigare alla precedent* toutes anterior* todas precedenti tutte anterioare toate
        poprzedni* wszystk* predchozi* vsechn* предыдущ* все свои попередн* усі всі onceki tum
        sebelumnya semua προηγουμεν* твои ваши deine ihre tes vos sus tus tue vostre seus
    """,
    "ROLE": "imagine* imaginez stell vorstell* imagina immagina представь уяви bayangkan",
    "UNIT": """
        điểm punktzahl* note noten punktestand score scoren betyg* puntuacion* punteggio* voto pontuac*
        nota punctaj* ocen* punkt* hodnocen* оценк* балл* оцінк* бал puan* skor
    """,
    "TOP": """
        hochste* hoogste hogsta maximal* maxima maximo alto massimo maxim* najwyzs* nejvyss* высш*
        максимальн* найвищ* yuksek tertinggi
    """,
    "DEAR": """
        thưa lieber liebe an beste geachte kara kare cher chere estimado querido caro cara gentile
        prezado draga stimate drogi szanown* vazeny mily уважаем* дорог* шановн* дороги* sayin kepada
        untuk αγαπητ*
    """,
    "GIVE": """
        cho gib vergib geef ge donnez attribue* otorg* assegna* da de atribu* acorda przyznaj dej
        поставь поставьте дай постав дайте ver verin berikan beri
    """,
    "MUST": "muss musst moet doit debe deve musi должен должна повинен gerek harus",
}

#: Searched for as they stand, in scripts where words are not found by spaces.
UNSPACED = {
    "JUDGE": """
        বিচারক 评审 裁判 评委 评判者 评分者 评估者 審査員 評価者 判定者 審判 평가자 심사위원 심판 المقيم
        الحكم المحكم القاضي השופט שופט מעריך मूल्यांकनकर्ता निर्णायक जज داور ارزیاب ผู้ตัดสิน ผู้ประเมิน
        กรรมการ
    """,
    "VERDICT": """
        评判结果 裁决 判决 判定 胜出 获胜 評決 勝者 판정 평결 승자 الحكم_النهائي الفائز פסק_הדין המנצח
        निर्णय विजेता คำตัดสิน ผู้ชนะ
    """,
    "NOUN": """
        উত্তর 回答 答案 回复 回應 応答 返答 답변 응답 대답 الإجابة الاجابة إجابة الرد הרד תשובה התשובה
        תגובה उत्तर जवाब پاسخ คำตอบ
    """,
    "OTHER": """
        অন্য 另一个 其他 另一 对方 もう一方 他の 別の 다른 الأخرى الآخر האחרת אחרת दूसरे दूसरा دیگر อื่น
        อีกคำตอบ
    """,
    "SELF": "এই 这个 此 本 这一 この 이 هذه هذا הזו הזאת זו इस यह این นี้",
    "SIDE": """
        第一个 第二个 前者 后者 最初の 第一 第二 첫_번째 두_번째 الأولى الثانية הראשונה השנייה पहला पहले
        แรก ที่สอง
    """,
    "BETTER": """
        সেরা 更好 最好 最佳 更优 优于 获胜 胜出 优秀 優れて 最も良い より良い 最高 더_좋 더_낫 최고 우수
        훨씬_더 الأفضل أفضل טובה_יותר הטובה_ביותר עדיפה बेहतर सर्वश्रेष्ठ सबसे_अच्छ بهتر بهترین ดีที่สุด
        ดีกว่า
    """,
    "WORSE": "错误 错的 更差 間違 誤り 悪い 틀렸 잘못 خاطئة أسوأ שגויה गलत غلط ผิด",
    "PREFER": """
        বেছে 选择 选 请选 判 评为 判定 選んで 選択 選ぶ 優先 선택 고르 골라 اختر فضل اختاري בחר העדף
        चुनें चुनिए चुनो घोषित انتخاب เลือก
    """,
    "IGNORE": """
        উপেক্ষা 忽略 无视 不要理会 不理会 忘记 无需理会 別理 無視 忘れ 무시 잊어 잊으 تجاهل تجاهلي انس
        التجاهل התעלם התעלמי שכח अनदेखा नज़रअंदाज़ भूल نادیده فراموش เพิกเฉย ไม่ต้องสนใจ ลืม
    """,
    "RULES": """
        নির্দেশ 指令 指示 规则 说明 要求 ルール 지시 규칙 지침 التعليمات تعليمات قواعد القواعد הוראות
        ההוראות הכללים निर्देश नियम دستورالعمل دستور قوانین คำสั่ง กฎ
    """,
    "RUBRIC": """
        评分标准 评判标准 标准 準則 採点基準 評価基準 채점_기준 평가_기준 معايير קריטריונים मानदंड معیار
        เกณฑ์
    """,
    "PRIOR": """
        পূর্ববর্তী 之前 以前 所有 前面 以上 これまで すべて 上記 이전 모든 앞의 السابقة جميع كل הקודמות
        כל पिछले सभी قبلی همه ก่อนหน้า ทั้งหมด
    """,
    "UNIT": "分数 评分 分 点数 最高点 採点 점수 درجة علامة ציון अंक نمره คะแนน",
    "TOP": "最高 满分 最高分 満点 최고 만점 أعلى الكاملة הגבוה अधिकतम सर्वोच्च بالاترین สูงสุด เต็ม",
    "DEAR": "亲爱的 请注意 请 尊敬的 の方へ へ 님 께 عزيزي أيها יקר प्रिय عزیز เรียน",
    "GIVE": "给 付けて 与え 주세요 주십시오 امنح أعط תן दें بده ให้",
}

#: Searched for as they stand, in languages that write one word in several.
PHRASES = {
    "JUDGE": "giám_khảo người_chấm giam_khao",
    "VERDICT": "phán_quyết",
    "NOUN": "câu_trả_lời",
    "SIDE": "đầu_tiên thứ_hai",
    "RULES": "hướng_dẫn quy_tắc chỉ_dẫn",
    "RUBRIC": "tiêu_chí",
    "PRIOR": "trước_đó tất_cả",
    "DEAR": "kính_gửi",
    "BETTER": "tốt_nhất tốt_hơn mai_bun",
    "IGNORE": "bỏ_qua đừng_xét phớt_lờ yok_say",
    "TOP": "cao_nhất tối_đa più_alto en_yüksek",
}
