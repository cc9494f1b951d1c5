"""Planted leaks: each is a change to the product that breaks a promise. Installed in the process under test only."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from assistant.consent import clip, folder, gate, ledger, purge, record, slots, store, timekeeper, vault
from assistant.errors import ConsentError

Plant = Callable[[], None]
MUTANTS: dict[str, Plant] = {}


def mutant(name: str) -> Callable[[Plant], Plant]:
    def add(plant: Plant) -> Plant:
        MUTANTS[name] = plant
        return plant

    return add


def install(name: str) -> None:
    """Plant it; an empty name plants nothing."""
    importlib.import_module("privacy.key_mutants")  # they add themselves
    if name:
        MUTANTS[name]()


@mutant("acknowledges a withdrawal before it has happened")
def _early_ack() -> None:
    begin = purge.Purge._begin

    def early(self: Any, session: Any, intent: Any) -> None:
        os.write(1, b"ACK\n")
        begin(self, session, intent)

    purge.Purge._begin = early  # type: ignore[method-assign]


@mutant("destroys without writing down the intent first")
def _no_intent() -> None:
    def begin(self: Any, session: Any, intent: Any) -> None:
        object.__setattr__(session.anchor, "intent", intent)

    purge.Purge._begin = begin  # type: ignore[method-assign]


@mutant("writes a clip straight to its final name")
def _no_rename() -> None:
    def put(self: Any, name: str, *pieces: bytes) -> None:
        fd = self.create(name)
        for piece in pieces:
            os.write(fd, piece)
        os.close(fd)

    folder.Folder.put = put  # type: ignore[method-assign]


@mutant("spools a clip as plain sound first")
def _plain_spool() -> None:
    write = vault.Vault.write

    def spool(self: Any, info: Any, samples: Any) -> None:
        path = self._folder.path.parent / "spool.wav"
        path.write_bytes(samples.tobytes())
        write(self, info, samples)
        path.unlink()

    vault.Vault.write = spool  # type: ignore[method-assign]


@mutant("never syncs")
def _no_sync() -> None:
    os.fsync = lambda fd: None  # type: ignore[assignment]
    os.fdatasync = lambda fd: None


@mutant("swallows errors of the disk")
def _swallow() -> None:
    @contextlib.contextmanager
    def quiet(where: str) -> Iterator[None]:
        with contextlib.suppress(OSError):
            yield

    folder.disk = quiet  # type: ignore[assignment]
    slots.disk = quiet  # type: ignore[assignment]
    ledger.disk = quiet  # type: ignore[assignment]
    slots.KeySlots.destroy = _blind_destroy  # type: ignore[method-assign]


def _blind_destroy(self: Any, indices: Iterable[int]) -> int:
    count = 0
    for index in indices:
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, bytes(128), 8192 + index * 128)
            os.fdatasync(self._fd)
        count += 1
    return count


@mutant("does not ask again at the moment of writing")
def _no_check() -> None:
    def check(self: Any, session: Any, permit: Any) -> Any:
        return session.consents()[permit.record]

    gate.Gate._check = check  # type: ignore[method-assign]


@mutant("checks the consent before it takes the lock")
def _check_then_lock() -> None:
    keep = gate.Gate.keep
    check = gate.Gate._check

    def early(self: Any, permit: Any, new: Any) -> Any:
        with self._store.session() as session:
            consent = check(self, session, permit)
        gate.Gate._check = lambda *_: consent  # type: ignore[method-assign]
        return keep(self, permit, new)

    gate.Gate.keep = early  # type: ignore[method-assign]


@mutant("believes the wall clock")
def _wall_clock() -> None:
    def moment(keeper: Any, last: Any) -> Any:
        wall = keeper.wall()
        return timekeeper.Moment(true=wall, wall=wall, boot="", uptime=0)

    store.moment = moment  # type: ignore[assignment]


@mutant("forgets that a consent has run out")
def _no_latch() -> None:
    _wall_clock()
    purge.Purge.expire = lambda self: None  # type: ignore[method-assign]


@mutant("says that it is done whatever happened")
def _always_done() -> None:
    def wrap(method: Callable[..., Any]) -> Callable[..., Any]:
        def done(*arguments: Any, **named: Any) -> Any:
            with contextlib.suppress(ConsentError):
                return method(*arguments, **named)
            return None

        return done

    permits = wrap(gate.Gate.permits)
    gate.Gate.permits = lambda self: permits(self) or {"utterance_audio": None}  # type: ignore[method-assign]
    gate.Gate.keep = wrap(gate.Gate.keep)  # type: ignore[method-assign]
    for name in ("withdraw", "everything", "delete"):
        setattr(purge.Purge, name, wrap(getattr(purge.Purge, name)))


@mutant("does not check signatures and hashes")
def _no_signature() -> None:
    record.Record.fault = lambda self, seq, prev, key: ""  # type: ignore[method-assign]


@mutant("does not anchor the ledger")
def _no_anchor() -> None:
    def read(self: Any, anchor: Any, key: Any) -> Any:
        data = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        found: list[Any] = []
        prev = record.GENESIS
        for seq, line in enumerate(data.splitlines(keepends=True)):
            one = record.parse(line)
            if one is None or one.fault(seq, prev, key):
                raise self._bad(seq, "was changed")
            found.append(one)
            prev = one.hash
        return found, ledger.Tail(record=None, torn=False)

    ledger.Ledger.read = read  # type: ignore[method-assign]


@mutant("asks no witness")
def _no_witness() -> None:
    store.Store._check_witness = lambda self, session: None  # type: ignore[method-assign]


@mutant("follows links")
def _follow() -> None:
    folder._SAFE = os.O_CLOEXEC | os.O_NONBLOCK


@mutant("takes any name")
def _any_name() -> None:
    folder.Folder._checked = lambda self, name: name  # type: ignore[method-assign]


@mutant("does not authenticate clips")
def _no_tag() -> None:
    import numpy as np
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

    def raw(key: bytes, nonce: bytes, data: bytes) -> bytes:
        return Cipher(ChaCha20(key, (1).to_bytes(4, "little") + nonce), None).decryptor().update(data)

    def samples(data: bytes, clip_id: str, record_id: str, key: bytes) -> Any:
        sealed = data[clip.head_length(data) :]
        return np.frombuffer(raw(key, sealed[:12], sealed[12:-16])[: (len(sealed) - 28) // 2 * 2], dtype=np.int16)

    clip.open_samples = samples


@mutant("syncs a clip as plain sound and unlinks it")
def _plain_synced() -> None:
    write = vault.Vault.write

    def spool(self: Any, info: Any, samples: Any) -> None:
        path = self._folder.path.parent / "spool.wav"
        with path.open("wb") as file:
            file.write(samples.tobytes())
            file.flush()
            os.fsync(file.fileno())
        write(self, info, samples)
        path.unlink()

    vault.Vault.write = spool  # type: ignore[method-assign]


@mutant("notes the words in a file and unlinks it")
def _note() -> None:
    from assistant.bus.memory import MemoryBus
    from assistant.messages import stt

    publish = MemoryBus.publish

    def noting(self: Any, message: Any, sender: str) -> None:
        if isinstance(message, stt.Transcript):
            path = Path(os.environ["XDG_STATE_HOME"], "note")
            with path.open("w") as file:
                file.write(message.text.text)
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        publish(self, message, sender)

    MemoryBus.publish = noting  # type: ignore[method-assign]
