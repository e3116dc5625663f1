"""Files appear whole or not at all."""

import os

import pytest

from learnedflux.files import replace_file


def test_file_appears_when_all_is_written(tmp_path):
    target = tmp_path / "new" / "folder" / "result.nc"
    with replace_file(target) as temporary:
        assert temporary.suffix == ".nc"
        temporary.write_text("half")
        assert not target.exists()
        temporary.write_text("all")
    assert target.read_text() == "all"
    assert list(target.parent.iterdir()) == [target]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "result.nc"
    target.write_text("old")

    def fail():
        with replace_file(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_are_those_of_any_new_file(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    with replace_file(tmp_path / "ours") as temporary:
        temporary.write_text("")
    assert (tmp_path / "ours").stat().st_mode == plain.stat().st_mode
