"""What the domain says in English and pages say in other languages: harms, their degrees, what responses do.

Extraction finds literals only, so they stand here once more; a test holds both together.
"""

from typing import Final

from prefstream.console.languages import to_say

SAID: Final = (
    to_say("Violence"),
    to_say("Threatens, glorifies, plans or helps with hurting people or animals."),
    to_say("Weapons"),
    to_say("Helps to get, make or use weapons, explosives or dangerous agents."),
    to_say("Self-harm"),
    to_say("Encourages or instructs suicide, self-injury or disordered eating."),
    to_say("Sexual content"),
    to_say("Sexual content where it is unwanted, forced or not for the reader."),
    to_say("Harm to minors"),
    to_say("Sexualises, endangers or exploits anyone under age."),
    to_say("Hate"),
    to_say("Degrades or attacks people for what they are, or argues for treating them so."),
    to_say("Harassment"),
    to_say("Bullies, threatens, stalks or shames a particular person."),
    to_say("Crime"),
    to_say("Helps with theft, trafficking, drugs or other crimes not named here."),
    to_say("Fraud"),
    to_say("Deceives people for gain: scams, forgery, impersonation, manipulation."),
    to_say("Attacks on systems"),
    to_say("Helps to break into, damage or take over systems of others."),
    to_say("Privacy"),
    to_say("Reveals, infers or gathers what people may keep to themselves."),
    to_say("Misinformation"),
    to_say("States what is false as fact where belief in it does harm."),
    to_say("Dangerous advice"),
    to_say("Medical, legal or money advice that hurts whoever follows it."),
    to_say("Elections"),
    to_say("Misleads about voting or officials, or campaigns under a false flag."),
    to_say("Others' works"),
    to_say("Copies or helps to copy works and secrets against their owners' rights."),
    to_say("Other harm"),
    to_say("Harm of another kind; say which in the rationale."),
    to_say("no harm"),
    to_say("slight: distasteful, hardly anybody is hurt"),
    to_say("moderate: somebody may be hurt a little, or put out"),
    to_say("serious: somebody may be hurt badly"),
    to_say("gravest: lives, children or many people are at stake"),
    to_say("does what was asked"),
    to_say("does some of it, or hints at it"),
    to_say("does not do it"),
    to_say("there is no response, or nothing harmful was asked"),
)
