"""Reminders that begin, come back again and again, move, and are brought back."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import date, datetime, time, timedelta
from functools import partial

from assistant.skills.api import Deadline, Reply, Request, StoreError, intent, weekly, words

from .note import Note, counted, halves, stepped, turned
from .telling import Telling

MOST = 100
LONGEST = 200
"""Characters of one reminder."""
EARLIEST = 6
"""An hour from this one to eleven, without more, is in the morning for a reminder that comes back."""

LATEST = 3
"""Up to this hour it is still the same night."""


class Keeping(Telling):
    """Puts reminders on the disk, and takes them back."""

    def due(self, request: Request) -> Deadline | datetime:
        moment = request.moment() or request.now
        if counted(request.slots["datetime"].spoken.text, self.table("counted")):
            return self.schedule.deadline(moment - request.now.replace(microsecond=0))
        return moment

    @intent("repeat")
    def repeat(self, request: Request) -> Reply:
        said = request.text("days").lower()
        days = sorted(int(day) for day in self.table("days")[said].split())
        late = next((half for word, half in self.table("late").items() if word in said.split()), "")
        weekly_on = partial(self.repeat_at, turned(request.text("task"), self.table("you")), days, late)
        return weekly_on(request) if "time" in request else self.ask("what_time", weekly_on, "time")

    def repeat_at(self, what: str, days: Sequence[int], late: str, request: Request) -> Reply:
        at = self.time_of(request, late=late)
        if at is None:
            return self.reply("not_set")
        return self.keep(Note(what[:LONGEST], weekly.following(at, days, request.now), days=days, at=at))

    @intent("recur")
    def recur(self, request: Request) -> Reply:
        """Every so many weeks, months or years."""
        months, days = map(int, self.table("rhythm")[request.text("rhythm").lower()].split())
        what = turned(request.text("task"), self.table("you"))
        then = partial(self.recur_at, what, (months, days), request.date() or request.now.date())
        return then(request) if "time" in request else self.ask("what_time", then, "time")

    def recur_at(self, what: str, step: tuple[int, int], first: date, request: Request) -> Reply:
        at = self.time_of(request)
        if at is None:
            return self.reply("not_set")
        due = stepped(first, step, at, request.now, date.min)
        return self.keep(Note(what[:LONGEST], due, at=at, step=step, first=first))

    def time_of(self, request: Request, *, late: str = "") -> time | None:
        """The time of day that was said; a half of the day that was not is the one when people are up. `late` is "day"
        where the days were said to be afternoons or evenings, "night" for nights."""
        at = request.time()
        if at is not None and late:
            hour = at.hour % 12
            return at.replace(hour=hour if late == "night" and hour <= LATEST else hour + 12)
        if at is None or halves(request.slots["time"].spoken.text, self.table("sure")):
            return at
        return weekly.by_day(at, EARLIEST)

    def begin(self, what: str, due: Deadline | datetime) -> Reply:
        return self.keep(Note(what[:LONGEST], due))

    def keep(self, note: Note) -> Reply:
        if len(self.notes) >= MOST:
            return self.reply("too_many", most=MOST)
        self.arm([note])
        self.last = note
        dialog = "set"
        try:
            self.save([*self.notes, note])
        except StoreError:
            dialog = "set_unsaved"
        return self.reply(dialog, what=note.what, when=self.at(note)).undone_by(partial(self.unset, note))

    def move(self, note: Note, request: Request) -> Reply:
        """Another time: "make it seven". The day stays unless it is said."""
        due, old = self.due(request), copy(note)
        if isinstance(due, datetime):
            said = request.slots["datetime"].spoken.text.lower().replace("'s", "").split()
            day = due.date() if any(word in self.table("dayword") for word in said) else note.moment(request.now).date()
            moved = datetime.combine(day, due.time(), request.now.tzinfo)
            due = moved if moved > request.now else due
            if due <= request.now:
                return self.reply("past")
            note.at = due.time()
        note.due, note.told = due, 0
        if note.recurs:
            note.go_on(request.now)
        self.arm([note])
        self.save(self.notes)
        return self.reply("set", what=note.what, when=self.at(note)).undone_by(partial(self.move_back, note, old))

    def move_back(self, note: Note, old: Note, request: Request) -> Reply:
        note.due, note.at = old.due, old.at
        return self.restore([note], request)

    def end(self, notes: Sequence[Note]) -> Reply:
        self.remove(notes)
        back = partial(self.restore, notes)
        if len(notes) > 1:
            return self.reply("cancelled_all", count=len(notes)).undone_by(back)
        return self.reply("cancelled", each=self.title(notes[0])).undone_by(back)

    def unset(self, note: Note, request: Request) -> Reply:
        return self.end([note]) if note in self.notes else self.reply("no_such")

    def restore(self, notes: Sequence[Note], request: Request) -> Reply:
        """They are told as before, unless their time is over."""
        alive = [note for note in notes if self.schedule.left(note.due) > timedelta()]
        self.arm(alive)
        self.save([*(note for note in self.notes if note not in alive), *alive])
        if not alive:
            return self.reply("past")
        return self.reply("restored", count=len(alive), each=words.listing([self.title(note) for note in alive]))
