"""Settings of alerts: which rules hold, and at which bounds."""

from pydantic import BaseModel, ConfigDict, Field


class AlertSettings(BaseModel):
    """Which rules raise alerts, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Rules that never raise, as '["people_kappa"]'; `prefstream alerts rules` names all of them.
    off: tuple[str, ...] = ()
    #: Other bounds by rule, from the mildest on, as '{"people_alpha": [0.8, 0.75]}'.
    bounds: dict[str, tuple[float, ...]] = {}
    #: Other least numbers of units by rule, as '{"people_alpha": 200}'.
    min_n: dict[str, int] = {}
    #: Outcomes of a slice that pass, on average at least, until a false alarm of a rule that weighs evidence.
    mean_outcomes_to_false_alarm: float = Field(default=40_000.0, ge=1)
    #: Probability with which a slice whose lower bound of alpha or kappa is steadily at its bound may ever
    #: raise; `None`: every lower bound under its bound raises.
    spend: float | None = Field(default=None, gt=0, lt=0.5)
    #: Seconds between two looks at queue, lag, budget and calibration.
    every_s: float = Field(default=30.0, gt=0)
