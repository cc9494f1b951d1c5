"""Wake words of the household's own: a small head on frozen speech embeddings, trained on synthetic voices."""
