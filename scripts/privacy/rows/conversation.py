"""One conversation by real sound, from a yes by voice to "forget everything", with the household's state on a card.

PulseAudio null sinks stand where the microphone and the speaker are; the rest is the assistant as it is started. What
is misheard is said again, as people do. The card is an image with ext4 that is searched byte by byte afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import re
import subprocess
import tempfile
import wave
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assistant.audio.frame import Samples
from assistant.bus.base import Subscription
from assistant.bus.socket import connect
from assistant.consent.device_key import load_device_key
from assistant.messages import consent, dialog
from privacy.box import need
from privacy.keysearch import carve, search
from privacy.row import CannotProve, Finding, Row
from privacy.rows.crash import make_image, mounted
from privacy.talking import TRIES, Misheard, Table, command, until

if TYPE_CHECKING:
    from tests.pulse import Pulse

Talk = Callable[[Subscription], Awaitable[Samples]]
"""A conversation, by what the assistant says meanwhile; the sound of the clip that was kept."""

CANARY = "pineapple"
WISH = "Hey Mycroft. You may keep my requests for a week."
REQUEST = f"Hey Mycroft. Set a {CANARY} timer for two hours."
CORRECTED = f"set a {CANARY} timer for two hours"
FORGET = "Hey Mycroft. Forget everything."
WATCHED = (dialog.Opened, dialog.Listening, dialog.Closed, consent.Replied, consent.Granted, consent.Refused,
           consent.Destroyed)  # fmt: skip


def conversation(mutant: str) -> Finding:
    try:
        from tests.end_to_end.running import Home, Running
        from tests.pulse import Pulse
    except ImportError as error:
        raise CannotProve(f"it needs what the tests need: {error}") from error
    need("pulseaudio", "pactl", "paplay", "parec", "cc", "mkfs.ext4", "mount", root=True)
    found = Finding()
    with (
        _first(),
        tempfile.TemporaryDirectory(prefix="talk-") as name,
        _server(Pulse, Path(name)) as pulse,
    ):
        folder = Path(name)
        home = Home(folder / "home", pulse.env)
        table = Table(home, pulse, command(mutant), folder)
        card = folder / "card.img"
        make_image(card, 16)
        with mounted(card, folder / "home" / "state"):
            _refuse_to_trim(card)
            before: list[bytes] = []
            for text in (WISH, REQUEST, FORGET):
                table.spoken(text)
            with Running(home, command=command(mutant)):
                live = _live(found, table, before) if not mutant else _short(found, table, before)
                sound = asyncio.run(_joined(home.socket, live))
            vault = folder / "home" / "state" / "assistant" / "consent"
            wrap = load_device_key(vault, {}).derive("key slots")
            os.sync()
        _examine(found, before[0], card.read_bytes(), wrap, sound, control=not mutant)
    return found


@contextlib.contextmanager
def _first() -> Iterator[None]:
    """Sound is in real time: on a busy machine what is started here goes first."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, -10)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)


def _refuse_to_trim(card: Path) -> None:
    """As many cards do: what was only unlinked is still there. Where sysfs is read-only they may be gone."""
    loops = subprocess.run(["losetup", "--associated", str(card)], capture_output=True, text=True, check=False).stdout
    for line in loops.splitlines():
        with contextlib.suppress(OSError):
            Path("/sys/block", Path(line.partition(":")[0]).name, "queue", "discard_max_bytes").write_text("0")


@contextlib.contextmanager
def _server(kind: type[Pulse], folder: Path) -> Iterator[Pulse]:
    (folder / "pulse").mkdir()
    server = kind(folder / "pulse")
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def _joined(socket: Path, talk: Talk) -> Samples:
    async with connect(socket, hears=WATCHED) as bus:
        return await talk(bus.subscribe(WATCHED, "row"))


def _live(found: Finding, table: Table, before: list[bytes]) -> Talk:
    async def talk(inbox: Subscription) -> Samples:
        await _agree(found, table, inbox)
        clip = await _clip(found, table, inbox)
        sound = await asyncio.to_thread(_hear_back, found, table, clip)
        await asyncio.to_thread(_tag_and_export, found, table, clip, sound)
        before.append(await asyncio.to_thread(_blocks, table))
        await _forget(found, table, inbox)
        return sound

    return talk


def _short(found: Finding, table: Table, before: list[bytes]) -> Talk:
    """The same without what no leak of ours changes."""

    async def talk(inbox: Subscription) -> Samples:
        await asyncio.to_thread(table.call, "consent", "grant", "utterance_audio", "--yes")
        clip = await _clip(found, table, inbox)
        sound = _wav(table, clip)
        before.append(await asyncio.to_thread(_blocks, table))
        await _forget(found, table, inbox)
        return sound

    return talk


