"""Files of prices: TOML, with exact decimals and a day from which each price holds."""

import tomllib
from datetime import date
from decimal import Decimal
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prefstream.domain.cost import Price, PriceBook, PriceFile
from prefstream.schemas.errors import BadInput

#: Dollars per million tokens, to a millionth: what is finer has no whole number of pico-USD per token.
_Usd = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6)]
_PICO_PER_USD_A_MILLION = 10**6


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str = Field(min_length=1)
    models: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    valid_from: date
    input: _Usd
    output: _Usd
    cache_write: _Usd | None = None
    cache_read: _Usd | None = None
    batch: Annotated[Decimal, Field(ge=0, le=1, decimal_places=3)] = Decimal(1)
    over_prompt_tokens: int = Field(default=0, ge=0)


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: date
    price: tuple[_Row, ...] = Field(min_length=1)


def price_book(path: Path | None) -> PriceBook:
    """Return the prices: those of a file of one's own first, then the shipped ones.

    Raises:
        BadInput: The file cannot be read or is no file of prices.
    """
    own = (load_prices(path),) if path else ()
    return PriceBook(files=(*own, shipped_prices()))


def shipped_prices() -> PriceFile:
    """Return the prices that are shipped; their header says how old they are and where they are from."""
    entry = files("prefstream.adapters.prices") / "list.toml"
    return _parsed(entry.read_bytes(), "the shipped price list")


def load_prices(path: Path) -> PriceFile:
    """Read a file of prices.

    Raises:
        BadInput: It cannot be read or is no file of prices.
    """
    try:
        return _parsed(path.read_bytes(), str(path))
    except OSError as error:
        raise BadInput(f"the price file {path} cannot be read: {error.strerror}") from error


def _parsed(text: bytes, name: str) -> PriceFile:
    try:
        document = _Document.model_validate(tomllib.loads(text.decode(), parse_float=Decimal))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{name} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BadInput(f"{name} is no price file: {where}: {first['msg'].lower()}") from error
    digest = sha256(text).hexdigest()[:16]
    prices = tuple(_price(row, model) for row in document.price for model in row.models)
    return PriceFile(digest=digest, as_of=document.as_of, prices=prices)


def _price(row: _Row, model: str) -> Price:
    """Return the price of one model; without a price for the cache its tokens cost what input does."""
    return Price(
        provider=row.provider,
        model=model,
        valid_from=row.valid_from,
        input=_pico(row.input),
        output=_pico(row.output),
        cache_write=_pico(row.input if row.cache_write is None else row.cache_write),
        cache_read=_pico(row.input if row.cache_read is None else row.cache_read),
        batch_permille=int(row.batch * 1000),
        over_prompt_tokens=row.over_prompt_tokens,
    )


def _pico(usd_per_million: Decimal) -> int:
    return int(usd_per_million * _PICO_PER_USD_A_MILLION)
