"""What is decided of a prompt before anything is generated: its place, and whether it is used.

- `rules`          slice, stakes, tags, set-aside by the constitution
- `language`       the language it is written in
- `normalisation`  when two prompts say the same
- `protection`     prompts that must not be used
- `sampling`       which prompts are drawn, and plans that draw towards target shares
"""

from prefstream.domain.curation.rules import (
    Placement,
    Reading,
    curate,
    last_user_text,
    matches,
    slices_of,
    with_reading,
)

__all__ = ["Placement", "Reading", "curate", "last_user_text", "matches", "slices_of", "with_reading"]
