"""The only door to disk for anything that comes from speech: a gate that opens for a living person's yes and for
nothing else, an encrypted vault behind it, and a signed ledger of every yes, no and deletion.

Core, synchronous, without the bus: `store` (lock, keys, ledger, vault in one transaction), `gate` (grant, keep),
`purge` (withdraw, delete, expire, recover), `rights` (show, tag, export), `data_map` (every place that may hold data).
"""
