"""The `assistant` command: parse, call, print. Everything else lives in the rooms."""
