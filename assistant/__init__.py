"""A privacy-first voice assistant daemon. Start reading at `assistant.build`."""

__version__ = "0.1.0"
