"""A sentence encoder is made from a public checkpoint and gives each sentence its vector, alone or among others."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.cli.main import main
from assistant.errors import ModelError
from assistant.intent.linear import Features, Linear
from assistant.intent.meaning import BLOCK, LAYERS, LONGEST, TABLE, Meaning
from tests.intent.conftest import TREE

HEADS = 12
WIDTH = 3 * BLOCK
EACH = WIDTH // HEADS
PIECES = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "lamp", "la", "##mps", "##s", "'", "what", "on", "嗨"]


SAID = ("switch the lamp off", "turn out the light", "what is the capital of peru")


def checkpoint(folder: Path) -> None:
    """One layer of chance numbers, written as the public files are."""
    random = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "word_embeddings": (len(PIECES), WIDTH),
        "position_embeddings": (80, WIDTH),
        "token_type_embeddings": (2, WIDTH),
    }
    sizes: dict[str, tuple[int, ...]] = {f"embeddings.{name}.weight": shape for name, shape in shapes.items()}
    linear = {f"attention.self.{each}": (WIDTH, WIDTH) for each in ("query", "key", "value")}
    linear |= {"attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (4 * WIDTH, WIDTH)}
    linear |= {"output.dense": (WIDTH, 4 * WIDTH)}
    for name, shape in linear.items():
        sizes |= {f"encoder.layer.0.{name}.weight": shape, f"encoder.layer.0.{name}.bias": shape[:1]}
    for name in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        sizes |= {f"{name}.LayerNorm.{part}": (WIDTH,) for part in ("weight", "bias")}
    head, body = {}, b""
    for name, shape in sizes.items():
        content = random.normal(size=shape).astype(np.float32).tobytes()
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    start = json.dumps(head).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(start)) + start + body)
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meaning")
    checkpoint(folder)
    sys.path.insert(0, str(TREE / "scripts"))
    import make_meaning

    sys.path.remove(str(TREE / "scripts"))
    make_meaning.make(folder, folder, 1)
    return folder


def test_words_are_split_into_the_longest_known_pieces(folder: Path) -> None:
    encoder = Meaning(folder)._loaded()
    kept = [each for each in PIECES if each not in ("[PAD]", "[unused0]", "嗨")]

    def pieces(*words: str) -> list[str]:
        return [kept[each] for each in encoder._split_all(words)[0]]

    assert pieces("lamps", "what's", "Ön") == ["[CLS]", "lamp", "##s", "what", "'", "[UNK]", "on", "[SEP]"]
    assert pieces() == ["[CLS]", "[SEP]"]
    assert len(pieces(*["lamp"] * 500)) == LONGEST + 2


def test_a_sentence_has_the_same_vector_alone_and_among_others(folder: Path) -> None:
    meaning = Meaning(folder)
    said = [("lamps", "on"), ("what",), ("lamp", "on"), ("on", "lamps")]
    together = meaning.vectors(said)
    assert together.shape == (4, WIDTH) and np.isfinite(together).all()
    alone = np.array([meaning.vectors([each])[0] for each in said])
    assert np.abs(together - alone).max() < 0.05 * np.abs(alone).max(), "but for the rounding of a batch in common"
    assert np.abs(together[0] - together[3]).max() > 0.1 * np.abs(alone).max(), "the order of words counts"


def test_a_word_has_the_mean_of_its_pieces_where_it_stands(folder: Path) -> None:
    meaning = Meaning(folder)
    first, second = meaning.words([("lamps", "on"), ("on", "what's", *["lamp"] * LONGEST)])
    assert first.shape == (2, WIDTH) and len(second) == LONGEST + 2
    (_, owners, states), *_ = meaning._loaded().states([("lamps", "on")])
    assert owners[0].tolist() == [-1, 0, 0, 1, -1]
    assert np.allclose(first, [states[0, 1:3].mean(axis=0), states[0, 3]], atol=1e-5)
    assert second[LONGEST - 4].any() and not second[LONGEST:].any(), "no more pieces than it looks at"


def test_a_layer_does_what_its_definition_says(folder: Path) -> None:
    """Written out for one sentence, from the checkpoint's own float weights."""
    sys.path.insert(0, str(TREE / "scripts"))
    import make_meaning

    sys.path.remove(str(TREE / "scripts"))
    weights = make_meaning.read(folder / "model.safetensors")

    def normal(row: Any, name: str) -> Any:
        row = (row - row.mean()) / np.sqrt(row.var() + 1e-12)
        return row * weights[f"{name}.LayerNorm.weight"] + weights[f"{name}.LayerNorm.bias"]

    def linear(row: Any, name: str) -> Any:
        return weights[f"encoder.layer.0.{name}.weight"] @ row + weights[f"encoder.layer.0.{name}.bias"]

    ids = [PIECES.index(each) for each in ("[CLS]", "lamp", "##s", "[SEP]")]
    table, places, kinds = (
        weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    rows = [normal(table[each] + places[at] + kinds[0], "embeddings") for at, each in enumerate(ids)]
    query, key, value = ([linear(row, f"attention.self.{each}") for row in rows] for each in ("query", "key", "value"))
    ended = []
    for at, row in enumerate(rows):
        seen = np.zeros(WIDTH)
        for head in range(HEADS):
            part = slice(EACH * head, EACH * head + EACH)
            looks = np.exp([query[at][part] @ each[part] / np.sqrt(EACH) for each in key])
            seen[part] = sum(look * each[part] for look, each in zip(looks / looks.sum(), value, strict=True))
        row = normal(row + linear(seen, "attention.output.dense"), "encoder.layer.0.attention.output")
        inner = linear(row, "intermediate.dense")
        inner = 0.5 * inner * (1 + np.tanh(np.sqrt(2 / np.pi) * (inner + 0.044715 * inner**3)))
        ended.append(normal(row + linear(inner, "output.dense"), "encoder.layer.0.output"))
    ours, theirs = Meaning(folder).vectors([("lamps",)])[0], np.mean(ended, axis=0)
    assert ours @ theirs > 0.99 * np.linalg.norm(ours) * np.linalg.norm(theirs)


def test_meaning_tells_apart_what_terms_do_not(folder: Path) -> None:
    said = [("lamp",), ("on",)] * 3
    features, vectors = Features.fit(said, 9, Meaning(folder))
    assert len(features.terms) == 0 and len(features) == WIDTH
    linear = Linear.train(vectors, [0, 1] * 3, len(features), 2)
    assert [int(linear.chances(features.vector(each)).argmax()) for each in said] == [0, 1] * 3


def test_a_folder_without_an_encoder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match="no sentence encoder"):
        Meaning(tmp_path).load()
    assert main(["intent", "eval", "x.tsv", "y.tsv", "--meaning", str(tmp_path)]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("name", [TABLE, LAYERS])
def test_a_damaged_file_is_no_encoder(folder: Path, tmp_path: Path, name: str) -> None:
    for each in (TABLE, LAYERS):
        content = (folder / each).read_bytes()
        (tmp_path / each).write_bytes(content[: len(content) // 2] if each == name else content)
    with pytest.raises(ModelError, match="no sentence encoder"):
        Meaning(tmp_path).load()


def test_the_one_that_comes_with_the_program_knows_what_means_the_same() -> None:
    meaning = Meaning(TREE / "models")
    lamp, light, peru = meaning.vectors([text.split() for text in SAID])

    def alike(one: Any, two: Any) -> float:
        return float(one @ two / np.linalg.norm(one) / np.linalg.norm(two))

    assert alike(lamp, light) > 0.5 > 0.2 > alike(lamp, peru)
