"""What to do where nothing arrives: which ports there are, and what a DAW is to be told."""

from __future__ import annotations

from bridge.tui.mirror import Mirror


def advice(mirror: Mirror, insert: int, missing: str) -> list[str]:
    """The lines to show instead of a roll; none where there is music, or was."""
    if missing:
        return [
            f"No Continuo answers at {missing}.",
            "",
            "Start it in another terminal:  continuo run",
            "Another port or machine:  continuo tui --osc-port 9001 --osc-host 192.168.1.10",
            "",
            "It is looked for every second.",
        ]
    if mirror.notes[insert].arrived:
        return []
    if mirror.get("brain") != "ready":
        return ["The brain starts: one moment."]
    receive, send = mirror.get(f"{insert}/input_port"), mirror.get(f"{insert}/output_port")
    source = mirror.get(f"{insert}/listens_to", 0)
    if source:
        return [f"This insert listens to insert {source}, and nothing has come from there yet."]
    if mirror.get("backend") == "loopback":
        return ["No MIDI system: a melody is played instead.", "", "continuo doctor  says what is missing."]
    return [
        f'Nothing has arrived at "{receive}" yet.',
        "",
        f'1  The track you play: send its MIDI to "{receive}"',
        f'2  A second track: take its MIDI from "{send}", monitor or arm it',
        "3  Play",
        "",
        f"A keyboard without a DAW:  continuo run --input NAME --output NAME   ({mirror.get('backend')})",
        "Or press k, and play on this keyboard.",
    ]
