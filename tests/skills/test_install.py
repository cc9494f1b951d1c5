"""Installing: from folder, archive or git, all or nothing, and nothing outside the skill's own folder."""

import io
import os
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import SkillError
from assistant.skills import fetch
from assistant.skills.install import install, remove
from assistant.skills.template import new
from assistant.testing.skills import SkillTester


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return new("greeter", tmp_path / "sources")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    return tmp_path / "state" / "skills"


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))


def tarred(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "gztar", folder.parent, folder.name))


def in_git(folder: Path) -> str:
    run = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", "-C", str(folder)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*run, *command], check=True)
    return f"file://{folder}"


@pytest.mark.parametrize("pack", [str, zipped, tarred, in_git])
async def test_a_skill_is_installed_and_answers(
    source: Path, installed: Path, pack: Callable[[Path], str | Path]
) -> None:
    steps: list[str] = []
    done = install(str(pack(source)), installed, progress=steps.append)
    assert (done.id, done.version, done.replaced, done.folder) == ("greeter", "0.1.0", "", installed / "greeter")
    assert steps == ["Fetching", "Checking", "Installing greeter 0.1.0"]
    assert [path.name for path in installed.iterdir()] == ["greeter"]
    assert not (done.folder / ".git").exists()
    async with SkillTester(installed) as tester:
        assert (await tester.ask("say hello to Ada")).text == "Hello Ada!"


def test_a_newer_version_takes_the_place_of_the_old(source: Path, installed: Path) -> None:
    install(source, installed)
    manifest = source / "skill.yaml"
    manifest.write_text(manifest.read_text().replace("0.1.0", "0.2.0"))
    (source / "new.txt").write_text("x")
    done = install(source, installed)
    assert (done.version, done.replaced) == ("0.2.0", "0.1.0")
    assert (installed / "greeter" / "new.txt").exists()
    assert [path.name for path in installed.iterdir()] == ["greeter"]


def _no_manifest(folder: Path) -> None:
    shutil.rmtree(folder / "locale")
    (folder / "skill.yaml").unlink()


def _bad_sentence(folder: Path) -> None:
    (folder / "locale" / "en" / "greet.intent").write_text("hello (world")


def _wants_files(folder: Path) -> None:
    with (folder / "skill.yaml").open("a") as file:
        file.write("permissions: ['files:/etc']\n")


def _link_out(folder: Path) -> None:
    (folder / "passwords").symlink_to("/etc/passwd")


def _syntax(folder: Path) -> None:
    (folder / "skill.py").write_text("class Greeter(")


def _too_many(folder: Path) -> None:
    for number in range(fetch.MOST_FILES + 1):
        (folder / f"{number}").touch()


def _device(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_no_manifest, "there is no skill in it"),
        (_bad_sentence, "greeter/locale/en/greet.intent:1:7: '(' is never closed"),
        (_wants_files, "unknown permission 'files:/etc'"),
        (_link_out, "links and devices are not allowed"),
        (_device, "links and devices are not allowed"),
        (_syntax, "greeter/skill.py:1: this is no Python"),
        (_too_many, "more than 2000 files"),
    ],
)
def test_a_failed_installation_leaves_what_was_there(
    source: Path, installed: Path, spoil: Callable[[Path], None], says: str
) -> None:
    install(source, installed)
    before = sorted(path.read_bytes() for path in installed.rglob("*") if path.is_file())
    spoil(source)
    with pytest.raises(SkillError) as error:
        install(source, installed)
    assert says in str(error.value)
    assert sorted(path.read_bytes() for path in installed.rglob("*") if path.is_file()) == before
    assert [path.name for path in installed.iterdir()] == ["greeter"]


def test_a_rename_that_fails_brings_the_old_version_back(
    source: Path, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(source, installed)
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.parent.name == "fetched":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(SkillError, match="No space left"):
        install(source, installed)
    assert (installed / "greeter" / "skill.py").is_file()


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil", "a/../../evil", "..\\evil"])
def test_an_archive_cannot_write_outside(tmp_path: Path, installed: Path, name: str) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name, "x")
    tar = tmp_path / "evil.tar.gz"
    with tarfile.open(tar, "w:gz") as packed:
        member = tarfile.TarInfo(name)
        member.size = 1
        packed.addfile(member, io.BytesIO(b"x"))
    for one in (archive, tar):
        with pytest.raises(SkillError, match="leads out"):
            install(one, installed)
    assert not list(tmp_path.rglob("evil.py"))
    assert not list(installed.iterdir())


