"""Code: every function is run against its examples; right passes all of them, wrong fails at least one."""
# ruff: noqa: E501  (a program reads better in one string than torn apart)

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from case import Case


@dataclass(frozen=True, kw_only=True)
class Exercise:
    name: str
    task: str
    examples: Sequence[tuple[tuple[Any, ...], Any]]
    right: Sequence[str]
    wrong: Sequence[str]

    @property
    def prompt(self) -> str:
        return f"Write a Python function `{self.name}` {self.task}"


def passes(exercise: Exercise, source: str) -> bool:
    scope: dict[str, Any] = {}
    try:
        exec(source, scope)
        function = scope[exercise.name.split("(")[0]]
        return all(function(*arguments) == expected for arguments, expected in exercise.examples)
    except Exception:  # noqa: BLE001  (whatever a wrong function raises, it is wrong)
        return False


def source_in(response: str) -> str:
    """Return the code in a response: what stands in its fence, or all of it."""
    parts = response.split("```")
    return parts[1].removeprefix("python\n") if len(parts) > 2 else response


EXERCISES = (
    Exercise(
        name="largest(xs)",
        task="that returns the largest element of a list, or None for an empty list.",
        examples=[(([3, 1, 2],), 3), (([],), None), (([-5, -2],), -2)],
        right=[
            "def largest(xs):\n    return max(xs, default=None)",
            "def largest(xs):\n    best = None\n    for x in xs:\n        if best is None or x > best:\n            best = x\n    return best",
        ],
        wrong=[
            "def largest(xs):\n    if not xs:\n        return None\n    best = 0\n    for x in xs:\n        if x > best:\n            best = x\n    return best",
            "def largest(xs):\n    return sorted(xs)[-1]",
        ],
    ),
    Exercise(
        name="is_prime(n)",
        task="that tells whether a whole number is prime.",
        examples=[((2,), True), ((1,), False), ((9,), False), ((25,), False), ((29,), True), ((0,), False)],
        right=[
            "def is_prime(n):\n    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))",
            "def is_prime(n):\n    if n < 2:\n        return False\n    d = 2\n    while d * d <= n:\n        if n % d == 0:\n            return False\n        d += 1\n    return True",
        ],
        wrong=[
            "def is_prime(n):\n    if n < 2:\n        return False\n    for d in range(2, int(n**0.5)):\n        if n % d == 0:\n            return False\n    else:\n        return True",
            "def is_prime(n):\n    return all(n % d for d in range(2, int(n**0.5) + 1))",
        ],
    ),
    Exercise(
        name="reverse_words(text)",
        task="that reverses the order of the words in a text; words in the result are parted by one blank.",
        examples=[(("a b c",), "c b a"), (("",), ""), (("  one  two ",), "two one")],
        right=[
            'def reverse_words(text):\n    return " ".join(reversed(text.split()))',
            'def reverse_words(text):\n    """Return the words in reverse order."""\n    words = text.split()\n    words.reverse()\n    return " ".join(words)',
        ],
        wrong=[
            'def reverse_words(text):\n    return " ".join(text.split(" ")[::-1])',
            "def reverse_words(text):\n    if not text:\n        return text\n    return text[::-1]",
        ],
    ),
    Exercise(
        name="mean(xs)",
        task="that returns the arithmetic mean of a list of numbers, or None for an empty list.",
        examples=[(([1, 2],), 1.5), (([],), None), (([4],), 4)],
        right=[
            "def mean(xs):\n    return sum(xs) / len(xs) if xs else None",
            "def mean(xs):\n    if not xs:\n        return None\n    return sum(xs) / len(xs)",
        ],
        wrong=[
            "def mean(xs):\n    if not xs:\n        return None\n    return sum(xs) // len(xs)",
            "def mean(xs):\n    return sum(xs) / len(xs)",
        ],
    ),
    Exercise(
        name="is_palindrome(text)",
        task="that tells whether a text reads the same backwards, ignoring case and everything but letters.",
        examples=[(("Anna",), True), (("Never odd or even!",), True), (("ab",), False)],
        right=[
            "def is_palindrome(text):\n    letters = [c.lower() for c in text if c.isalpha()]\n    return letters == letters[::-1]",
            'def is_palindrome(text):\n    """Compare the letters with their mirror image."""\n    kept = "".join(filter(str.isalpha, text)).casefold()\n    return kept == kept[::-1]',
        ],
        wrong=[
            "def is_palindrome(text):\n    text = text.lower()\n    return text == text[::-1]",
            'def is_palindrome(text):\n    """Compare the letters with their mirror image."""\n    letters = [c for c in text if c.isalpha()]\n    return letters == letters[::-1]',
        ],
    ),
    Exercise(
        name="factorial(n)",
        task="that returns n! for whole numbers from 0 on.",
        examples=[((0,), 1), ((1,), 1), ((5,), 120)],
        right=[
            "def factorial(n):\n    result = 1\n    for k in range(2, n + 1):\n        result *= k\n    return result",
            "def factorial(n):\n    return 1 if n == 0 else n * factorial(n - 1)",
        ],
        wrong=[
            "def factorial(n):\n    result = 1\n    for k in range(2, n):\n        result *= k\n    return result",
            "def factorial(n):\n    if n == 0:\n        return 0\n    else:\n        return n * factorial(n - 1) if n > 1 else 1",
        ],
    ),
    Exercise(
        name="count_vowels(text)",
        task="that counts the vowels a, e, i, o, u in a text, upper case included.",
        examples=[(("hello",), 2), (("banana",), 3), (("AEIOU",), 5), (("",), 0), (("rhythm",), 0)],
        right=[
            'def count_vowels(text):\n    return sum(c in "aeiou" for c in text.lower())',
            'def count_vowels(text):\n    count = 0\n    for c in text:\n        if c in "aeiouAEIOU":\n            count += 1\n    return count',
        ],
        wrong=[
            'def count_vowels(text):\n    """Count the vowels."""\n    return sum(c in "aeiou" for c in text)',
            'def count_vowels(text):\n    return len(set(text.lower()) & set("aeiou"))',
        ],
    ),
    Exercise(
        name="unique(xs)",
        task="that removes duplicates from a list and keeps the first of each in order.",
        examples=[(([3, 1, 3, 2, 1],), [3, 1, 2]), (([],), [])],
        right=[
            "def unique(xs):\n    return list(dict.fromkeys(xs))",
            "def unique(xs):\n    seen = set()\n    kept = []\n    for x in xs:\n        if x not in seen:\n            seen.add(x)\n            kept.append(x)\n    return kept",
        ],
        wrong=[
            "def unique(xs):\n    return sorted(set(xs))",
            "def unique(xs):\n    if not xs:\n        return []\n    kept = [xs[0]]\n    for x in xs[1:]:\n        if x != kept[-1]:\n            kept.append(x)\n    return kept",
        ],
    ),
    Exercise(
        name="flatten(xss)",
        task="that joins a list of lists into one list.",
        examples=[(([[1], [2, 3], []],), [1, 2, 3]), (([],), [])],
        right=[
            "def flatten(xss):\n    return [x for xs in xss for x in xs]",
            "def flatten(xss):\n    flat = []\n    for xs in xss:\n        flat.extend(xs)\n    return flat",
        ],
        wrong=[
            "def flatten(xss):\n    flat = []\n    for xs in xss:\n        flat.append(xs)\n    return flat",
            "def flatten(xss):\n    if not xss:\n        return None\n    return [x for xs in xss for x in xs]",
        ],
    ),
    Exercise(
        name="fibonacci(n)",
        task="that returns the n-th Fibonacci number, with fibonacci(0) = 0 and fibonacci(1) = 1.",
        examples=[((0,), 0), ((1,), 1), ((2,), 1), ((10,), 55)],
        right=[
            "def fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a",
            "def fibonacci(n):\n    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)",
        ],
        wrong=[
            "def fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return b",
            "def fibonacci(n):\n    if n <= 2:\n        return 1\n    else:\n        return fibonacci(n - 1) + fibonacci(n - 2)",
        ],
    ),
    Exercise(
        name="clamp(x, low, high)",
        task="that returns x, but never less than low and never more than high.",
        examples=[((5, 1, 10), 5), ((-1, 0, 3), 0), ((9, 0, 3), 3)],
        right=[
            "def clamp(x, low, high):\n    return max(low, min(x, high))",
            "def clamp(x, low, high):\n    if x < low:\n        return low\n    if x > high:\n        return high\n    return x",
        ],
        wrong=[
            "def clamp(x, low, high):\n    return min(low, max(x, high))",
            "def clamp(x, low, high):\n    if x < low:\n        return low\n    else:\n        return high",
        ],
    ),
    Exercise(
        name="chunks(xs, size)",
        task="that cuts a list into lists of the given size; the last one may be shorter.",
        examples=[(([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]), (([], 3), [])],
        right=[
            "def chunks(xs, size):\n    return [xs[i : i + size] for i in range(0, len(xs), size)]",
            "def chunks(xs, size):\n    cut = []\n    while xs:\n        cut.append(xs[:size])\n        xs = xs[size:]\n    return cut",
        ],
        wrong=[
            "def chunks(xs, size):\n    return [xs[i : i + size] for i in range(0, len(xs) - size + 1, size)]",
            'def chunks(xs, size):\n    """Cut the list into pieces of the given size."""\n    return [xs[i:size] for i in range(0, len(xs), size)]',
        ],
    ),
    Exercise(
        name="word_counts(text)",
        task="that returns a dictionary from each lower-case word to how often it occurs.",
        examples=[(("a b A",), {"a": 2, "b": 1}), (("",), {})],
        right=[
            "def word_counts(text):\n    counts = {}\n    for word in text.lower().split():\n        counts[word] = counts.get(word, 0) + 1\n    return counts",
            "from collections import Counter\n\n\ndef word_counts(text):\n    return dict(Counter(text.lower().split()))",
        ],
        wrong=[
            "def word_counts(text):\n    counts = {}\n    for word in text.split():\n        counts[word] = counts.get(word, 0) + 1\n    return counts",
            "def word_counts(text):\n    counts = {}\n    for word in text.lower().split():\n        if word in counts:\n            counts[word] += 1\n        else:\n            counts[word] = 0\n    return counts",
        ],
    ),
    Exercise(
        name="second_largest(xs)",
        task="that returns the second largest distinct value of a list, or None if there is none.",
        examples=[(([3, 1, 2],), 2), (([5, 5],), None), (([],), None), (([2, 2, 1],), 1)],
        right=[
            "def second_largest(xs):\n    values = sorted(set(xs))\n    return values[-2] if len(values) > 1 else None",
            "def second_largest(xs):\n    values = set(xs)\n    if len(values) < 2:\n        return None\n    values.remove(max(values))\n    return max(values)",
        ],
        wrong=[
            "def second_largest(xs):\n    if len(xs) < 2:\n        return None\n    return sorted(xs)[-2]",
            "def second_largest(xs):\n    return sorted(set(xs))[-2]",
        ],
    ),
    Exercise(
        name="leap_year(year)",
        task="that tells whether a year is a leap year in the Gregorian calendar.",
        examples=[((2024,), True), ((1900,), False), ((2000,), True), ((2023,), False)],
        right=[
            "def leap_year(year):\n    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)",
            "def leap_year(year):\n    if year % 400 == 0:\n        return True\n    if year % 100 == 0:\n        return False\n    return year % 4 == 0",
        ],
        wrong=[
            "def leap_year(year):\n    return year % 4 == 0 and year % 100 != 0",
            "def leap_year(year):\n    if year % 4 == 0:\n        return True\n    else:\n        return False",
        ],
    ),
)


def code_cases(random: Random) -> list[Case]:
    cases = []
    for exercise in EXERCISES:
        for source in exercise.right:
            assert passes(exercise, source), (exercise.name, source)
        for source in exercise.wrong:
            assert not passes(exercise, source), (exercise.name, source)
        cases += [
            Case(
                slice="code",
                prompt=exercise.prompt,
                better=_said(random, right),
                worse=_said(random, wrong),
                tags=("python",) if random.random() < 0.5 else (),
            )
            for right in exercise.right
            for wrong in exercise.wrong
        ]
    return cases


def _said(random: Random, source: str) -> str:
    fenced = f"```python\n{source}\n```"
    return random.choice(
        (
            source,
            fenced,
            f"Here is the function:\n\n{fenced}",
            f"{fenced}\n\nIt goes through the input once and handles the special cases.",
        )
    )
