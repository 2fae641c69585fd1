"""Who of the platform asks at this face: its changes stand in the audit log (SUP-6). What tenants do is theirs."""

from litestar.types import HTTPScope

from dialplane.domain.tenancy.accounts import Permission, Principal
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.trail import OPERATORS_KEY, Actor, FindActor


def platform_actors(ports: Dependencies) -> FindActor:
    async def find(scope: HTTPScope) -> Actor | None:
        principal: Principal = scope["user"]
        if principal.delegation_id is not None:
            return Actor(f"delegate {principal.delegation_id}", principal.account_id, is_for_itself=False)
        if not principal.permission & Permission.PLATFORM_ADMIN:
            return None
        if principal.agent_id is None:
            return Actor(OPERATORS_KEY)
        async with ports.database.reading() as tx:
            agent = await tx.agents.find(principal.agent_id)
        return Actor(agent.username if agent else f"agent {principal.agent_id}", principal.account_id)

    return find
