"""Real HTTP to a real server, from other threads: the server must not wait for anybody."""

import asyncio
import http.client
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Any

import pytest

from bridge.addresses import INSERT, PART
from bridge.control import query
from bridge.control.door import Door
from bridge.control.query import MAX_CALLERS, MAX_REQUEST, QueryServer
from bridge.control.state import Desk
from bridge.daemon_addresses import DAEMON
from tests.bridge.control.hall import PATIENCE_S

OPEN = "0.0.0.0"  # noqa: S104 - what the allow-list is for
OSC_PORT = 9000


class Caller:
    """Asks the server, and reads what it answers."""

    def __init__(self, desk: Desk, port: int) -> None:
        self.desk = desk
        self.port = port

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, bytes]:
        """Status, content type, body."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        line.request(method, path, headers=headers)
        answer = line.getresponse()
        found = answer.status, answer.getheader("Content-Type", ""), answer.read()
        line.close()
        return found

    def json(self, path: str) -> Any:
        status, kind, body = self.ask(path)
        assert (status, kind) == (200, "application/json")
        return json.loads(body)

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)


def served(play: Callable[[Caller], None], *names: str, door: Door | None = None) -> None:
    """Run a scene in a thread, beside a server in an event loop of its own."""
    desk = Desk(list(names) or ["harmony"])

    async def scene() -> None:
        server = QueryServer(desk, door or Door())
        port = await server.open(0)
        server._osc_port = OSC_PORT
        try:
            await asyncio.to_thread(play, Caller(desk, port))
        finally:
            server.close()

    asyncio.run(scene())


def nodes(node: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All nodes below one, by their full path."""
    found = {node["FULL_PATH"]: node}
    for below in node.get("CONTENTS", {}).values():
        found |= nodes(below)
    return found


def test_every_parameter_is_in_the_tree_with_type_value_range_and_text() -> None:
    def play(caller: Caller) -> None:
        found = nodes(caller.json("/"))
        places = [("/continuo", DAEMON), ("/continuo/1", INSERT), ("/continuo/2", INSERT)]
        places += [(f"/continuo/2/part/{part}", PART) for part in (1, 2, 3)]
        for place, parameters in places:
            for parameter in parameters:
                node = found[f"{place}/{parameter.name}"]
                assert (node["TYPE"], node["ACCESS"], node["DESCRIPTION"]) == (parameter.osc_type, 3, parameter.text)
                assert node["VALUE"] == [caller.desk.read(node["FULL_PATH"])]
        assert found["/continuo/1/register"]["RANGE"] == [{"MIN": -1, "MAX": 1}]
        assert found["/continuo/1/spacing"]["RANGE"] == [{"VALS": ["close", "open"]}]
        assert found["/continuo/1/strum"]["UNIT"] == ["time.ms"]
        assert "satb" in found["/continuo/2/preset"]["RANGE"][0]["VALS"]

    served(play, "harmony", "satb")


def test_every_value_that_osc_reads_is_in_the_tree() -> None:
    def play(caller: Caller) -> None:
        found = nodes(caller.json("/"))
        for address, value in caller.desk.values():
            assert found[address]["VALUE"] == (value if isinstance(value, list) else [value])
            assert found[address]["ACCESS"] in (1, 3)

    served(play, "orchestra")


def test_what_is_only_done_has_no_value_and_what_is_only_shown_is_not_set() -> None:
    def play(caller: Caller) -> None:
        assert caller.json("/continuo/panic") == {
            "FULL_PATH": "/continuo/panic",
            "DESCRIPTION": "Everything that sounds ends, everything planned is dropped",
            "ACCESS": 2,
            "TYPE": "N",
        }
        assert caller.json("/continuo/play")["TYPE"] == "i"
        assert caller.json("/continuo/1/chord")["ACCESS"] == 1
        assert caller.json("/continuo/presets")["ACCESS"] == 1

    served(play)


