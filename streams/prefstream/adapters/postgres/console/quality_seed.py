"""The secret by which questions between the work are drawn: one for all processes of a deployment."""

import secrets

import asyncpg

from prefstream.adapters.postgres.connection import Connection


async def seed_of(source: Connection | asyncpg.Pool, given: str) -> str:
    """Return the secret that the settings give, else the one of the database, made at its first use."""
    if given:
        return given
    await source.execute(
        "insert into quality_seed (seed) values ($1) on conflict do nothing", secrets.token_urlsafe(24)
    )
    return str(await source.fetchval("select seed from quality_seed"))
