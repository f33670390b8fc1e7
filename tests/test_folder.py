"""The run folder's readers: a file that is absent is not one that is damaged, and what is damaged is told in one line."""

import json
import os

import pytest

from jaxgan.errors import UserError, printable, say
from jaxgan.folder import RunFolder, read_metrics, read_object, series


@pytest.fixture
def told():
    return []


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


class TestObjects:
    def test_an_absent_file_is_empty_and_nothing_is_told(self, tmp_path, told):
        files = RunFolder(tmp_path / "nowhere")
        assert files.read_environment(told.append) == files.read_evaluation(told.append) == files.read_config(told.append) == {}
        assert files.read_metrics(told.append) == told == []

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "is empty"), (b" \n", "is empty"), (b'{"step": ', "is no JSON"), (b"\xff{}", "is no text in UTF-8 (byte 0)"),
            (b"[1]", "it is a list where an object is expected"), (b"3", "it is the number 3 where"), (b"[" * 100_000, "nested deeper than 32"),
            (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper than 32"),
        ],
    )  # fmt: skip
    def test_a_damaged_file_is_told_in_one_line_that_names_it(self, content, words, tmp_path, told):
        path = written(tmp_path / "evaluation.json", content)
        assert RunFolder(tmp_path).read_evaluation(told.append) == {}
        (line,) = told
        assert line.startswith(str(path)) and words in line and "\n" not in line

    def test_what_is_no_file_is_told(self, tmp_path, told):
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "link").symlink_to(tmp_path / "nothing")
        for name in ("folder", "pipe", "link"):
            assert read_object(tmp_path / name, tell=told.append) == {}
        assert [line.removeprefix(f"{tmp_path}/") for line in told] == [
            "folder is a folder",
            "pipe is no file",
            "link is no file",
        ]

    def test_a_field_of_a_wrong_type_is_named_and_the_rest_stays(self, tmp_path, told):
        values = {
            "step": "3", "weights": "last", "protocol": {"any": [1]}, "replicas": [{"fid": 1.0, "kid": "x", "own": None}], "own": {"a": 1},
        }  # fmt: skip
        written(tmp_path / "evaluation.json", json.dumps(values))
        kept = RunFolder(tmp_path).read_evaluation(told.append)
        assert kept == {**{k: v for k, v in values.items() if k != "step"}, "replicas": [{"fid": 1.0, "own": None}]}
        assert told == [
            f"{tmp_path}/evaluation.json: step is a text where a whole number from 0 to {2**53} is expected, and 1 more of another form: left out"
        ]

    @pytest.mark.parametrize("seeds", ["<b>", ["<b>"], [1, 0.5], [True], [2**70], [[1]], {"0": 1}, 3])
    def test_seeds_that_are_none_are_left_out(self, seeds, tmp_path, told):
        written(tmp_path / "config.json", json.dumps({"seed": 3, "by_replica": {"seed": seeds, "clip": [0.1]}}))
        assert RunFolder(tmp_path).read_config(told.append) == {"seed": 3, "by_replica": {"clip": [0.1]}}
        assert len(told) == 1 and "by_replica.seed" in told[0]

    def test_numbers_beyond_64_bits_are_floats(self, tmp_path):
        path = written(tmp_path / "a.json", '{"a": 9223372036854775807, "b": 9223372036854775808, "c": 1' + "0" * 5000 + "}")
        assert read_object(path) == {"a": 2**63 - 1, "b": 2.0**63, "c": float("inf")}
        assert type(read_object(path)["b"]) is float

    def test_who_says_not_to_whom_is_told_on_standard_error(self, tmp_path, capsys):
        read_object(written(tmp_path / "a\x1b[31m.json", "{"))
        read_metrics(written(tmp_path / "m.jsonl", "3\n"))
        first, second = capsys.readouterr().err.splitlines()
        assert first.startswith(f"warning: {tmp_path}/a\\x1b[31m.json is no JSON")
        assert second == f"warning: {tmp_path}/m.jsonl: 1 line cannot be read, and left out (line 1)"


class TestMetrics:
    def test_bad_lines_are_counted_and_named_but_not_the_half_line_of_a_killed_run(self, tmp_path, told):
        lines = [
            '{"step": 1, "a": 1.0}', "{", "[]", '{"a": 1}', '{"step": true}', '{"step": 1e400}', '{"step": 2, "replica": "x"}', "",
            '{"step": 3, "a": "text", "b": [1], "c": null}', '{"step": 4, "half',
        ]  # fmt: skip
        path = written(tmp_path / "m.jsonl", "\n".join(lines).encode() + b"")
        assert read_metrics(path, told.append) == [{"step": 1, "a": 1.0}, {"step": 3, "a": "text", "c": None}]
        assert told == [
            f"{path}: 6 lines cannot be read, and left out (line 2, 3, 4, 5, 6, ...)",
            f"{path}: 1 line with values that are no numbers (line 9)",
        ]

    def test_a_line_with_other_bytes_leaves_the_others(self, tmp_path, told):
        path = written(tmp_path / "m.jsonl", b'{"step": 1}\n\xff\xfe\0\n{"step": 2}\n')
        assert [record["step"] for record in read_metrics(path, told.append)] == [1, 2]
        assert len(told) == 1

    def test_the_series_of_such_records_are_numbers(self, tmp_path):
        path = written(
            tmp_path / "m.jsonl", '{"step": 1, "a": 1' + "0" * 400 + '}\n{"step": 2, "a": "x"}\n{"step": 3, "a": NaN}\n'
        )
        steps, values = series(read_metrics(path, print), "a")
        assert steps.tolist() == [1, 3] and values[0, 0] == float("inf")


class TestFolder:
    def test_names_that_are_no_pictures_of_samples(self, tmp_path):
        (tmp_path / "samples").mkdir()
        for name in (
            "step_1.png",
            "step_2-replica_1.png",
            "step_\u0663.png",
            f"step_{'9' * 200}.png",
            "step_.png",
            "step_1.gif",
        ):
            (tmp_path / "samples" / name).touch()
        assert [(p.replica, p.step) for p in RunFolder(tmp_path).pictures()] == [(0, 1), (1, 2)]

    def test_what_lies_outside_is_not_held(self, tmp_path):
        run = tmp_path / "run"
        run.mkdir()
        written(run / "a", "")
        (run / "inner").symlink_to(run / "a")
        (run / "outer").symlink_to("/etc/passwd")
        (run / "ring").symlink_to(run / "ring")
        (tmp_path / "linked").symlink_to(run)
        assert [RunFolder(run).holds(run / name) for name in ("a", "inner", "outer", "ring", "gone")][:3] == [True, True, False]
        assert RunFolder(tmp_path / "linked").holds(tmp_path / "linked" / "a")  # the folder itself may be a link


def test_a_terminal_shows_and_does_not_act(capsys):
    assert printable("a\x1b[2J\n\u202eb\udcff ü") == "a\\x1b[2J\\n\\u202eb\\udcff ü"
    say("two\nlines")
    assert capsys.readouterr().err == "warning: two\\nlines\n"


def test_a_training_goes_on_with_nothing_that_leads_out_of_its_folder(tmp_path):
    files = RunFolder(tmp_path / "run")
    files.path.mkdir()
    files.environment.symlink_to(files.path / "other.json")  # within the folder
    files.check_outputs()
    files.samples.symlink_to(tmp_path)
    with pytest.raises(UserError, match=r"samples is a link that leads out of the run folder"):
        files.check_outputs()
