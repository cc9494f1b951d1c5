"""Asks PulseAudio (or PipeWire's stand-in) which source really feeds us; ALSA and PortAudio cannot tell.

When a microphone is pulled out, PulseAudio moves the recording to another source without a word: often to what the
loudspeaker plays. Then the assistant would listen to itself and say all is well. libpulse is in the process already
when its ALSA plugin is in use; where it is absent there is nothing to ask.
Structures: pulse/introspect.h, stable since protocol 13 (only leading fields are declared, read by pointer).
"""

from __future__ import annotations

import ctypes as c
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.errors import DeviceError

PATIENCE = 0.3
"""Seconds to wait for an answer."""
_READY, _FAILED, _TERMINATED = 4, 5, 6
_NO_AUTOSPAWN = 1


class _SampleSpec(c.Structure):
    _fields_ = (("format", c.c_int), ("rate", c.c_uint32), ("channels", c.c_uint8))


class _ChannelMap(c.Structure):
    _fields_ = (("channels", c.c_uint8), ("map", c.c_int * 32))


class _Volume(c.Structure):
    _fields_ = (("channels", c.c_uint8), ("values", c.c_uint32 * 32))


class _Recording(c.Structure):  # pa_source_output_info
    _fields_ = (
        ("index", c.c_uint32), ("name", c.c_char_p), ("owner_module", c.c_uint32), ("client", c.c_uint32),
        ("source", c.c_uint32), ("spec", _SampleSpec), ("map", _ChannelMap), ("buffer_usec", c.c_uint64),
        ("source_usec", c.c_uint64), ("resample_method", c.c_char_p), ("driver", c.c_char_p), ("proplist", c.c_void_p),
    )  # fmt: skip


class _Source(c.Structure):  # pa_source_info
    _fields_ = (
        ("name", c.c_char_p), ("index", c.c_uint32), ("description", c.c_char_p), ("spec", _SampleSpec),
        ("map", _ChannelMap), ("owner_module", c.c_uint32), ("volume", _Volume), ("mute", c.c_int),
        ("monitor_of_sink", c.c_uint32), ("monitor_of_sink_name", c.c_char_p),
    )  # fmt: skip


class _Server(c.Structure):  # pa_server_info
    _fields_ = (
        ("user", c.c_char_p), ("host", c.c_char_p), ("version", c.c_char_p), ("server", c.c_char_p),
        ("spec", _SampleSpec), ("default_sink", c.c_char_p), ("default_source", c.c_char_p),
    )  # fmt: skip


_LIST = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p, c.c_int, c.c_void_p)
_ONE = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p, c.c_void_p)


@dataclass(frozen=True, slots=True)
class Feed:
    """One recording: its number, whose it is, the source that feeds it, and whether that is our own speaker."""

    index: int
    source: str
    description: str
    own_speaker: bool
    pid: int = 0
    """0 where the server does not say."""
    program: str = ""


