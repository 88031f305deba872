"""Puts files that somebody could have made into every kind of directory of a server, and changes packaged ones.

plant.py SEED COUNT: prints one JSON object a line: path (latin1), kind, and whether the directory is a package's. The
same seed on the same server gives the same. Only for a server that is thrown away.
"""
import errno
import json
import os
import random
import shutil
import socket
import stat
import subprocess
import sys
import time

seed, count = int(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
os.umask(0o022)

# Nothing on a disk, or where a stray file stops the tools that this test asks.
SKIPPED = (b"/proc", b"/sys", b"/dev", b"/run", b"/etc/pam.d/", b"/etc/apt/sources.list.d", b"/var/lib/dpkg/updates",
           b"/var/lib/dpkg/alternatives", b"/etc/dpkg/dpkg.cfg.d", b"/etc/ssh/sshd_config.d", b"/etc/apt/preferences.d", b"/etc/security/")
# Where tools write by themselves, and where a name alone was taken for proof.
WANTED = [
    b"/", b"/boot", b"/srv", b"/opt", b"/home", b"/mnt", b"/media", b"/root", b"/etc", b"/etc/alternatives", b"/etc/rc2.d",
    b"/etc/rcS.d", b"/etc/init.d", b"/etc/ssl/certs", b"/etc/ssl/certs/java", b"/etc/xml", b"/etc/sgml", b"/etc/apparmor.d",
    b"/etc/apparmor.d/cache", b"/etc/python3", b"/etc/apt/apt.conf.d", b"/etc/apt/keyrings", b"/etc/fonts/conf.d",
    b"/etc/systemd/system", b"/etc/systemd/system/multi-user.target.wants", b"/etc/systemd/user", b"/etc/default",
    b"/etc/dictionaries-common", b"/etc/munin/plugins", b"/usr", b"/usr/bin", b"/usr/sbin", b"/usr/lib", b"/usr/share",
    b"/usr/local/bin", b"/usr/lib/locale", b"/usr/lib/locale/C.utf8", b"/usr/lib/python3/dist-packages",
    b"/usr/lib/python3/dist-packages/__pycache__", b"/usr/lib/x86_64-linux-gnu", b"/usr/lib/x86_64-linux-gnu/gconv",
    b"/usr/lib/systemd/system", b"/usr/lib/modules", b"/usr/lib/firmware", b"/usr/lib/ssl", b"/usr/lib/cups/backend",
    b"/usr/share/mime", b"/usr/share/mime/packages", b"/usr/share/mime/application", b"/usr/share/info",
    b"/usr/share/doc", b"/usr/share/man/man1", b"/usr/share/fonts", b"/usr/share/icons/hicolor", b"/usr/share/keyrings",
    b"/usr/share/vim/addons", b"/usr/share/ca-certificates/mozilla", b"/usr/share/glib-2.0/schemas", b"/usr/share/dict",
    b"/var", b"/var/lib", b"/var/lib/systemd", b"/var/lib/systemd/linger", b"/var/lib/pam", b"/var/lib/ucf",
    b"/var/lib/ucf/cache", b"/var/lib/python", b"/var/lib/logrotate", b"/var/lib/sudo", b"/var/lib/sudo/lectured",
    b"/var/lib/dbus", b"/var/lib/nfs", b"/var/lib/xml-core", b"/var/lib/sgml-base", b"/var/lib/vim", b"/var/lib/man-db",
    b"/var/lib/ghostscript/fonts", b"/var/lib/dpkg/info", b"/var/lib/apt/lists", b"/var/lib/misc", b"/var/backups",
    b"/var/spool", b"/var/mail", b"/var/cache/apt", b"/var/cache/man", b"/var/log", b"/var/log/apt", b"/var/tmp", b"/tmp",
]
TELLING = [
    b"ld.so.cache", b".uuid", b"icon-theme.cache", b"fonts.dir", b"fonts.scale", b"mimeinfo.cache", b"giomodule.cache",
    b"gconv-modules.cache", b"catalog", b"supercatalog", b"locale-archive", b"dir", b"dir.old", b"aliases", b"globs",
    b"status", b"seen", b"registry", b"hashfile", b"transactions.db", b"S01own", b"K01own", b"S05cron", b"0a1b2c3d.0",
    b"common-own", b"package.cache", b"tags", b"hwdb.bin.own", b"own.dpkg-dist", b"own.ucf-dist", b"cached_own",
    b"__pycache__", b"own.wants", b"x-own.xml", b"etab", b"words", b"default", b"initrd.img-own", b"CACHEDIR.TAG.own",
]
SUFFIXES = [b"", b".conf", b".so", b".so.1", b".py", b".pyc", b".cpython-311.pyc", b".dpkg-old", b".bak", b"~", b".gz",
            b".db", b".cache", b".log", b".cat", b".0", b".service", b".sh", b".xml", b".crt"]
ODD = [b"two\nlines", b"\xff\xfe\x80", b"-rf", b"--help", b"\x1b[31mred", b"it's \"quoted\"", b"$(reboot)", b"`reboot`",
       b" leading", b"trailing ", b"back\\slash", b"*", b"?", b"[a]", b"{a,b}", b"\xc3\xa9", b"x" * 250]
KINDS = ["file", "file", "file", "file", "empty", "sparse", "link-file", "link-directory", "link-relative", "link-dangling",
         "link-alternatives", "link-unit", "hard-link", "hard-link-packaged", "pipe", "socket", "device", "directory",
         "full-directory", "setuid", "capability", "acl", "attribute", "program", "library", "script"]

owned = set()
for name in os.listdir(b"/var/lib/dpkg/info"):
    if name.endswith(b".list"):
        with open(b"/var/lib/dpkg/info/" + name, "rb") as lists:
            owned.update(line for line in lists.read().split(b"\n") if line)
tops = [top for top in (b"/bin", b"/sbin", b"/lib", b"/lib64", b"/lib32") if os.path.islink(top)]
owned.update([b"/usr" + path for path in owned if any(path.startswith(top + b"/") for top in tops)])


def say(path, kind, **more):
    print(json.dumps(dict(path=path.decode("latin1"), kind=kind, packaged=os.path.dirname(path) in owned, **more)))


def directories():
    device = os.lstat(b"/").st_dev
    for here, below, _ in os.walk(b"/"):
        below[:] = sorted(name for name in below
                          if os.lstat(os.path.join(here, name)).st_dev == device
                          and not any((os.path.join(here, name) + b"/").startswith(skip) for skip in SKIPPED))
        yield here


def fresh_name(directory):
    number = b"%d" % chance.randrange(10**6)
    way = chance.random()
    if way < 0.3:
        return chance.choice(TELLING)
    if way < 0.5:
        return chance.choice(ODD) if chance.random() < 0.5 else (chance.choice(ODD) + number)[:255]
    if way < 0.65:
        try:
            there = sorted(name for name in os.listdir(directory) if len(name) < 200)
        except OSError:
            there = []
        if there:
            return chance.choice(there) + chance.choice([b".own", b"~", b".1", b"-own", b".pyc", b".dpkg-new", b".dpkg-dist"])
    return b"own" + number + chance.choice(SUFFIXES)


def write(path, content=None):
    with open(path, "xb") as file:
        file.write(content if content is not None else b"# planted %d\n" % chance.randrange(10**9))


def plant(path, kind):
    """Makes the path; True where it was made."""
    if kind == "file":
        write(path, b"# " + b"y" * chance.choice([1, 40, 5000, 70000]) + b"\n")
    elif kind == "empty":
        write(path, b"")
    elif kind == "sparse":
        write(path, b"")
        os.truncate(path, 10**7)
    elif kind == "link-file":
        os.symlink(chance.choice([b"/srv/own/target", b"/etc/passwd", b"/usr/bin/env"]), path)
    elif kind == "link-directory":
        os.symlink(chance.choice([b"/srv/own", b"/etc", b"/usr/share"]), path)
    elif kind == "link-relative":
        os.symlink(chance.choice([b"../own", b"own", b"../init.d/own", b"../../../srv/own/target"]), path)
    elif kind == "link-dangling":
        os.symlink(b"/nowhere/at/all", path)
    elif kind == "link-alternatives":
        os.symlink(b"/etc/alternatives/awk", path)
    elif kind == "link-unit":
        os.symlink(b"/lib/systemd/system/cron.service", path)
    elif kind == "hard-link":
        os.link(b"/srv/own/target", path)
    elif kind == "hard-link-packaged":
        os.link(b"/usr/share/common-licenses/GPL-2", path)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        place = b"/srv/own/s"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(place)
        os.rename(place, path)
    elif kind == "device":
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "full-directory":
        os.mkdir(path)
        write(path + b"/inside")
        say(path + b"/inside", "inside")
    elif kind == "setuid":
        shutil.copyfile(b"/usr/bin/env", path)
        os.chmod(path, 0o4755)
    elif kind == "capability":
        shutil.copyfile(b"/usr/bin/env", path)
        # VFS_CAP_REVISION_2 with cap_net_bind_service, permitted and effective.
        os.setxattr(path, "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    elif kind == "acl":
        write(path)
        # Version 2: user::rw- user:1:r-- group::r-- mask::r-- other::r--
        os.setxattr(path, "system.posix_acl_access", bytes.fromhex(
            "02000000" "01000600ffffffff" "0200040001000000" "04000400ffffffff" "10000400ffffffff" "20000400ffffffff"))
    elif kind == "attribute":
        write(path)
        os.setxattr(path, "user.own", b"x")
    elif kind == "program":
        shutil.copyfile(b"/usr/bin/env", path)
        os.chmod(path, 0o755)
    elif kind == "library":
        shutil.copyfile(os.path.realpath(b"/usr/lib/x86_64-linux-gnu/libz.so.1"), path)
    elif kind == "script":
        write(path, b"#!/bin/sh\n: %d\n" % chance.randrange(10**9))
        os.chmod(path, 0o755)


busy = set()


def planting():
    os.makedirs(b"/srv/own", exist_ok=True)
    if not os.path.lexists(b"/srv/own/target"):
        write(b"/srv/own/target")
    found = list(directories())
    known = set(found)
    wanted = [place for place in WANTED if place in known]
    made = 0
    for number in range(count * 3):
        if made >= count:
            return
        directory = chance.choice(wanted) if number % 3 == 0 else chance.choice(found)
        path = os.path.join(directory, fresh_name(directory))
        if os.path.lexists(path) or (os.path.basename(path) == b"own.pyc"):
            continue
        kind = chance.choice(KINDS)
        try:
            plant(path, kind)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EIO):
                raise
            if os.path.lexists(path):
                say(path, kind)
            continue
        say(path, kind)
        busy.add(directory)
        made += 1


def overwriting():
    """Changes packaged files as no recipe would, and hides it as well as can be."""
    files = []
    for name in sorted(os.listdir(b"/var/lib/dpkg/info")):
        if not name.endswith(b".md5sums"):
            continue
        with open(b"/var/lib/dpkg/info/" + name, "rb") as sums:
            files += [b"/" + line[34:] for line in sums.read().split(b"\n") if len(line) > 34]
    # What the scan itself runs must go on running.
    calm = (b"/usr/share/", b"/usr/games/", b"/usr/lib/python3/dist-packages/", b"/usr/include/")
    files = sorted(path for path in files
                   if path.startswith(calm) and os.path.isfile(path) and not os.path.islink(path)
                   and os.stat(path).st_size > 20 and os.stat(path).st_nlink == 1
                   and b"/perl" not in path and b"common-licenses" not in path)
    ways = ["same-size", "same-size", "appended", "renamed", "renamed", "linked", "linked-packaged", "piped", "directory",
            "emptied", "moved-away-and-back"]
    for number, path in enumerate(chance.sample(files, 220)):
        way = ways[number % len(ways)]
        about = os.stat(path)
        with open(path, "rb") as file:
            content = file.read()
        changed = content[:-3] + bytes([content[-3] ^ 1]) + content[-2:]
        back = lambda: os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns), follow_symlinks=False)
        if way == "same-size":
            with open(path, "r+b") as file:
                file.write(changed)
            back()
        elif way == "appended":
            with open(path, "ab") as file:
                file.write(b"\n# own\n")
            back()
        elif way == "renamed":
            write(b"/usr/own.new", changed)
            os.chmod(b"/usr/own.new", stat.S_IMODE(about.st_mode))
            os.rename(b"/usr/own.new", path)
            back()
        elif way == "linked":
            os.unlink(path)
            os.symlink(b"/srv/own/target", path)
        elif way == "linked-packaged":
            os.unlink(path)
            os.symlink(b"/etc/debian_version", path)
        elif way == "piped":
            os.unlink(path)
            os.mkfifo(path)
        elif way == "directory":
            os.unlink(path)
            os.mkdir(path)
            write(path + b"/inside")
            say(path + b"/inside", "inside")
        elif way == "emptied":
            os.truncate(path, 0)
            back()
        elif way == "moved-away-and-back":
            aside = path + b".aside"
            os.rename(path, aside)
            write(path, changed)
            back()
            say(aside, "aside")
        say(path, "over-" + way)
        busy.add(os.path.dirname(path))


