"""Makes a directory of hostile names and metadata: hostile.py DIRECTORY."""
import os
import pwd
import grp
import socket
import stat
import sys

root = os.fsencode(sys.argv[1])
os.mkdir(root, 0o755)
os.chdir(root)


def make(name, content=b"", mode=0o644):
    with open(name, "wb") as file:
        file.write(content)
    os.chmod(name, mode)


# Names are bytes without / and NUL, nothing more.
names = b"names"
os.mkdir(names)
for name in [
    b"new\nline", b"-rf", b"--help", b" leading", b"trailing ", b"tab\there", b"\xff\xfe not utf-8", b"caf\xc3\xa9",
    b"cafe\xcc\x81", b"star*", b"quest?", b"[a-z]", b"$(touch pwned)", b"`touch pwned`", b"semi;colon", b"pipe|amp&",
    b"quote'", b'double"', b"back\\slash", b"\\n", b"\\012", b"hash#", b"~", b"\x01control", b"\x1b[31mred", b"\x7f",
    b"\xe2\x80\xae rtl", b"a" * 255, "ü".encode() * 127 + b"x", b"...", b"con:", b"%s%n", b"new\n", b"!history", b"{a,b}",
]:
    make(os.path.join(names, name), b"content of " + name)
os.mkdir(os.path.join(names, b"dir with\nnewline"))
make(os.path.join(names, b"dir with\nnewline", b"inside"), b"x")
os.symlink(b"new\nline", os.path.join(names, b"link to\nnewline"))

# Deeper than PATH_MAX: reachable only step by step.
here = os.open(b".", os.O_RDONLY)
os.mkdir(b"deep")
os.chdir(b"deep")
for level in range(45):
    part = b"level-%02d-" % level + b"d" * 100
    os.mkdir(part)
    os.chdir(part)
make(b"bottom", b"down here")
os.fchdir(here)

# One file with names in several directories.
os.makedirs(b"links/a")
os.makedirs(b"links/b")
make(b"links/a/one", b"one inode, three names")
os.link(b"links/a/one", b"links/b/two")
os.link(b"links/a/one", b"links/three")
os.symlink(b"target", b"links/symlink")
os.link(b"links/symlink", b"links/symlink-hard", follow_symlinks=False)
os.symlink(b"/nowhere/at/all", b"links/dangling")
os.symlink(b".", b"links/loop")
os.symlink(b"x" * 4000, b"links/long-target")

# A gigabyte that is almost all hole, with data at both ends and in the middle.
with open(b"sparse", "wb") as file:
    file.write(b"begin")
    file.seek(500 << 20)
    file.write(b"middle" * 1000)
    file.seek((1 << 30) - 3)
    file.write(b"end")
with open(b"all-hole", "wb") as file:
    file.truncate(64 << 20)
make(b"zeros", bytes(1 << 20))  # zeros that are written are no hole

os.mkfifo(b"fifo", 0o620)
unix = socket.socket(socket.AF_UNIX)
unix.bind(b"socket")
os.mknod(b"device-null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
os.mknod(b"device-block", 0o640 | stat.S_IFBLK, os.makedev(7, 77))

for name in [b"acl.txt", b"xattr.txt", b"capable", b"immutable.txt", b"append-only.txt"]:
    make(name, name, 0o755 if name == b"capable" else 0o640)
make(b"no-access", b"mode 0000", 0)
os.mkdir(b"no-access-dir")
make(b"no-access-dir/inside", b"x")
os.chmod(b"no-access-dir", 0)
make(b"setuid", b"#!/bin/sh\n", 0o4711)
make(b"setgid", b"#!/bin/sh\n", 0o2755)
make(b"sticky", b"", 0o1644)
os.mkdir(b"setgid-dir")
os.chown(b"setgid-dir", -1, grp.getgrnam("deploy").gr_gid)
os.chmod(b"setgid-dir", 0o2775)
os.mkdir(b"sticky-dir")
os.chmod(b"sticky-dir", 0o1777)
make(b"empty")

# Owners: people, a service, and numbers that have no name.
for owner in ["anna", "ben", "svcapp", "vmail", "www-data"]:
    make(b"owned-" + owner.encode(), b"x")
    entry = pwd.getpwnam(owner)
    os.chown(b"owned-" + owner.encode(), entry.pw_uid, entry.pw_gid)
make(b"owned-nobody-knows", b"x")
os.chown(b"owned-nobody-knows", 54321, 54322)
os.symlink(b"owned-anna", b"link-of-anna")
os.chown(b"link-of-anna", pwd.getpwnam("anna").pw_uid, grp.getgrnam("deploy").gr_gid, follow_symlinks=False)

# Times before 1970 and after 2038, to the nanosecond.
for name, ns in [
    (b"time-1901", -2147483000_123456789), (b"time-1969", -1), (b"time-epoch", 0), (b"time-2038", (1 << 31) * 10**9 + 999999999),
    (b"time-2106", (1 << 32) * 10**9 + 1), (b"time-2400", 13569465600_000000001),
]:
    make(name, b"x")
    os.utime(name, ns=(ns, ns))
os.mkdir(b"time-dir")
make(b"time-dir/inside", b"x")
os.utime(b"time-dir", ns=(1111111111_222222222, 1111111111_222222222))
os.symlink(b"x", b"time-link")
os.utime(b"time-link", ns=(1234567890_987654321, 1234567890_987654321), follow_symlinks=False)