def test_an_attribute_is_asked_for_by_name() -> None:
    def play(caller: Caller) -> None:
        caller.desk.write("/continuo/1/voices", 5)
        assert caller.json("/continuo/1/voices?VALUE") == {"VALUE": [5]}
        assert caller.json("/continuo/1/part/1/name?TYPE") == {"TYPE": "s"}
        info = caller.json("/?HOST_INFO")
        assert (info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == ("127.0.0.1", OSC_PORT, "UDP")
        assert info["EXTENSIONS"]["RANGE"]
        assert caller.ask("/continuo/panic?VALUE")[0] == 204
        assert caller.ask("/continuo/1/voices?VOLUME")[0] == 400
        assert caller.ask("/continuo/2/voices")[0] == 404
        assert caller.ask("/continuo/1/voices/deeper?VALUE")[0] == 404
        assert caller.ask("/", "POST")[0] == 405
        assert caller.ask("/", "HEAD")[::2] == (200, b"")

    served(play)


def test_a_browser_gets_a_page_and_nothing_in_it_is_taken_for_html() -> None:
    def play(caller: Caller) -> None:
        caller.desk.write("/continuo/1/part/1/name", "<script>alert(1)</script>")
        status, kind, body = caller.ask("/", Accept="text/html,application/xhtml+xml")
        assert (status, kind) == (200, "text/html; charset=utf-8")
        assert b"Silence the effect" in body
        assert b"&lt;script&gt;" in body
        assert b"<script" not in body

    served(play)


def test_a_site_that_has_its_name_point_here_reads_nothing() -> None:
    def play(caller: Caller) -> None:
        for host, status in (("evil.example", 403), ("127.0.0.1:9000", 200), ("localhost", 200), ("[::1]:9000", 200)):
            assert caller.ask("/", Host=host)[0] == status

    served(play)


def test_strangers_are_hung_up_on() -> None:
    class Shut(Door):
        def admits(self, _host: str) -> bool:
            return False

    def play(caller: Caller) -> None:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            caller.ask("/")

    served(play, door=Shut(OPEN, ["192.168.1.20"]))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"x" * (2 * MAX_REQUEST), b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"GET /\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),  # HTTP 1.1 asks for a Host
    ],
)
def test_what_is_no_request_is_refused_within_bounds(sent: bytes, status: bytes) -> None:
    def play(caller: Caller) -> None:
        with caller.raw() as line:
            line.sendall(sent)
            assert line.makefile("rb").readline().split()[1] == status

    served(play)


def test_slow_callers_keep_nobody_waiting_and_are_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(caller: Caller) -> None:
        slow = [caller.raw() for _ in range(MAX_CALLERS - 1)]
        for line in slow:
            line.sendall(b"GET / HTTP/1.1\r\n")
        assert caller.json("/continuo/1/voices?VALUE") == {"VALUE": [3]}
        over: Future[bytes] = Future()
        Thread(target=lambda: over.set_result(slow[0].recv(1)), daemon=True).start()
        assert over.result(PATIENCE_S) == b""
        for line in slow:
            line.close()

    monkeypatch.setattr(query, "PATIENCE_S", 2.0)
    served(play)


def test_more_callers_than_can_be_served_are_turned_away_and_the_next_is_served() -> None:
    def play(caller: Caller) -> None:
        crowd = [caller.raw() for _ in range(MAX_CALLERS + 1)]
        assert crowd[-1].recv(1) == b""
        for line in crowd:
            line.close()
        end = time.monotonic() + PATIENCE_S
        answer: Any = None
        while answer is None and time.monotonic() < end:
            with suppress(ConnectionError, http.client.RemoteDisconnected):  # it has not seen yet that they are gone
                answer = caller.json("/continuo/1/voices?VALUE")
        assert answer == {"VALUE": [3]}

    served(play)


def test_it_has_the_number_of_osc_or_a_free_one() -> None:
    async def scene() -> None:
        first, second = QueryServer(Desk(["harmony"]), Door()), QueryServer(Desk(["harmony"]), Door())
        port = await first.open(0)
        other = await second.open(port)
        assert other not in (0, port)
        first.close()
        second.close()

    asyncio.run(scene())
