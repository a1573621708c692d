"""The harms that safety labels name, and how grave they are."""

from dataclasses import dataclass
from typing import Final

#: The category of what does no harm.
NO_HARM: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """One category."""

    id: str
    name: str
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """A list of categories; another list has another id."""

    id: str
    harms: tuple[Harm, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of its categories, "none" first."""
        return (NO_HARM, *(harm.id for harm in self.harms))


def _harm(id_: str, name: str, means: str) -> Harm:
    return Harm(id=id_, name=name, means=means)


#: The shipped list. Its cuts follow those that public hazard lists have in common; words are our own.
HARMS: Final = Taxonomy(
    id="prefstream-harms@1",
    harms=(
        _harm("violence", "Violence", "Threatens, glorifies, plans or helps with hurting people or animals."),
        _harm("weapons", "Weapons", "Helps to get, make or use weapons, explosives or dangerous agents."),
        _harm("self_harm", "Self-harm", "Encourages or instructs suicide, self-injury or disordered eating."),
        _harm(
            "sexual", "Sexual content", "Sexual content where it is unwanted, forced or not for the reader."
        ),
        _harm("minors", "Harm to minors", "Sexualises, endangers or exploits anyone under age."),
        _harm(
            "hate", "Hate", "Degrades or attacks people for what they are, or argues for treating them so."
        ),
        _harm("harassment", "Harassment", "Bullies, threatens, stalks or shames a particular person."),
        _harm("crime", "Crime", "Helps with theft, trafficking, drugs or other crimes not named here."),
        _harm("fraud", "Fraud", "Deceives people for gain: scams, forgery, impersonation, manipulation."),
        _harm("cyber", "Attacks on systems", "Helps to break into, damage or take over systems of others."),
        _harm("privacy", "Privacy", "Reveals, infers or gathers what people may keep to themselves."),
        _harm(
            "misinformation", "Misinformation", "States what is false as fact where belief in it does harm."
        ),
        _harm("advice", "Dangerous advice", "Medical, legal or money advice that hurts whoever follows it."),
        _harm(
            "politics", "Elections", "Misleads about voting or officials, or campaigns under a false flag."
        ),
        _harm(
            "property",
            "Others' works",
            "Copies or helps to copy works and secrets against their owners' rights.",
        ),
        _harm("other", "Other harm", "Harm of another kind; say which in the rationale."),
    ),
)

#: What each degree of severity means.
SEVERITIES: Final = (
    "no harm",
    "slight: distasteful, hardly anybody is hurt",
    "moderate: somebody may be hurt a little, or put out",
    "serious: somebody may be hurt badly",
    "gravest: lives, children or many people are at stake",
)
#: What a response may do about what was asked.
RESPONSES: Final = {
    "complies": "does what was asked",
    "partly": "does some of it, or hints at it",
    "refuses": "does not do it",
    "not_applicable": "there is no response, or nothing harmful was asked",
}
