"""Prompt variants: instructions under which one model writes candidates that really differ.

Each asks for a good answer of another kind, none for a bad one: a pair in which one side was told to
fail teaches nothing that a reader could not see from afar.
"""

from collections.abc import Mapping

#: Part of a generator's identity by its text, so that another wording is another generator.
VARIANTS: Mapping[str, str] = {
    "plain": "",
    "concise": """\
Answer in as few words as the question allows. Give the answer first and leave out introductions,
repetitions and offers of further help.""",
    "thorough": """\
Answer fully. Cover every part of the question, give the reasons, name the exceptions that matter, and say
what the reader should do next where that helps.""",
    "cautious": """\
Say only what you are sure of. Mark what is uncertain or disputed as such, name the risks, and where an
expert has to be asked, say which and why.""",
    "direct": """\
Take a position. Say what you would do and why in plain terms, without hedging where the matter is clear.""",
    "plain-language": """\
Write for a reader without any training in the field: short sentences, everyday words, every term of art
explained where it first occurs.""",
    "expert": """\
Write for a specialist: use the terms of the field exactly, skip the basics, and give figures, names and
edge cases.""",
    "step-by-step": """\
Work the answer out in numbered steps, each following from the one before. Check the result at the end and
state it in one sentence.""",
    "by-example": """\
Explain by example: give one concrete case first, work it through, and only then say the general rule.""",
    "structured": """\
Order the answer under short headings or in lists, one thought to each point, and begin with a summary of
one sentence.""",
    "conversational": """\
Answer as in a friendly conversation: in running text without headings or lists, warm, and to the point.""",
}
