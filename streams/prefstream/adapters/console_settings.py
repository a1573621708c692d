"""Settings of the console, of work in it, and of what stands beside it."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConsoleSettings(_Part):
    """The console: where it listens, who gets in, and how long things last there."""

    #: Address to listen on; 0.0.0.0 is everywhere, then put it behind a proxy that speaks https.
    host: str = "127.0.0.1"
    #: Port; 0 lets the system choose.
    port: int = Field(default=8484, ge=0, le=65_535)
    #: How people reach it, e.g. https://labels.example.org; empty: http, the host and the port above.
    public_url: str = Field(default="", pattern=r"^(https?://[^\s/]+(/[^\s]*)?)?$")
    #: Addresses of proxies whose X-Forwarded-For and -Proto count, separated by commas; empty: none.
    trusted_proxies: str = ""
    #: Signs cookies; empty: one is made and kept in the data folder, so several machines need one set here.
    secret_key: SecretStr = SecretStr("")
    #: Hours after which a session ends whatever happens.
    session_hours: float = Field(default=12.0, gt=0, le=24 * 90)
    #: Minutes without a request after which a session ends.
    idle_minutes: float = Field(default=120.0, gt=0, le=60 * 24 * 90)
    #: Requests a minute that one person may make.
    requests_per_min: int = Field(default=6000, ge=1)
    #: Requests a minute that one address may make without being logged in.
    anonymous_per_min: int = Field(default=600, ge=1)
    #: Tries to log in a minute for one name from one address; ten times as many from one address in all.
    logins_per_min: int = Field(default=5, ge=1)
    #: Most bytes of a request, except for what is brought in as a stream.
    body_bytes: int = Field(default=8_000_000, ge=10_000)
    #: Most bytes of prompts, pairs or labels that are brought in by one request.
    ingestion_bytes: int = Field(default=2_000_000_000, ge=10_000)
    #: Requests answered at once; more are answered 503.
    at_once: int = Field(default=1000, ge=1, le=100_000)
    #: Connections to the database.
    connections: int = Field(default=16, ge=4, le=500)
    #: Slices whose figures /metrics shows, those with most pairs; counts of the others are summed.
    figures_slices: int = Field(default=50, ge=0, le=10_000)
    #: Folder of releases, whose files whoever may read may download; none: they are not handed out.
    releases_folder: Path | None = None
    #: Seconds for which a task is lent; a heartbeat makes it as long again.
    lease_s: float = Field(default=900.0, gt=0)
    #: Seconds between two heartbeats of a browser.
    heartbeat_s: float = Field(default=60.0, gt=0)
    #: Seconds for which a label can be taken back before it goes out.
    undo_s: float = Field(default=10.0, ge=0)
    #: Seconds after its end for which the answer to a task is still taken, where nobody else took the task.
    grace_s: float = Field(default=3600.0, ge=0)
    #: Address of the OpenID Connect provider, e.g. https://login.example.org; empty: none.
    oidc_issuer: str = Field(default="", pattern=r"^(https?://[^\s]+)?$")
    #: Name of the console at that provider.
    oidc_client_id: str = ""
    #: Secret of the console at that provider.
    oidc_client_secret: SecretStr = SecretStr("")
    #: Role of people whom the provider knows and we do not; empty: they are refused.
    oidc_new_role: Literal["", "viewer", "annotator", "reviewer"] = ""

    @property
    def address(self) -> str:
        """Return how people reach it."""
        return self.public_url or f"http://{self.host}:{self.port}"


class WebhookSettings(_Part):
    """Webhooks: what other systems are told."""

    #: Whether receivers may be inside: this machine, or addresses that are not on the public internet.
    allow_private: bool = False
    #: Calls under way at once to one endpoint.
    at_once: int = Field(default=4, ge=1, le=100)
    #: Seconds a receiver has for its answer.
    timeout_s: float = Field(default=15.0, gt=0, le=30)
    #: Seconds between two looks at what is to be told and sent.
    every_s: float = Field(default=1.0, gt=0)
    #: Days for which deliveries that arrived stay in the list.
    keep_days: float = Field(default=30.0, ge=1)


class LabelStudioSettings(_Part):
    """A Label Studio in which people label instead of, or beside, the console."""

    #: Its address, e.g. https://labels.example.org; empty: none.
    address: str = Field(default="", pattern=r"^(https?://[^\s]+[^/\s])?$")
    #: Token of one of its users, of the kind that is sent as `Authorization: Token`.
    token: SecretStr = SecretStr("")
    #: Whether each slice has a project of its own.
    project_per_slice: bool = True
    #: Begins the title of every project.
    title: str = Field(default="prefstream", min_length=1, max_length=30, pattern=r"^\S")
    #: Rounds whose tasks are pushed.
    rounds: tuple[Literal["annotate", "review", "adjudicate"], ...] = ("annotate",)
    #: Slices whose tasks are pushed; empty: all.
    slices: tuple[str, ...] = ()
    #: Most tasks that wait there at once.
    most_open: int = Field(default=1000, ge=1, le=100_000)
    #: Whether people are shown the judge's verdict: faster, but their labels are then no check on the judge.
    show_prediction: bool = False
    #: Seconds between two looks at the queue and at what was annotated.
    every_s: float = Field(default=10.0, gt=0)
    #: Hours for which a pushed task is kept from the people of the console; pushed tasks renew it.
    lease_hours: float = Field(default=24.0, gt=0)
    #: Where its webhook reaches the console, e.g. https://console.example.org; empty: it is polled only.
    webhook_to: str = Field(default="", pattern=r"^(https?://[^\s]+[^/\s])?$")
    #: What its webhook says to prove itself; without one webhooks are refused.
    webhook_secret: SecretStr = SecretStr("")


class QualitySettings(_Part):
    """Gold questions, calibration sets, and what is done about how people label."""

    #: Share of tasks that are gold questions; 0: none.
    gold_share: float = Field(default=0.1, ge=0, le=0.5)
    #: Secret by which questions are drawn; empty: one is made and kept in the database for all processes.
    seed: SecretStr = SecretStr("")
    #: Tell people after each gold question whether they were right and why; in training they always are.
    feedback: bool = False
    #: Pairs of a week's calibration set; 0: no sets.
    calibration_size: int = Field(default=50, ge=0, le=1000)
    #: How many of them come from an earlier set.
    calibration_anchors: int = Field(default=10, ge=0, le=1000)
    #: Share of tasks that are of the week's calibration set, until a person has done it.
    calibration_share: float = Field(default=0.2, ge=0, le=1)
    #: Training questions to answer rightly before somebody who is retrained goes on to work.
    training_questions: int = Field(default=5, ge=1, le=100)
    #: Warn people of habits by rule; a lead does it otherwise.
    warn: bool = True
    #: Pause people by rule who fail the gold test; a lead does it otherwise.
    pause: bool = False
    #: Tasks of one slice in a row after which another one comes.
    stretch: int = Field(default=20, ge=1)
    #: Minutes of work without a pause after which a break is suggested; 0: never.
    rest_after_min: float = Field(default=50.0, ge=0)
    #: Seconds between two looks at labels and answers.
    every_s: float = Field(default=10.0, gt=0)
