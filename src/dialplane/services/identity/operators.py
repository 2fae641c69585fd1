"""Operators: people who may use the operator's desk. Who becomes one or is one no more signs in again (WEB-4)."""

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.identity.people import Person, check_email
from dialplane.domain.ids import PersonId, new_id
from dialplane.services.transaction import Database, Transaction

FIRST_OPERATOR = "operator@dialplane.example"
"""Who signs in to an installation that starts empty, until there are others."""

_ALPHABET = string.ascii_letters + string.digits


class PasswordMaker(Protocol):
    """Port: the slow hash of a password."""

    async def hash(self, password: str) -> str: ...


@dataclass(frozen=True, slots=True)
class NewOperator:
    """`password` is there where the person is new, and known to nobody else."""

    person: Person
    password: str = field(default="", repr=False)


async def make_operator(database: Database, hasher: PasswordMaker, email: str, now: datetime) -> NewOperator:
    """Let whoever has the address use the desk; nobody has it: make a person with a password of chance. Somebody who is
    an operator stays one. Raises Invalid (`email`)."""
    email = check_email(email)
    password = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    password_hash = await hasher.hash(password)
    async with database.transaction() as tx:
        person = await tx.people.find_by_email(email)
        if person is not None:
            return NewOperator(await appoint(tx, person, now))
        made = Person(PersonId(new_id(now)), email, "Operator", password_hash, now, operator_since=now)
        await tx.people.insert(made)
    return NewOperator(made, password)


async def appoint_person(database: Database, email: str, now: datetime) -> Person:
    """As `make_operator`, but for people who are there. Raises NotFound (`email`)."""
    async with database.transaction() as tx:
        person = await tx.people.find_by_email(check_email(email))
        if person is None:
            raise NotFound("Nobody has signed up with this address", reason="PERSON_NOT_FOUND", field="email")
        return await appoint(tx, person, now)


async def appoint(tx: Transaction, person: Person, now: datetime) -> Person:
    if person.is_operator:
        return person
    appointed = replace(person, operator_since=now, updated_at=now)
    await tx.people.update(appointed)
    await tx.sessions.end_all(person.id, now)
    return appointed


async def dismiss_operator(database: Database, person_id: PersonId, now: datetime) -> Person:
    """Raises NotFound, Conflict for the last one."""
    async with database.transaction() as tx:
        operators = await tx.people.lock_operators()
        person = await tx.people.find(person_id, lock=True)
        if person is None or not person.is_operator:
            raise NotFound("There is no such operator", reason="PERSON_NOT_FOUND")
        if len(operators) == 1:
            raise Conflict("The last operator stays", reason="STATE_INVALID")
        dismissed = replace(person, operator_since=None, updated_at=now)
        await tx.people.update(dismissed)
        await tx.sessions.end_all(person_id, now)
    return dismissed


async def list_operators(database: Database) -> Sequence[Person]:
    """Those who have been operators longest first."""
    async with database.reading() as tx:
        return await tx.people.list_operators()
