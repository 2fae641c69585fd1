"""The sums themselves: exact, held at full scale, the same however rooms are grouped."""

import numpy as np
import pytest

from dialplane.audio.g711 import Samples, decode_ulaw, encode_ulaw
from dialplane.media.frames import Message
from dialplane.media.mixer import Mixer
from dialplane.media.room import Room
from dialplane.media.seat import Seat

SILENCE = b"\xff" * 160


def no_report(_message: Message) -> None:
    """Nobody listens here."""


class Rooms:
    """Rooms with so many members each, and what they say."""

    def __init__(self, *sizes: int) -> None:
        self.mixer = Mixer()
        self.chance = np.random.default_rng(7)
        self.rooms: list[Room] = []
        self.members: list[list[Seat]] = []
        leg_id = 0
        for number, size in enumerate(sizes):
            room = self.mixer.open_room(number, no_report)
            self.rooms.append(room)
            self.members.append([])
            for _ in range(size):
                leg_id += 1
                self.members[-1].append(room.add(leg_id, hears=None, heard_by=None))
        self.turns = 0

    def speak(self, *, amplitude: int = 4_000) -> list[list[Samples]]:
        """Everybody says something else for 20 ms. The answer: what, as it can be coded."""
        said = []
        for members in self.members:
            frames = [self.chance.normal(0, amplitude, 160).clip(-32_000, 32_000).astype(np.int16) for _ in members]
            for seat, frame in zip(members, frames, strict=True):
                seat.put(self, self.turns * 160, encode_ulaw(frame))
            said.append([decode_ulaw(encode_ulaw(frame)) for frame in frames])
        return said

    def turn(self) -> None:
        for group in self.mixer.groups:
            group.mix(self.turns / 50)
        self.mixer.step()
        self.turns += 1


def sum_of(frames: list[Samples]) -> bytes:
    total = sum((frame.astype(np.int64) for frame in frames), np.zeros(160, np.int64))
    return encode_ulaw(total.clip(-32_768, 32_767).astype(np.int16))


@pytest.mark.parametrize("amplitude", [4_000, 20_000])
def test_every_member_of_many_rooms_hears_the_exact_sum_of_the_others(amplitude: int) -> None:
    """Rooms of one to two hundred, in several groups; the loud ones overflow and are held at full scale."""
    rooms = Rooms(*range(1, 8), 200, 150, 3, 3)
    said = rooms.speak(amplitude=amplitude)

    rooms.turn()
    rooms.turn()

    assert len(rooms.mixer.groups) > 1
    for members, frames in zip(rooms.members, said, strict=True):
        for index, seat in enumerate(members):
            assert seat.heard.tobytes() == sum_of(frames[:index] + frames[index + 1 :])


def test_listener_hears_all_who_speak() -> None:
    rooms = Rooms(3, 2)
    listener = rooms.rooms[0].add(99, hears=None, heard_by=None)
    said = rooms.speak()

    rooms.turn()
    rooms.turn()

    assert listener.heard.tobytes() == sum_of(said[0])


def test_room_in_which_everybody_falls_silent_hears_silence() -> None:
    rooms = Rooms(3)
    rooms.speak()
    for _ in range(150):
        rooms.turn()
        if rooms.turns % 50 == 0:
            rooms.mixer.look_after()

    assert not rooms.rooms[0].is_live
    assert {seat.heard.tobytes() for seat in rooms.members[0]} == {SILENCE}


def test_who_leaves_in_the_middle_of_a_word_is_not_heard_any_more() -> None:
    rooms = Rooms(3)
    rooms.speak()
    rooms.turn()
    rooms.rooms[0].remove(1)
    newcomer = rooms.rooms[0].add(50, hears=None, heard_by=None)
    said = rooms.speak()

    rooms.turn()
    rooms.turn()

    assert newcomer.heard.tobytes() == sum_of(said[0][1:])


def test_closed_room_leaves_its_place_to_the_next() -> None:
    rooms = Rooms(2, 2)
    for seat in rooms.members[0]:
        rooms.rooms[0].remove(seat.leg_id)
    rooms.rooms[0].close(0.0)
    rooms.mixer.close_room(rooms.rooms[0])
    rooms.members[0].clear()
    said = rooms.speak()

    rooms.turn()
    rooms.turn()

    assert len(rooms.mixer) == 1
    assert rooms.members[1][0].heard.tobytes() == sum_of([said[1][1]])
