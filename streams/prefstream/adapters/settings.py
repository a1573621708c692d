"""Settings: the only reader of the environment and of the settings file."""

import os
import re
from collections.abc import Sequence
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from prefstream.adapters.alert_settings import AlertSettings
from prefstream.adapters.console_settings import (
    ConsoleSettings,
    LabelStudioSettings,
    QualitySettings,
    WebhookSettings,
)
from prefstream.adapters.generation_settings import GenerationSettings, WriterParameters
from prefstream.domain.cost.money import MOST_USD
from prefstream.schemas.errors import BadInput

__all__ = [
    "AlertSettings",
    "BatchSettings",
    "BudgetSettings",
    "CalibrationSettings",
    "ConsoleSettings",
    "CurationSettings",
    "GenerationSettings",
    "JudgeSettings",
    "KafkaSettings",
    "LabelStudioSettings",
    "LimitSettings",
    "ModelLimits",
    "PostgresSettings",
    "QualitySettings",
    "Settings",
    "TracingSettings",
    "WebhookSettings",
    "WriterParameters",
    "misspelt",
]

PREFIX = "PREFSTREAM_"
FILE = "prefstream.toml"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(_Part):
    """How to reach Apache Kafka."""

    #: host:port of one or more brokers, separated by commas; empty: none configured.
    bootstrap: str = ""
    #: How to speak to the brokers: SASL_* asks for a user and password, *SSL encrypts.
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    #: How the password is proved.
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    #: User of the brokers; empty: none.
    sasl_username: str = ""
    #: Its password.
    sasl_password: SecretStr = SecretStr("")
    #: PEM file of the authority that signed the brokers' certificates.
    ca_file: Path | None = None
    #: PEM file of our own certificate, where brokers ask for one.
    cert_file: Path | None = None
    #: PEM file of the key of our own certificate.
    key_file: Path | None = None
    #: Copies that the brokers keep of each topic that we create.
    replication: int = Field(default=1, ge=1)


class PostgresSettings(_Part):
    """How to reach PostgreSQL 15 or newer."""

    #: postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=...; empty: none.
    dsn: SecretStr = SecretStr("")


class JudgeSettings(_Part):
    """Who reads the pairs and who writes candidates."""

    #: "offline", "recorded:NAME", "anthropic:MODEL" or "openai:MODEL"; several make a panel.
    panel: tuple[str, ...] = ("offline",)
    #: Orders in which a model reads the two responses: "ab", "ba"; both measure its bias for a place.
    orders: tuple[Literal["ab", "ba"], ...] = Field(default=("ab", "ba"), min_length=1, max_length=2)
    #: Under how many prompt variants a model reads each pair in each order.
    variants: int = Field(default=1, ge=1, le=5)
    #: Whether a model criticises each response under each clause before it compares them.
    critique: bool = False
    #: Tokens that a model may write for one verdict or critique.
    verdict_tokens: int = Field(default=1500, ge=100, le=32_000)
    #: "offline:NAME", "anthropic:MODEL" or "openai:MODEL"; two or more give a pair.
    generators: tuple[str, ...] = ("offline:careful", "offline:hasty")
    #: Key of the Anthropic API.
    anthropic_api_key: SecretStr = SecretStr("")
    #: Another address of that API, e.g. a gateway's; `None` is Anthropic's own.
    anthropic_base_url: str | None = None
    #: Key of an OpenAI-compatible server; empty: it asks for none.
    openai_api_key: SecretStr = SecretStr("")
    #: Address of an OpenAI-compatible server, e.g. http://127.0.0.1:8000/v1.
    openai_base_url: str | None = None
    #: Whether calls to Anthropic go in message batches: half the price, answers within a day.
    batch: bool = False
    #: Calls in flight at once in one process.
    in_flight: int = Field(default=64, ge=1, le=10_000)
    #: Seconds one call may take once it is its turn; well below the rebalance time-out.
    deadline_s: float = Field(default=40.0, gt=0, le=100)


class CurationSettings(_Part):
    """How prompts find their slice and stakes where no rule has the say."""

    #: "anthropic:MODEL" or "openai:MODEL", "offline" for demonstrations; empty: rules alone.
    classifier: str = ""
    #: What slices are about, as '{"law": "contracts and courts"}'; those of the constitution are known.
    slices: dict[str, str] = {}

    @property
    def asks_models(self) -> bool:
        """Whether curation waits for a model, and so belongs to the process that does."""
        return self.classifier.partition(":")[0] in {"anthropic", "openai"}


class BatchSettings(_Part):
    """How calls are gathered into message batches."""

    #: Most calls in one batch; the vendor takes 100,000 and 256 MB.
    size: int = Field(default=10_000, ge=1, le=100_000)
    #: Seconds that a call waits for others to share a batch with.
    interval_s: float = Field(default=60.0, gt=0)
    #: Seconds between two looks at a batch under way.
    poll_s: float = Field(default=30.0, gt=0)
    #: Seconds that making a batch may take; one not heard of by then is looked for in the list of batches.
    deadline_s: float = Field(default=120.0, gt=0)


