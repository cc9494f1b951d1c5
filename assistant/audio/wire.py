"""Sound between processes: the audio service's side of the socket, and the microphone and speaker of the others.

The socket is a file of mode 0660: whoever may not open it hears nothing. `wire_format` describes the bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from assistant.audio.frame import FRAME_SAMPLES, Frame, Samples
from assistant.audio.ports import Microphone, Reader, Speaker
from assistant.audio.wire_format import (
    FROM_NOW,
    MOST_BYTES,
    RATES,
    Kind,
    Piece,
    WireError,
    pcm,
    receive,
)  # fmt: skip
from assistant.errors import DeviceError

PATIENCE_SECONDS = 5.0
"""A client that has connected must say what it wants within this time."""
MOST_CLIENTS = 16
KERNEL_BYTES = 16_384
"""What may lie in the kernel for a slow reader: half a second. The rest it loses, and is told how much."""

log = logging.getLogger("assistant.audio")


class WireServer:
    """Offers a Microphone and a Speaker on a unix socket."""

    def __init__(self, path: Path, microphone: Microphone, speaker: Speaker) -> None:
        self._path = path
        self._microphone = microphone
        self._speaker = speaker
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to serve. Raises DeviceError."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists() and stat.S_ISSOCK(self._path.stat().st_mode):
                self._path.unlink()  # left behind by a process that was killed
            listener.bind(str(self._path))
            self._path.chmod(0o660)  # nobody can connect before `listen`
        except OSError as error:
            listener.close()
            raise DeviceError(f"the audio socket cannot be made ({error.strerror})", where=str(self._path),
                              hint="Choose a folder you may write to") from error  # fmt: skip
        self._server = await asyncio.start_unix_server(self._greet, sock=listener, limit=MOST_BYTES)

    async def close(self) -> None:
        """Let everybody go."""
        if self._server is None:
            return
        self._server.close()
        clients = tuple(self._clients)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        self._server = None
        self._path.unlink(missing_ok=True)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._clients) >= MOST_CLIENTS:
            writer.close()
            return
        self._clients.add(task)
        try:
            await self._serve(reader, writer)
        except WireError as error:
            log.warning("a client of the audio socket was sent away: %s", error)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # it has gone, or never spoke
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end = writer.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        writer.transport.set_write_buffer_limits(high=0)
        async with asyncio.timeout(PATIENCE_SECONDS):
            wish = await receive(reader)
        try:
            if wish.kind is Kind.LISTEN:
                await self._stream(wish, reader, writer)
            elif wish.kind is Kind.PLAY:
                await self._play(wish, reader, writer)
            elif wish.kind is Kind.STOP:
                await self._speaker.stop()
                writer.write(Piece(Kind.DONE).pack())
            else:
                raise WireError(f"{wish.kind.name} is no beginning")
        except DeviceError as error:
            writer.write(Piece(Kind.ERROR, payload=str(error).encode()[:MOST_BYTES]).pack())
        await writer.drain()

    async def _stream(self, wish: Piece, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sound = await self._microphone.listen(from_sample=None if wish.number == FROM_NOW else wish.number)
        gone = asyncio.create_task(reader.read(1))  # a listener has nothing more to say; this ends when it leaves
        sending = asyncio.create_task(self._send(sound, writer))
        try:
            await asyncio.wait((gone, sending), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            await sound.close()
            await _end(gone, sending)

    async def _send(self, reader: Reader, writer: asyncio.StreamWriter) -> None:
        writer.write(Piece(Kind.OPENED).pack())
        async for frame in reader:
            # Not as `bytes`, of which copies would stay in memory.
            sound = frame.samples.astype("<i2", copy=False)
            writer.write(Piece(Kind.FRAME, frame.index, frame.dropped).header(sound.nbytes))
            writer.write(sound.data.cast("B"))
            await writer.drain()
            sound.fill(0)
        writer.write(Piece(Kind.ENDED).pack())

    async def _play(self, wish: Piece, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if wish.number not in RATES:
            raise WireError(f"{wish.number} samples per second")
        pieces: asyncio.Queue[Samples | None] = asyncio.Queue(2)
        playing = asyncio.create_task(self._speaker.play(_until_none(pieces), wish.number))
        taking = asyncio.create_task(_take(reader, pieces))
        try:
            await asyncio.wait((playing, taking), return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                taking.result()  # raises: whoever wanted it played is gone; what was on its way, 2 s, is dropped
            writer.write(Piece(Kind.DONE, int(playing.result())).pack())
            await writer.drain()
        finally:
            await _end(playing, taking)
        # Closing on a client that still sends would take the answer away from it.
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await reader.read(MOST_BYTES):
                pass


class WireReader:
    """Implements ports.Reader over a connection."""

    def __init__(self, path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._path = path
        self._reader = reader
        self._writer = writer
        self._closed = False

    def __aiter__(self) -> WireReader:
        return self

    async def __anext__(self) -> Frame:
        if self._closed:
            raise StopAsyncIteration
        try:
            piece = await _answer(self._path, self._reader)
        except DeviceError:
            if self._closed:
                raise StopAsyncIteration from None
            raise
        if piece.kind is Kind.ENDED:
            raise StopAsyncIteration
        if piece.kind is not Kind.FRAME or len(piece.payload) != 2 * FRAME_SAMPLES:
            raise _lost(self._path, WireError(f"{piece.kind.name} in place of a frame"))
        return Frame(index=piece.number, samples=piece.samples, dropped=piece.count)

    async def close(self) -> None:
        self._closed = True
        self._writer.close()


class WireMicrophone:
    """Implements ports.Microphone by the socket at `path`. A lost connection raises DeviceError; `listen` again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def listen(self, *, from_sample: int | None = None) -> WireReader:
        reader, writer = await _connect(self._path)
        writer.write(Piece(Kind.LISTEN, FROM_NOW if from_sample is None else from_sample).pack())
        try:
            await _answer(self._path, reader)
        except BaseException:
            writer.close()
            raise
        return WireReader(self._path, reader, writer)


