"""Arithmetic: the result is worked out here, so right and wrong are known."""

from random import Random

from case import Case

WORD_PROBLEMS = (
    ("A shop sells {a} boxes with {b} pencils each. How many pencils is that?", "{a} * {b}", "{a} + {b}"),
    ("A train runs {a} km every hour. How many km does it run in {b} hours?", "{a} * {b}", "{a} + {b}"),
    ("Mia had {a} stickers and gave {b} away. How many stickers are left?", "{a} - {b}", "{a} + {b}"),
    ("{a} people came on Friday and {b} on Saturday. How many came in all?", "{a} + {b}", "{a} - {b}"),
    ("Each of {a} rows has {b} seats. How many seats are there?", "{a} * {b}", "{a} + {b}"),
)


def arithmetic_cases(random: Random) -> list[Case]:
    plain = [case for _ in range(28) for case in [_plain(random)]]
    nested = [_nested(random) for _ in range(12)]
    percent = [_percent(random) for _ in range(10)]
    told = [_told(random, place) for place in range(16)]
    equal = [_equal(random) for _ in range(4)]
    return [*plain, *nested, *percent, *told, *equal]


def _plain(random: Random) -> Case:
    a, b = random.randint(12, 999), random.randint(7, 99)
    sign, word = random.choice((("+", "plus"), ("-", "minus"), ("*", "times")))
    prompt = random.choice(
        (
            f"What is {a} {sign} {b}?",
            f"Compute {a} {sign} {b}.",
            f"What is {a} {word} {b}?",
            f"{a} {sign} {b} = ?",
        )
    )
    return _case(random, prompt, f"{a} {sign} {b}", eval(f"{a} {sign} {b}"))


def _nested(random: Random) -> Case:
    a, b, c, d = (random.randint(2, 40) for _ in range(4))
    text = random.choice(
        (f"({a} + {b}) * {c} - {d}", f"{a} + {b} * {c}", f"{a} * ({b} + {c})", f"{a} * {b} - {c}")
    )
    return _case(random, random.choice((f"Work out {text}.", f"What is {text}?")), text, eval(text))


def _percent(random: Random) -> Case:
    share, whole = random.choice((5, 10, 15, 20, 25, 30, 40, 60, 75)), 20 * random.randint(2, 90)
    right = share * whole // 100
    return _case(random, f"What is {share}% of {whole}?", f"{share} / 100 * {whole}", right)


def _told(random: Random, place: int) -> Case:
    b = random.randint(3, 30)
    a = b + random.randint(5, 60)
    template, right, confused = WORD_PROBLEMS[place % len(WORD_PROBLEMS)]
    right, confused = right.format(a=a, b=b), confused.format(a=a, b=b)
    result = eval(right)
    slip = result + random.choice((-10, -2, -1, 1, 2, 10))
    # Every fourth mistake is in the thought, not in the sum: the equation holds and the answer is wrong.
    worse = f"{confused} = {eval(confused)}." if place % 4 == 3 else f"{right} = {slip}."
    pad_right, pad_worse = _padding(random), _padding(random)
    return Case(
        slice="arithmetic",
        prompt=template.format(a=a, b=b),
        better=f"{pad_right}{right} = {result}.",
        worse=f"{pad_worse}{worse}",
    )


def _equal(random: Random) -> Case:
    a, b = random.randint(12, 99), random.randint(12, 99)
    return Case(
        slice="arithmetic",
        prompt=f"What is {a} + {b}?",
        better=f"{a} + {b} = {a + b}.",
        worse=f"The answer is {a + b}.",
        grade="equal",
    )


def _case(random: Random, prompt: str, text: str, right: int) -> Case:
    wrong = right + random.choice((-100, -10, -9, -2, -1, 1, 2, 9, 10, 100))
    return Case(
        slice="arithmetic", prompt=prompt, better=_said(random, text, right), worse=_said(random, text, wrong)
    )


def _said(random: Random, text: str, result: int) -> str:
    return random.choice(
        (
            f"{result}",
            f"The answer is {result}.",
            f"{text} = {result}.",
            f"Let me work it out carefully, one step after the other. {text} = {result}.",
            f"I checked this twice, once by hand and once backwards, and the result is {result}.",
        )
    )


def _padding(random: Random) -> str:
    return random.choice(
        ("", "", "We read what is given and what is asked, then put it together: ", "Easy: ")
    )
