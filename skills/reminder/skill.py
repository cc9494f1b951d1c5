"""Reminders: told at their time, a few times, or as soon as the machine is on again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from assistant.skills.api import Deadline, Reply, Request, StoreError, intent, weekly, words

from .note import Note, counted, halves, turned
from .telling import Telling

MOST = 100
LONGEST = 200
"""Characters of one reminder."""
EARLIEST = 6
"""An hour from this one to eleven, without more, is in the morning for a reminder that comes back."""


class Reminders(Telling):
    @intent("set")
    def set(self, request: Request) -> Reply:
        what = turned(request.text("task"), self.table("you"))
        if "datetime" not in request:
            return self.ask("when", partial(self.when, what)) if what else self.ask("what", self.what)
        due = self.due(request)
        if isinstance(due, datetime) and due <= request.now:
            return self.reply("past")
        return self.begin(what, due) if what else self.ask("what", partial(self.what, due=due))

    def what(self, request: Request, due: Deadline | datetime | None = None) -> Reply:
        said = request.text()
        if said.lower().strip(" .!") in self.table("no"):
            return self.reply("not_set")
        what = turned(said, self.table("you")).removeprefix(self.say("to") + " ")
        return self.begin(what, due) if due else self.ask("when", partial(self.when, what))

    def when(self, what: str, request: Request) -> Reply:
        due = self.due(request) if "datetime" in request else None
        if due is None or self.schedule.left(due) <= timedelta():
            return self.reply("not_set" if due is None else "past")
        return self.begin(what, due)

    def due(self, request: Request) -> Deadline | datetime:
        moment = request.moment() or request.now
        if counted(request.slots["datetime"].spoken.text, self.table("counted")):
            return self.schedule.deadline(moment - request.now.replace(microsecond=0))
        return moment

    @intent("repeat")
    def repeat(self, request: Request) -> Reply:
        days = sorted(int(day) for day in self.table("days")[request.text("days").lower()].split())
        weekly_on = partial(self.repeat_at, turned(request.text("task"), self.table("you")), days)
        return weekly_on(request) if "time" in request else self.ask("what_time", weekly_on)

    def repeat_at(self, what: str, days: Sequence[int], request: Request) -> Reply:
        at = request.time()
        if at is None:
            return self.reply("not_set")
        if not halves(request.slots["time"].spoken.text, self.table("sure")):
            at = weekly.by_day(at, EARLIEST)
        note = Note(what[:LONGEST], weekly.following(at, days, request.now), days=days, at=at)
        return self.keep(note)

    def begin(self, what: str, due: Deadline | datetime) -> Reply:
        return self.keep(Note(what[:LONGEST], due))

    def keep(self, note: Note) -> Reply:
        if len(self.notes) >= MOST:
            return self.reply("too_many", most=MOST)
        self.arm([note])
        try:
            self.save([*self.notes, note])
        except StoreError:
            return self.reply("set_unsaved", what=note.what, when=self.at(note))
        return self.reply("set", what=note.what, when=self.at(note))

    @intent("list")
    def list_all(self, request: Request) -> Reply:
        day = request.date()
        asked = [note for note in self.notes if day in (None, note.moment(request.now).date())]
        if not asked:
            return self.reply("none_that_day" if day else "none")
        return self.reply("list", count=len(asked), each=[self.title(note) for note in asked])

    @intent("next")
    def next(self, request: Request) -> Reply:
        return self.reply("next", each=self.title(self.notes[0])) if self.notes else self.reply("none")

    @intent("cancel")
    def cancel(self, request: Request) -> Reply:
        moment, task = request.moment(), turned(request.text("task"), self.table("you"))
        found = [note for note in self.notes if not task or note.about(task)]
        found = [note for note in found if moment in (None, note.moment(request.now))]
        if not found:
            return self.reply("no_such" if self.notes else "none")
        if not request.slots and self.hush():
            return Reply.silent()
        if len(found) > 1:
            each = [self.title(note) for note in found]
            return self.ask("which", partial(self.which, found), each=words.listing(each, self.say("or")))
        self.remove(found)
        return self.reply("cancelled", each=self.title(found[0]))

    def which(self, choices: Sequence[Note], request: Request) -> Reply:
        """The answer to "which one?": some of its words, its time, a place in the row, or all of them."""
        said, table = turned(request.text(), self.table("you")).lower().split(), self.table("choice")
        places = {table[word] for word in said if word in table}
        if "all" in places:
            self.remove(choices)
            return self.reply("cancelled_all", count=len(choices))
        times = [note for note in choices if request.moment() == note.moment(request.now)]
        found = times or [choices[int(at)] for at in places if -len(choices) <= int(at) < len(choices)]
        found = found or [note for note in choices if {word for word in said if len(word) > 3} & {*note.what.split()}]
        if not found:
            return self.reply("kept")
        self.remove(found[:1])
        return self.reply("cancelled", each=self.title(found[0]))

    @intent("cancel_all")
    def cancel_all(self, request: Request) -> Reply:
        count = len(self.notes)
        self.remove(self.notes)
        return self.reply("cancelled_all", count=count) if count else self.reply("none")
