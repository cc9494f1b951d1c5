"""The slim graphs compute what the shipped ones do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from assistant.stt.moonshine_graph import multiplies_signed
from assistant.stt.moonshine_model import MoonshineModel, find_model
from assistant.stt.moonshine_weights import Weight

SOUND = np.random.default_rng(0).normal(0, 0.1, 4_000).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> MoonshineModel:
    return MoonshineModel(find_model())


def shipped(name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(find_model() / name), providers=["CPUExecutionProvider"])


def test_the_encoder_hears_the_same(model: MoonshineModel) -> None:
    feed = {"input_values": SOUND[None], "attention_mask": np.ones((1, len(SOUND)), np.int64)}
    (hidden,) = shipped("encoder_model.ort").run(None, feed)
    # Rounding to 8 bits makes more of a difference of the last bit, seldom and a little.
    assert np.abs(model.encode(SOUND).hidden - hidden).mean() < 0.01


def test_the_decoder_says_the_same(model: MoonshineModel) -> None:
    tokens = [1, 500, 900]
    heard, scores, cache = model.begin(model.encode(SOUND))
    decoder = shipped("decoder_model_merged.ort")
    feed = {
        each.name: np.zeros((1, 8, 0, 36), np.float32) for each in decoder.get_inputs() if each.name.startswith("past")
    }
    feed |= {"input_ids": np.array([tokens]), "encoder_hidden_states": heard.hidden}
    feed |= {"encoder_attention_mask": np.ones((1, 1), np.int64), "use_cache_branch": np.array([False])}
    (logits,) = decoder.run(["logits"], feed)
    expected = logits[0] - np.log(np.exp(logits[0]).sum(axis=-1, keepdims=True))
    assert int(scores.argmax()) == int(expected[0].argmax())
    sentence = [*tokens[1:], 7]
    told = model.score(heard, [sentence])[0]
    assert told == pytest.approx(float(expected[np.arange(3), sentence].sum()), abs=0.5)
    for token in tokens[1:]:
        scores, cache = model.step(heard, np.array([token, token]), cache.take(np.zeros(2, np.intp)))
        assert cache.own[0].shape[0] == 2
        cache = cache.take(np.zeros(1, np.intp))
    assert np.exp(scores[0]).sum() == pytest.approx(1.0, abs=1e-3)
    assert scores[0, 7] == pytest.approx(expected[2, 7], abs=1.0)


def test_the_model_does_not_stay_in_memory_as_a_file(model: MoonshineModel) -> None:
    assert model._decoder._model_bytes is None


def test_signed_weights_are_the_same_numbers() -> None:
    weight = Weight(np.array([[0, 128, 255]], np.uint8), np.array(0.5, np.float32), np.array(130, np.uint8))
    signed = weight.signed()
    assert signed.values.dtype == signed.zero.dtype == np.int8
    assert (signed.values.astype(int) - int(signed.zero)).tolist() == [[-130, -2, 125]]


def test_only_a_processor_that_can_gets_them(tmp_path: Path) -> None:
    for number, (flags, can) in enumerate((("avx2 avx512_vnni", True), ("avx2", False), ("asimddp", False))):
        file = tmp_path / str(number)
        file.write_text(f"flags : {flags}\n")
        assert multiplies_signed(file) is can
    assert not multiplies_signed(tmp_path / "none")
