"""FileProfileSource looks when the test says so; only its own poll is left out."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from authz_server.cache import file_source
from authz_server.cache.faults import CacheFault
from authz_server.cache.file_source import FileProfileSource
from authz_server.checking.ports import LoadedProfile
from authz_server.core.auth import JwtAuth
from authz_server.core.errors import CannotTell
from authz_server.core.secret import Secret
from authz_server.documents.document import read_document
from authz_server.documents.errors import DocumentInvalid


def document(*profile_ids: str, **fields: str) -> str:
    """A document with these profiles, each without a credential."""
    lines = ["clients:", "  - id: cl_acme", "    name: Acme", "    profiles:"]
    for profile_id in profile_ids:
        auth = fields.get("auth", "{type: none}")
        lines += [f"      - id: {profile_id}", f"        name: {profile_id}", f"        auth: {auth}"]
    return "\n".join(lines) + "\n"


WRONG = "the profiles file cannot be taken, the last good one is served: "


class Served:
    """A file, its source, and what the source told."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.path = path
        self.now = 100.0
        self.faults: list[str] = []
        self.states: list[bool] = []
        defaults: dict[str, Any] = {
            "resolve_env": {"THE_SECRET": "s" * 40}.get,
            "poll_seconds": 3_600.0,
            "clock": lambda: self.now,
            "on_fault": self._fault,
            "on_state": self.states.append,
        }
        self.source = FileProfileSource(path, **(defaults | options))

    def _fault(self, kind: CacheFault, sentence: str) -> None:
        assert kind is CacheFault.PROFILES_FILE
        self.faults.append(sentence)

    async def look(self, times: int = 2) -> None:
        """Two looks in a row take a change."""
        for _ in range(times):
            await self.source.look()

    def ids(self, *profile_ids: str) -> list[str]:
        """Which of these are found."""
        return [profile_id for profile_id in profile_ids if self.source.find(profile_id) is not None]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    path = tmp_path / "profiles.yaml"
    path.write_text(document("pr_1"))
    served = Served(path)
    await served.source.start()
    yield served
    await served.source.close()


async def test_a_profile_of_the_file_is_found_at_once_and_another_is_not(served: Served) -> None:
    found = served.source.find("pr_1")
    assert isinstance(found, LoadedProfile)
    assert found.profile.client.id == "cl_acme"
    assert served.source.find("pr_2") is None
    assert (served.source.count, served.source.age) == (1, 0.0)
    assert served.source.readiness().ready


async def test_a_profile_is_compiled_once(served: Served) -> None:
    assert served.source.find("pr_1") is served.source.find("pr_1")


async def test_nothing_can_be_told_and_it_is_not_ready_before_it_was_read(tmp_path: Path) -> None:
    source = Served(tmp_path / "profiles.yaml").source
    with pytest.raises(CannotTell):
        source.find("pr_1")
    assert not source.readiness().ready
    assert (source.count, source.age) == (None, None)
    await source.close()


async def test_a_rewritten_file_is_taken_once_it_was_seen_twice(served: Served) -> None:
    served.path.write_text(document("pr_1", "pr_2"))
    await served.look(1)
    assert served.ids("pr_1", "pr_2") == ["pr_1"]
    await served.look(1)
    assert served.ids("pr_1", "pr_2") == ["pr_1", "pr_2"]
    assert served.states == [True]


async def test_a_file_that_goes_on_changing_waits(served: Served) -> None:
    for number in range(4):
        served.path.write_text(document("pr_1", *(f"pr_more_{i}" for i in range(number + 1))))
        await served.look(1)
    assert served.source.count == 1
    await served.look(1)
    assert served.source.count == 5


async def test_a_file_renamed_onto_it_is_taken(served: Served) -> None:
    new = served.path.with_suffix(".new")
    new.write_text(document("pr_2"))
    new.rename(served.path)
    await served.look()
    assert served.ids("pr_1", "pr_2") == ["pr_2"]


async def test_a_file_of_the_same_size_and_time_is_told_by_its_inode(served: Served) -> None:
    stat = served.path.stat()
    new = served.path.with_suffix(".new")
    new.write_text(document("pr_2"))
    os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    new.rename(served.path)
    await served.look()
    assert served.ids("pr_1", "pr_2") == ["pr_2"]


