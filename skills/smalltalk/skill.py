"""A few kind words, and chance: coins, dice, numbers."""

from __future__ import annotations

import random

from assistant.skills.api import Reply, Request, Skill, intent

MOST_DICE = 20
MOST_SIDES = 1000
MOST_LETTERS = 40
SAID_SINGLY = 6
"""Up to so many dice it says what each of them shows."""


class Smalltalk(Skill):
    @intent("hello", "how_are_you", "thanks", "good_night", "goodbye", "praise", "joke", "coin")
    def answer_kindly(self, request: Request) -> Reply:
        return self.reply(request.intent)

    @intent("greeting")
    def greeting(self, request: Request) -> Reply:
        """ "Good morning" is answered by what it really is."""
        hour = request.now.hour
        return self.reply("morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening")

    @intent("dice")
    def dice(self, request: Request) -> Reply:
        said, sided = request.number(), request.number("sides")
        count, sides = int(1 if said is None else said), int(6 if sided is None else sided)
        if not (1 <= count <= MOST_DICE and 2 <= sides <= MOST_SIDES):
            return self.reply("no_such_dice", most=MOST_DICE)
        points = [random.randint(1, sides) for _ in range(count)]
        if count == 1:
            return self.reply("die", points=points[0])
        each = [self.say("number", number=number) for number in points]
        return self.reply("dice" if count <= SAID_SINGLY else "dice_sum", each=each, points=sum(points))

    @intent("number")
    def number(self, request: Request) -> Reply:
        first, last = request.number("number"), request.number("number_2")
        low, high = sorted((int(first if first is not None else 1), int(last if last is not None else 10)))
        return self.reply("die", points=random.randint(low, high))

    @intent("spell")
    def spell(self, request: Request) -> Reply:
        """Capital letters, a comma between them, so that any voice says each by its name."""
        word = request.text("word")
        letters = [letter.upper() for letter in word if letter.isalnum()]
        if not 1 <= len(letters) <= MOST_LETTERS:
            return self.reply("unspellable")
        return self.reply("spell", word=word.capitalize(), letters=", ".join(letters))
