"""The fuzzers: what they try holds, and what fails is kept."""

import json
import os
import random
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.bench import fuzz, prober, targets
from bridge.bench.malformed import Judge, deep, malformed, message, whole
from bridge.bench.mutation import cross, mutate
from bridge.bench.targets import Target
from bridge.cli import main
from bridge.cli.bench import TARGETS

FEW = settings(max_examples=300, deadline=None)


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest) -> Target:
    return targets.target(request.param)


def test_command_names_every_target() -> None:
    assert tuple(targets._TARGETS) == TARGETS


def test_every_seed_holds(target: Target) -> None:
    for data in target.seeds:
        assert target.attempt(data)


@FEW
@given(st.binary(max_size=100))
def test_any_bytes_hold(target: Target, data: bytes) -> None:
    assert target.attempt(data)


@FEW
@given(st.integers(0, 2**32))
def test_damaged_seeds_hold(target: Target, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - noise, not a secret
    data = mutate(cross(dice.choice(target.seeds), dice.choice(target.seeds), dice), dice, target.largest, target.words)
    assert target.attempt(data)


def test_judge_lets_only_what_changes_nothing_through() -> None:
    judge = Judge()
    for harmful in (
        message("/continuo/1/voices", 5), message("/continuo/panic"), message("/continuo/preset", "satb"),
        message("/continuo/ping"), message("/continuo/tempo", 90.0), message("/continuo/subscribe"),
    ):  # fmt: skip
        assert not judge.harmless(harmful)
    for harmless in (
        b"", b"hello", message("/continuo/1/voices", 99), message("/continuo/1/voices", 3),
        message("/continuo/error", 1), deep(message("/continuo/panic"), 100),
    ):  # fmt: skip
        assert judge.harmless(harmless)


def test_same_seed_gives_the_same_malformed_packets_and_most_are_harmless() -> None:
    first, again = (malformed(random.Random(7)) for _ in range(2))  # noqa: S311 - noise, not a secret
    packets = [next(first) for _ in range(400)]
    assert packets == [next(again) for _ in range(400)]
    judge = Judge()
    assert 300 < sum(map(judge.harmless, packets)) < 400
    assert max(map(len, packets)) > 4096 and min(map(len, packets)) < 8


def probe(tmp_path: Path, target: Target) -> prober.Probe:
    wanted = {"target": "wire", "scratch": str(tmp_path / "scratch"), "folder": str(tmp_path), "plain": True}
    return prober.Probe(wanted | {"runs": 50, "seconds": 0}, target)


def test_failing_input_is_written_down_once_for_each_fault(tmp_path: Path) -> None:
    def attempt(data: bytes) -> str:
        if data.startswith(b"\xff"):
            raise KeyError(data[1])
        return "fine" if data else str(1 / len(data))

    probing = probe(tmp_path, Target(attempt, (b"a",), 8))
    assert [probing.attempt(data) for data in (b"a", b"b", b"\xff\1", b"\xff\2", b"", b"a")] == [
        True, False, True, False, True, False,
    ]  # fmt: skip
    row = probing.row()
    assert (row["runs"], row["outcomes"]) == (6, 3)
    kept = [Path(one["file"]).read_bytes() for one in row["failures"]]
    assert kept == [b"\xff\1", b""]
    assert "KeyError" in row["failures"][0]["what"]


@pytest.mark.skipif(os.name == "nt", reason="no timers there")
def test_input_without_end_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prober, "LONGEST_S", 0.05)

    def attempt(_: bytes) -> str:
        while True:
            pass

    with prober.watching():
        probing = probe(tmp_path, Target(attempt, (), 8))
        probing.attempt(b"x")
    assert "TooLong" in probing.row()["failures"][0]["what"]


def test_process_that_dies_leaves_the_input_it_died_of(tmp_path: Path) -> None:
    wanted = {"target": "wire", "scratch": str(tmp_path / "scratch"), "folder": str(tmp_path)}
    Path(wanted["scratch"]).write_bytes((3).to_bytes(4, "big") + b"abcdef")
    row = fuzz.crashed(wanted, "the process ended")
    assert Path(row["failures"][0]["file"]).read_bytes() == b"abc"
    assert "the process ended" in fuzz.report([row])


def test_command_runs_a_target_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["bench", "fuzz", "--target", "wire", "--runs", "500", "--plain", "--json"]
    result = CliRunner().invoke(main, command)
    (row,) = json.loads(result.stdout)
    assert (result.exit_code, row["runs"], row["failures"]) == (0, 500, [])
    assert list(tmp_path.iterdir()) == []


def test_unknown_target_is_a_sentence() -> None:
    result = CliRunner().invoke(main, ["bench", "fuzz", "--target", "wired"])
    assert result.exit_code == 2
    assert "Did you mean 'wire'?" in result.stderr


def test_whole_packets_are_whole() -> None:
    judge = Judge()
    assert all(judge.serve(packet) for packet in whole())
