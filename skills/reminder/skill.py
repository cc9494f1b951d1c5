"""Reminders: told at their time, a few times, or as soon as the machine is on again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from assistant.skills.api import Deadline, Reply, Request, intent, words

from .keeping import Keeping
from .note import Note, counted, turned

WHEN = ("datetime", "time", "duration")


class Reminders(Keeping):
    @intent("set")
    def set(self, request: Request) -> Reply:
        if request.follows and self.last is not None and self.last in self.notes:
            return self.move(self.last, request)
        what = turned(request.text("task"), self.table("you"))
        if "datetime" not in request:
            return self.ask("when", partial(self.when, what), WHEN) if what else self.ask("what", self.what)
        due = self.due(request)
        if isinstance(due, datetime) and due <= request.now:
            return self.ask("past_when", partial(self.when, what), WHEN) if what else self.reply("past")
        return self.begin(what, due) if what else self.ask("what", partial(self.what, due=due))

    def what(self, request: Request, due: Deadline | datetime | None = None) -> Reply:
        said = request.text()
        if said.lower().strip(" .!") in self.table("no"):
            return self.reply("not_set")
        what = turned(said, self.table("you")).removeprefix(self.say("to") + " ")
        return self.begin(what, due) if due else self.ask("when", partial(self.when, what), WHEN)

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

    @intent("list", question=True)
    def list_all(self, request: Request) -> Reply:
        day = request.date()
        asked = [note for note in self.notes if day in (None, note.moment(request.now).date())]
        if not asked:
            return self.reply("none_that_day" if day else "none")
        return self.reply("list", count=len(asked), each=[self.title(note) for note in asked])

    @intent("next", question=True)
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
            return self.ask(
                "which", partial(self.which, found), "choice", each, each=words.listing(each, self.say("or"))
            )
        return self.end(found)

    def which(self, choices: Sequence[Note], request: Request) -> Reply:
        """The answer to "which one?": some of its words, its time, a place in the row, or all of them."""
        said, table = turned(request.text(), self.table("you")).lower().split(), self.table("choice")
        places = {table[word] for word in said if word in table}
        if "all" in places:
            return self.end(choices)
        times = [note for note in choices if request.moment() == note.moment(request.now)]
        found = times or [choices[int(at)] for at in places if -len(choices) <= int(at) < len(choices)]
        found = found or [note for note in choices if {word for word in said if len(word) > 3} & {*note.what.split()}]
        if not found:
            return self.reply("kept")
        return self.end(found[:1])

    @intent("cancel_all", risky=True)
    def cancel_all(self, request: Request) -> Reply:
        return self.end(self.notes) if self.notes else self.reply("none")
