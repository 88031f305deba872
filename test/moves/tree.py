"""Everything a move has to keep about files, one JSON object per line: tree.py ROOT... [-- PRUNED...] on stdin's host.

Names are latin1 text (one character per byte). Owners are names, a number without a name stays a number. Walks
by directory descriptors, so that paths longer than PATH_MAX are no obstacle.
"""
import array
import base64
import errno
import fcntl
import grp
import hashlib
import json
import os
import pwd
import stat
import struct
import sys

LIMIT = 64 << 20
arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
split = arguments.index(b"--") if b"--" in arguments else len(arguments)
roots, pruned = arguments[:split], set(arguments[split + 1:])
first_name = {}


def owner(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group(gid):
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def acl(raw):
    """acl(5) as the kernel hands it out: version, then (tag, permissions, id) of 8 bytes; ids become names."""
    entries = []
    for tag, permissions, number in struct.iter_unpack("<HHI", raw[4:]):
        who = {2: owner, 8: group}.get(tag, lambda _: "")(number)
        entries.append("%d:%s:%d" % (tag, who, permissions))
    return sorted(entries)


def attributes(handle):
    found = {}
    for name in os.listxattr(handle):
        # What the kernel and overlayfs keep for themselves.
        if name.startswith(("trusted.overlay.", "security.selinux", "system.nfs")):
            continue
        raw = os.getxattr(handle, name)
        found[name] = acl(raw) if name.startswith("system.posix_acl") else base64.b64encode(raw).decode()
    return found


def flags(fd):
    """The letters i and a of chattr(1), which protect a file; a file system without flags has none."""
    number = array.array("l", [0])
    try:
        fcntl.ioctl(fd, 0x80086601, number, True)
    except OSError:
        return ""
    return "".join(letter for bit, letter in ((0x10, "i"), (0x20, "a")) if number[0] & bit)


def content(fd, size):
    """Digest of the bytes that are there and where they are; the tail of a hole is no data."""
    digest = hashlib.sha256()
    data = 0
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                break
            raise
        end = os.lseek(fd, start, os.SEEK_HOLE)
        data += end - start
        if data <= LIMIT:
            position = start
            while position < end:
                piece = os.pread(fd, min(1 << 20, end - position), position)
                if not piece:
                    break
                # Zeros may be written or be a hole: only other bytes, and their place, make the content.
                for block in range(0, len(piece), 4096):
                    part = piece[block:block + 4096]
                    if part.count(0) != len(part):
                        digest.update(b"%d:" % (position + block))
                        digest.update(part)
                position += len(piece)
        at = end
    return digest.hexdigest(), data


def show(directory, name, path):
    about = os.stat(name, dir_fd=directory, follow_symlinks=False)
    kind = about.st_mode
    entry = {
        "path": path.decode("latin1"),
        "type": stat.filemode(kind)[0],
        "mode": "%04o" % stat.S_IMODE(kind),
        "user": owner(about.st_uid),
        "group": group(about.st_gid),
        "mtime": str(about.st_mtime_ns),
    }
    if not stat.S_ISDIR(kind) and about.st_nlink > 1:
        entry["sameAs"] = first_name.setdefault((about.st_dev, about.st_ino), path).decode("latin1")
        entry["links"] = about.st_nlink
    if stat.S_ISLNK(kind):
        entry["target"] = os.readlink(name, dir_fd=directory).decode("latin1")
    elif stat.S_ISCHR(kind) or stat.S_ISBLK(kind):
        entry["device"] = "%d,%d" % (os.major(about.st_rdev), os.minor(about.st_rdev))
    elif stat.S_ISREG(kind) or stat.S_ISDIR(kind):
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory)
        try:
            extended = attributes(fd)
            if extended:
                entry["xattrs"] = extended
            if flags(fd):
                entry["flags"] = flags(fd)
            if stat.S_ISREG(kind):
                entry["size"] = about.st_size
                entry["sha256"], data = content(fd, about.st_size)
                # Rounded: where a hole begins is the file system's business.
                entry["holes"] = about.st_size - data > (1 << 20)
        finally:
            os.close(fd)
    print(json.dumps(entry, sort_keys=True))
    return stat.S_ISDIR(kind)


def walk(parent, name, path):
    if path in pruned:
        return
    if not show(parent, name, path):
        return
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        # A descriptor's listing gives text; surrogates carry the bytes.
        for child in sorted(os.fsencode(entry) for entry in os.listdir(fd)):
            walk(fd, child, path + b"/" + child)
    finally:
        os.close(fd)


sys.setrecursionlimit(10000)
for root in roots:
    top = os.open(os.path.dirname(root), os.O_RDONLY)
    walk(top, os.path.basename(root), root)
    os.close(top)
