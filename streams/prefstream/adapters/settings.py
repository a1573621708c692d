"""Settings: the only reader of the environment and of the settings file."""

import os
import re
from collections.abc import Sequence
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

from prefstream.schemas.errors import BadInput

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
    #: Calls in flight at once in one process.
    in_flight: int = Field(default=64, ge=1, le=10_000)
    #: Seconds one call may take once it is its turn; well below the rebalance time-out.
    deadline_s: float = Field(default=40.0, gt=0, le=100)


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
    #: Labels by people for an escalated pair while no policy says otherwise.
    overlap: int = Field(default=1, ge=1, le=99)
    #: The constitution to publish when none is; `None` takes the one that is shipped.
    constitution: Path | None = None
    #: Port for health and metrics of one process, on loopback; 0 lets the system choose.
    health_port: int = Field(default=0, ge=0, le=65000)
    #: A name that this process keeps when it is started again, so that Kafka gives it its partitions
    #: back at once; different for every process of a kind.
    instance: str = ""
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
        if isinstance(info.annotation, type) and issubclass(info.annotation, _Part):
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
