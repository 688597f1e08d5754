import asyncio
import socket
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import pytest
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from bridge import presets
from bridge.control.osc import MAX_SUBSCRIBERS, OscServer
from bridge.control.state import Desk
from bridge.errors import ContinuoError

Message = tuple[str, list[Any]]
PATIENCE_S = 10
NEXT_CENTURY = 4_000_000_000.0


def osc(address: str, *values: object) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return bytes(builder.build().dgram)


class Surface(asyncio.DatagramProtocol):
    """An OSC client on a port of its own."""

    def __init__(self, server: int) -> None:
        self._server = server
        self._packets: asyncio.Queue[bytes] = asyncio.Queue()
        self._transport: Any = None

    async def open(self) -> "Surface":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    @property
    def port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr
        self._packets.put_nowait(data)

    def say(self, address: str, *values: object) -> None:
        self.throw(osc(address, *values))

    def throw(self, packet: bytes) -> None:
        self._transport.sendto(packet, ("127.0.0.1", self._server))

    async def packet(self) -> list[Message]:
        data = await asyncio.wait_for(self._packets.get(), PATIENCE_S)
        return [(timed.message.address, list(timed.message.params)) for timed in OscPacket(data).messages]

    async def ask(self, address: str, *values: object) -> Message:
        self.say(address, *values)
        return (await self.packet())[0]

    async def rest(self) -> list[Message]:
        """All that has come and was not read, up to the answer to a ping."""
        self.say("/continuo/ping")
        found: list[Message] = []
        while (messages := await self.packet())[0][0] != "/continuo/pong":
            found += messages
        return found


class Hall:
    """A server and what it has told the daemon."""

    def __init__(self, *names: str) -> None:
        self.desk = Desk(list(names) or ["harmony"])
        self.changed: list[int | None] = []
        self.panics = 0
        self.server = OscServer(self.desk, self.changed.append, self._panic)
        self.port = 0

    def _panic(self) -> None:
        self.panics += 1

    async def surface(self) -> Surface:
        return await Surface(self.port).open()


def on_stage(play: Callable[[Hall], Awaitable[None]], *names: str) -> None:
    """Run a scene with a real server on a free port."""

    async def scene() -> None:
        hall = Hall(*names)
        hall.port = await hall.server.open(0)
        try:
            await play(hall)
        finally:
            hall.server.close()

    asyncio.run(scene())


def test_ping_is_answered_with_the_version() -> None:
    async def play(hall: Hall) -> None:
        assert await (await hall.surface()).ask("/continuo/ping") == ("/continuo/pong", [version("continuo")])

    on_stage(play)


def test_value_is_asked_for_by_its_address_alone() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        for address, value in hall.desk.values():
            assert await surface.ask(address) == (address, [pytest.approx(value)])

    on_stage(play, "harmony", "satb")


def test_set_value_is_kept_handed_on_and_told_to_the_others() -> None:
    async def play(hall: Hall) -> None:
        setter, other = await hall.surface(), await hall.surface()
        for surface in (setter, other):
            surface.say("/continuo/subscribe")
            await surface.packet()
        setter.say("/continuo/1/voices", 5)
        assert await other.packet() == [("/continuo/1/voices", [5])]
        assert await setter.rest() == []
        assert hall.desk.read("/continuo/1/voices") == 5
        assert hall.changed == [0]

    on_stage(play)


@pytest.mark.parametrize(
    ("address", "value", "kept"),
    [
        ("/continuo/1/voices", 4.0, 4),
        ("/continuo/1/bypass", 1.0, 1),
        ("/continuo/1/bypass", True, 1),
        ("/continuo/1/placement", 1.0, "above"),
        ("/continuo/1/part/1/lowest", "C3", 48),
        ("/continuo/1/key", "Am", "A minor"),
        ("/continuo/tempo", 90, 90.0),
    ],
)
def test_floats_are_taken_for_integers_and_names_for_numbers(address: str, value: object, kept: object) -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say(address, value)
        assert await surface.ask(address) == (address, [kept])

    on_stage(play)


