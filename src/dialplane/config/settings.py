"""Every setting, with its reason and its default; nothing else looks at the environment."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from dialplane.config.database import Connections
from dialplane.config.values import Endpoint, PortRange, RequestRate, SettingError
from dialplane.domain.identity.role_permissions import DEVELOPER, RolePermission
from dialplane.domain.operating.retention import Kept

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_MASTER_KEY = re.compile(r"[0-9A-Fa-f]{64}")
DOCUMENTED_ACCOUNT_RATE = RequestRate(16.7, 33)
DOCUMENTED_ADDRESS_RATE = RequestRate(200, 400)
"""VoIPBIN's limits (reference 1.9), for a service that strangers use."""
CALL_RATE = RequestRate(1_000, 2_000)
"""Of a voice node on two cores, which carries 700 calls a second."""
SANDBOX_RATE = RequestRate(2000, 4000)
"""In the sandbox everything comes from one machine, and load tests should measure the platform and not the limit."""
CONNECTIONS = Connections()
LOG_LEVELS = ("debug", "info", "warning", "error")
SANDBOX_DRAIN = timedelta(seconds=10)
"""Whoever tries the platform out does not want to wait for a forgotten call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may set. Each default has its reason beside it."""

    data: Path = Path("var")
    """Below the current folder: a trial leaves nothing elsewhere."""
    database_url: str = field(default="", repr=False)
    """`postgresql://…` of a Postgres of yours; empty: `up` starts the embedded one. May hold a password."""
    replica_url: tuple[str, ...] = field(default=(), repr=False)
    """Read replicas of that Postgres, for lists, searches and logs. None: the primary answers everything."""
    replica_lag: timedelta = timedelta(seconds=2)
    """How old what a replica answers may be: about as long as people take to look again."""
    connections: Connections = CONNECTIONS
    """How many connections to Postgres a process of each role may open."""
    wal_archive: Path | None = None
    """A folder, best on another disk, to which the embedded Postgres archives its log, for `restore --to`. None: it
    does not, as such an archive grows without end and somebody must look after it."""
    master_key: str = field(default="", repr=False)
    """64 hex digits, under which secrets are sealed in the database; empty: those of the file `master.key` in the data
    folder, which `up` draws for a Postgres of its own. With neither, the key lies in the database itself, for all its
    processes to find: then a copy of the database still holds what opens it."""
    http: Endpoint = Endpoint("127.0.0.1", 8080)
    """The loopback: nothing is reachable from outside until somebody says so."""
    sip: Endpoint = Endpoint("127.0.0.1", 5060)
    """Where SIP is served, UDP and TCP, and what Contact and SDP name. The loopback, as with HTTP."""
    smpp: Endpoint = Endpoint("127.0.0.1", 0)
    """Where accounts' systems bind by SMPP. Any free port, which `ready.json` shows: others may run beside."""
    smpp_tls: Endpoint | None = None
    """Where they bind over TLS, beside that. None: nowhere."""
    sip_tls: Endpoint | None = None
    """Where SIP is served over TLS. None: at the port after `sip`'s where there is a certificate; the sandbox makes
    itself one."""
    tls_certificate: Path | None = None
    """PEM, the whole chain. None: no TLS, but in the sandbox: nobody outside believes a certificate that we sign."""
    tls_key: Path | None = None
    """PEM, of the certificate's key."""
    tls_authorities: Path | None = None
    """PEM of authorities that are believed beside the system's, for carriers with certificates of their own making."""
    advertised_host: str = ""
    """The address that peers are told to send SIP and audio to, where it is not the one bound to (NAT, 0.0.0.0)."""
    rtp: PortRange = PortRange(20000, 29999)
    """Room for 5,000 legs; below the range from which Linux takes ports for outgoing connections (32768)."""
    sip_domains: tuple[str, ...] = ()
    """SIP domains of the sandbox's organization; the SIP host itself always is one."""
    sip_origins: tuple[str, ...] = ()
    """Origins (`https://phone.example.com`) of pages that may open a websocket for SIP; none named: any, as SIP itself
    asks for a password."""
    node: str = "local"
    """The name of this voice node; two nodes on one database need two names."""
    sandbox: bool = True
    """Whether there is a simulated carrier with stock and an account with play money."""
    egress_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private networks that tenants' URLs may lead to. None: nobody wants a tenant to read its internal services."""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed (API-10). None: whoever connects is
    the client, and a header that says otherwise is anybody's word."""
    edges: tuple[Endpoint, ...] = ()
    """SIP proxies before the voice nodes, as `dialplane edge config` makes them: where they listen for the nodes. They
    alone may say from where a request came, and calls leave through the first. None: the nodes face the world."""
    name_servers: tuple[Endpoint, ...] = ()
    """Whom trunks' host names are asked of, addresses with ports. None: the machine's own (`/etc/resolv.conf`), which
    know what its other programs know."""
    carrier_sip: Endpoint = Endpoint("127.0.0.1", 0)
    """Where the simulated carrier's own user agent listens."""
    gate: Endpoint = Endpoint("127.0.0.1", 0)
    """Where a voice node gives calls' audio to the API. With the API on another host: an address of an internal
    network, since what is said in calls goes over it."""
    metrics: Endpoint = Endpoint("127.0.0.1", 0)
    """Where voice and worker show their metrics and health; the API has them on its own address. The loopback, because
    they are nobody else's business (SUP-7); any free port, which `ready.json` and `metrics.json` name. Under `up` the
    worker takes the next port."""
    log_level: str = "info"
    """The least level that is logged: debug, info, warning or error. At info a call leaves one line."""
    hep: str = ""
    """`udp://HOST:PORT` of a Homer, which gets each SIP message as a HEP3 packet; empty: nobody does."""
    otlp: str = ""
    """`http://HOST:4318` of an OpenTelemetry collector, which gets calls and requests as traces; needs the extra
    `otel`. Empty: none are made, and nothing of it is loaded."""
    run: Path | None = None
    """Where the processes' sockets lie; `run` in the data folder where not set."""
    public_url: str = ""
    """Where clients reach the HTTP server, such as `https://voice.example.com`, for the addresses that callbacks name
    (recordings); the HTTP address where not set, because behind no proxy it is the same."""
    document_timeout: timedelta | None = None
    """How long a tenant's server may take for an XML document. None: 6 s in Restcomm's dialect and 15 s in Twilio's, as
    those who wrote for them count on; callers hear silence meanwhile."""
    drain: timedelta = timedelta(hours=1)
    """How long running calls may go on after the order to stop (AV-1); 10 seconds in the sandbox."""
    node_lease: timedelta = timedelta(seconds=65)
    """How long a voice node's calls go on while it cannot reach Postgres (AV-3 asks for 60); then it ends them. Workers
    close the calls of a node that has been silent for a quarter longer (AV-6), so all processes need the same."""
    call_rate: RequestRate = CALL_RATE
    """New calls a second that one voice node takes, and at once; those beyond get 503 with Retry-After (DOS-4): a node
    that took more than it can carry would answer all of them late."""
    account_rate: RequestRate = DOCUMENTED_ACCOUNT_RATE
    """Of one account on the API, agents and access keys together; the sandbox's is higher."""
    address_rate: RequestRate = DOCUMENTED_ADDRESS_RATE
    """Of one client address on the API; the sandbox's is higher."""
    signalling_kept: timedelta = timedelta(days=7)
    """How long the SIP messages of a call can be looked at; zero: not at all. A week finds most complaints."""
    kept: Kept = field(default_factory=dict)
    """How long calls, events, runs, messages and deliveries are kept. Those not named: for ever, as nobody but the
    operator can know what the law asks."""
    archive: Path | None = None
    """The folder to which what is forgotten goes before; None: nowhere."""
    assistant_url: str = ""
    """Base of an OpenAI-compatible API (`https://host/v1`) for the `ai_…` actions; empty: simple rules."""
    assistant_key: str = field(default="", repr=False)
    """What that API asks for as bearer."""
    assistant_model: str = "gpt-4o-mini"
    """Named in each request; most such APIs need one."""
    document_scanner: tuple[str, ...] = ()
    """A program that looks at each document before it is kept, such as `clamdscan --no-summary -` (WEB-9): the file is
    its standard input, exit status 1 means harmful. None: nothing of a document is run, and not all hosts have one."""
    smtp: str = field(default="", repr=False)
    """`smtp://`, `smtp+starttls://` or `smtps://` of a mail server; empty: e-mails stay in the outbox."""
    mail_from: str = "dialplane@localhost"
    """The sender of e-mails that name none."""
    developer_permissions: tuple[RolePermission, ...] = DEVELOPER
    """What accounts of Restcomm's role Developer may do: everything but making and changing accounts."""

    @property
    def where_clients_are(self) -> str:
        """The public address, without a slash at the end."""
        return (self.public_url or f"http://{self.http}").rstrip("/")

    gcp_key: str = field(default="", repr=False)
    """API key of Google Cloud's Text-to-Speech and Speech-to-Text; empty: the provider `gcp` is not configured."""
    gcp_tts_url: str = "https://texttospeech.googleapis.com"
    """Google's own; another one for tests and for proxies."""
    gcp_stt_url: str = "https://speech.googleapis.com"
    """As with speaking."""
    speech_provider: str = ""
    """Who speaks and listens where nobody is named: `embedded` (the default, no account needed) or `gcp`."""
    speech_fallback: bool = True
    """Whether the embedded voice and ear stand in for a cloud that is not configured: flows of other platforms name
    one nearly always. False: such a flow is told."""

    @property
    def tls(self) -> Path:
        """The sandbox's own certificate."""
        return self.data / "tls"

    @property
    def credentials(self) -> Path:
        """The operator's and the sandbox's credentials between two starts; mode 0600."""
        return self.data / "credentials.json"

    @property
    def master_key_file(self) -> Path:
        return self.data / "master.key"

    @property
    def media_socket(self) -> Path:
        return (self.run or self.data / "run") / "media.sock"

    @property
    def recordings(self) -> Path:
        return self.data / "recordings"

    @property
    def documents(self) -> Path:
        return self.data / "documents"

    @property
    def media(self) -> Path:
        return self.data / "media"

    @property
    def prompts(self) -> Path:
        return self.data / "prompts"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    def require_database(self) -> str:
        """The database's address. Raises SettingError where none is set."""
        if not self.database_url:
            raise SettingError(
                "DATABASE_URL is not set: this role needs a Postgres, such as postgresql://host/dialplane"
            )
        return self.database_url

    def find_master_key(self) -> bytes | None:
        """The key under which secrets are sealed: the one that is set, else the file's; None where there is neither.

        Raises SettingError where it is no key.
        """
        text = self.master_key
        if not text:
            try:
                text = self.master_key_file.read_text().strip()
            except FileNotFoundError:
                return None
            except OSError as fault:
                raise SettingError(f"{self.master_key_file} cannot be read: {fault.strerror}") from fault
        if not _MASTER_KEY.fullmatch(text):
            raise SettingError("The master key must be 64 hex digits, such as `openssl rand -hex 32` gives")
        return bytes.fromhex(text)