class PulseProbe:
    """A connection of its own to the sound server, for one thread."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._abandoned = threading.Event()
        self._lib: Any = None
        self._loop: int | None = None
        self._context: int | None = None

    def open(self) -> bool:
        """False when there is no PulseAudio to ask."""
        self.close()
        self._abandoned.clear()
        try:
            self._lib = _load()
        except OSError:
            return False
        self._loop = self._lib.pa_mainloop_new()
        self._context = self._lib.pa_context_new(self._lib.pa_mainloop_get_api(self._loop), b"assistant")
        if self._lib.pa_context_connect(self._context, None, _NO_AUTOSPAWN, None) < 0:
            self.close()
            return False
        self._until(lambda: self._state() in (_READY, _FAILED, _TERMINATED))
        if self._state() != _READY:
            self.close()
            return False
        return True

    def abandon(self) -> None:
        """From any thread: wait for no answer any more. What is being asked ends without one, within 20 ms."""
        self._abandoned.set()

    @property
    def connected(self) -> bool:
        """Whether there is a server to ask."""
        return self._context is not None

    def feeds(self) -> list[Feed] | None:
        """What feeds the recordings of this process; None when the server gives no clear answer."""
        found = self.recordings()
        return None if found is None else [feed for feed in found if feed.pid == os.getpid()]

    def recordings(self, environ: Mapping[str, str] = os.environ) -> list[Feed] | None:
        """What feeds each recording of any program; None when the server gives no clear answer."""
        recordings: list[tuple[int, int, int, str]] = []
        sources: dict[int, tuple[str, str, str]] = {}
        speaker: list[str] = []

        def recording(pointer: int) -> None:
            info = _Recording.from_address(pointer)
            pid, program = (
                _text(self._lib.pa_proplist_gets(info.proplist, key))
                for key in (b"application.process.id", b"application.process.binary")
            )
            recordings.append((info.index, info.source, int(pid) if pid.isdigit() else 0, program))

        def source(pointer: int) -> None:
            info = _Source.from_address(pointer)
            sources[info.index] = (_text(info.name), _text(info.description), _text(info.monitor_of_sink_name))

        def server(_context: int, pointer: int, _data: int) -> None:
            speaker.append(_text(_Server.from_address(pointer).default_sink) if pointer else "")

        done = (
            self._list("pa_context_get_source_output_info_list", recording)
            and self._list("pa_context_get_source_info_list", source)
            and self._ask("pa_context_get_server_info", _ONE(server), lambda: bool(speaker))
        )
        if not done or any(number not in sources for _, number, *_ in recordings):
            return None  # or things changed between two answers
        ear = environ.get("PULSE_SINK") or speaker[0]
        found = []
        for index, number, pid, program in recordings:
            name, description, monitored = sources[number]
            found.append(Feed(index, name, description, bool(monitored) and monitored == ear, pid, program))
        return found

    def close(self) -> None:
        if self._lib is not None:
            if self._context is not None:
                self._lib.pa_context_disconnect(self._context)
                self._lib.pa_context_unref(self._context)
            if self._loop is not None:
                self._lib.pa_mainloop_free(self._loop)
        self._context = self._loop = None

    def _state(self) -> int:
        return int(self._lib.pa_context_get_state(self._context))

    def _list(self, name: str, each: Callable[[int], None]) -> bool:
        ended: list[int] = []

        def reply(_context: int, pointer: int, eol: int, _data: int) -> None:
            if eol:
                ended.append(eol)
            else:
                each(pointer)

        return self._ask(name, _LIST(reply), lambda: bool(ended)) and ended[0] > 0

    def _ask(self, name: str, reply: Any, answered: Callable[[], bool]) -> bool:
        if self._context is None:
            return False
        operation = getattr(self._lib, name)(self._context, reply, None)
        if not operation:
            return False
        self._until(lambda: answered() or self._state() != _READY)
        if not answered():
            self._lib.pa_operation_cancel(operation)  # its reply function is about to be freed
        self._lib.pa_operation_unref(operation)
        return answered()

    def _until(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + self._patience
        while not reached() and time.monotonic() < end and not self._abandoned.is_set():
            if self._lib.pa_mainloop_prepare(self._loop, 20_000) < 0 or self._lib.pa_mainloop_poll(self._loop) < 0:
                return
            self._lib.pa_mainloop_dispatch(self._loop)


class FeedWatch:
    """Notices when a sound server feeds the microphone's stream from somewhere else.

    `close` may come from another thread than `check`: libpulse must not lose its connection while it is asked.
    """

    EVERY = 12
    """Frames between two looks: about a second."""

    def __init__(self) -> None:
        self._probe = PulseProbe()
        self._known: set[int] = set()
        self._feed: tuple[int, str] | None = None
        self._count = 0
        self._asking = threading.Lock()

    def before(self) -> None:
        """Just before the stream opens."""
        self._feed = None
        self._known = {feed.index for feed in self._probe.feeds() or ()} if self._probe.open() else set()

    def after(self) -> str:
        """Just after: the source's own name, or nothing when no sound server is behind it. Raises DeviceError."""
        if not self._probe.connected:
            return ""
        feeds = self._probe.feeds() or self._probe.feeds()
        if feeds is None:
            raise DeviceError("does not answer", where="the sound server", hint="It will be tried again")
        new = [feed for feed in feeds if feed.index not in self._known]
        if not new:
            self._probe.close()
            return ""
        if new[0].own_speaker:
            raise DeviceError("the sound server has no microphone but what the speaker plays",
                              where=new[0].source, hint="Plug a microphone in; it will be found")  # fmt: skip
        self._feed = (new[0].index, new[0].source)
        self._count = 0
        return new[0].description or new[0].source

    def check(self) -> None:
        """Once a frame. Raises DeviceError when another source feeds the stream, or none."""
        self._count += 1
        feed = self._feed
        if feed is None or self._count % self.EVERY:
            return
        with self._asking:
            feeds = self._probe.feeds() if self._probe.connected else None
        if feeds is None:
            return  # it is busy, or gone; the stream itself fails then
        index, source = feed
        if {each.index: each.source for each in feeds}.get(index) != source:
            raise DeviceError("was taken away by the sound server", where=source,
                              hint="Plug it in again; it will be found")  # fmt: skip

    def abandon(self) -> None:
        """From any thread: `close` is about to come, so wait for no answer."""
        self._probe.abandon()

    def close(self) -> None:
        self.abandon()
        with self._asking:
            self._probe.close()
        self._feed = None


def _load() -> Any:
    lib = c.CDLL("libpulse.so.0")
    for name in (
        "pa_mainloop_new", "pa_mainloop_get_api", "pa_context_new", "pa_context_get_source_output_info_list",
        "pa_context_get_source_info_list", "pa_context_get_server_info",
    ):  # fmt: skip
        getattr(lib, name).restype = c.c_void_p
    lib.pa_proplist_gets.restype = c.c_char_p
    lib.pa_proplist_gets.argtypes = (c.c_void_p, c.c_char_p)
    lib.pa_context_new.argtypes = (c.c_void_p, c.c_char_p)
    lib.pa_context_connect.argtypes = (c.c_void_p, c.c_char_p, c.c_int, c.c_void_p)
    lib.pa_mainloop_prepare.argtypes = (c.c_void_p, c.c_int)
    for name in ("get_source_output_info_list", "get_source_info_list"):
        getattr(lib, f"pa_context_{name}").argtypes = (c.c_void_p, _LIST, c.c_void_p)
    lib.pa_context_get_server_info.argtypes = (c.c_void_p, _ONE, c.c_void_p)
    for name in (
        "pa_mainloop_get_api", "pa_mainloop_free", "pa_mainloop_poll", "pa_mainloop_dispatch", "pa_context_get_state",
        "pa_context_disconnect", "pa_context_unref", "pa_operation_unref", "pa_operation_cancel",
    ):  # fmt: skip
        getattr(lib, name).argtypes = (c.c_void_p,)
    return lib


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")
