"""People: who may do what."""

from prefstream.domain.people.roles import PERSON_ID, Permission, Role, may, rounds_of

__all__ = ["PERSON_ID", "Permission", "Role", "may", "rounds_of"]
