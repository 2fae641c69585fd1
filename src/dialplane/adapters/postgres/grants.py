"""A role for the platform's processes that is not the owner of its tables (SUP-5): no superuser, no right to change the
schema, and none to change or delete what only grows: the ledger and the audit log. Triggers refuse that to the owner,
too; a role that has no right to it cannot take the trigger away either.
"""

from dialplane.adapters.postgres.connection import queries
from dialplane.adapters.postgres.reach import reach

_SQL = queries("grants")
_MAINTAIN_SINCE = 17
"""Before, only an owner could `analyze` after a large import; autovacuum does it a minute later."""


class NoSuchRoleError(Exception):
    """Somebody who may make roles has to make it first."""


async def grant_to(dsn: str, role: str) -> None:
    """Give `role` what the processes need, and nothing beyond. To be repeated after each migration; safe to repeat.

    Raises NoSuchRoleError, and asyncpg's InsufficientPrivilegeError where `dsn` is not the owner's.
    """
    connection = await reach(dsn)
    try:
        async with connection.transaction():
            if not await connection.fetchval(_SQL["is_plain_role"], role):
                raise NoSuchRoleError(
                    f"There is no role {role}, or it is a superuser: `create role {role} login` first"
                )
            statements = await connection.fetch(_SQL["statements"], role)
            for statement in statements:
                await connection.execute(statement["text"])
            if connection.get_server_version().major >= _MAINTAIN_SINCE:
                await connection.execute(await connection.fetchval(_SQL["maintain"], role))
    finally:
        await connection.close()