def _blocks(table: Table) -> bytes:
    os.sync()
    return (table.folder / "card.img").read_bytes()


async def _agree(found: Finding, table: Table, inbox: Subscription) -> None:
    """Ask, hear what a yes would mean, say the two words."""
    for _ in range(TRIES):
        await table.say(WISH, inbox)
        read_back = await until(inbox, consent.Replied)
        if not isinstance(read_back, consent.Replied):
            continue
        phrase = re.search(r"these two words: (\w+ \w+)", read_back.text.text)
        if phrase is None:
            await until(inbox, dialog.Closed)
            continue
        found.expect("people of this household" in read_back.text.text, "it was not read back who can hear it")
        path = asyncio.create_task(asyncio.to_thread(table.spoken, f"{phrase[1]}."))
        await until(inbox, dialog.Listening)
        await path
        await table.say(f"{phrase[1]}.", inbox)
        outcome = await until(inbox, consent.Granted, consent.Refused)
        if isinstance(outcome, consent.Granted):
            await until(inbox, dialog.Closed)
            held = await asyncio.to_thread(table.call, "consent", "status")
            found.expect("utterance_audio" in held.stdout, f"the yes is not in force: {held.stdout}")
            return
        await until(inbox, dialog.Closed)
    raise Misheard("the two words")


async def _clip(found: Finding, table: Table, inbox: Subscription) -> str:
    """A request; the id of the clip that was kept of it."""
    for _ in range(TRIES):
        await table.say(REQUEST, inbox)
        await until(inbox, dialog.Closed)
        for _ in range(20):  # it is written after the answer, and delays nobody
            shown = json.loads((await asyncio.to_thread(table.call, "data", "show", "--json")).stdout)
            clips = [one for one in shown["clips"] if one["purpose"] == "utterance_audio" and one["seconds"] > 1]
            if clips:
                found.expect(not shown["strays"], f"files that no row covers: {shown['strays']}")
                return str(clips[-1]["id"])
            await asyncio.sleep(0.2)
    raise Misheard("a request")


def _wav(table: Table, clip: str) -> Samples:
    path = table.folder / "played.wav"
    with path.open("wb") as out:
        subprocess.run(
            [*table.command, "data", "play", clip, "--wav"],
            env=table.home.env,
            stdout=out,
            check=True,
        )
    return _samples(path.read_bytes())


def _samples(data: bytes) -> Samples:
    with wave.open(io.BytesIO(data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)


def _hear_back(found: Finding, table: Table, clip: str) -> Samples:
    """Its owner listens: it sounds from the speaker, it is the clip, and the recogniser understands it."""
    sound = _wav(table, clip)
    heard = ""
    for number in range(3):
        recording = table.folder / f"speaker-{number}.wav"
        with table.pulse.record_speaker(recording):
            done = table.call("data", "play", clip)
        found.expect(done.returncode == 0, f"it could not be played: {done.stderr}")
        likeness = _likeness(_samples(recording.read_bytes()), sound)
        told = table.call("--set", "dialog.patience_seconds=30", "hear", "--no-wake", "--json", str(recording))
        heard = str(json.loads(told.stdout or "{}").get("transcript") or "").lower()
        if likeness > 0.9 and "timer" in heard:
            break
    found.expect(likeness > 0.9, f"what sounds is not the clip: likeness {likeness:.2f}")
    found.expect("timer" in heard, f"the recogniser heard {len(heard.split())} words and no timer")
    return sound


def _likeness(recorded: Samples, sound: Samples) -> float:
    """The highest normalised correlation; 1 where one holds the other."""
    size = 1 << (len(recorded) + len(sound) - 1).bit_length()
    a, b = recorded.astype(np.float64), sound.astype(np.float64)
    cross = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)[: len(recorded)]
    power = np.convolve(a * a, np.ones(1))
    energy = np.cumsum(np.concatenate([[0.0], power, np.zeros(len(b))]))
    window = energy[len(b) : len(b) + len(cross)] - energy[: len(cross)]
    norm = np.sqrt(np.maximum(window, window.max() * 0.1) * (b @ b))
    return float((cross / norm).max())


