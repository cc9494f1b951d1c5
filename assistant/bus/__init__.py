"""The message bus: `memory` inside a process, `hub` and `socket` between processes, one contract for both."""
