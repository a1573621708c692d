"""Settings: the only reader of the environment and of the settings file."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(_Part):
    """How to reach Apache Kafka."""

    #: host:port of one or more brokers, separated by commas; empty: none configured.
    bootstrap: str = ""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str = ""
    sasl_password: SecretStr = SecretStr("")
    #: PEM file of the authority that signed the brokers' certificates.
    ca_file: Path | None = None
    #: PEM files of our own certificate and key, where brokers ask for one.
    cert_file: Path | None = None
    key_file: Path | None = None
    replication: int = Field(default=1, ge=1)


class PostgresSettings(_Part):
    """How to reach PostgreSQL 15 or newer."""

    #: postgresql://user:password@host:port/database?sslmode=verify-full&sslrootcert=...; empty: none.
    dsn: SecretStr = SecretStr("")


class JudgeSettings(_Part):
    """Who reads the pairs and who writes candidates."""

    #: "offline", "recorded:NAME", "anthropic:MODEL" or "openai:MODEL"; several make a panel.
    panel: tuple[str, ...] = ("offline",)
    #: "offline:NAME", "anthropic:MODEL" or "openai:MODEL"; two or more give a pair.
    generators: tuple[str, ...] = ("offline:careful", "offline:hasty")
    anthropic_api_key: SecretStr = SecretStr("")
    anthropic_base_url: str | None = None
    openai_api_key: SecretStr = SecretStr("")
    openai_base_url: str | None = None
    #: Calls in flight at once in one process.
    in_flight: int = Field(default=64, ge=1, le=10_000)
    #: Seconds one event may take, all its calls together; below the rebalance time-out.
    deadline_s: float = Field(default=40.0, gt=0, le=100)


class Settings(BaseSettings):
    """Everything that can be set, from PREFSTREAM_* variables and `prefstream.toml`.

    Nested names join with two underscores: PREFSTREAM_KAFKA__BOOTSTRAP. The environment wins.
    """

    model_config = SettingsConfigDict(
        env_prefix="PREFSTREAM_",
        env_nested_delimiter="__",
        toml_file="prefstream.toml",
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
    #: Labels by people for an escalated pair while no policy says otherwise.
    overlap: int = Field(default=1, ge=1, le=99)
    #: The constitution to publish when none is; `None` takes the one that is shipped.
    constitution: Path | None = None
    #: First of the ports for health and metrics, one per process; 0 lets the system choose.
    health_port: int = Field(default=0, ge=0, le=65000)
    #: A name that this process keeps when it is started again, so that Kafka gives it its partitions
    #: back at once; different for every process of a kind.
    instance: str = ""
    #: Seconds for which the Postgres log keeps records that everybody has read.
    keep_s: float = Field(default=3600.0, ge=0)
    #: Seconds without progress, while there is work, after which a process gives up.
    stall_s: float = Field(default=60.0, gt=0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

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
