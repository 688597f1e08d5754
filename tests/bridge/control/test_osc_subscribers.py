import pytest
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.control.subscribers import MAX_SUBSCRIBERS
from tests.bridge.control.hall import Hall, on_stage, one_or_all

YEARS_AHEAD = 2_050_000_000.0


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


def test_subscriber_gets_the_full_state_at_once_in_one_bundle() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say("/continuo/subscribe")
        found = {address: one_or_all(values) for address, values in await surface.packet()}
        wanted = dict(hall.desk.values())
        lists = {address for address, value in wanted.items() if isinstance(value, list)}
        own = {f"/continuo/{insert}/{name}" for insert in (1, 2) for name in ("plan", "controls")}
        assert lists == {*own, "/continuo/setlist"}
        assert all(found.pop(address) == wanted.pop(address) for address in lists)
        assert found == pytest.approx(wanted)

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
        found = {address: one_or_all(values) for address, values in await surface.packet()}
        assert found["/continuo/1/preset"] == "satb"
        assert found["/continuo/1/part/3/name"] == "Bass"
        assert hall.changed == [0]
        surface.say("/continuo/2/preset", "duet")
        found = {address: one_or_all(values) for address, values in await surface.packet()}
        assert (found["/continuo/1/preset"], found["/continuo/2/preset"]) == ("satb", "duet")
        assert await surface.ask("/continuo/2/preset") == ("/continuo/2/preset", ["duet"])

    on_stage(play, "harmony", "harmony")


def test_bundle_is_served_in_order_and_its_time_is_not_waited_for() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        bundle = OscBundleBuilder(YEARS_AHEAD)
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
        for _ in range(MAX_SUBSCRIBERS - 1):
            newcomer = await hall.surface()
            newcomer.say("/continuo/subscribe")
            await newcomer.packet()
        hall.server.publish("/continuo/1/chord", "C")
        assert await first.rest() == [("/continuo/1/chord", ["C"])]
        assert await second.rest() == []

    on_stage(play)


def test_server_does_not_subscribe_to_itself() -> None:
    async def play(hall: Hall) -> None:
        answer = await (await hall.surface()).ask("/continuo/subscribe", hall.port)
        assert answer[1][0] == 422

    on_stage(play)