class ModelLimits(_Part):
    """How much a provider lets us ask of one model."""

    #: Calls under way at once in one process; `None`: as many as the process may have.
    in_flight: int | None = Field(default=None, ge=1, le=10_000)
    #: Requests per minute and process; `None`: no limit.
    requests_per_min: float | None = Field(default=None, gt=0)
    #: Tokens per minute and process, read and written, those from the provider's cache left out.
    tokens_per_min: float | None = Field(default=None, gt=0)


class LimitSettings(_Part):
    """How the providers of models are asked."""

    #: Limits by "PROVIDER:MODEL" or "PROVIDER", as '{"anthropic": {"requests_per_min": 4000}}'.
    models: dict[str, ModelLimits] = {}
    #: Seconds a call waits for its turn before its record is put off.
    patience_s: float = Field(default=8.0, gt=0, le=60)
    #: Send a second request when an answer takes longer than 95 % did; both are paid.
    hedge: bool = False
    #: Most bytes of an answer that are read; a longer one is refused.
    answer_bytes: int = Field(default=1_000_000, ge=10_000)
    #: Talk to Anthropic through its SDK's own connections, a tenth as fast; always so behind a proxy.
    plain_sdk: bool = False


class BudgetSettings(_Part):
    """What may be spent on models, by all processes together."""

    #: US dollars per day (UTC); `None`: no limit. What comes after it waits for the next day.
    day_usd: Decimal | None = Field(default=None, ge=0, le=MOST_USD, decimal_places=9)
    #: US dollars per run; `None`: no limit.
    run_usd: Decimal | None = Field(default=None, ge=0, le=MOST_USD, decimal_places=9)
    #: Name of the run: a new one begins at nothing; the one without a name goes on since the first call.
    run: str = ""
    #: A TOML file of prices that go before the shipped ones.
    prices: Path | None = None


class CalibrationSettings(_Part):
    """How the calibrator finds thresholds from audited pairs and puts them in force."""

    #: Share of all pairs that people label whatever their route; 0: nothing is certified. While nothing is
    #: certified all pairs are audited, since all of them go to people.
    audit_share: float = Field(default=0.0, ge=0, le=1)
    #: Seed of the audit coin; another seed audits other pairs.
    audit_seed: str = "audit"
    #: Most that people may disagree with accepted pairs, as a share of them.
    alpha: float = Field(default=0.1, gt=0, lt=1)
    #: Probability with which that bound may fail.
    delta: float = Field(default=0.1, gt=0, lt=1)
    #: One bound over all slices together, which promises nothing for any of them by itself.
    pooled: bool = False
    #: New audit labels after which thresholds are found again.
    min_labels: int = Field(default=50, ge=1)
    #: Who puts a proposed policy in force: the calibrator, or a person by `prefstream policy approve`.
    activate: Literal["automatic", "approval"] = "approval"
    #: Seconds between two looks at the audit labels.
    every_s: float = Field(default=10.0, gt=0)
    #: Audited accepted pairs of a slice that pass, on average at least, until a false alarm.
    mean_pairs_to_false_alarm: float = Field(default=40_000.0, ge=1)
    #: Name of the policies it proposes.
    name: str = Field(default="certified", min_length=1, max_length=200, pattern=r"^\S")


class TracingSettings(_Part):
    """Traces of records and calls, for whoever collects them by OpenTelemetry."""

    #: Address of an OTLP collector over HTTP, e.g. http://127.0.0.1:4318; empty: no traces.
    endpoint: str = Field(default="", pattern=r"^(https?://[^\s]+)?$")
    #: Share of pairs that are traced, each with all of its records or none.
    share: float = Field(default=1.0, ge=0, le=1)


