"""Telling: what happens at the time, and what is on the disk until then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import partial

from assistant.skills.api import Deadline, Skill, words

from .note import Note

TIMES = 3
AGAIN = timedelta(minutes=5)
LATE = timedelta(minutes=10)
JUST_NOW = timedelta(minutes=1)
"""What became due this long before a correction of the clock was noticed is still told."""
NAMES = {(1, 2, 3, 4, 5, 6, 7): "daily", (1, 2, 3, 4, 5): "weekdays", (6, 7): "weekends"}
"""Days that have a name together, and the dialog that says it."""


class Telling(Skill):
    """Keeps the reminders, the next one first, and tells them."""

    notes: Sequence[Note] = ()
    last: Note | None = None
    """The one that was spoken of."""

    def start(self) -> None:
        self.notes = Note.unpack(self.store.get("notes"), self.now())
        self.arm(self.notes)

    def clock_corrected(self) -> None:
        now = self.now() - JUST_NOW
        for note in self.notes:
            if isinstance(note.due, Deadline):
                note.due = self.schedule.renew(note.due)
            elif note.recurs and not note.told and note.due > now:
                note.go_on(now)
        self.arm(note for note in self.notes if note.recurs and not note.told)
        self.save(self.notes)

    def hush(self) -> bool:
        told = [note for note in self.notes if note.told]
        self.over(told)
        return bool(told)

    def tell(self, note: Note) -> None:
        late = not note.told and self.schedule.left(note.due) < -LATE
        note.told += 1
        self.last = note
        when = words.moment(note.moment(self.now()), self.now())
        self.alert(self.say("due_late" if late else "due", what=note.what, when=when))
        if note.told < TIMES:
            self.schedule.after(AGAIN, note.id, partial(self.tell, note))
            self.save(self.notes)
        else:
            self.over([note])

    def over(self, told: Sequence[Note]) -> None:
        """They were heard, or told often enough."""
        for note in told:
            if note.recurs:
                note.done = note.moment(self.now()).date()
                note.go_on(self.now())
        self.arm([note for note in told if note.recurs])
        self.remove([note for note in told if not note.recurs])

    def title(self, note: Note) -> str:
        return self.say("title", what=note.what, when=self.at(note))

    def at(self, note: Note) -> str:
        """When, in words: "every weekday at seven o'clock in the morning"."""
        if note.days:
            names = [words.weekday(date(2024, 1, day)) for day in note.days]  # that year began with a Monday
            at = f"{words.clock_time(note.at)} {words.part_of_day(note.at)}"
            return self.say(NAMES.get(tuple(note.days), "weekly"), time=at, days=names)
        if note.recurs:
            return self.rhythm(note, *note.step)
        return words.moment(note.moment(self.now()), self.now())

    def rhythm(self, note: Note, months: int, days: int) -> str:
        """Every so many months or days, in words."""
        due = note.moment(self.now()).date()
        at = f"{words.clock_time(note.at)} {words.part_of_day(note.at)}"
        if months == 12:
            return self.say("yearly", date=words.calendar_date(due).partition(" ")[2], time=at)
        if months:
            dialog = "every_months" if months > 1 else "monthly"
            return self.say(dialog, count=months, day=words.ordinal(note.first.day), time=at)
        if days % 7:
            return self.say("every_days", count=days, time=at)
        if days == 7:
            return self.say("weekly", days=[words.weekday(due)], time=at)
        return self.say("fortnightly", count=days // 7, weekday=words.weekday(due), time=at)

    def arm(self, notes: Iterable[Note]) -> None:
        for note in notes:
            self.schedule.at(note.due, note.id, partial(self.tell, note))

    def remove(self, gone: Sequence[Note]) -> None:
        for note in gone:
            self.schedule.cancel(note.id)
        self.save([note for note in self.notes if note not in gone])

    def save(self, notes: Sequence[Note]) -> None:
        self.notes = sorted(notes, key=lambda note: self.schedule.left(note.due))
        self.store["notes"] = [note.pack() for note in self.notes]
