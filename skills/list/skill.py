"""Lists: for shopping, for what is to be done, and by any other name. They are stored until they are cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from assistant.skills.api import Reply, Request, intent

from .items import named, same, split
from .kept import Kept

MOST_LISTS = 30
MOST_THINGS = 200
LONGEST = 120
"""Characters of one thing; more is hardly meant."""
SHOPPING = "shopping"
GOODS = ("goods", "second", "third", "fourth")


class Lists(Kept):
    last = SHOPPING
    """The list that was spoken of."""

    @intent("add")
    def add(self, request: Request) -> Reply:
        name, asked = self.name(request), self.asked(request)
        if not asked:
            return self.ask("what", partial(self.answered, name), list=self.title(name))
        if self.read(name) is None and name not in self.table("which").values():
            # It may have been misheard; nothing is put where nobody would look for it.
            return self.ask("new", partial(self.new_sure, name, asked), "yes_no", list=self.title(name))
        return self.put(name, asked)

    def new_sure(self, name: str, asked: Sequence[str], request: Request) -> Reply:
        return self.put(name, asked) if self.agrees(request) else self.reply("nothing_added")

    def answered(self, name: str, request: Request) -> Reply:
        if request.text().lower().strip(" .") in self.table("no"):
            return self.reply("nothing_added")
        return self.put(name, self.things(request.text()))

    def put(self, name: str, asked: Sequence[str]) -> Reply:
        there = self.read(name) or []
        fresh = [thing[:LONGEST] for thing in asked if not any(same(thing, one) for one in there)]
        if not fresh:
            return self.reply("already", things=asked, count=len(asked), list=self.title(name))
        if len(there) + len(fresh) > MOST_THINGS:
            return self.reply("full", list=self.title(name))
        if not self.write(name, [*there, *fresh]):
            return self.reply("unsaved")
        self.last = name
        reply = self.reply("added", things=fresh, list=self.title(name)).undone_by(partial(self.back, name, there))
        return replace(reply, more=self.setting("more") is True)

    @intent("read", question=True)
    def read_out(self, request: Request) -> Reply:
        name = self.last = self.name(request)
        there = self.read(name)
        if not there:
            return self.reply("no_list" if there is None else "empty", list=self.title(name))
        return self.reply("read", count=len(there), things=there, list=self.title(name))

    @intent("export", question=True)
    def export(self, request: Request) -> Reply:
        """One thing a line, to be put into a file."""
        name = self.name(request)
        there = self.read(name)
        return Reply("\n".join(there)) if there else self.reply("empty", list=self.title(name))

    @intent("count", question=True)
    def count(self, request: Request) -> Reply:
        name = self.name(request)
        count = len(self.read(name) or [])
        return self.reply("count" if count else "empty", count=count, list=self.title(name))

    @intent("has", question=True)
    def has(self, request: Request) -> Reply:
        name, asked = self.name(request), self.asked(request)
        found = [thing for one in asked for thing in named(one, self.read(name) or [])]
        if not found:
            return self.reply("has_not", things=asked, count=len(asked), list=self.title(name))
        return self.reply("has", things=found, count=len(found), list=self.title(name))

    @intent("remove")
    def remove(self, request: Request) -> Reply:
        name, asked = self.name(request), self.asked(request)
        if request.text("item").lower() in self.table("all"):
            return self.clear(request)
        there = self.read(name) or []
        gone = [thing for one in asked for thing in named(one, there)]
        if not gone:
            return self.reply("has_not", things=asked, count=len(asked), list=self.title(name))
        if not self.write(name, [thing for thing in there if thing not in gone]):
            return self.reply("unsaved")
        self.last = name
        return self.reply("removed", things=gone, list=self.title(name)).undone_by(partial(self.back, name, there))

    @intent("clear")
    def clear(self, request: Request) -> Reply:
        name = self.name(request)
        there = self.read(name)
        if there is None:
            return self.reply("no_list", list=self.title(name))
        if not there:
            return self.clear_now(name)
        return self.ask("really", partial(self.clear_sure, name), "yes_no", count=len(there), list=self.title(name))

    def clear_sure(self, name: str, request: Request) -> Reply:
        return self.clear_now(name) if self.agrees(request) else self.reply("kept", list=self.title(name))

    def clear_now(self, name: str) -> Reply:
        lists = self.lists()
        there = lists.pop(name, [])
        if not self.save(lists):
            return self.reply("unsaved")
        return self.reply("cleared", list=self.title(name)).undone_by(partial(self.back, name, there))

    def back(self, name: str, before: Sequence[str], request: Request) -> Reply:
        """The list is as it was."""
        if not self.write(name, before):
            return self.reply("unsaved")
        return self.reply("restored" if before else "empty", things=before, list=self.title(name))

    @intent("create")
    def create(self, request: Request) -> Reply:
        name = self.name(request)
        if self.read(name) is not None:
            return self.reply("exists", list=self.title(name))
        if len(self.lists()) >= MOST_LISTS:
            return self.reply("too_many", most=MOST_LISTS)
        if not self.write(name, []):
            return self.reply("unsaved")
        self.last = name
        return self.reply("created", list=self.title(name))

    @intent("lists", question=True)
    def which(self, request: Request) -> Reply:
        each = [self.title(name) for name in self.lists()]
        return self.reply("lists", count=len(each), each=each) if each else self.reply("no_lists")

    def asked(self, request: Request) -> list[str]:
        return [request.text(slot) for slot in GOODS if slot in request] or self.things(request.text("item"))

    def things(self, said: str) -> list[str]:
        return split(said, self.table("goods"), self.table("small"))
