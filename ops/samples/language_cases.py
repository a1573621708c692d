"""Languages: answers in the language asked for or not, and translations that keep the meaning or not."""

from random import Random

from case import Case

#: Country and capital in English, German, Arabic and Hebrew, and a capital that is wrong.
CAPITALS = (
    (("France", "Paris"), ("Frankreich", "Paris"), ("فرنسا", "باريس"), ("צרפת", "פריז")),
    (("Italy", "Rome"), ("Italien", "Rom"), ("إيطاليا", "روما"), ("איטליה", "רומא")),
    (("Spain", "Madrid"), ("Spanien", "Madrid"), ("إسبانيا", "مدريد"), ("ספרד", "מדריד")),
    (("Egypt", "Cairo"), ("Ägypten", "Kairo"), ("مصر", "القاهرة"), ("מצרים", "קהיר")),
    (("Japan", "Tokyo"), ("Japan", "Tokio"), ("اليابان", "طوكيو"), ("יפן", "טוקיו")),
    (("Germany", "Berlin"), ("Deutschland", "Berlin"), ("ألمانيا", "برلين"), ("גרמניה", "ברלין")),
)
QUESTION = (
    "What is the capital of {0}?",
    "Was ist die Hauptstadt von {0}?",
    "ما هي عاصمة {0}؟",
    "מהי הבירה של {0}?",
)
ANSWER = (
    "The capital of {0} is {1}.",
    "Die Hauptstadt von {0} ist {1}.",
    "عاصمة {0} هي {1}.",
    "הבירה של {0} היא {1}.",
)
#: English, German, and for each a translation that says something else.
SENTENCES = (
    (
        "The train comes tomorrow.",
        "Der Zug kommt morgen.",
        "The train came yesterday.",
        "Der Zug kam gestern.",
    ),
    ("She has two brothers.", "Sie hat zwei Brüder.", "She has two sisters.", "Sie hat drei Brüder."),
    (
        "The house is old but dry.",
        "Das Haus ist alt, aber trocken.",
        "The house is old and wet.",
        "Das Haus ist alt und feucht.",
    ),
    (
        "Please close the window.",
        "Bitte schließe das Fenster.",
        "Please open the window.",
        "Bitte öffne das Fenster.",
    ),
    ("We are not hungry.", "Wir sind nicht hungrig.", "We are hungry.", "Wir sind hungrig."),
    (
        "The doctor is in the garden.",
        "Die Ärztin ist im Garten.",
        "The doctor is in the kitchen.",
        "Die Ärztin ist in der Küche.",
    ),
    (
        "He reads a book every week.",
        "Er liest jede Woche ein Buch.",
        "He writes a book every week.",
        "Er liest jeden Tag ein Buch.",
    ),
    (
        "The shop opens at nine.",
        "Der Laden öffnet um neun.",
        "The shop closes at nine.",
        "Der Laden schließt um neun.",
    ),
)


def language_cases(random: Random) -> list[Case]:
    asked = [_asked(random, own, place) for own in (1, 1, 2, 3) for place in range(len(CAPITALS))]
    explicit = [_explicit(random, place) for place in range(24)]
    translated = [
        _translated(random, place, into) for into in ("de", "en") for place in range(len(SENTENCES))
    ]
    more = [_fact(random, own) for own in (1, 0, 2, 3)]
    return [*asked, *explicit, *translated, *more]


def _asked(random: Random, own: int, place: int) -> Case:
    names = CAPITALS[place]
    other = random.choice([language for language in range(2) if language != own])
    return Case(
        slice="languages",
        prompt=QUESTION[own].format(names[own][0]),
        better=_answer(random, own, names[own]),
        worse=_answer(random, other, names[other]),
        grade="slightly",
        tags=("translation",) if own > 1 else ("german",),
    )


def _explicit(random: Random, place: int) -> Case:
    names = CAPITALS[place % len(CAPITALS)]
    prompt, own, other = (
        (f"Answer in German: {QUESTION[0].format(names[0][0])}", 1, 0)
        if place % 2
        else (f"Antworte auf Englisch: {QUESTION[1].format(names[1][0])}", 0, 1)
    )
    return Case(
        slice="languages",
        prompt=prompt,
        better=_answer(random, own, names[own]),
        worse=_answer(random, other, names[other]),
        grade="slightly",
    )


def _translated(random: Random, place: int, into: str) -> Case:
    english, german, wrong_english, wrong_german = SENTENCES[place]
    source, right, wrong = (
        (english, german, wrong_german) if into == "de" else (german, english, wrong_english)
    )
    ask = (
        "Translate into German"
        if into == "de"
        else random.choice(("Translate into English", "Übersetze auf Englisch"))
    )
    # Most of the bad ones leave the sentence as it was; the others say something else.
    worse = wrong if place % 4 == 0 else source
    return Case(
        slice="languages", prompt=f"{ask}: {source}", better=right, worse=worse, tags=("translation",)
    )


def _fact(random: Random, own: int) -> Case:
    right, wrong = random.sample(CAPITALS, 2)
    return Case(
        slice="languages",
        prompt=QUESTION[own].format(right[own][0]),
        better=_answer(random, own, right[own]),
        worse=_answer(random, own, (right[own][0], wrong[own][1])),
        tags=("translation",),
    )


def _answer(random: Random, language: int, names: tuple[str, str]) -> str:
    return (
        ANSWER[language].format(*names) if random.random() < 0.8 or language > 1 else _longer(language, names)
    )


def _longer(language: int, names: tuple[str, str]) -> str:
    more = (" It is also the seat of the government.", " Dort sitzt auch die Regierung.")
    return ANSWER[language].format(*names) + more[language]