async def test_the_swap_of_links_that_kubernetes_does_is_taken(tmp_path: Path) -> None:
    for name, profile_id in (("..2026_01", "pr_1"), ("..2026_02", "pr_2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "profiles.yaml").write_text(document(profile_id))
    (tmp_path / "..data").symlink_to("..2026_01")
    (tmp_path / "profiles.yaml").symlink_to(Path("..data") / "profiles.yaml")
    served = Served(tmp_path / "profiles.yaml")
    await served.source.start()
    assert served.ids("pr_1", "pr_2") == ["pr_1"]

    (tmp_path / "..data_tmp").symlink_to("..2026_02")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    await served.look()
    assert served.ids("pr_1", "pr_2") == ["pr_2"]
    await served.source.close()


async def test_a_wrong_file_leaves_the_good_one_in_force_and_is_told_once(served: Served) -> None:
    served.path.write_text("clients: []\n" + "".join(f"more_{number}: 1\n" for number in range(6)))
    served.now += 5.0
    await served.look(5)
    assert served.ids("pr_1") == ["pr_1"]
    readiness = served.source.readiness()
    assert readiness.ready
    assert served.faults == list(readiness.warnings)
    assert f"the last good one is served: {served.path}:2:1: more_0: " in readiness.warnings[0]
    assert readiness.warnings[0].endswith(" (and 1 more)")
    assert served.states[-1] is False
    assert served.source.age == 5.0


async def test_a_file_that_is_put_right_is_served_and_the_warning_goes(served: Served) -> None:
    served.path.write_text("wrong")
    await served.look()
    served.path.write_text(document("pr_2"))
    await served.look()
    assert served.ids("pr_2") == ["pr_2"]
    assert served.source.readiness().warnings == ()
    assert served.states == [True, False, True]


async def test_a_link_that_is_turned_back_is_good_again(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(document("pr_1"))
    (tmp_path / "wrong.yaml").write_text("wrong")
    link = tmp_path / "profiles.yaml"
    link.symlink_to("good.yaml")
    served = Served(link)
    await served.source.start()
    for target in ("wrong.yaml", "good.yaml"):
        link.unlink()
        link.symlink_to(target)
        await served.look()
    assert served.states == [True, False, True]
    assert served.source.readiness().warnings == ()
    await served.source.close()


async def test_a_file_that_is_gone_leaves_what_was_there_in_force(served: Served) -> None:
    served.path.unlink()
    await served.look(3)
    assert served.ids("pr_1") == ["pr_1"]
    assert served.faults == [f"{WRONG}{served.path}: No such file or directory"]
    assert served.source.readiness().warnings != ()
    served.path.write_text(document("pr_2"))
    await served.look()
    assert served.ids("pr_2") == ["pr_2"]


async def test_a_file_that_cannot_be_read_leaves_what_was_there_in_force(served: Served) -> None:
    served.path.unlink()
    served.path.mkdir()
    await served.look(3)
    assert served.ids("pr_1") == ["pr_1"]
    assert served.faults == [f"{WRONG}{served.path}: Is a directory"]


async def test_a_file_that_changes_while_it_is_read_is_read_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_bytes = Path.read_bytes
    reads: list[Path] = []

    def read_and_change(path: Path) -> bytes:
        reads.append(path)
        data = read_bytes(path)
        if len(reads) == 1:
            path.write_text(document("pr_3"))
        return data

    monkeypatch.setattr(Path, "read_bytes", read_and_change)
    served.path.write_text(document("pr_2"))
    await served.look()
    assert served.ids("pr_1", "pr_2", "pr_3") == ["pr_1"]
    await served.look()
    assert served.ids("pr_1", "pr_2", "pr_3") == ["pr_3"]


async def test_at_the_start_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text(document("pr_1"))
    read_bytes = Path.read_bytes
    reads: list[Path] = []

    def read_and_change(path: Path) -> bytes:
        reads.append(path)
        data = read_bytes(path)
        if len(reads) == 1:
            path.write_text(document("pr_2"))
        return data

    monkeypatch.setattr(Path, "read_bytes", read_and_change)
    served = Served(path, poll_seconds=0.01)
    await served.source.start()
    assert served.ids("pr_1", "pr_2") == ["pr_2"]
    await served.source.close()


async def test_a_wrong_file_stops_the_start_with_every_error(tmp_path: Path) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text("clients: [{}]\nmore: 1\n")
    with pytest.raises(DocumentInvalid) as refused:
        await Served(path).source.start()
    assert len(refused.value.errors) > 1


async def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Served(tmp_path / "profiles.yaml").source.start()


async def test_secrets_come_from_the_environment_or_are_opened(tmp_path: Path) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text(
        document("pr_env", auth="{type: jwt, algorithm: HS256, secret_env: THE_SECRET}")
        + "      - {id: pr_sealed, name: sealed, auth: {type: jwt, algorithm: HS256, secret_sealed: sealed1.cr.AAAA}}\n"
    )
    served = Served(path, open_sealed=lambda profile_id, _: ("cr", Secret(f"secret-of-{profile_id}" * 3)))
    await served.source.start()
    for profile_id, secret in (("pr_env", "s" * 40), ("pr_sealed", "secret-of-pr_sealed" * 3)):
        found = served.source.find(profile_id)
        assert found is not None
        assert isinstance(found.profile.auth, JwtAuth)
        assert found.profile.auth.secret is not None
        assert found.profile.auth.secret.reveal() == secret
    await served.source.close()


async def test_it_looks_by_itself_and_outlives_a_surprise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text(document("pr_1"))
    surprises = iter([ValueError("a surprise")])

    def surprising(data: bytes, **options: Any) -> Any:
        if error := next(surprises, None):
            raise error
        return read_document(data, **options)

    served = Served(path, poll_seconds=0.005)
    await served.source.start()
    monkeypatch.setattr(file_source, "read_document", surprising)
    async with asyncio.timeout(20):
        path.write_text(document("pr_2"))
        while not served.faults:  # noqa: ASYNC110 - the source polls, and so does its test
            await asyncio.sleep(0.005)
        path.write_text(document("pr_3"))
        while served.source.find("pr_3") is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
    assert served.faults == [f"{WRONG}{path}: ValueError"]
    await served.source.close()


async def test_a_warning_of_the_document_is_one_of_readiness(tmp_path: Path) -> None:
    path = tmp_path / "profiles.yaml"
    path.write_text(document("pr_1", auth="{type: mtls, san_dns: [client.example]}"))
    served = Served(path)
    await served.source.start()
    assert "clients[0].profiles[0]" in served.source.readiness().warnings[0]
    await served.source.close()
