"""People: who may do what."""

from prefstream.domain.people.roles import Permission, Role, may, rounds_of

__all__ = ["Permission", "Role", "may", "rounds_of"]
