import socket
from importlib.metadata import version
from pathlib import Path

import pytest

from bridge import players, presets
from bridge.control.osc import OscServer
from music.errors import ContinuoError
from tests.bridge.control.hall import Hall, on_stage

YEARS_AHEAD = 2_050_000_000.0


def test_ping_is_answered_with_the_version() -> None:
    async def play(hall: Hall) -> None:
        assert await (await hall.surface()).ask("/continuo/ping") == ("/continuo/pong", [version("continuo")])

    on_stage(play)


def test_value_is_asked_for_by_its_address_alone() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        for address, value in hall.desk.values():
            assert await surface.ask(address) == (address, value if isinstance(value, list) else [pytest.approx(value)])

    on_stage(play, "harmony", "satb")


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
        ("/continuo/1/voices", ["three"], 400, "voices takes 1 to 16"),
        ("/continuo/1/voices", [1, 2], 400, "voices takes 1 to 16"),
        ("/continuo/1/strum", [float("nan")], 400, "strum takes"),
        ("/continuo/1/voices", [17], 422, "voices 17 is not within 1 to 16"),
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
        ("/continuo/" + "9" * 3000 + "/voices", [], 404, "there is no insert"),
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


def test_presets_inserts_and_state_can_be_asked_for() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        assert await surface.ask("/continuo/presets") == ("/continuo/presets", presets.names())
        assert await surface.ask("/continuo/inserts") == ("/continuo/inserts", [2])
        surface.say("/continuo/state")
        assert len(await surface.packet()) == len(list(hall.desk.values()))

    on_stage(play, "harmony", "satb")


def test_players_can_be_asked_for_in_the_order_of_their_numbers() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        assert await surface.ask("/continuo/models") == ("/continuo/models", players.names())
        assert players.names()[:4] == ["rules", "chorale", "left-hand", "lead-comp"]

    on_stage(play)


def test_player_without_weights_is_refused_with_a_sentence_and_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "user_folder", lambda: tmp_path)
    monkeypatch.setattr(players, "bundled_folder", lambda: tmp_path)

    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        for address, value in (("/continuo/1/model", "chorale"), ("/continuo/1/model", 1.0)):
            found, (code, sentence, about) = await surface.ask(address, value)
            assert (found, code, about) == ("/continuo/error", 404, address)
            assert sentence.startswith("the player 'chorale' has no weights here. Put chorale.safetensors")
        assert (await surface.ask("/continuo/preset", "left-hand"))[1][0] == 404
        assert await surface.ask("/continuo/preset") == ("/continuo/preset", ["harmony"])
        assert await surface.ask("/continuo/1/model") == ("/continuo/1/model", ["rules"])
        assert hall.changed == []

    on_stage(play)


def test_player_that_fails_to_load_is_taken_back_and_who_wanted_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(players, "user_folder", lambda: tmp_path)
    (tmp_path / "ghost.safetensors").touch()

    async def play(hall: Hall) -> None:
        wanting, watching = await hall.surface(), await hall.surface()
        watching.say("/continuo/subscribe")
        await watching.packet()
        wanting.say("/continuo/1/model", "ghost")
        assert await watching.packet() == [("/continuo/1/model", ["ghost"])]
        hall.desk.inserts[0]["player"]["model"] = "rules"  # as the daemon does it
        hall.server.take_back(0, "boo")
        assert await wanting.packet() == [("/continuo/error", [404, "boo", "/continuo/1/model"])]
        assert await watching.packet() == [("/continuo/1/model", ["rules"])]

    on_stage(play)


def test_panic_is_passed_on() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say("/continuo/panic")
        await surface.rest()
        assert hall.panics == 1

    on_stage(play)


def test_errors_of_others_are_not_answered_or_two_daemons_would_talk_for_ever() -> None:
    async def play(hall: Hall) -> None:
        surface = await hall.surface()
        surface.say("/continuo/error", 404, "there is no such address", "/continuo/pong")
        assert await surface.rest() == []

    on_stage(play)


def test_port_in_use_is_a_sentence_with_a_remedy() -> None:
    async def play(hall: Hall) -> None:
        with pytest.raises(ContinuoError) as error:
            await OscServer(hall.desk, hall.changed.append, hall._do).open(hall.port)
        assert str(hall.port) in error.value.message
        assert "--osc-port" in error.value.hint

    on_stage(play)


def test_server_listens_on_loopback_only() -> None:
    async def play(hall: Hall) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.2", hall.port))  # would be taken by a server on all interfaces

    on_stage(play)
