"""What is left on the block device after deletion: an image of it is searched byte by byte."""

from __future__ import annotations

import os
import subprocess
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from privacy.box import need, scratch
from privacy.row import Finding, Row
from privacy.rows.crash import make_image, mounted

CLIPS = 100
WORKER = """
import json, os, sys
from pathlib import Path
from privacy import mutants
mutants.install(sys.argv[2])
from assistant.consent import purge, slots, vault, clip
from assistant.testing.consent import Household, marked
from assistant.consent.gate import Gate, Grant
from assistant.consent.store import Store
from assistant.consent.clip import NewClip
purge.trim = lambda path: False  # a card that cannot trim must do as well
keys = []
put = slots.KeySlots.put
def spy(self, clip_id, record_id, key):
    slot = put(self, clip_id, record_id, key)
    keys.append((clip_id, record_id, key.hex(), slot.sealed.hex()))
    return slot
slots.KeySlots.put = spy
store = Store.open(Path(sys.argv[1]), {})
gate = Gate(store)
gate.grant(Grant(purpose="utterance_audio", days=1, method="cli", actor="row"))
permit = gate.permits()["utterance_audio"]
for seed in range(int(sys.argv[3])):
    gate.keep(permit, NewClip(samples=marked(seed, 0.2), session="s"))
os.sync()
print(json.dumps(keys), flush=True)
sys.stdin.readline()
getattr(purge.Purge(store), "withdraw")(None, method="cli", actor="row")
os.sync()
print("done", flush=True)
sys.stdin.readline()
"""


def deletion(mutant: str) -> Finding:
    """No window of the image opens an old clip.

    A window of 32 bytes opens a clip exactly if it is its key, so all windows are searched for all keys at once; the
    same for the sealed keys, which whoever has the device key could open. The old ciphertexts are carved from the image
    to show that they are still there, and that it is only the keys that are gone.
    """
    import json

    need("mkfs.ext4", "mount", root=True)
    found = Finding()
    with scratch() as folder:
        image = folder / "card.img"
        make_image(image, 16)
        with mounted(image, folder / "disk"):
            worker = subprocess.Popen(
                [sys.executable, "-c", WORKER, str(folder / "disk" / "consent"), mutant, str(CLIPS)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ,
            )  # fmt: skip
            assert worker.stdin is not None and worker.stdout is not None
            keys = [[bytes.fromhex(part) for part in row] for row in json.loads(worker.stdout.readline())]
            before = image.read_bytes()
            worker.stdin.write("\n")
            worker.stdin.flush()
            assert worker.stdout.readline().strip() == "done"
            after = image.read_bytes()
            worker.stdin.write("\n")
            worker.stdin.close()
            worker.wait()
    found.expect(all(sealed in before for *_, sealed in keys), "the keys were never on the device: the search is blind")
    carved = _carve(after)
    opened = sum(_opens(carved, clip.hex(), record.hex(), key) for clip, record, key, _ in keys)
    found.expect(
        opened == CLIPS, f"only {opened} of {CLIPS} old ciphertexts are on the device: the search proves little"
    )
    raw = sum(key in after for *_, key, _ in keys)
    sealed_left = sum(sealed in after for *_, sealed in keys)
    windows = len(after) - 31
    found.cases += windows
    found.expect(raw == 0, f"{raw} of {CLIPS} keys are on the device")
    found.expect(sealed_left == 0, f"{sealed_left} of {CLIPS} sealed keys can be recovered")
    return found


def _carve(image: bytes) -> list[bytes]:
    """Everything on the device that looks like the start of a clip file."""
    found, at = [], image.find(b"ACLIP1\0\0")
    while at >= 0:
        found.append(image[at : at + 4096])
        at = image.find(b"ACLIP1\0\0", at + 1)
    return found


def _opens(carved: list[bytes], clip: str, record: str, key: bytes) -> bool:
    """Whether a key opens the description of any carved file: only the proof still knows the key."""
    about = f"assistant clip v1 description {clip} {record}".encode()
    for data in carved:
        length = int.from_bytes(data[20:24], "big")
        try:
            ChaCha20Poly1305(key).decrypt(data[8:20], data[24 : 24 + length], about)
            return True
        except InvalidTag:
            continue
    return False


ROWS = (
    Row("deletion", f"after a withdrawal nothing on the device opens any of {CLIPS} clips, though they are still on it",
        ("keeps the keys in SQLite", "keeps each key in a file and unlinks it"), deletion),
)  # fmt: skip
