"""Proofs of the privacy promises, run by scripts/prove-privacy."""
