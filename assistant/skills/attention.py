"""Whether somebody is being listened to or spoken to: other sound is lowered meanwhile."""

from __future__ import annotations

from assistant.messages import Message, dialog, tts


class Attention:
    """Follows the dialogue and the voice."""

    def __init__(self) -> None:
        self._conversations: set[str] = set()
        self._voices: set[str] = set()

    @property
    def needed(self) -> bool:
        return bool(self._conversations or self._voices)

    def follow(self, message: Message) -> bool:
        """Take note of a message; whether it changed `needed`. Typed questions disturb nobody."""
        before = self.needed
        match message:
            case dialog.Opened(session=session, why=why) if why != "typed":
                self._conversations.add(session)
            case dialog.Closed(session=session):
                self._conversations.discard(session)
            case tts.Started(session=session):
                self._voices.add(session)
            case tts.Ended(session=session):
                self._voices.discard(session)
            case _:
                pass
        return self.needed != before