def _tag_and_export(found: Finding, table: Table, clip: str, sound: Samples) -> None:
    tagged = table.call("data", "tag", clip, "--good", "--transcript", CORRECTED)
    found.expect(tagged.returncode == 0, f"it could not be tagged: {tagged.stderr}")
    key = re.search(r"public key ([0-9a-f]{64})", table.call("consent", "log").stdout)
    assert key is not None
    for layout in ("common-voice", "precise"):
        target = table.folder / layout
        done = table.call("data", "export", str(target), "--layout", layout)
        if not found.expect(done.returncode == 0, f"{layout}: {done.stderr}"):
            continue
        manifest = (target / "manifest.json").read_bytes()
        try:
            signature = bytes.fromhex((target / "manifest.sig").read_text())
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key[1])).verify(signature, manifest)
        except InvalidSignature:
            found.expect(False, f"{layout}: the manifest is not signed by this device")
        listed = json.loads(manifest)
        found.expect((listed["layout"], len(listed["recall"])) == (layout, 1), f"{layout}: the manifest lists {listed}")
        waves = list(target.rglob("*.wav"))
        found.expect([path for path in waves if np.array_equal(_samples(path.read_bytes()), sound)] == waves != [],
                     f"{layout}: the sound is not the clip's")  # fmt: skip
        found.expect({str(path.relative_to(target)) for path in waves} <= set(listed["files"]), f"{layout}: not listed")
        if layout == "common-voice":
            with (target / "validated.tsv").open(newline="") as file:
                rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
            found.expect([row["sentence"] for row in rows] == [CORRECTED], f"the corrected words are not in {rows}")
            found.expect([row["path"] for row in rows] == [path.name for path in waves], "the row names another clip")


async def _forget(found: Finding, table: Table, inbox: Subscription) -> None:
    for _ in range(TRIES):
        await table.say(FORGET, inbox)
        receipt = await until(inbox, consent.Destroyed, dialog.Closed)
        if isinstance(receipt, consent.Destroyed):
            break
    else:
        raise Misheard("forget everything")
    found.expect((receipt.why, receipt.failed) == ("everything", ()), f"the receipt says {receipt}")
    shown = await asyncio.to_thread(table.call, "data", "show")
    found.expect("No clip is kept." in shown.stdout, f"it still shows {shown.stdout}")
    held = await asyncio.to_thread(table.call, "consent", "status")
    found.expect("Nobody has agreed to anything" in held.stdout, f"a yes is left: {held.stdout}")
    proved = await asyncio.to_thread(table.call, "data", "prove-deleted", receipt.code)
    found.expect(proved.returncode == 0, f"prove-deleted: {proved.stdout}{proved.stderr}")
    whole = await asyncio.to_thread(table.call, "consent", "verify")
    found.expect(whole.returncode == 0, f"verify: {whole.stderr}")


def _examine(found: Finding, before: bytes, after: bytes, wrap: bytes, sound: Samples, *, control: bool) -> None:
    """Nothing on the card: no piece of the sound, no word, no key that opens a ciphertext of before or after."""
    old = list(dict.fromkeys([*carve(before), *carve(after)]))
    found.expect(bool(old), "no ciphertext was ever on the card: the search is blind")
    if control:
        found.expect(
            len(search(before, wrap, old).opened) > 0, "with the keys there it opens nothing: the search is blind"
        )
    left = search(after, wrap, old)
    found.cases += left.tries
    found.expect(not left.opened, f"{len(left.opened)} of {len(old)} ciphertexts can be opened again")
    loud = [at for at in range(0, len(sound) - 24, 400) if np.abs(sound[at : at + 24].astype(np.int32)).mean() > 500]
    pieces = [sound[at : at + 24].tobytes() for at in loud]
    found.expect(len(pieces) > 10, "the clip is silent: the search is blind")
    heard = sum(piece in after for piece in pieces)
    found.expect(heard == 0, f"{heard} of {len(pieces)} pieces of the clip's sound are on the card")
    lower = after.lower()  # letters of UTF-16 as well
    for code in ("utf-8", "utf-16-le", "utf-32-le"):
        for word in (CANARY, "two hours"):
            found.expect(word.encode(code) not in lower, f"words that were said are on the card, as {code}")
    found.remarks.append(
        f"{left.windows} windows of {len(after) >> 20} MB, {len(old)} ciphertexts, {len(pieces)} pieces of sound"
    )


ROWS = (
    Row("conversation", "by real sound: a yes, a clip kept, heard back, tagged, exported; after 'forget everything' "
        "the card's image holds no sound, no word and no key of it",
        ("keeps each key in a file and unlinks it", "syncs a clip as plain sound and unlinks it",
         "notes the words in a file and unlinks it"), conversation, sound=True),
)  # fmt: skip
