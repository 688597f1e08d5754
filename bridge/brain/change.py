"""Players that are loaded while others play."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from threading import Thread
from typing import NamedTuple

from bridge.brain.players import Players
from bridge.brain.settings import Settings
from music.errors import ContinuoError


class Refusal(NamedTuple):
    """An insert's player that cannot be had."""

    insert: int
    settings: Settings
    """With whom it was wanted."""
    error: ContinuoError


class Changes:
    """The newest settings of each insert that wait for their player. One thread owns it; another does the loading."""

    def __init__(self, players: Players) -> None:
        self._players = players
        self._wanted: dict[int, Settings] = {}
        self._loading: dict[tuple[str, str], Future[None]] = {}

    def want(self, insert: int, settings: Settings) -> None:
        """Have the player of an insert's new settings loaded, where it is not there; the newest settings count."""
        self._wanted.pop(insert, None)
        if not self._players.ready(*settings.player):
            self._wanted[insert] = settings
            self._load_next()

    def settled(self) -> Iterator[tuple[int, Settings | Refusal]]:
        """What has been decided since the last call: settings whose player is there, or that it cannot be had."""
        for player, loading in list(self._loading.items()):
            if not loading.done():
                continue
            del self._loading[player]
            error = loading.exception()
            for insert in [insert for insert, one in self._wanted.items() if one.player == player]:
                settings = self._wanted.pop(insert)
                known = error if isinstance(error, ContinuoError) else ContinuoError(f"{player[1]!r} cannot be loaded")
                yield insert, Refusal(insert, settings, known) if error else settings
        self._load_next()

    def _load_next(self) -> None:
        """Load one at a time."""
        if self._loading:
            return
        for player in dict.fromkeys(settings.player for settings in self._wanted.values()):
            loading = self._loading[player] = Future()
            Thread(target=self._load, args=(player, loading), name="loading", daemon=True).start()
            return

    def _load(self, player: tuple[str, str], loading: Future[None]) -> None:
        try:
            self._players.get(*player)
            loading.set_result(None)
        except BaseException as error:  # noqa: BLE001 - who waits for it is told
            loading.set_exception(error)
