"""What the domain calls gates in English and pages say in other languages.

Extraction finds literals only, so it stands here once more; a test holds both together.
"""

from typing import Final

from prefstream.console.languages import to_say

#: Titles, in the order of the catalogue.
SAID: Final = (
    to_say("Agreement of people, Krippendorff's ordinal alpha"),
    to_say("Agreement of people, mean pairwise kappa"),
    to_say("Judge against people, audited"),
    to_say("Audited pairs"),
    to_say("Labels that prefer one response"),
    to_say("Labels that cite a clause"),
    to_say("Gold questions answered right"),
    to_say("Pairs against the plan's targets"),
    to_say("Slices of the last release"),
    to_say("Drift of slices since the last release"),
    to_say("Drift of tags since the last release"),
    to_say("Drift of prompts' lengths since the last release"),
    to_say("Longer responses beyond people's own liking"),
    to_say("Response A against response B"),
    to_say("Pairs by method or strategy"),
    to_say("Ties"),
    to_say("Largest share of one annotator"),
    to_say("Different annotators"),
    to_say("Labels by declared groups"),
    to_say("Age of preferences"),
    to_say("Refusals preferred"),
)
