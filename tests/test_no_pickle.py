"""Nothing that is read can run: no pickle and its kin, no code from text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("bridge", "models", "music", "train", "presets")
MODULES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "jsonpickle"}
CALLS = {"eval", "exec", "compile", "__import__"}
UNPICKLED = {"torch.load", "np.load", "numpy.load", "torch.hub.load", "pd.read_pickle"}


def found(source: str) -> list[str]:
    return list(_found(ast.parse(source)))


def _found(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (one.name for one in names if one.name.split(".")[0] in MODULES)
            case ast.ImportFrom(str() as module, names):
                yield from [module] if module.split(".")[0] in MODULES else []
                yield from (f"{module}.{one.name}" for one in names if f"{module}.{one.name}" in UNPICKLED)
            case ast.Call(ast.Name(name)) if name in CALLS:
                yield name
            case ast.Call(ast.Attribute(ast.Name("builtins"), name)) if name in CALLS:
                yield name
            case ast.Call(function) if (name := ast.unparse(function)) in UNPICKLED and not _safe(name, node):
                yield name
            case ast.keyword(arg, ast.Constant(value)) if (arg, value) in (
                ("allow_pickle", True),
                ("weights_only", False),
            ):
                yield str(arg)


def _safe(name: str, call: ast.Call) -> bool:
    """numpy reads no pickle unless told to; torch reads only tensors where it is told so."""
    said = {one.arg: ast.unparse(one.value) for one in call.keywords}
    return said.get("weights_only") == "True" if name == "torch.load" else said.get("allow_pickle") == "False"


@pytest.mark.parametrize("path", sorted(path for room in PRODUCT for path in (ROOT / room).rglob("*.py")), ids=str)
def test_nothing_that_is_read_can_run(path: Path) -> None:
    assert found(path.read_text(encoding="utf-8")) == []


def test_torch_reads_only_checkpoints_of_a_training() -> None:
    # Lightning writes them with torch.save: optimizer and random states beside the weights. With weights_only torch
    # builds tensors, numbers, texts and containers and nothing else. What ships is safetensors.
    users = {
        str(path.relative_to(ROOT))
        for room in PRODUCT
        for path in (ROOT / room).rglob("*.py")
        if "torch.load" in {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))}
    }
    assert users == {"train/checkpoints.py"}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import pickle as p",
        "from marshal import loads",
        "import yaml",
        "def f():\n    import shelve",
        "eval('1')",
        "import builtins\nbuiltins.exec('1')",
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "from torch import load",
        "import numpy as np\nnp.load('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "open_archive('x', allow_pickle=True)",
    ],
)
def test_every_way_to_run_what_is_read_is_seen(source: str) -> None:
    assert found(source)


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "re.compile('x')",
        "asyncio.create_subprocess_exec('x')",
        "torch.load('x', weights_only=True)",
        "np.load('x', allow_pickle=False)",
        "safetensors.torch.load(data)",
    ],
)
def test_what_only_sounds_like_it_is_let_through(source: str) -> None:
    assert found(source) == []
