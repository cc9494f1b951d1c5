"""The sound of a radio station for an assistant without a network: `python -m skills.media.station`, once a listener.

systemd hands it the assistant's connection as standard input. One line comes in, the name of a station; its address is
taken from the household's configuration, which the assistant cannot write, so it cannot be led anywhere else. Back go
`PLAYS` and the sound as samples (`SOUND`), or one of the other answers. What parses a stranger's bytes, mpv, runs here:
with a network, without a microphone or any file of the assistant.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import yaml

from .library import plain, read_stations
from .player import QUIET, SOUND

PLAYS, UNKNOWN, OFF_AIR, NO_MPV = b"plays\n", b"unknown\n", b"off-air\n", b"no-mpv\n"
LINE = 256
"""Bytes of a station's name."""
PATIENCE = 4.0
"""Seconds until a station that sends no sound is taken to be off the air."""
CHUNK = 1 << 16
_WEB = ("http://", "https://")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="skills.media.station", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="the file with skills.settings: media.stations")
    given = parser.parse_args(arguments)
    with socket.socket(fileno=0) as listener:
        listener.settimeout(PATIENCE)
        try:
            address = address_of(_name(listener), given.config)
            if address is None:
                listener.sendall(UNKNOWN)
            elif shutil.which(QUIET[0]) is None:
                listener.sendall(NO_MPV)
            else:
                relay(listener, address)
        except (ConnectionError, TimeoutError):
            return 0  # the listener has gone, or asked nothing
        except (OSError, yaml.YAMLError, ValueError) as error:
            sys.stderr.write(f"{given.config}: {' '.join(str(error).split())}. See: assistant config check\n")
            listener.sendall(UNKNOWN)
            return 1
    return 0


def address_of(name: str, config: Path) -> str | None:
    """The address of a station on the web, by the household's configuration. Raises OSError, YAMLError, ValueError."""
    match yaml.safe_load(config.read_text(encoding="utf-8")):
        case {"skills": {"settings": {"media.stations": str() as text}}}:
            stations = read_stations(text)
        case dict():
            stations = {}
        case _:
            raise ValueError("no settings")
    found = (url for each, url in stations.items() if plain(each) == plain(name))
    return next((url for url in found if url.startswith(_WEB)), None)


def relay(listener: socket.socket, address: str) -> None:
    """Have mpv turn the station into samples, until it or the listener ends. Raises OSError, as ConnectionError when
    the listener has gone."""
    ours, its = os.pipe()
    output = ("--ao=pcm", "--ao-pcm-waveheader=no", f"--ao-pcm-file=/dev/fd/{its}")
    mpv = subprocess.Popen(  # it takes what the pipe takes: no faster than it is listened to
        (*QUIET, *SOUND, *output, "--", address),
        pass_fds=(its,), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(its)
    try:
        listener.settimeout(None)
        _carry(ours, listener)
    finally:
        os.close(ours)
        mpv.kill()
        mpv.wait()


def _carry(sound: int, listener: socket.socket) -> None:
    begun, until = False, time.monotonic() + PATIENCE
    while True:
        left = None if begun else max(0.0, until - time.monotonic())
        ready, _, _ = select.select([sound, listener.fileno()], [], [], left)
        if listener.fileno() in ready:
            return  # nothing more is asked on a connection: it has gone
        data = os.read(sound, CHUNK) if ready else b""
        if not data:
            if not begun:
                listener.sendall(OFF_AIR)
            return
        listener.sendall(data if begun else PLAYS + data)
        begun = True


def _name(listener: socket.socket) -> str:
    """The line that was asked, however it comes in."""
    line = b""
    while not line.endswith(b"\n") and len(line) < LINE:
        data = listener.recv(LINE - len(line))
        if not data:
            break
        line += data
    with contextlib.suppress(UnicodeDecodeError):
        return line.decode().strip()
    return ""


if __name__ == "__main__":
    sys.exit(main())