def test_several_channels_may_come_as_several_arguments() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say("/continuo/1/channels", 3, 1)
        assert await surface.ask("/continuo/1/channels") == ("/continuo/1/channels", ["1,3"])

    on_stage(play)


@pytest.mark.parametrize(
    ("address", "values", "code", "sentence"),
    [
        ("/continuo/1/voices", ["three"], 400, "voices takes 1 to 6"),
        ("/continuo/1/voices", [1, 2], 400, "voices takes 1 to 6"),
        ("/continuo/1/strum", [float("nan")], 400, "strum takes"),
        ("/continuo/1/voices", [9], 422, "voices 9 is not within 1 to 6"),
        ("/continuo/1/voises", [3], 404, "Did you mean 'voices'?"),
        ("/continuo/1/voises", [], 404, "Did you mean 'voices'?"),
        ("/continuo/9/voices", [3], 404, "there is no insert '9'"),
        ("/continuo/1/part/9/channel", [3], 404, "there is no part '9'"),
        ("/continuo/1/chord", ["C"], 400, "can be read and not set"),
        ("/continuo/brain", ["ready"], 400, "can be read and not set"),
        ("/continuo/preset", ["harmoney"], 404, "Did you mean 'harmony'?"),
        ("/continuo/preset", ["../../etc/passwd"], 404, "there is no preset"),
        ("/continuo/preset", [3], 400, "preset takes a name"),
        ("/continuo/9/preset", ["harmony"], 404, "there is no insert '9'"),
        ("/continuo/subscribe", [0], 400, "subscribe takes a port"),
        ("/continuo/subscribe", [70000], 400, "subscribe takes a port"),
        ("/continuo/subscribe", ["here"], 400, "subscribe takes a port"),
        ("/continuo/" + "9" * 5000 + "/voices", [], 400, "cannot be done"),
        ("/other/ping", [], 404, "begin with /continuo/"),
    ],
)
def test_refused_request_is_answered_with_code_sentence_and_address(
    address: str, values: list[object], code: int, sentence: str
) -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        before = list(hall.desk.values())
        answer, (found, text, about) = await surface.ask(address, *values)
        assert (answer, found, about) == ("/continuo/error", code, address)
        assert sentence in text
        assert list(hall.desk.values()) == before
        assert hall.changed == []

    on_stage(play)


@pytest.mark.parametrize("packet", [b"", b"hello", b"/continuo/ping", b"#bundle\0", b"/a\0\0,i\0\0", b"\xff" * 100])
def test_packet_that_is_no_osc_is_answered_and_the_server_lives_on(packet: bytes) -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.throw(packet)
        for address, values in await surface.rest():
            assert address == "/continuo/error"
            assert values[0] in (400, 404)

    on_stage(play)


def test_subscriber_gets_the_full_state_at_once_in_one_bundle() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say("/continuo/subscribe")
        found = {address: values[0] for address, values in await surface.packet()}
        assert found == pytest.approx(dict(hall.desk.values()))

    on_stage(play, "harmony", "satb")


def test_subscription_may_name_another_port() -> None:
    async def play(hall: Hall) -> None:
        hand, screen = await hall.surface(), await hall.surface()
        hand.say("/continuo/subscribe", screen.port)
        assert len(await screen.packet()) > 10
        hand.say("/continuo/1/voices", 2)
        assert await screen.packet() == [("/continuo/1/voices", [2])]
        assert await hand.ask("/continuo/1/voices") == ("/continuo/1/voices", [2])
        assert await screen.packet() == [("/continuo/1/voices", [2])]  # `oscsend` cannot hear the answer itself
        hand.say("/continuo/unsubscribe", float(screen.port))
        hand.say("/continuo/1/voices", 4)
        assert await screen.rest() == []

    on_stage(play)


