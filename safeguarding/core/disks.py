"""On what kind of disk a folder lies: SQLite's locks and its shared memory do not hold over a network."""

import os
from pathlib import Path

NETWORK = frozenset(
    {
        *(
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "ncpfs",
            "afs",
            "ceph",
            "glusterfs",
            "lustre",
            "gpfs",
            "ocfs2",
            "gfs2",
        ),
        *(
            "beegfs",
            "davfs",
            "fuse.sshfs",
            "fuse.glusterfs",
            "fuse.s3fs",
            "fuse.rclone",
            "fuse.ceph-fuse",
            "fuse.davfs2",
        ),
    }
)
_MOUNTS = Path("/proc/self/mountinfo")


def network_kind(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the kind of the network disk on which a folder lies; None for a disk of this machine, or one not known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    place = os.path.realpath(folder)
    best, kind = "", None
    for line in lines:
        # "36 35 98:0 /root /mount/point options - kind source options", with blanks written as \040
        before, _, after = line.partition(" - ")
        fields, described = before.split(), after.split()
        if len(fields) < 5 or not described:
            continue
        point = fields[4].replace("\\040", " ")
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):  # what is mounted later lies over what was there
            best, kind = point, described[0]
    return kind if kind in NETWORK else None
