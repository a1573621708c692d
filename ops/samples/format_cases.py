"""Format: the rule is stated in the prompt and checked here, not by the offline reader's own code."""

import json
import re
from collections.abc import Callable
from random import Random

from case import Case

TOPICS = {
    "fruits": "apple banana cherry grape lemon mango orange peach pear plum",
    "farm animals": "cow donkey duck goat goose hen horse pig sheep turkey",
    "tools for a carpenter": "chisel drill file hammer level plane pliers saw screwdriver vice",
    "rivers in Europe": "Danube Ebro Elbe Loire Oder Po Rhine Rhone Seine Thames",
    "musical instruments": "bassoon cello clarinet flute guitar harp oboe piano trumpet violin",
    "spices": "basil cinnamon clove cumin ginger nutmeg oregano paprika saffron thyme",
}
SENTENCES = (
    (
        "Why do leaves turn yellow in autumn?",
        "The green pigment fades and the yellow one that was always there shows.",
    ),
    ("Why does bread rise?", "Yeast turns sugar into gas, and the dough traps it."),
    ("Why is the sea salty?", "Rivers carry dissolved minerals into it, and only the water leaves again."),
    ("Why do cats purr?", "They purr mostly when they are content, and sometimes to calm themselves."),
    ("What does a catalyst do?", "It speeds up a reaction without being used up."),
)
MORE = (
    "There is more to say about it, for instance where and when people first noticed.",
    "Some people see it differently.",
    "It is worth reading about.",
)
PLACES = (("Rome", "Italy"), ("Lima", "Peru"), ("Oslo", "Norway"), ("Cairo", "Egypt"), ("Quito", "Ecuador"))
WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def format_cases(random: Random) -> list[Case]:
    makers: list[tuple[Callable[[Random], Case], int]] = [
        (_bullets, 13), (_numbered, 11), (_items, 10), (_limit, 8), (_sentence, 6), (_json, 8),
        (_last_word, 4), (_alphabetical, 5), (_without_letter, 5),
    ]  # fmt: skip
    return [make(random) for make, count in makers for _ in range(count)]


def _list(random: Random, count: int) -> tuple[str, list[str]]:
    topic = random.choice(sorted(TOPICS))
    return topic, random.sample(TOPICS[topic].split(), count)


def _bullets(random: Random) -> Case:
    n = random.randint(3, 5)
    topic, names = _list(random, n + 1)
    right, wrong = names[:n], names[: n + random.choice((-1, 1))]
    assert len(right) == n != len(wrong)
    return Case(
        slice="format",
        prompt=f"Name {topic} as exactly {WORDS[n]} bullet points.",
        better="\n".join(f"- {name}" for name in right),
        worse="\n".join(f"- {name}" for name in wrong),
    )


def _numbered(random: Random) -> Case:
    n = random.randint(3, 6)
    topic, names = _list(random, n)
    right = "\n".join(f"{i}. {name}" for i, name in enumerate(names, start=1))
    broken = random.choice(
        ("\n".join(f"- {name}" for name in names), ", ".join(names), right.rsplit("\n", 1)[0])
    )
    assert len(re.findall(r"^\d\.", broken, re.MULTILINE)) != n
    return Case(
        slice="format",
        prompt=f"Give me {topic} as exactly {WORDS[n]} numbered items.",
        better=right,
        worse=broken,
    )


def _items(random: Random) -> Case:
    n = random.randint(3, 6)
    topic, names = _list(random, n + 1)
    wrong = names[: n + random.choice((-1, 1))]
    return Case(
        slice="format",
        prompt=f"Name exactly {n} comma-separated {topic} on one line, nothing else.",
        better=", ".join(names[:n]),
        worse=random.choice((", ".join(wrong), "\n".join(names[:n]))),
    )


def _limit(random: Random) -> Case:
    question, answer = random.choice(SENTENCES)
    limit = len(answer.split()) + random.randint(0, 2)
    worse = f"{answer} {random.choice(MORE)}"
    assert len(worse.split()) > limit
    return Case(slice="format", prompt=f"In at most {limit} words: {question}", better=answer, worse=worse)


def _sentence(random: Random) -> Case:
    question, answer = random.choice(SENTENCES)
    first, last = random.sample(MORE, 2)
    joined = f"{answer[:-1]}, and {last[0].lower()}{last[1:]}"
    return Case(
        slice="format",
        prompt=f"Answer in exactly two sentences: {question}",
        better=f"{answer} {first}",
        worse=random.choice((answer, joined, f"{answer} {first} {last}")),
    )


def _json(random: Random) -> Case:
    city, country = random.choice(PLACES)
    right = json.dumps({"city": city, "country": country})
    broken = random.choice(
        (
            json.dumps({"city": city, "nation": country}),
            json.dumps({"city": city}),
            f"Here you go: {right}",
            f"{{city: {city}, country: {country}}}",
            json.dumps({"city": city, "country": country, "continent": "?"}),
        )
    )
    return Case(
        slice="format",
        prompt=f"Reply with a JSON object with the keys city and country, and nothing else, for {city}.",
        better=right if random.random() < 0.5 else json.dumps(json.loads(right), indent=2),
        worse=broken,
    )


def _last_word(random: Random) -> Case:
    question, answer = random.choice(SENTENCES)
    more = random.choice(MORE)
    return Case(
        slice="format",
        prompt=f"{question} End with the word 'done'.",
        better=f"{answer} Done.",
        worse=random.choice((answer, f"Done. {answer}", f"{answer} {more}")),
    )


def _alphabetical(random: Random) -> Case:
    topic, names = _list(random, 4)
    right = sorted(names, key=str.lower)
    wrong = right[:]
    while wrong == right:
        random.shuffle(wrong)
    return Case(
        slice="format",
        prompt=f"List four {topic} in alphabetical order.",
        better=", ".join(right),
        worse=", ".join(wrong),
    )


def _without_letter(random: Random) -> Case:
    right = random.choice(
        (
            "My dog runs fast along a long road.",
            "It is a warm sunny day in our town.",
            "A cat naps on a soft rug.",
        )
    )
    wrong = random.choice(
        ("The dog runs along the road.", "It is a nice day here.", "Three cats sleep on the bed.")
    )
    assert "e" not in right.lower()
    assert "e" in wrong.lower()
    return Case(
        slice="format", prompt="Write a short phrase without the letter e.", better=right, worse=wrong
    )