def test_an_archive_with_a_link_is_refused(tmp_path: Path, installed: Path) -> None:
    tar = tmp_path / "link.tar"
    with tarfile.open(tar, "w") as packed:
        member = tarfile.TarInfo("skill/locale")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc"
        packed.addfile(member)
    archive = tmp_path / "link.zip"
    with zipfile.ZipFile(archive, "w") as file:
        info = zipfile.ZipInfo("skill/locale")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc")
    for one in (tar, archive):
        with pytest.raises(SkillError, match="link or device"):
            install(one, installed)


def test_an_archive_bomb_is_counted_while_it_unpacks(tmp_path: Path, installed: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb/locale/en/a.intent", b"\0" * (fetch.MOST_BYTES + 1))
    assert archive.stat().st_size < 100_000
    with pytest.raises(SkillError, match="more than 20 MB"):
        install(archive, installed)
    assert not list(installed.iterdir())


@pytest.mark.parametrize("broken", [b"", b"PK\x03\x04 nonsense", b"\x1f\x8b broken"])
def test_a_damaged_archive_is_a_clear_line(tmp_path: Path, installed: Path, broken: bytes) -> None:
    for suffix in (".zip", ".tar.gz"):
        path = tmp_path / f"broken{suffix}"
        path.write_bytes(broken)
        with pytest.raises(SkillError, match="archive"):
            install(path, installed)


def test_a_hook_in_a_repository_is_not_run(source: Path, installed: Path, tmp_path: Path) -> None:
    url = in_git(source)
    hook = source / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    install(url, installed)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("file:///nowhere/at/all", "git: "),
        ("http://example.org/skill.git", "this address cannot be used"),
        ("ext::sh -c touch% /tmp/evil", "no such folder"),
        ("--upload-pack=evil", "no such folder"),
        ("/nowhere", "no such folder or archive"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_clear_line(installed: Path, address: str, says: str) -> None:
    with pytest.raises(SkillError) as error:
        install(address, installed)
    assert says in str(error.value)


def test_a_bundled_id_is_taken(source: Path, installed: Path) -> None:
    with pytest.raises(SkillError, match="bundled"):
        install(source, installed, taken=("greeter",))


def test_nothing_that_is_installed_may_be_run_as_a_program(source: Path, installed: Path) -> None:
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o4755)
    install(source, installed)
    assert (installed / "greeter" / "run.sh").stat().st_mode & 0o7111 == 0


def test_removing_takes_the_stored_data_along(source: Path, installed: Path) -> None:
    install(source, installed)
    forgotten: list[str] = []

    def forget(skill: str) -> bool:
        forgotten.append(skill)
        return True

    assert remove("greeter", installed, forget).data
    assert forgotten == ["greeter"]
    assert not list(installed.iterdir())


@pytest.mark.parametrize("name", ["nothing", "..", "../../etc", ""])
def test_removing_what_is_not_there_is_a_clear_line(source: Path, installed: Path, name: str) -> None:
    install(source, installed)
    with pytest.raises(SkillError, match="Installed: greeter"):
        remove(name, installed, lambda skill: True)
    with pytest.raises(SkillError, match="part of the assistant"):
        remove("timer", installed, lambda skill: True, bundled=("timer",))
    assert (installed / "greeter").is_dir()


def test_a_new_skill_passes_its_own_check_and_names_are_checked(tmp_path: Path) -> None:
    from assistant.skills.check import check

    assert check(new("My Kitchen", tmp_path)) == []
    for bad in ("", "../x", "9lives", "dialog"):
        with pytest.raises(SkillError):
            new(bad, tmp_path)
    with pytest.raises(SkillError, match="exists"):
        new("my-kitchen", tmp_path)
