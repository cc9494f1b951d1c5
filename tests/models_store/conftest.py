"""A web server on this machine that can be told to misbehave."""

from __future__ import annotations

import fcntl
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Server:
    """`files` is what it serves. The next answers are cut after as many bytes as `cuts` says."""

    port: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    requests: int = 0
    status: int = 0
    announce: bool = True
    ignores_ranges: bool = False
    moved_to: str = ""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1
"""SIOCGIFFLAGS, SIOCSIFFLAGS and IFF_UP of netdevice(7)."""


def _loopback_up() -> None:
    """In a network namespace of its own (`unshare --net`) this machine cannot even reach itself at first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        name, flags = struct.unpack("16sh", fcntl.ioctl(asked, _GET_FLAGS, struct.pack("16sh", b"lo", 0)))
        if not flags & _UP:
            try:
                fcntl.ioctl(asked, _SET_FLAGS, struct.pack("16sh", name, flags | _UP))
            except PermissionError:
                pytest.skip("the loopback interface is down, and only root may bring it up")


@pytest.fixture
def server() -> Iterator[Server]:
    _loopback_up()
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests += 1
            state.ranges.append(self.headers.get("Range", ""))
            if state.moved_to:
                self.send_response(302)
                self.send_header("Location", state.moved_to)
                self.end_headers()
                return
            content = state.files.get(self.path.lstrip("/"))
            if state.status or content is None:
                self.send_error(state.status or 404)
                return
            start = 0
            if "Range" in self.headers and not state.ignores_ranges:
                start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            body = content[start:]
            if state.announce:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()
