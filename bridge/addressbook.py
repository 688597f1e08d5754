"""The address table as rows and as the page `docs/osc.md`."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.actions import ACTIONS, PUBLISHED, Action
from bridge.addresses import INSERT, PART, ROOT
from bridge.daemon_addresses import DAEMON
from bridge.parameters import Parameter

PLACES = {"daemon": ROOT, "insert": f"{ROOT}/<insert>", "part": f"{ROOT}/<insert>/part/<part>"}
HEAD = """# OSC

The daemon listens on 127.0.0.1, port 9000 (`--osc-port`). `<insert>` and `<part>` count from 1.

- A parameter with a value sets it, without one asks for it: the answer has the same address.
- Surfaces send floats for everything: 1.0 is taken for 1, and for on. Of a choice, name or number (from 0) will do.
- Answers go to the sender, and to the subscribers of the same machine (`oscsend` has a new port each time).
- A change is told to all other subscribers, of each address fifty times a second at most, the last value always; a
  finger that moves a fader hears of others on the same fader when it has rested for 0.3 s.
- A subscription ends with `/continuo/unsubscribe`, half a minute after its port was closed (Linux), or an hour after
  the last packet from its machine: who only listens subscribes again now and then.
- What is refused is answered with `/continuo/error` code sentence address, and changes nothing.
- A packet has at most 4096 bytes, 128 messages and 4 bundles in each other; time tags are not waited for.
- Who sends faster than can be served loses what is too much, and keeps nobody else waiting.
- Printed by `continuo addresses --markdown`; a test holds this page to the table.

## Other machines

`continuo run --osc-host 0.0.0.0 --osc-allow 192.168.1.20` listens on all addresses of this machine (or name one)
and lets in a tablet at 192.168.1.20. `--osc-allow` takes networks too (`192.168.1.0/24`), IPv6, and may be given again;
without it nothing is opened. This machine is always let in. Others are not answered, and named once in the terminal.

UDP proves no sender and hides nothing: use a network that you trust, or a VPN. Whoever is let in can set what this page
lists, load presets and scenes by name, and save them. No message names a file: presets, scenes and players are chosen
from those that lie in their folders, links out of these are passed over, a name to save by is no path, and a folder
takes 999 files at most. A capture gets a new name in the folder of captures.

## In a browser, and for programs

![The page in a browser: address, value, what it takes, what it is](addresses.png)

`http://127.0.0.1:9000` (the number of `--osc-port`; `continuo run` prints it) is this page with the values of now.
Programs get the same as JSON, by [OSCQuery](https://github.com/Vidvox/OSCQueryProposal): `/` is the whole tree,
`/continuo/1/voices` a node (`FULL_PATH`, `TYPE`, `VALUE`, `RANGE`, `ACCESS`, `DESCRIPTION`, `UNIT`),
`/continuo/1/voices?VALUE` one attribute of it, `/?HOST_INFO` where OSC is. It only reads, for whom OSC lets in.

Where OSC listens to the network it is announced there (`_osc._udp` and `_oscjson._tcp`): TouchOSC and OSCQuery browsers
list it as "Continuo on" your machine. `--no-announce` keeps it quiet.
"""


def rows() -> list[dict[str, str]]:
    """Every address: address, types, range, text, kind."""
    return [
        *(_action(action, "do") for action in ACTIONS),
        *(_parameter(parameter) for parameter in (*DAEMON, *INSERT, *PART)),
        *(_action(action, "hear") for action in PUBLISHED),
    ]


def markdown() -> str:
    """The page."""
    titles = {"do": "Do", "set": "Set and read", "hear": "Hear (and read)"}
    pages = [HEAD]
    for kind, title in titles.items():
        table = ["| address | type | range | default | what |", "|---|---|---|---|---|"]
        table += [_line(row) for row in rows() if row["kind"] == kind]
        pages.append(f"## {title}\n\n" + "\n".join(table) + "\n")
    return "\n".join(pages)


def _line(row: dict[str, str]) -> str:
    cells: Iterable[str] = (f"`{row['address']}`", row["types"], row["range"], row["default"], row["text"])
    return "| " + " | ".join(cells) + " |"


def _action(action: Action, kind: str) -> dict[str, str]:
    text = {"address": action.address, "types": action.types, "text": action.text}
    return {**text, "range": "", "default": "", "kind": kind}


def _parameter(parameter: Parameter) -> dict[str, str]:
    unit = f" {parameter.unit}" if parameter.unit else ""
    return {
        "address": f"{PLACES[parameter.scope]}/{parameter.name}",
        "types": parameter.osc_type,
        "text": parameter.text,
        "range": parameter.range_text + unit,
        "default": str(int(parameter.default) if isinstance(parameter.default, bool) else parameter.default),
        "kind": "set",
    }
