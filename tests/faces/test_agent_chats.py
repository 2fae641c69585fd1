"""Agents' chats among themselves (VoIPBIN reference 6.11)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from tests.faces.conftest import Answer, Client
from tests.faces.test_event_socket import Feed
from tests.faces.test_event_socket import feed as feed  # the fixture
from tests.faces.test_storage import upload

PATH = "/v1.0/service_agents"


@dataclass(frozen=True)
class Person(Client):
    """An agent of the lowest permission, signed in."""

    id: str = ""

    async def chats(self, list_of: str = "talk_chats") -> list[str]:
        return [each["id"] for each in (await self.ask("GET", f"{PATH}/{list_of}")).json["result"]]

    async def begin(self, kind: str, *others: "Person", **more: object) -> Answer:
        participants = [{"owner_type": "agent", "owner_id": each.id} for each in others]
        return await self.ask("POST", f"{PATH}/talk_chats", {"type": kind, "participants": participants, **more})

    async def say(self, chat: dict[str, Any], text: str, **more: object) -> Answer:
        body = {"chat_id": chat["id"], "type": "normal", "text": text, **more}
        return await self.ask("POST", f"{PATH}/talk_messages", body)

    async def heard(self, query: str = "") -> list[str]:
        return [each["text"] for each in (await self.ask("GET", f"{PATH}/talk_messages{query}")).json["result"]]


async def hire(client: Client, name: str) -> Person:
    secret = {"username": f"{name}-{uuid4().hex[:8]}@example.org", "password": "correct horse"}
    made = await client.ask("POST", "/v1.0/agents", {**secret, "name": name, "permission": 16})
    token = (await client.ask("POST", "/auth/login", secret)).json["token"]
    return Person(client.base, client.session, token, made.json["id"])


@pytest.fixture
async def people(client: Client) -> tuple[Person, Person, Person]:
    return await hire(client, "ann"), await hire(client, "bob"), await hire(client, "eve")


People = tuple[Person, Person, Person]


async def test_group_is_made_read_written_in_and_answered(people: People, client: Client) -> None:
    ann, bob, eve = people
    made = await ann.begin("group", bob, name="Line 7", detail="the outage")
    chat = made.json
    first = await ann.say(chat, "Who is on it?")
    second = await bob.say(chat, "Me", parent_id=first.json["id"])
    file = (await upload(client, b"log", type="rag")).json["id"]
    link = {"type": "link", "link_url": "https://status.example/7"}
    third = await bob.say(chat, "", medias=[{"type": "file", "file_id": file}, link])
    page = await ann.ask("GET", f"{PATH}/talk_messages?chat_id={chat['id']}&page_size=2")
    rest = await ann.ask("GET", f"{PATH}/talk_messages?page_size=2&page_token={page.json['next_page_token']}")

    assert (made.status, chat["type"], chat["name"], chat["detail"]) == (200, "group", "Line 7", "the outage")
    assert {each["owner_id"] for each in chat["participants"]} == {ann.id, bob.id}
    assert (await bob.ask("GET", f"{PATH}/talk_chats/{chat['id']}")).json == chat
    assert (await ann.chats(), await bob.chats(), await eve.chats()) == ([chat["id"]], [chat["id"]], [])
    assert (second.json["parent_id"], second.json["owner_id"], second.json["type"]) == (
        first.json["id"], bob.id, "normal"
    )  # fmt: skip
    assert [each["file_id"] for each in third.json["medias"]] == [file, "00000000-0000-0000-0000-000000000000"]
    assert [each["text"] for each in page.json["result"] + rest.json["result"]] == ["", "Me", "Who is on it?"]
    assert await eve.heard() == []


async def test_chat_of_others_answers_as_one_that_there_is_not(people: People) -> None:
    ann, bob, eve = people
    chat = (await ann.begin("direct", bob)).json
    said = (await ann.say(chat, "between us")).json
    own = chat["participants"][0]["id"]
    nobody = str(uuid4())

    asks: list[Callable[[str, str], tuple[str, str, object]]] = [
        lambda chat_id, _: ("GET", f"talk_chats/{chat_id}", None),
        lambda chat_id, _: ("PUT", f"talk_chats/{chat_id}", {"name": "x"}),
        lambda chat_id, _: ("DELETE", f"talk_chats/{chat_id}", None),
        lambda chat_id, _: ("POST", f"talk_chats/{chat_id}/join", None),
        lambda chat_id, _: ("GET", f"talk_chats/{chat_id}/participants", None),
        lambda chat_id, _: ("POST", f"talk_chats/{chat_id}/participants", {"owner_id": eve.id}),
        lambda chat_id, _: ("DELETE", f"talk_chats/{chat_id}/participants/{own}", None),
        lambda chat_id, _: ("GET", f"talk_messages?chat_id={chat_id}", None),
        lambda chat_id, _: ("POST", "talk_messages", {"chat_id": chat_id, "text": "hi"}),
        lambda _, message_id: ("GET", f"talk_messages/{message_id}", None),
        lambda _, message_id: ("DELETE", f"talk_messages/{message_id}", None),
        lambda _, message_id: ("POST", f"talk_messages/{message_id}/reactions", {"emoji": "👍"}),
        lambda _, message_id: ("DELETE", f"talk_messages/{message_id}/reactions?emoji=x", None),
    ]
    for ask in asks:
        answers = []
        for chat_id, message_id in ((chat["id"], said["id"]), (nobody, nobody)):
            method, path, body = ask(chat_id, message_id)
            answers.append(await eve.ask(method, f"{PATH}/{path}", body))
        foreign, unknown = (each.json["error"] | {"request_id": ""} for each in answers)
        assert (foreign, answers[0].status) == (unknown, 404), ask(nobody, nobody)
    assert await ann.heard() == ["between us"]
    assert (await ann.ask("GET", f"{PATH}/talk_chats/{chat['id']}")).json == chat


async def test_channel_is_read_by_every_agent_and_written_in_by_those_who_joined(people: People) -> None:
    ann, bob, _ = people
    channel = (await ann.begin("talk", name="general")).json
    path = f"{PATH}/talk_chats/{channel['id']}"
    await ann.say(channel, "welcome")

    listed = await bob.chats("talk_channels"), await bob.chats()
    read = await bob.heard(f"?chat_id={channel['id']}")
    early = await bob.say(channel, "hi")
    renamed = await bob.ask("PUT", path, {"name": "mine"})
    joined = await bob.ask("POST", f"{path}/join")
    again = await bob.ask("POST", f"{path}/participants", {"owner_id": bob.id})
    said = await bob.say(channel, "hi")
    left = await bob.ask("DELETE", f"{path}/participants/{joined.json['id']}")

    assert (listed, read) == (([channel["id"]], []), ["welcome"])
    assert {(each.status, each.reason) for each in (early, renamed)} == {(403, "PERMISSION_DENIED")}
    assert (joined.json["owner_id"], again.json, said.status) == (bob.id, joined.json, 200)
    assert (left.status, await bob.chats()) == (200, [])
    assert [each["owner_id"] for each in (await bob.ask("GET", f"{path}/participants")).json] == [ann.id]


async def test_group_asks_in_takes_out_and_ends_with_the_last(people: People, database: PostgresDatabase) -> None:
    ann, bob, eve = people
    chat = (await ann.begin("group", bob)).json
    path = f"{PATH}/talk_chats/{chat['id']}"
    renamed = await bob.ask("PUT", path, {"name": "night"})
    asked = await bob.ask("POST", f"{path}/participants", {"owner_type": "agent", "owner_id": eve.id})
    out = await eve.ask("DELETE", f"{path}/participants/{asked.json['id']}")
    twice = await ann.ask("DELETE", f"{path}/participants/{asked.json['id']}")
    for person in (ann, bob):
        own = next(each["id"] for each in chat["participants"] if each["owner_id"] == person.id)
        await person.ask("DELETE", f"{path}/participants/{own}")

    assert (renamed.json["name"], asked.json["owner_id"], out.status) == ("night", eve.id, 200)
    assert (twice.status, twice.reason) == (404, "PARTICIPANT_NOT_FOUND")
    assert await ann.chats() == []
    async with database.reading() as tx:
        told = await tx.connection.fetch(
            "select type, public from events where type like 'chat%' order by resource_seq"
        )
    assert [each["type"] for each in told] == [
        "chat_created", *["chatparticipant_added"] * 2, "chat_updated", "chatparticipant_added",
        *["chatparticipant_removed"] * 3, "chat_deleted",
    ]  # fmt: skip
    assert all(each["public"] for each in told)


async def test_direct_chat_stays_between_two_and_bad_wishes_are_refused_by_name(people: People) -> None:
    ann, bob, eve = people
    chat = (await ann.begin("direct", bob)).json
    path = f"{PATH}/talk_chats/{chat['id']}"
    third = await ann.ask("POST", f"{path}/participants", {"owner_id": eve.id})
    out = await ann.ask("DELETE", f"{path}/participants/{chat['participants'][0]['id']}")
    elsewhere = (await ann.say((await ann.begin("group", eve)).json, "x")).json["id"]
    refused = {
        "participants": [await ann.begin("direct"), await ann.begin("direct", bob, eve), await ann.begin("group", ann)],
        "type": [await ann.begin("normal", bob)],
        "text": [await ann.say(chat, " ")],
        "medias": [
            await ann.say(chat, "x", medias=[{"type": "file"}]),
            await ann.say(chat, "x", medias=[{"type": "link", "link_url": "javascript:alert(1)"}]),
        ],
        "emoji": [await ann.ask("POST", f"{PATH}/talk_messages/{elsewhere}/reactions", {"emoji": "a b"})],
    }
    unknown = {
        "AGENT_NOT_FOUND": await ann.ask(
            "POST", f"{PATH}/talk_chats", {"type": "direct", "participants": [{"owner_id": str(uuid4())}]}
        ),
        "FILE_NOT_FOUND": await ann.say(chat, "x", medias=[{"type": "file", "file_id": str(uuid4())}]),
        "TALK_MESSAGE_NOT_FOUND": await ann.say(chat, "x", parent_id=elsewhere),
    }

    assert {(each.status, each.reason) for each in (third, out)} == {(409, "STATE_INVALID")}
    for field, answers in refused.items():
        assert {(each.status, field in each.raw.decode()) for each in answers} == {(400, True)}, field
    for reason, answer in unknown.items():
        assert (answer.status, answer.reason) == (404, reason)
    assert await ann.heard(f"?chat_id={chat['id']}") == []
    assert len(await ann.chats()) == 2


async def test_message_is_reacted_to_once_each_and_taken_back_by_its_writer(people: People) -> None:
    ann, bob, _ = people
    chat = (await ann.begin("direct", bob)).json
    said = (await ann.say(chat, "Deploy today?")).json
    path = f"{PATH}/talk_messages/{said['id']}"
    for person in (ann, bob, bob):
        await person.ask("POST", f"{path}/reactions", {"emoji": "👍🏽"})
    both = (await bob.ask("POST", f"{path}/reactions", {"emoji": "thumbsup"})).json["metadata"]["reactions"]
    fewer = await bob.ask("DELETE", f"{path}/reactions?emoji=thumbsup")
    read = await ann.ask("GET", path)
    forbidden = await bob.ask("DELETE", path)
    answered = (await bob.say(chat, "yes", parent_id=said["id"])).json
    gone = await ann.ask("DELETE", path)

    assert [(each["emoji"], each["owner_id"]) for each in both] == [
        ("👍🏽", ann.id), ("👍🏽", bob.id), ("thumbsup", bob.id)
    ]  # fmt: skip
    assert (len(fewer.json["metadata"]["reactions"]), read.json) == (2, fewer.json)
    assert (forbidden.status, forbidden.reason) == (403, "PERMISSION_DENIED")
    assert (gone.json["text"], gone.json["tm_delete"] is None) == ("", False)
    assert (await ann.ask("GET", path)).reason == "TALK_MESSAGE_NOT_FOUND"
    assert (await ann.ask("GET", f"{PATH}/talk_messages")).json["result"] == [answered]


async def test_deleted_chat_is_gone_for_everybody_with_what_was_written(people: People) -> None:
    ann, bob, _ = people
    chat = (await ann.begin("group", bob)).json
    said = (await ann.say(chat, "secret plan")).json
    deleted = await bob.ask("DELETE", f"{PATH}/talk_chats/{chat['id']}")

    assert deleted.json["tm_delete"] is not None
    assert (await ann.chats(), await ann.heard()) == ([], [])
    assert (await ann.ask("GET", f"{PATH}/talk_messages/{said['id']}")).reason == "TALK_MESSAGE_NOT_FOUND"


async def test_access_key_chats_with_nobody(client: Client) -> None:
    for path in ("talk_chats", "talk_channels", "talk_messages"):
        answer = await client.ask("GET", f"{PATH}/{path}")
        assert (answer.status, answer.reason) == (403, "PERMISSION_DENIED"), path


async def test_those_who_are_in_a_chat_follow_it_and_nobody_else(feed: Feed) -> None:
    client = Client(feed.base, feed.session, feed.tenant.key)
    ann, bob, eve = [await hire(client, name) for name in ("ann", "bob", "eve")]
    kinds = ("chat", "chatmessage", "chatparticipant")
    async with (
        feed.client(*(f"agent_id:{bob.id}:{kind}" for kind in kinds), key=bob.key) as his,
        feed.client(f"agent_id:{eve.id}", key=eve.key) as hers,
    ):
        for follower in (his, hers):
            await follower.hear(1)
        chat = (await ann.begin("group", bob)).json
        assert await his.types(3) == ["chat_created", "chatparticipant_added", "chatparticipant_added"]
        async with feed.client(f"agent_id:{ann.id}:chat:{chat['id']}", key=ann.key) as own:
            await own.hear(1)
            await bob.say(chat, "hi")
            await ann.ask("DELETE", f"{PATH}/talk_chats/{chat['id']}")
            told = await own.types(2)
        hers_alone = (await eve.begin("talk")).json

        assert told == ["chatmessage_created", "chat_deleted"]
        assert await his.types(2) == ["chatmessage_created", "chat_deleted"]
        assert [each["data"]["id"] for each in await hers.hear(1)] == [hers_alone["id"]]
