"""Labelled sentences are read as public data sets write them, and what cannot be read is named in one line."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ConfigError
from assistant.intent.labelled import Labelled, parse, read_labelled, spans

_TAGS = st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"])
WAKE = Labelled(("wake", "me", "at", "nine", "am"), ("O", "O", "O", "B-time", "I-time"), "alarm_set")
HUSH = Labelled(("hush",), ("O",), "volume_mute")
_CSV = 'userid;scenario;intent;status;answer_annotation;question\n1;alarm;set;null;"wake me at [time : nine am]";"?"\n'
FILES = {
    "plain.tsv": "wake me at [time : nine am]\talarm_set\n\nhush\tvolume_mute\n",
    "intent_first.tsv": "alarm_set\twake me at [time: nine am]\nvolume_mute\thush\n",
    "names.tsv": "intent\tsentence\nalarm_set\twake me at {nine am}{time}\nvolume_mute\thush\n",
    "quoted.tsv": '"wake me at <time>nine am</time>"\t"alarm_set"\n"hush"\t"volume_mute"\n',
    "tags.tsv": "wake me at nine am\talarm_set\tO O O B-time I-time\nhush\tvolume_mute\tO\n",
    "pieces.tsv": "text\ttags\tlabel\nwake me at nine-am.\tO O O B-time\talarm_set\nhush !\tO O\tvolume_mute\n",
    "names.csv": 'text,intent\n"wake me, at [nine am](time)",alarm_set\nhush,volume_mute\n',
    "public.csv": _CSV + "2;volume;volume_mute;IRR;hush;\n",
    "rows.jsonl": '{"annot_utt": "wake me at [time : nine am]", "utt": "-", "intent": "alarm_set"}\n'
    '{"utt": "hush", "intent": "volume_mute"}\n',
    "bom.txt": "\ufeffwake me at [time : nine am]\talarm_set\r\nhush\tvolume_mute\r\n",
}


@pytest.mark.parametrize("name", FILES)
def test_the_common_ways_to_write_a_table_say_the_same(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name].encode())
    assert read_labelled(tmp_path / name) == [WAKE, HUSH]


FOLDERS = {
    "texts": {"alarm_set.txt": "wake me at [time : nine am]\n", "volume_mute.txt": "\nhush\n"},
    "tables": {"alarm_set.csv": _CSV, "volume_mute.tsv": "sentence\tintent\nhush\tvolume_mute\n"},
    "sequences": {
        "seq.in": "wake me at nine am\nhush\n",
        "seq.out": "O O O B-time I-time\nO\n",
        "label": "alarm_set\nvolume_mute\n",
    },
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_says_the_same(tmp_path: Path, name: str) -> None:
    for file, text in FOLDERS[name].items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert read_labelled(tmp_path) == [WAKE, HUSH]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no tab here", "bad.tsv:1"),
        ("hush\tmute\nlouder\t\n", "bad.tsv:2"),
        ("hush now\tmute\tO\n", "bad.tsv:1.*2 words but 1 tags|2 words but 1 tags.*bad.tsv:1"),
        ('{"text": "hush"}', "bad.tsv:1"),
        ('{"text": "hush"', "bad.tsv:1"),
        ("", "no labelled sentence"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as error:
        read_labelled(tmp_path / "bad.tsv")
    assert "\n" not in str(error.value)


def test_what_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "photo.tsv").write_bytes(b"\xff\xd8\xff")
    for name in ("photo.tsv", "nowhere.tsv"):
        with pytest.raises(ConfigError, match=name):
            read_labelled(tmp_path / name)


def test_a_folder_of_text_files_for_each_intent_is_read_and_an_empty_one_says_what_belongs_into_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match=r"<intent>\.txt"):
        read_labelled(tmp_path)
    (tmp_path / "volume_mute").mkdir()
    (tmp_path / "volume_mute" / "some.txt").write_bytes(b"\xef\xbb\xbfhush\r\n")
    assert read_labelled(tmp_path) == [HUSH]


def test_slots_in_brackets_become_tags() -> None:
    found = parse("wake me at [time : Nine AM] on [date:friday]!", "alarm_set")
    assert found == Labelled(
        ("wake", "me", "at", "nine", "am", "on", "friday"),
        ("O", "O", "O", "B-time", "I-time", "O", "B-date"),
        "alarm_set",
    )
    assert spans(found.tags) == {(3, 5, "time"), (6, 7, "date")}


def test_two_slots_side_by_side_stay_two() -> None:
    assert spans(("B-a", "B-a", "I-a", "O", "B-b")) == {(0, 1, "a"), (1, 3, "a"), (4, 5, "b")}


@given(st.lists(_TAGS, max_size=12))
def test_slots_never_overlap_whatever_the_tags(tags: list[str]) -> None:
    found = sorted(spans(tuple(tags)))
    assert all(one[1] <= two[0] for one, two in pairwise(found))
    assert all(0 <= start < end <= len(tags) for start, end, _ in found)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.tsv"
    path.write_text(text, encoding="utf-8")
    with contextlib.suppress(ConfigError):
        assert all(len(each.words) == len(each.tags) and each.intent for each in read_labelled(path))
