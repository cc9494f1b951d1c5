"""A malicious skill: it has one permission, and tries to have more."""

from __future__ import annotations

import asyncio
import json
import threading

from assistant.skills.api import NotAllowed, Request, Skill, Unreachable, intent

from . import attacks


class Attacker(Skill):
    @intent("behave")
    async def behave(self, request: Request) -> str:
        """Its three intended actions: it reaches its host, it stores, it answers."""
        reader, writer = await self.connect(str(self.setting("host")))
        writer.write(b"hello")
        self.store["word"] = "kept"
        return f"{(await reader.readexactly(5)).decode()} {self.store['word']}"

    @intent("attack")
    async def attack(self, request: Request) -> str:
        done = await asyncio.to_thread(attacks.succeeded)
        for name, address in (("another port", self.setting("other")), ("a name", "localhost"), ("none", "")):
            try:
                await self.connect(str(address))
                done.append(f"reached {name}")
            except (NotAllowed, Unreachable):
                pass
        _, writer = await self.connect(str(self.setting("host")))
        if attacks.reconnect(writer.get_extra_info("socket").fileno()):
            done.append("led its connection elsewhere")
        return json.dumps(done)

    @intent("fill")
    def fill_memory(self, request: Request) -> str:
        threads = []
        try:
            bytearray(2 << 30)
            return "took 2 GB"
        except MemoryError:
            pass
        try:
            for _ in range(100_000):
                threads.append(thread := threading.Thread(target=threading.Event().wait, daemon=True))
                thread.start()
        except (RuntimeError, MemoryError):
            pass
        return f"{len(threads)} threads"

    @intent("flood")
    def flood(self, request: Request) -> str:
        for _ in range(100_000):
            self.context.set_volume(0.5)
        return "flooded"
