# ruff: noqa: E501  (texts are as long as they are)
"""A pair as people really get them: Markdown, code, a formula, and two answers that differ in places."""

PROMPT = """I have a list of numbers and want the **median** in Python, without a library. Can you also tell me the formula?

My code so far:

```python
def median(values):
    return sorted(values)[len(values) // 2]
```
"""

LEFT = r"""Your function is right for an odd number of values. For an even number the median is the mean of the two middle ones:

$$
\tilde{x} = \frac{x_{(n/2)} + x_{(n/2 + 1)}}{2}
$$

```python
def median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
```

1. An empty list raises `IndexError`; decide what you want there.
2. Sorting takes $O(n \log n)$; that is fine for most lists.

See [the documentation](https://docs.python.org/3/library/statistics.html) for `statistics.median`.
"""

RIGHT = r"""Great question! Your function is right for every list. The median is simply the middle value:

\[ \tilde{x} = x_{(n/2)} \]

```python
def median(values):
    values.sort()
    return values[len(values) // 2]
```

- It sorts the list **in place**, which is faster.
- Sorting takes $O(n)$; that is fine for most lists.

| n | median |
|---|--------|
| 3 | the 2nd |
| 4 | the 3rd |

Let me know if you need anything else! 😊
"""

ARABIC = "الجواب هو **٤٢** كما في `answer = 42`، وانظر [الرابط](https://example.com/ar)."
HEBREW = "התשובה היא 42, ראו גם English words בתוך המשפט."
