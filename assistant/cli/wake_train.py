"""`assistant wake train "hey pebble"`: learn a word from all voices, measure it, keep it, say how good it is."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.audio.frame import Samples
from assistant.build import Builder
from assistant.cli import wake_takes
from assistant.cli.context import Context
from assistant.cli.progress import Steps
from assistant.errors import ModelError, Refused
from assistant.memory import overwrite_freed
from assistant.stt.moonshine_model import MoonshineModel
from assistant.stt.phrase import Phrase, Unheard
from assistant.stt.phrase_learning import learn, margin
from assistant.wake.custom.bank import load_bank
from assistant.wake.custom.embedding import SpeechEmbedder
from assistant.wake.custom.material import Gatherer, Material
from assistant.wake.custom.score import report
from assistant.wake.custom.training import Trained, suspected, train
from assistant.wake.custom.word import TrainedWord, check_text, name_of

EXAMPLES_USUAL, EXAMPLES_FEWEST, EXAMPLES_MOST = 1200, 60, 5000
MOST_TAKES = 10
EPOCHS = 20
SEED = 7
EXAMPLES = """examples:
  assistant wake train "hey pebble"
  assistant wake train "hey pebble" --takes 4     also learn how you say it

Takes need a yes: assistant consent grant wake_word. What was learnt from them ends with it.
"""
BUILT_IN = ("hey_mycroft", "alexa", "hey_jarvis", "okay_nabu")


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = actions.add_parser(
        "train",
        help="learn a wake word",
        description="Learns a word from every voice of this machine, in noise and in rooms, and says how good it is.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("text", help='the word or words, as in "hey pebble"')
    command.add_argument("--takes", type=int, default=0, metavar="N", help="record N takes of you (3 to 5 are enough)")
    command.add_argument(
        "--examples", type=int, default=EXAMPLES_USUAL, metavar="N",
        help=f"how many times the voices say it (default {EXAMPLES_USUAL}); fewer is faster and worse",
    )  # fmt: skip
    command.add_argument("--yes", action="store_true", help="agree to what is kept of the takes, without being asked")
    command.set_defaults(handler=train_word)


def train_word(context: Context, arguments: argparse.Namespace) -> int:
    text = check_text(arguments.text, BUILT_IN)
    if not 0 <= arguments.takes <= MOST_TAKES:
        raise ModelError(f"{arguments.takes} takes are not possible", where="--takes", hint=f"0 to {MOST_TAKES}")
    if not EXAMPLES_FEWEST <= arguments.examples <= EXAMPLES_MOST:
        raise ModelError("is out of range", where="--examples", hint=f"{EXAMPLES_FEWEST} to {EXAMPLES_MOST}")
    builder = Builder(context.config, context.paths, context.clock)
    if arguments.takes and not wake_takes.agreed(builder, yes=arguments.yes):
        print("Nothing was recorded. Without --takes the word is learnt from synthetic voices alone.")
        return 1
    takes = wake_takes.record(builder, text, arguments.takes) if arguments.takes else []
    begun = time.monotonic()
    try:
        words = learn_word(context, builder, text, arguments.examples, takes)
        kept = wake_takes.keep(builder, name_of(text), takes)
    finally:
        wake_takes.wipe(takes)
        if takes:
            overwrite_freed()
    for word in words:
        path = builder.trained_words.save(word)
    word = words[-1]
    if word.takes and not wake_takes.permitted(builder):  # asked after writing, so that no withdrawal slips in between
        builder.trained_words.forget_own(word.name)
        raise Refused("the yes to keep wake words has ended", where=word.name, hint="Nothing of your takes was kept")
    print(f'"{text}" was learnt in {time.monotonic() - begun:.0f} s')
    print("\n".join(f"  {line}" for line in report(text, word.score)))
    if takes:
        print(f"Your takes are {'kept as clips, as you agreed: assistant data show' if kept else 'overwritten'}; "
              f"what they changed is in {path}: assistant wake remove {word.name} --voice-only")  # fmt: skip
    others = [each for each in context.config.wake.words if each != word.name]
    print(f"Try it: assistant wake test {word.name}")
    print(f"Use it: assistant config set wake.words '[{', '.join([*others, word.name])}]'")
    return 0


def learn_word(
    context: Context, builder: Builder, text: str, examples: int, takes: Sequence[Samples] = ()
) -> list[TrainedWord]:
    """The word from synthetic voices, and, with takes, another version that knows them. Raises ModelError, EngineError.

    Arrays that came of the takes are zeros afterwards.
    """
    show, random = Steps(), np.random.default_rng(SEED)
    bank = load_bank(context.paths.negatives)
    embedder = SpeechEmbedder()
    embedder.start()
    gatherer = Gatherer(builder.all_voices(), embedder, bank, random)
    material = gatherer.gather(text, examples, takes, progress=show)
    embedder.close()
    bank = bank.without(text)
    try:
        plain = train(replace(material, own=[]), bank, random, progress=show, epochs=EPOCHS)
        versions = [(plain, 0)]
        if takes:
            versions.append((train(material, bank, random, progress=show, epochs=EPOCHS), len(takes)))
    finally:
        material.wipe_own()
    shared = builder.recogniser_model
    model = shared.get() if shared is not None else None
    phrase, confirmed = Phrase((), 0.0), 0.0
    if model is not None:
        phrase, confirmed = learn(
            model, text, material.clean, material.spoken, progress=lambda done, of: show("the recogniser", done, of)
        )
    return [_word(text, each, count, material, phrase, confirmed, model) for each, count in versions]


def _word(
    text: str, trained: Trained, takes: int, material: Material, phrase: Phrase, confirmed: float,
    model: MoonshineModel | None,
) -> TrainedWord:  # fmt: skip
    """Everything put together, and measured with the second stage if there is a model for it."""
    tried = material.near[len(material.near) // 2 :]
    near = suspected(trained, tried)
    score = replace(trained.score, near=tuple(each.text for each in near[:8]))
    if model is not None:
        unheard = Unheard(model)
        woken = [each for each in near if margin(model, phrase, each.sound, unheard) >= 0]
        score = replace(
            score,
            missed_confirmed=1 - (1 - score.missed) * confirmed,
            near_accepted=len(woken) / len(tried) if tried else None,
            near=tuple(each.text for each in (woken or near)[:8]),
        )
    return TrainedWord(
        name=name_of(text), text=text, head=trained.head, low=trained.low, alone=trained.alone, lag=trained.lag,
        spellings=phrase.spellings, needed=phrase.needed, score=score, takes=takes,
    )  # fmt: skip