class WireSpeaker:
    """Implements ports.Speaker by the socket at `path`. Each call is a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def play(self, samples: AsyncIterator[Samples], rate: int) -> bool:
        reader, writer = await _connect(self._path)
        writer.write(Piece(Kind.PLAY, rate).pack())
        answer = asyncio.create_task(_answer(self._path, reader))
        giving = asyncio.create_task(_give(samples, writer))
        try:
            await asyncio.wait((answer, giving), return_when=asyncio.FIRST_COMPLETED)
            if giving.done():
                giving.result()  # what the maker of the sound raised
            return bool((await answer).number)
        finally:
            await _end(giving, answer)
            writer.close()

    async def stop(self) -> None:
        reader, writer = await _connect(self._path)
        try:
            writer.write(Piece(Kind.STOP).pack())
            await _answer(self._path, reader)
        finally:
            writer.close()


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        # Little room on this side, so that a slow reader's backlog is the ring, where it is counted.
        return await asyncio.open_unix_connection(str(path), limit=4 * FRAME_SAMPLES)
    except OSError as error:
        raise _lost(path, error) from error


async def _answer(path: Path, reader: asyncio.StreamReader) -> Piece:
    """What the service says next. Raises DeviceError: what it complains of, or that it is gone."""
    try:
        piece = await receive(reader)
    except (OSError, asyncio.IncompleteReadError, WireError) as error:
        raise _lost(path, error) from error
    if piece.kind is Kind.ERROR:
        raise DeviceError(piece.payload.decode(errors="replace"))
    return piece


async def _give(samples: AsyncIterator[Samples], writer: asyncio.StreamWriter) -> None:
    """Send sound to its end. A connection that breaks meanwhile is the answer's business."""
    step = MOST_BYTES // 2
    async for sound in samples:
        for start in range(0, len(sound), step):
            writer.write(Piece(Kind.SOUND, payload=pcm(sound[start : start + step])).pack())
            with contextlib.suppress(OSError):
                await writer.drain()
    writer.write(Piece(Kind.END).pack())


async def _take(reader: asyncio.StreamReader, pieces: asyncio.Queue[Samples | None]) -> None:
    """A client's sound, and None at its end; goes on watching. Raises when the client leaves or talks nonsense."""
    complete = False
    while True:
        piece = await receive(reader)
        if complete or piece.kind not in (Kind.SOUND, Kind.END):
            raise WireError(f"{piece.kind.name} out of place")
        complete = piece.kind is Kind.END
        await pieces.put(None if complete else piece.samples)


async def _until_none(pieces: asyncio.Queue[Samples | None]) -> AsyncIterator[Samples]:
    while (samples := await pieces.get()) is not None:
        yield samples


def _lost(path: Path, error: Exception) -> DeviceError:
    return DeviceError(f"the audio service does not answer ({_why(error)})", where=str(path),
                       hint="Is `assistant run` running, and may you use its socket?")  # fmt: skip


def _why(error: Exception) -> str:
    if isinstance(error, asyncio.IncompleteReadError):
        return "it closed the connection"
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
