"""What measures are called and mean, in English; pages say it in other languages.

Extraction finds literals only, so it stands here once more; a test holds both together.
"""

from typing import Final

from prefstream.console.languages import to_say

#: Titles, meanings and why a figure may mislead, in the order of the catalog.
SAID: Final = (
    to_say("Krippendorff's alpha, nominal"),
    to_say("Agreement of all people on A, tie, B or both bad, beyond what chance gives."),
    to_say("Krippendorff's alpha, ordinal"),
    to_say("Agreement of all people on the five points; near misses count less."),
    to_say("Gwet's AC1"),
    to_say("Agreement beyond chance that stays steady when nearly all labels are alike."),
    to_say("Fleiss' kappa"),
    to_say("Agreement beyond chance as if all pairs had the same people."),
    to_say("Percent agreement"),
    to_say("Share of pairs of labels that say the same; chance is not taken out."),
    to_say("Cohen's kappa"),
    to_say("Agreement of two people beyond chance."),
    to_say("Gold accuracy"),
    to_say("Share of gold questions that people answered as expected."),
    to_say("Judge against people, audited"),
    to_say(
        "Share of audited pairs on which the judges' label and the people's say the same of A, "
        "tie and B. The coin draws all pairs alike, so it speaks for the whole slice. Its limits "
        "hold however often one looks; those of subject wilson hold for one look."
    ),
    to_say("Judge against people, all pairs people labelled (biased)"),
    to_say("The same over every pair that people resolved, audited or escalated."),
    to_say("Escalated pairs are the ones judges find hard: it says too little of the judges."),
    to_say("Clause-trace coverage"),
    to_say("Share of labels and of judges' votes that cite at least one clause of the constitution."),
    to_say("Preference for what is shown first"),
    to_say(
        "Share of preferences for the response shown first: of judges in pairs read in both "
        "orders, of people by the sides they saw."
    ),
    to_say("Preference for the longer response"),
    to_say(
        "Share in which the longer response is preferred, of resolved pairs whose lengths differ "
        "by more than 10 % and of which one response is preferred."
    ),
    to_say("A longer response may be the better one: above one half is no fault by itself."),
    to_say("Refusals preferred"),
    to_say(
        "Share in which the refusal won, of resolved pairs of a refusal and an answer; ties count as not won."
    ),
    to_say("Refusals are told by their opening phrases, in English and German: others are missed."),
    to_say("Informativeness"),
    to_say("Share of resolved pairs in which one response is better: no tie."),
    to_say("Escalated"),
    to_say("Share of routed pairs that went to people, audits of accepted pairs not counted."),
    to_say("Audited"),
    to_say("Share of routed pairs that the coin sent to people."),
    to_say("Cost per usable pair"),
    to_say("What judging and generation cost, over the pairs that were validated."),
    to_say("Time to label"),
    to_say(
        "From the question to people until their label: median and ninth decile, from counts in "
        "steps of a fifth, so within about a tenth."
    ),
    to_say("Age of the oldest open task"),
    to_say("How long the task that has waited longest has been open."),
    to_say("Pairs proposed"),
    to_say("Pairs judged, failures included"),
    to_say("Pairs of which the judges gave no verdict"),
    to_say("Pairs whose judgement was accepted"),
    to_say("Pairs sent to people"),
    to_say("Pairs that the audit coin sent to people, whatever the route"),
    to_say("Pairs whose acceptance was taken back"),
    to_say("Labels by people that stand"),
    to_say("Disputes"),
    to_say("Resolutions, later ones of a pair included"),
    to_say("Validations, later ones of a pair included"),
    to_say("Rejections, later ones of a pair included"),
    to_say("Quarantines, later ones of a pair included"),
)
