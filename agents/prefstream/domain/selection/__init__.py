"""Which pairs people should see first, and which prompts are worth generating for.

- `sketches`   what is kept of a pair's texts: a SimHash of the prompt and a few cheap differences
- `model`      a small preference model over sketches, learned from resolved labels
- `diversity`  prompts like those seen often count less
- `learning`   the fold from resolved labels to a selection that can be published
- `choice`     prompts to generate for

Nothing here enters a certificate or the question whether a pair is accepted.
"""

from prefstream.domain.selection.choice import Chosen, Pending, chosen
from prefstream.domain.selection.diversity import diversity
from prefstream.domain.selection.learning import Lesson, learn
from prefstream.domain.selection.model import doubt, preference
from prefstream.domain.selection.sketches import FEATURES, SKETCH_VERSION, prompt_sketch, sketch_of

__all__ = [
    "FEATURES",
    "SKETCH_VERSION",
    "Chosen",
    "Lesson",
    "Pending",
    "chosen",
    "diversity",
    "doubt",
    "learn",
    "preference",
    "prompt_sketch",
    "sketch_of",
]