def relinking():
    """Directories that became links to a larger disk, links that lead elsewhere, an older tree moved over a packaged one."""
    directories = sorted({os.path.dirname(path) for path in owned if path.startswith(b"/usr/share/doc/")
                          and os.path.isfile(path) and path.count(b"/") == 5})
    directories = [path for path in directories if path in owned and os.path.isdir(path) and not os.path.islink(path)
                   and not any((place + b"/").startswith(path + b"/") for place in busy)]
    for path in chance.sample(directories, 10):
        moved = b"/srv/own/" + path.replace(b"/", b"_")
        subprocess.run([b"mv", b"-T", b"--", path, moved], check=True)
        os.symlink(moved, path)
        say(path, "directory-linked")
    links = sorted(path for path in owned if os.path.islink(path) and path.startswith(b"/usr/share/doc/"))
    for path in chance.sample(links, min(10, len(links))):
        os.unlink(path)
        os.symlink(b"/srv/own", path)
        say(path, "link-changed")


def replacing():
    """Files that are older than a package, in a directory that was moved over the package's: renaming it touches it alone."""
    older, package = b"/srv/own/older", b"/srv/own/package"
    os.makedirs(older + b"/deep/er")
    for name in (b"/a", b"/deep/b", b"/deep/er/c"):
        write(older + name, b"own\n")
    # Longer than dpkg takes from the last file to its list.
    time.sleep(6)
    os.makedirs(package + b"/DEBIAN")
    write(package + b"/DEBIAN/control", b"Package: own-package\nVersion: 1\nArchitecture: all\n"
          b"Maintainer: Anna <anna@mail.example>\nDescription: of our own\n")
    for place in (b"/usr/share/own-package", b"/usr/lib/own-package"):
        os.makedirs(package + place + b"/deep/er")
        for name in (b"/a", b"/deep/b", b"/deep/er/c"):
            write(package + place + name, b"new\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", package, b"/srv/own/package.deb"],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["dpkg", "-i", "/srv/own/package.deb"], check=True, stdout=subprocess.DEVNULL)
    for place in (b"/usr/share/own-package", b"/usr/lib/own-package/deep"):
        shutil.rmtree(place)
    os.rename(older + b"/deep", b"/usr/lib/own-package/deep")
    os.mkdir(older + b"/deep")
    os.rename(older, b"/usr/share/own-package")
    # A file that comes later gives the directory the times of that, and hides that it was moved.
    write(b"/usr/share/own-package/later")
    for path in (b"/usr/share/own-package/a", b"/usr/lib/own-package/deep/b", b"/usr/lib/own-package/deep/er/c"):
        say(path, "over-moved-directory")
    say(b"/usr/share/own-package/later", "file")


planting()
overwriting()
relinking()
replacing()
