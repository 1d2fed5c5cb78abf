"""A network that a test can spoil: a TCP proxy in a thread of its own, before any server."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from deploy.machine.ports import HOST

CHUNK_BYTES = 65_536
CONNECT_SECONDS = 5.0
THREAD_SECONDS = 10.0
RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: a close becomes a reset

UP, DOWN = "up", "down"
"""From the client to the server, and back."""


def rerouted(url: str, network: "FaultyNetwork") -> str:
    """A database's URL, by way of a network."""
    return url.replace(f":{network.port}/", f":{network.entrance}/")


Sieve = Callable[[str, bytes], bytes]
"""What is left of the bytes of a way; it sees those of one connection, in their order."""


@dataclass(slots=True)
class _Way:
    """One direction: how it treats bytes, and how many it has carried."""

    latency_seconds: float = 0.0
    swallows: bool = False
    cut_after: int | None = None
    bytes: int = 0
    lost: int = 0


@dataclass(eq=False, slots=True)
class _Link:
    """A client's connection and ours to the server."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    sieve: Sieve | None
    silent: bool = False

    def close(self, *, reset: bool = False) -> None:
        for writer in (self.client, self.server):
            if reset and not writer.is_closing():  # its socket may be gone
                end: socket.socket = writer.get_extra_info("socket")
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.close()


@dataclass
class FaultyNetwork:
    """A way to the server at `port` that begins at `entrance`; perfect until told otherwise.

    What it does to bytes holds for all connections, present and coming, until `heal`.
    """

    port: int
    entrance: int = 0
    connections: int = 0
    refused: int = 0
    cuts: int = 0
    new_sieve: Callable[[], Sieve] | None = None
    """Makes a sieve for each connection that begins from now on."""
    _ways: dict[str, _Way] = field(default_factory=lambda: {UP: _Way(), DOWN: _Way()})
    _refuses: bool = False
    _links: set[_Link] = field(default_factory=set)
    _writers: WeakSet[asyncio.StreamWriter] = field(default_factory=WeakSet)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _free: dict[str, asyncio.Event] = field(default_factory=dict)

    def open(self) -> "FaultyNetwork":
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._call(self._listen())
        return self

    def close(self) -> None:
        self.cut()
        self._call(self._stop_listening())
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join(THREAD_SECONDS)
        self._loop.close()

    def slow(self, seconds: float, *ways: str) -> None:
        """Hold every chunk of bytes back for so long."""
        for name in ways or (UP, DOWN):
            self._ways[name].latency_seconds = seconds

    def stall(self, *ways: str) -> None:
        """Carry nothing; what comes waits, and is carried on once healed."""
        for name in ways or (UP, DOWN):
            self._loop.call_soon_threadsafe(self._free[name].clear)

    def swallow(self, *ways: str) -> None:
        """Lose every byte of a direction: a black hole that still says it is connected."""
        for name in ways or (UP, DOWN):
            self._ways[name].swallows = True

    def silence(self) -> None:
        """Lose every byte of the connections there are, for ever; new ones are welcome."""
        for link in list(self._links):
            link.silent = True

    def cut_after(self, count: int, way: str) -> None:
        """Let so many more bytes through, then end that connection: the rest never arrives."""
        self._ways[way].cut_after = count

    def cut(self, *, reset: bool = False) -> None:
        """End every connection at once, politely or with a reset; new ones are welcome."""
        self._call(self._cut(reset))

    def refuse(self) -> None:
        """Take no new connection, and end those there are."""
        self._refuses = True
        self.cut(reset=True)

    def heal(self) -> None:
        """Be perfect again. Where bytes were swallowed, connections are ended: they cannot mend."""
        spoilt = any(way.swallows for way in self._ways.values())
        self._refuses = False
        for name, way in self._ways.items():
            way.latency_seconds, way.swallows, way.cut_after = 0.0, False, None
            self._loop.call_soon_threadsafe(self._free[name].set)
        if spoilt:
            self.cut(reset=True)

    def carried(self, way: str) -> int:
        """How many bytes have arrived at that way's end."""
        return self._ways[way].bytes

    def lost(self, way: str) -> int:
        """How many bytes were swallowed there."""
        return self._ways[way].lost

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(THREAD_SECONDS)

    async def _listen(self) -> None:
        for name in self._ways:
            self._free[name] = asyncio.Event()
            self._free[name].set()
        self._server = await asyncio.start_server(self._join, HOST, self.entrance)
        self.entrance = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in list(self._writers):
            writer.transport.abort()  # one that was closed still waits for a peer that reads no more
        await asyncio.sleep(0)  # in which the loop closes their sockets

    async def _cut(self, reset: bool) -> None:  # noqa: FBT001  # one of two ways
        for link in list(self._links):
            link.close(reset=reset)
            self.cuts += 1

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            self.refused += 1
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.close()
            return
        try:
            back, there = await asyncio.wait_for(
                asyncio.open_connection(HOST, self.port), CONNECT_SECONDS
            )
        except (OSError, TimeoutError):
            writer.close()
            return
        self.connections += 1
        link = _Link(writer, there, self.new_sieve() if self.new_sieve else None)
        self._links.add(link)
        self._writers |= {writer, there}
        try:
            await asyncio.gather(
                self._carry(reader, there, UP, link), self._carry(back, writer, DOWN, link)
            )
        finally:
            self._links.discard(link)
            link.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str, link: _Link
    ) -> None:
        way = self._ways[name]
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                await self._free[name].wait()
                if way.latency_seconds:
                    await asyncio.sleep(way.latency_seconds)
                if link.sieve is not None:
                    chunk = link.sieve(name, chunk)
                if way.swallows or link.silent:
                    way.lost += len(chunk)
                    continue
                if way.cut_after is not None and len(chunk) >= way.cut_after:
                    chunk, ends = chunk[: way.cut_after], True
                    way.cut_after = None
                else:
                    ends = False
                    if way.cut_after is not None:
                        way.cut_after -= len(chunk)
                writer.write(chunk)
                await writer.drain()
                way.bytes += len(chunk)
                if ends:
                    self.cuts += 1
                    link.close(reset=True)
                    return
        except OSError:
            pass
        finally:
            link.close()
