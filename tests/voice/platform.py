"""A voice node as in production, on a fresh database: real SIP, real media process, real speech, real ledger."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID

import numpy as np

from dialplane.adapters.dns.names import DnsNames
from dialplane.adapters.http.certificates import FetchedCertificates
from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.http.sockets import GuardedSockets
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.hints import NODE_CHANNEL, PostgresHints
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.adapters.speech.recognizer import SpeechRecognizer
from dialplane.audio.listening import Heard, judge
from dialplane.domain.calling.calls import Call
from dialplane.domain.flows.flow import Flow
from dialplane.domain.ids import AccountId, CallId, ExtensionId, FlowId, RunId, utc_now
from dialplane.domain.money import Micros
from dialplane.domain.networks import Network
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import FlowTarget, ForwardTarget, Targets
from dialplane.media.client import MediaClient
from dialplane.phone.carrier import SimulatedCarrier
from dialplane.phone.softphone import Manners, PhoneCall, Softphone
from dialplane.services.calling.calls import get_call, list_calls
from dialplane.services.calling.extensions import create_extension
from dialplane.services.calling.places import Names
from dialplane.services.calling.registrations import Binding, find_bindings
from dialplane.services.calling.trunks import TrunkDraft, create_trunk
from dialplane.services.charging.billing import get_balance
from dialplane.services.charging.ledger import credit, set_tokens
from dialplane.services.programs.flows import FlowChange, create_flow, update_flow
from dialplane.voice.deps import VoiceDeps
from dialplane.voice.main import serve
from dialplane.voice.useragent.agent import Source
from dialplane.voice.useragent.challenge import Credentials
from dialplane.voice.useragent.transport import TlsEnds
from tests.media.conftest import MediaProcess
from tests.services.buying import bought, buyer, stock

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
NODE = "voice-test"
SIGNER = JwtSigner("secret of the tests, long enough")


@dataclass
class VoiceNode:
    """A running node and one account with credit."""

    database: PostgresDatabase
    media: MediaClient
    prompts: SpeechPrompts
    account_id: AccountId
    server: Source
    recordings: Path

    async def flow(self, *actions: Mapping[str, object]) -> Flow:
        change = FlowChange(name="test", detail="", actions=list(actions))
        return await create_flow(self.database, self.account_id, change, utc_now())

    async def number(self, text: str, *actions: Mapping[str, object]) -> Number:
        """A bought number that runs these actions."""
        if not text.startswith("+899"):
            await stock(self.database, text)
        number = await bought(self.database, self.account_id, text)
        flow = await self.flow(*actions)
        return await self.retarget(number, flow.id)

    async def bare_number(self, text: str) -> Number:
        """A bought number that runs nothing."""
        await stock(self.database, text)
        return await bought(self.database, self.account_id, text)

    async def extension(self, name: str, password: str) -> ExtensionId:
        made = await create_extension(
            self.database, self.account_id, extension=name, password=password, name=name, detail="", now=utc_now()
        )
        return made.id

    async def bindings(self, extension_id: ExtensionId) -> list[Binding]:
        return (await find_bindings(self.database, self.account_id, extension_id, utc_now()))[1]

    async def dial_as(self, phone: Softphone, name: str, password: str, target: str) -> PhoneCall:
        """A call of a registered extension."""
        return await phone.call(
            f"sip:{target}@{self.server.host}:{self.server.port}",
            caller=f"<sip:{name}@127.0.0.1>",
            server=self.server,
            credentials=Credentials(name, password),
        )

    async def spend_everything(self) -> None:
        purse = (await get_balance(self.database, self.account_id)).purse
        async with self.database.transaction() as tx:
            await credit(tx, self.account_id, Micros(-purse.free_credit), "spent", key="spent", now=utc_now())

    async def give_tokens(self, tokens: int) -> None:
        async with self.database.transaction() as tx:
            await set_tokens(tx, self.account_id, tokens, key="tokens", now=utc_now())

    def speaking_party(self, text: str) -> Manners:
        """Answers, says `text` and hangs up."""

        async def take(call: PhoneCall) -> None:
            call.ring()
            call.answer()
            await call.play(await self.prompts.say(text, language="en-US", gender="", voice_id=""))

        return take

    async def forward(self, number: Number, target: ForwardTarget) -> None:
        async with self.database.transaction() as tx:
            await tx.numbers.save(replace(number, targets=Targets(voice=target)))

    def announcing_party(self, text: str) -> Manners:
        """Says `text` as early media, and then rejects the call."""

        async def take(call: PhoneCall) -> None:
            call.ring(with_media=True)
            await call.play(await self.prompts.say(text, language="en-US", gender="", voice_id=""))
            call.reject(480)

        return take

    async def complete_with(self, number: Number, flow: Flow) -> None:
        """Let `flow` run when the number's flow is over."""
        assert isinstance(number.targets.voice, FlowTarget)
        change = FlowChange(on_complete_flow_id=flow.id)
        await update_flow(self.database, self.account_id, FlowId(number.targets.voice.flow_id), change, utc_now())

    def listen(self, path: Path) -> Heard:
        """What a recording holds."""
        return judge(np.frombuffer(path.read_bytes()[44:], dtype="<i2"))

    async def retarget(self, number: Number, flow_id: UUID) -> Number:
        changed = replace(number, targets=Targets(voice=FlowTarget(flow_id)))
        async with self.database.transaction() as tx:
            await tx.numbers.save(changed)
        return changed

    @asynccontextmanager
    async def phone(
        self, manners: Manners | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> AsyncIterator[Softphone]:
        async with Softphone(self.media, manners=manners, host=host, port=port) as phone:
            yield phone

    async def ring(
        self,
        phone: Softphone,
        number: str,
        *,
        caller: str = "+12125550111",
        headers: Sequence[tuple[str, str]] = (),
    ) -> PhoneCall:
        """A call from the PSTN to a number of the platform."""
        return await phone.call(
            f"sip:{number}@{self.server.host}:{self.server.port}",
            caller=f"<sip:{caller}@127.0.0.1>",
            server=self.server,
            headers=headers,
        )

    async def calls(self) -> list[Call]:
        """Oldest first."""
        return (await list_calls(self.database, self.account_id, before=None, limit=100))[::-1]

    async def ended_call(self, call_id: CallId | None = None) -> Call:
        """The (only) incoming call, once its record is complete."""
        while True:
            found = [await get_call(self.database, self.account_id, call_id)] if call_id else await self.calls()
            if found and found[0].ended_at is not None:
                return found[0]
            await asyncio.sleep(0.02)

    async def run_of(self, call: Call) -> tuple[str, list[str]]:
        """Status and executed actions of the call's run, once it has ended."""
        assert call.run_id is not None
        while True:
            async with self.database.reading() as tx:
                run = await tx.runs.find(self.account_id, RunId(call.run_id))
            if run is not None and run.ended_at is not None:
                return run.status.value, [str(action["type"]) for action in run.executed_actions]
            await asyncio.sleep(0.02)

    async def events(self) -> list[str]:
        """Types of all public events of the account, in the order of the outbox."""
        async with self.database.transaction() as tx:
            rows = await tx.connection.fetch(
                "select type from events where account_id = $1 and public order by resource_seq", self.account_id
            )
        return [row["type"] for row in rows]


@asynccontextmanager
async def voice_node(
    dsn: str,
    database: PostgresDatabase,
    media_process: MediaProcess,
    folder: Path,
    *,
    micros: int = 100_000_000,
    carriers: str = "127.0.0.0/8",
    calls_at_once: int = 2_000,
    calls_per_second: float = 1_000.0,
    tls: TlsEnds | None = None,
    believed: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    edges: tuple[Source, ...] = (),
    egress: Sequence[Network] = LOOPBACK,
    names: Names | None = None,
) -> AsyncIterator[VoiceNode]:
    """A node with the simulated carrier beside it, as `dialplane up` has them. Who is not in the network `carriers` is
    a stranger. `believed` is whose servers of certificates are believed."""
    account_id = await buyer(database, micros=micros, plan="professional")
    async with database.transaction() as tx:
        await tx.connection.execute("update accounts set destination_whitelist = '{us,gb}' where id = $1", account_id)
        await tx.connection.execute(
            "insert into sip_domains (domain, organization_id, created_at)"
            " select '127.0.0.1', organization_id, now() from accounts where id = $1",
            account_id,
        )
    async with AsyncExitStack() as stack:
        media = MediaClient(media_process.socket_path)
        await media.start()
        stack.push_async_callback(media.stop)
        web = await stack.enter_async_context(GuardedClient(allow=egress))
        sockets = await stack.enter_async_context(GuardedSockets(web))
        prompts = SpeechPrompts(media_process.socket_path.parent / "prompts", web)  # what was said once is at hand
        await prompts.start()
        stack.push_async_callback(prompts.close)
        recognizer = SpeechRecognizer()
        stack.push_async_callback(recognizer.close)
        carrier = await stack.enter_async_context(Softphone(media, manners=SimulatedCarrier(prompts).take))
        draft = TrunkDraft("sandbox", networks=(carriers,), host="127.0.0.1", port=carrier.agent.port)
        await create_trunk(database, draft, now=utc_now())
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        deps = VoiceDeps(
            database=database,
            media=media,
            prompts=prompts,
            recognizer=recognizer,
            web=web,
            sockets=sockets,
            may_reach=web.may_reach,
            names=names or DnsNames(versions=(4,)),
            certificates=FetchedCertificates(web, believed),
            hints=PostgresHints(dsn, NODE_CHANNEL),
            node=NODE,
            host=host,
            port=0,
            tls=tls,
            edges=edges,
            recordings=folder / "recordings",
            nonce_secret=b"secret of the tests",
            signer=SIGNER,
            drain_s=0.0,
            calls_per_second=calls_per_second,
            calls_at_once=calls_at_once,
            on_ready=port.set_result,
        )
        stop, started = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(serve(deps, stop))
        port.add_done_callback(lambda _: started.set())
        serving.add_done_callback(lambda _: started.set())
        await started.wait()
        if serving.done():
            serving.result()
        yield VoiceNode(database, media, prompts, account_id, Source(host, await port, "udp"), folder / "recordings")
        stop.set()
        await serving
