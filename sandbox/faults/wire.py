"""Faults below HTTP: bytes that do not keep their promise, connections that end, a server that is not there."""

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults.places import Parameters

JSON = "application/json; charset=utf-8"
Wire = Callable[[asyncio.Transport, bytes, Parameters], Awaitable[None]]
_MEGABYTE = 1 << 20
_BOMB = {"begin": "{", "filling": " ", "end": "}"}
_RESET = struct.pack("ii", 1, 0)


def with_wire(app: ASGIApp) -> ASGIApp:
    """The application, with the connection's transport in every scope: what uvicorn itself keeps from applications."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        scope["wire"] = getattr(getattr(send, "__self__", None), "transport", None)
        await app(scope, receive, send)

    return call


class OnTheWire(Response):
    """An answer written past the HTTP server, which would not let it out."""

    def __init__(self, name: str, content: bytes, parameters: Parameters) -> None:
        super().__init__(content, 200, media_type=JSON)
        self._write, self._parameters = WIRE[name], parameters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write, close the connection, and wait until the server has seen that."""
        wire: asyncio.Transport = scope["wire"]
        await self._write(wire, bytes(self.body), self._parameters)
        wire.close()
        while (await receive())["type"] != "http.disconnect":
            pass


def _head(length: int, *headers: str) -> bytes:
    lines = ("HTTP/1.1 200 OK", f"content-type: {JSON}", f"content-length: {length}", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _cut(wire: asyncio.Transport, content: bytes, _: Parameters) -> None:
    """Half of the body, then an orderly end."""
    wire.write(_head(len(content)) + content[: len(content) // 2])


async def _reset(wire: asyncio.Transport, content: bytes, _: Parameters) -> None:
    """Half of the body, then a TCP reset."""
    wire.write(_head(len(content)) + content[: len(content) // 2])
    await asyncio.sleep(0.02)
    connection: socket.socket = wire.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    wire.abort()


async def _drip(wire: asyncio.Transport, content: bytes, parameters: Parameters) -> None:
    """The whole body, in `pieces` with `seconds` between them."""
    wire.write(_head(len(content)))
    size = -(-len(content) // int(parameters.get("pieces", 10))) or 1
    for start in range(0, len(content), size):
        if wire.is_closing():
            return
        wire.write(content[start : start + size])
        await asyncio.sleep(float(parameters.get("seconds", 0.05)))


async def _wrong_length(wire: asyncio.Transport, content: bytes, parameters: Parameters) -> None:
    """A content-length that is `off` by so many bytes: below zero promises too little."""
    wire.write(_head(len(content) + int(parameters.get("off", 100))) + content)


async def _bad_gzip(wire: asyncio.Transport, content: bytes, _: Parameters) -> None:
    """A body that says it is gzip and turns into noise half-way."""
    packed = gzip.compress(content)
    packed = packed[: len(packed) // 2] + bytes(reversed(packed[len(packed) // 2 :]))
    wire.write(_head(len(packed), "content-encoding: gzip") + packed)


async def _hang(wire: asyncio.Transport, _: bytes, parameters: Parameters) -> None:
    """No answer at all for so many `seconds`."""
    deadline = asyncio.get_running_loop().time() + float(parameters.get("seconds", 120))
    while not wire.is_closing() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.05)


async def _slow_head(wire: asyncio.Transport, content: bytes, parameters: Parameters) -> None:
    """A head of so many `lines` (no end without), one every so many `seconds`, and then the body."""
    wire.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while not wire.is_closing() and number < float(parameters.get("lines", "inf")):
        wire.write(f"x-line-{number}: 1\r\n".encode())
        number += 1
        await asyncio.sleep(float(parameters.get("seconds", 3)))
    wire.write(_head(len(content)).partition(b"\r\n")[2] + content)


async def _endless(wire: asyncio.Transport, content: bytes, parameters: Parameters) -> None:
    """A chunked body that begins well and goes on with spaces for so many `megabytes` (no end without)."""
    wire.write(f"HTTP/1.1 200 OK\r\ncontent-type: {JSON}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
    begin = content[:1] or b"{"
    wire.write(b"1\r\n" + begin + b"\r\n")
    chunk = b"%x\r\n%s\r\n" % (_MEGABYTE, b" " * _MEGABYTE)
    sent = 0
    while not wire.is_closing() and sent < float(parameters.get("megabytes", "inf")):
        wire.write(chunk)
        sent += 1
        # What the client does not take must not be kept here.
        while wire.get_write_buffer_size() and not wire.is_closing():
            await asyncio.sleep(0.005)


async def _gzip_bomb(wire: asyncio.Transport, _: bytes, parameters: Parameters) -> None:
    """A small gzip body that becomes so many `megabytes`: of spaces, or of records if `filling` says so."""
    begin, filling, end = (str(parameters.get(name, text)) for name, text in _BOMB.items())
    # Packing takes seconds, in which other requests are answered.
    body = await asyncio.to_thread(_packed, begin, filling, end, int(parameters.get("megabytes", 1024)))
    wire.write(_head(len(body), "content-encoding: gzip") + body)


@lru_cache(maxsize=2)
def _packed(begin: str, filling: str, end: str, megabytes: int) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    piece = filling.encode() * (_MEGABYTE // len(filling.encode()))
    packed = [packing.compress(begin.encode()), *(packing.compress(piece) for _ in range(megabytes))]
    return b"".join([*packed, packing.compress(end.encode()), packing.flush()])


WIRE: dict[str, Wire] = {
    "cut": _cut,
    "reset": _reset,
    "drip": _drip,
    "wrong_length": _wrong_length,
    "bad_gzip": _bad_gzip,
    "hang": _hang,
    "slow_head": _slow_head,
    "endless": _endless,
    "gzip_bomb": _gzip_bomb,
}


def tcp_socket() -> socket.socket:
    """For a listener: of a socket that names its protocol asyncio lets small answers go at once (TCP_NODELAY).

    Else a body behind its head waits 40 ms for the client to acknowledge the head.
    """
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)


class Network:
    """The sandbox's own place on the network, which it can leave for a while."""

    def __init__(self) -> None:
        self.server: uvicorn.Server | None = None
        self._returning: asyncio.Task[None] | None = None

    def leave(self, seconds: float) -> None:
        """Drop every connection and refuse new ones for so long."""
        if self.server is None or self._returning is not None:
            return
        listener = self.server.servers[0]
        address = listener.sockets[0].getsockname()
        listener.close()
        for connection in list(self.server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        self._returning = asyncio.create_task(self._return(self.server, address, seconds))

    async def _return(self, server: uvicorn.Server, address: tuple[str, int], seconds: float) -> None:
        await asyncio.sleep(seconds)
        again = tcp_socket()
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(address)
        await server.startup(sockets=[again])
        self._returning = None