class EvidenceSettings(_Part):
    """Who signs what the archive holds."""

    #: The name that checkpoints are signed with, e.g. that of the deployment.
    origin: str = Field(default="prefstream", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    #: File with the Ed25519 key that signs; `None`: evidence.key in the folder. A missing one is made.
    key_file: Path | None = None


class Settings(BaseSettings):
    """Everything that can be set, from PREFSTREAM_* variables and `prefstream.toml`.

    Nested names join with two underscores: PREFSTREAM_KAFKA__BOOTSTRAP. The environment wins.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        toml_file=FILE,
        frozen=True,
        extra="forbid",
    )

    #: Where everything that this machine keeps is kept.
    folder: Path = Path(".prefstream")
    #: Which log to use; `None` takes the best there is and says which.
    log: Literal["kafka", "postgres"] | None = None
    #: Partitions of each topic; fixed once the topics exist.
    partitions: int = Field(default=4, ge=1, le=1024)
    kafka: KafkaSettings = KafkaSettings()
    postgres: PostgresSettings = PostgresSettings()
    judge: JudgeSettings = JudgeSettings()
    generation: GenerationSettings = GenerationSettings()
    limits: LimitSettings = LimitSettings()
    batch: BatchSettings = BatchSettings()
    budget: BudgetSettings = BudgetSettings()
    curation: CurationSettings = CurationSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    quality: QualitySettings = QualitySettings()
    alerts: AlertSettings = AlertSettings()
    console: ConsoleSettings = ConsoleSettings()
    webhooks: WebhookSettings = WebhookSettings()
    tracing: TracingSettings = TracingSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    label_studio: LabelStudioSettings = LabelStudioSettings()
    #: Labels by people for an escalated pair while no policy says otherwise.
    overlap: int = Field(default=1, ge=1, le=99)
    #: The constitution to publish when none is; `None` takes the one that is shipped.
    constitution: Path | None = None
    #: Port for health and metrics of one process, on loopback; 0 lets the system choose.
    health_port: int = Field(default=0, ge=0, le=65000)
    #: A name that this process keeps when it is started again, so that Kafka gives it its partitions
    #: back at once; different for every process of a kind.
    instance: str = ""
    #: Whether the archive keeps content sealed, so that erasing is destroying a key.
    sealing: bool = True
    #: File with 32 bytes in hex under which the keys of content are kept; none: as they are.
    sealing_key_file: Path | None = None
    #: Seconds for which the Postgres log keeps records that everybody has read.
    keep_s: float = Field(default=3600.0, ge=0)
    #: Seconds without progress, while there is work, after which a process gives up.
    stall_s: float = Field(default=60.0, gt=0)
    #: What the processes write down.
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __init__(self, **values: Any) -> None:
        """Read the settings; what is given here wins over environment and file.

        Raises:
            BadInput: A setting cannot be used; the message names it, never its value.
        """
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise BadInput(_unusable(error)) from None
        except SettingsError as error:
            raise BadInput(_unreadable(error)) from None
        except (TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"{FILE} is not TOML: {error}; correct it, or take it away") from None
        except OSError as error:
            raise BadInput(f"{FILE} cannot be read: {error.strerror}; correct its permissions") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, strongest first: arguments, environment, file."""
        return init_settings, env_settings, file_secret_settings, TomlConfigSettingsSource(settings_cls)


def misspelt(names: Sequence[str]) -> dict[str, str]:
    """Return those variables that are no setting but look like one, each with the setting it looks like.

    >>> misspelt(["PREFSTREAM_OVERLP", "PREFSTREAM_KAFKA_BOOTSTRAP", "PREFSTREAM_LOG", "HOME"])
    {'PREFSTREAM_OVERLP': 'PREFSTREAM_OVERLAP', 'PREFSTREAM_KAFKA_BOOTSTRAP': 'PREFSTREAM_KAFKA__BOOTSTRAP'}
    """
    known = _variables()
    strange = [name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known]
    close = {name: get_close_matches(name.upper(), known, n=1, cutoff=0.9) for name in strange}
    return {name: found[0] for name, found in close.items() if found}


def _variables() -> list[str]:
    """Return the variable of every setting."""
    names: list[str] = []
    for field, info in Settings.model_fields.items():
        names.append(PREFIX + field.upper())
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            names += [f"{PREFIX}{field}__{inner}".upper() for inner in info.annotation.model_fields]
    return names


def _unusable(error: ValidationError) -> str:
    """Return one sentence about the first thing wrong, without the value: it may be a secret."""
    first, *others = error.errors(include_url=False, include_input=False)
    where = _where([str(part) for part in first["loc"]])
    more = f" ({len(others)} more after it)" if others else ""
    if first["type"] == "extra_forbidden":
        return f"{where} is no setting of prefstream; take it away or correct its name{more}"
    said = first["msg"][0].lower() + first["msg"][1:]
    return f"the setting {where} cannot be used: {said}; correct it{more}"


def _unreadable(error: SettingsError) -> str:
    named = re.search(r'field "(\w+)"', str(error))
    start = PREFIX + (named.group(1).upper() if named else "")
    given = sorted(name for name in os.environ if name.upper().startswith(start))
    return f'a list or table in {", ".join(given) or start} is not JSON; write it as \'["one", "two"]\''


def _where(path: Sequence[str]) -> str:
    """Name a setting as the user wrote it: the variable where there is one, else the key in the file."""
    present = {name.upper() for name in os.environ}
    for length in range(len(path), 0, -1):
        variable = PREFIX + "__".join(path[:length]).upper()
        if variable in present:
            return variable
    return f"{'.'.join(path)} (in {FILE}, or {PREFIX}{'__'.join(path).upper()})"
