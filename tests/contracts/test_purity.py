"""The pure parts at run time: no clock, no dice, no loop and no disk, even where an import contract cannot look.

What is proven, in a process of its own:

1. After importing every module of `limits`, `chat`, `wire`, `hub` and the client's core, none of the modules that do
   things is loaded: not by us, and not by what we import.
2. `time` and `os` are part of any Python and cannot be kept out; `msgspec` and the standard library hold on to them
   before the first line of ours runs. So those libraries are imported first, and then `time`, `os`, `random` and the
   modules beneath them are replaced by ones of which no attribute can be taken. Whatever of ours imports them, or
   reaches for them later, raises. A conversation is then held through the native protocol, the hub's turn and the
   client's core, driven by hand.

The standard library's own modules keep what they imported before; what they do with it is theirs.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

FORBIDDEN = [
    "asyncio",
    "socket",
    "ssl",
    "sqlite3",
    "sqlalchemy",
    "threading",
    "aiohttp",
    "uvloop",
    "random",
    "selectors",
]

IMPORTING = """
import importlib, pkgutil, sys

def import_pure():
    names = ["besedka.limits", "besedka.client.core"]
    for package in ("besedka.chat", "besedka.wire", "besedka.hub"):
        found = importlib.import_module(package)
        names += [f"{package}.{module.name}" for module in pkgutil.iter_modules(found.__path__)]
    for name in names:
        importlib.import_module(name)
    return names
"""

LOADED = (
    IMPORTING
    + """
import_pure()
print(*sys.modules, sep="\\n")
"""
)

POISONED = (
    IMPORTING
    + """
import base64, collections, enum, functools, heapq, re, types, typing, unicodedata, itertools, collections.abc
import json, immutables, msgspec

class Untouchable(types.ModuleType):
    def __getattr__(self, name):
        raise AssertionError(f"{self.__name__}.{name} was used")

import time, os
for name in ("time", "os", "posix", "random", "datetime", "secrets", "uuid"):
    sys.modules[name] = Untouchable(name)
"""
)

CONVERSATION = (
    POISONED
    + """
for name in import_pure():
    for held in vars(sys.modules[name]).values():
        assert held not in (time, os) and not isinstance(held, Untouchable), f"{name} holds on to {held.__name__}"

from besedka.chat.requests import Hello, Ping
from besedka.chat.told import Done, Welcome
from besedka.hub.hub import Hub
from besedka.hub.parts import Parts
from besedka.hub.ports import Peer
from besedka.hub.settings import Settings
from besedka.limits import Limits
from besedka.wire.native import NativeClient, NativeServer

class World:
    epoch, boot, rooms_given, full = "e", 1, 0, False
    written = b""
    def now(self): return 1000
    def seconds(self): return 1.0
    def ring(self): pass
    def write(self, data): self.written += data

world, limits = World(), Limits()
hub = Hub(Parts(logs=world, accounts=world, keys=world, clock=world, bell=world, tasks=world, dice=world,
                journal=world, limits=limits, settings=Settings()))
client = NativeClient()
session = hub.connect(world, Peer("192.0.2.1", True, "native"), NativeServer(limits))
session.receive(client.ask(Hello(version=1)) + client.ask(Ping(id="0" * 32)))
for _ in range(2):
    try:
        hub.turn().send(None)
    except StopIteration:
        pass
welcome, done = client.receive(world.written)
assert isinstance(welcome, Welcome) and isinstance(done, Done), (welcome, done)
print("talked")
"""
)


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)


def test_nothing_that_does_things_is_loaded() -> None:
    done = run(LOADED)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert {"besedka.hub.turn", "besedka.wire.native", "besedka.client.core", "besedka.chat.rules"} <= loaded
    assert loaded & set(FORBIDDEN) == set()


def test_a_conversation_without_a_clock_dice_or_a_system() -> None:
    done = run(CONVERSATION)
    assert (done.stdout, done.stderr) == ("talked\n", "")


@pytest.mark.parametrize("use", ["os.getpid()", "time.time()", "random.random()"])
def test_the_poison_works(use: str) -> None:
    done = run(f"{POISONED}\nimport os, time, random\n{use}\n")
    assert "was used" in done.stderr
