"""The portal's own ports, as this installation is set up."""

from urllib.parse import urlsplit

from dialplane.adapters.payments.play_money import PlayMoney
from dialplane.adapters.secrets.passkeys import PortalWebAuthn
from dialplane.adapters.secrets.sealing import Seal
from dialplane.adapters.sip.probe import SipProber
from dialplane.bootstrap.names import names
from dialplane.config.settings import Settings
from dialplane.domain.money import usd
from dialplane.domain.supply.sandbox_stock import COUNTRIES
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.portal_ports import PortalPorts
from dialplane.services.tenancy.projects import ProjectTerms

_SANDBOX_CREDIT = usd(10)
"""Of play money: enough for the first numbers and calls; more is a click away."""


def portal(settings: Settings, seal: Seal) -> PortalPorts:
    base = settings.where_clients_are
    terms = ProjectTerms(sip_host=_sip_host(base))
    if settings.sandbox:
        terms = ProjectTerms(
            plan=Plan.PROFESSIONAL,
            verified=True,
            credit=_SANDBOX_CREDIT,
            destinations=tuple(country.lower() for country in COUNTRIES),
            sip_host=_sip_host(base),
        )
    return PortalPorts(
        base=base,
        secret=seal.secret_for("forms of the portal").encode(),
        webauthn=PortalWebAuthn.at(base),
        prober=SipProber(names(settings)),
        payments=PlayMoney() if settings.sandbox else None,
        terms=terms,
        is_sandbox=settings.sandbox,
        # Whoever tries the sandbox with a script is welcome.
        shortest_form_s=0.0 if settings.sandbox else 2.0,
    )


def _sip_host(base: str) -> str:
    """Below which each organization gets its SIP domain: the server's own name, where it has one."""
    host = urlsplit(base).hostname or ""
    has_name = any(part.isalpha() for part in host.split(".")[-1:]) and "." in host
    return host if has_name else "dialplane.internal"
