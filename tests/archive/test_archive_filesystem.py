"""File systems: where an archive may live."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenmine import i18n
from greenmine.archive.filesystem import MOUNTS, file_system, refuse_network
from greenmine.errors import ArchiveError

TABLE = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:50 / /srv rw - xfs /dev/vdb rw
31 30 0:51 / /srv/share rw,relatime shared:3 - {type} server:/export rw,{options}
32 30 0:52 / /srv/with\\040space rw - nfs4 server:/export rw
33 22 0:53 / /twice rw - nfs server:/export rw
34 22 0:54 / /twice rw - ext4 /dev/vdc rw
"""


def mounts(folder: Path, kind: str = "nfs4", options: str = "vers=4.2") -> Path:
    path = folder / "mountinfo"
    path.write_text(TABLE.format(type=kind, options=options))
    return path


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/opt/x", "ext4"),
        ("/srv", "xfs"),
        ("/srv/sharer", "xfs"),
        ("/srv/share", "nfs4"),
        ("/srv/share/reports/deep", "nfs4"),
        ("/srv/with space/reports", "nfs4"),
        ("/twice/reports", "ext4"),
    ],
)
def test_the_nearest_mount_above_a_folder_tells_its_file_system(tmp_path: Path, folder: str, kind: str) -> None:
    """Nested mounts, mounts over mounts and names with spaces are told apart."""
    assert kind == file_system(Path(folder), mounts(tmp_path))


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "ceph", "lustre"])
def test_a_network_file_system_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    """The message names the folder, the file system, and what to do."""
    i18n.use("en")
    with pytest.raises(ArchiveError, match=f"/srv/share/reports: .*{kind}.*local disk"):
        refuse_network(Path("/srv/share/reports"), mounts(tmp_path, kind))


@pytest.mark.parametrize(("options", "refused"), [("trans=tcp", True), ("trans=rdma", True), ("trans=virtio", False)])
def test_9p_is_refused_only_over_a_network(tmp_path: Path, options: str, *, refused: bool) -> None:
    """The same protocol serves a virtual machine its host's disk and a cluster its servers'."""
    table = mounts(tmp_path, "9p", options)
    assert refused == (file_system(Path("/srv/share"), table) == "9p-tcp")
    if not refused:
        refuse_network(Path("/srv/share"), table)


def test_a_local_disk_is_accepted(tmp_path: Path) -> None:
    """This machine's own temporary folder will do, and its file system has a name."""
    refuse_network(tmp_path)
    assert "" != file_system(tmp_path, MOUNTS) or not MOUNTS.exists()


def test_without_a_table_of_mounts_nothing_is_claimed(tmp_path: Path) -> None:
    """Where the system does not tell, the type is empty; a UNC path gives itself away."""
    assert "" == file_system(tmp_path, tmp_path / "none")
    assert "smb3" == file_system(Path("\\\\server\\share\\reports"), tmp_path / "none")
