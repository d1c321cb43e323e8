"""File systems: where an archive may live.

An archive relies on locks that exclude every other writer and on flushes that reach a disk. File systems that are
shared over a network promise neither (locks that lock nothing, appends that overwrite each other), so that a live
archive on one is refused. Copies may lie there and be read.

On Linux the table of mounts says what a folder is on; elsewhere only a UNC path (which begins with two backslashes and
the name of a server) gives itself away.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Final

from greenmine.errors import ArchiveError
from greenmine.i18n import gettext as _

MOUNTS: Final = Path("/proc/self/mountinfo")

_FUSE: Final = (
    "sshfs",
    "glusterfs",
    "ceph",
    "s3fs",
    "rclone",
    "davfs2",
    "curlftpfs",
    "smbnetfs",
    "juicefs",
    "goofys",
    "gcsfuse",
    "blobfuse",
    "blobfuse2",
    "moosefs",
    "mfs",
    "seaweedfs",
    "lizardfs",
    "quobyte",
    "weka",
    "cernvm",
)

NETWORK: Final = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "smb2",
        "ncpfs",
        "afs",
        "coda",
        "ceph",
        "glusterfs",
        "lustre",
        "gpfs",
        "beegfs",
        "orangefs",
        "pvfs2",
        "panfs",
        "gfs2",
        "ocfs2",
        "davfs",
        "9p-tcp",
        *(f"fuse.{name}" for name in _FUSE),
    )
)
"""Types of file systems, as Linux names them, that several machines write to."""

_OCTAL: Final = re.compile(rb"\\([0-7]{3})")


def file_system(folder: Path, mounts: Path = MOUNTS) -> str:
    """Return the type of the file system that a folder is on, such as `ext4`; empty where the system does not tell.

    Args:
        folder: the folder; it need not exist yet.
        mounts: the table of mounts, in the form of Linux's `/proc/self/mountinfo`.
    """
    if str(folder).startswith("\\\\"):
        return "smb3"
    try:
        lines = mounts.read_bytes().splitlines()
    except OSError:
        return ""
    place = PurePosixPath(os.path.realpath(folder))
    best, found = -1, ""
    for line in lines:
        fields, dash, tail = line.partition(b" - ")
        columns = fields.split()
        if not dash or len(columns) < 5 or not tail.split():  # noqa: PLR2004 - the mount point is the fifth column
            continue
        point = PurePosixPath(os.fsdecode(_OCTAL.sub(lambda hit: bytes([int(hit[1], 8)]), columns[4])))
        depth = len(point.parts)
        if depth >= best and place.is_relative_to(point):  # of two mounts on one point the later one is seen
            best, found = depth, os.fsdecode(tail.split()[0])
            if found == "9p" and (b"trans=tcp" in tail or b"trans=rdma" in tail):
                found = "9p-tcp"
    return found


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Make sure that a folder is on a disk of this machine.

    Args:
        folder: where the archive is, or shall be.
        mounts: the table of mounts.

    Raises:
        ArchiveError: it is on a file system that is shared over a network.
    """
    found = file_system(folder, mounts)
    if found in NETWORK:
        raise ArchiveError(
            folder,
            expected=_("a folder on a disk of this machine"),
            found=_("the network file system {type}").format(type=found),
            hint=_("Locks and flushes do not hold there. Keep the archive on a local disk and copy it to the share."),
        )
