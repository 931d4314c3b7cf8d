"""Which folders lie on a disk of another machine."""

from pathlib import Path

import pytest

from safeguarding.core.disks import network_kind

MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:40 / /srv/shared rw - nfs4 files:/export rw
31 30 8:2 / /srv/shared/local rw - xfs /dev/sdb rw
32 21 0:41 / /srv/my\\040share rw - cifs //files/share rw
33 21 0:42 / /srv/over rw - ext4 /dev/sdc rw
34 33 0:43 / /srv/over rw - fuse.sshfs somebody@files: rw
broken
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/safeguarding", None),
        ("/srv/shared", "nfs4"),
        ("/srv/shared/data", "nfs4"),
        ("/srv/shared-not", None),
        ("/srv/shared/local/data", None),
        ("/srv/my share/data", "cifs"),
        ("/srv/over/data", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_decides(tmp_path: Path, folder: str, kind: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert network_kind(Path(folder), mounts) == kind


def test_where_nothing_is_known_nothing_is_refused(tmp_path: Path) -> None:
    assert network_kind(tmp_path, tmp_path / "missing") is None


def test_this_machine_says_where_its_folders_are(tmp_path: Path) -> None:
    assert network_kind(tmp_path) is None