def test_only_changes_are_told() -> None:
    async def play(hall: Hall) -> None:
        setter, other = await hall.surface(), await hall.surface()
        other.say("/continuo/subscribe")
        await other.packet()
        setter.say("/continuo/1/voices", 3)
        await setter.rest()
        assert [message for message in await other.rest() if message[0] != "/continuo/pong"] == []
        assert hall.changed == []

    on_stage(play)


def test_preset_is_loaded_and_everybody_sees_all_of_it() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say("/continuo/subscribe")
        await surface.packet()
        surface.say("/continuo/preset", "satb")
        found = {address: values[0] for address, values in await surface.packet()}
        assert found["/continuo/1/preset"] == "satb"
        assert found["/continuo/1/part/3/name"] == "Bass"
        assert hall.changed == [0]
        surface.say("/continuo/2/preset", "duet")
        found = {address: values[0] for address, values in await surface.packet()}
        assert (found["/continuo/1/preset"], found["/continuo/2/preset"]) == ("satb", "duet")
        assert await surface.ask("/continuo/2/preset") == ("/continuo/2/preset", ["duet"])

    on_stage(play, "harmony", "harmony")


def test_presets_inserts_and_state_can_be_asked_for() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        assert await surface.ask("/continuo/presets") == ("/continuo/presets", presets.names())
        assert await surface.ask("/continuo/inserts") == ("/continuo/inserts", [2])
        surface.say("/continuo/state")
        assert len(await surface.packet()) == len(list(hall.desk.values()))

    on_stage(play, "harmony", "satb")


def test_panic_is_passed_on() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say("/continuo/panic")
        await surface.rest()
        assert hall.panics == 1

    on_stage(play)


def test_bundle_is_served_in_order_and_its_time_is_not_waited_for() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        bundle = OscBundleBuilder(NEXT_CENTURY)
        for address, values in (("/continuo/1/voices", [2]), ("/continuo/1/voises", [2]), ("/continuo/1/voices", [])):
            message = OscMessageBuilder(address)
            for value in values:
                message.add_arg(value)
            bundle.add_content(message.build())
        surface.throw(bundle.build().dgram)
        assert (await surface.packet())[0][1][0] == 404
        assert await surface.packet() == [("/continuo/1/voices", [2])]

    on_stage(play)


def test_oldest_subscriber_makes_room_beyond_the_limit() -> None:
    async def play(hall: Hall) -> None:
        first, second = await hall.surface(), await hall.surface()
        for surface in (first, second, first):  # who subscribes again is not the oldest
            surface.say("/continuo/subscribe")
            await surface.packet()
        crowd = await hall.surface()
        for port in range(1, MAX_SUBSCRIBERS):
            crowd.say("/continuo/subscribe", port)
        await crowd.rest()
        hall.server.publish("/continuo/1/chord", "C")
        assert await first.packet() == [("/continuo/1/chord", ["C"])]
        second.say("/continuo/state")
        assert (await second.packet())[0] != ("/continuo/1/chord", ["C"])

    on_stage(play)


def test_errors_of_others_are_not_answered_or_two_daemons_would_talk_for_ever() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say("/continuo/error", 404, "there is no such address", "/continuo/pong")
        assert await surface.rest() == []

    on_stage(play)


def test_server_does_not_subscribe_to_itself() -> None:
    async def play(hall: Hall) -> None:
        answer = await (await hall.surface()).ask("/continuo/subscribe", hall.port)
        assert answer[1][0] == 422

    on_stage(play)


def test_port_in_use_is_a_sentence_with_a_remedy() -> None:
    async def play(hall: Hall) -> None:
        with pytest.raises(ContinuoError) as error:
            await OscServer(hall.desk, hall.changed.append, hall._panic).open(hall.port)
        assert str(hall.port) in error.value.message
        assert "--osc-port" in error.value.hint

    on_stage(play)


def test_server_listens_on_loopback_only() -> None:
    async def play(hall: Hall) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.2", hall.port))  # would be taken by a server on all interfaces

    on_stage(play)
