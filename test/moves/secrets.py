"""Files of a server that hold a key, a password or its identity: found by what is in them and by what daemons call
them, without any rule of the program that is tested. secrets.py: one path a line, in the order of their names."""
import os
import re

device = os.lstat(b"/").st_dev
NAMED = re.compile(
    rb"^/etc/(shadow|gshadow)-?$|^/etc/machine-id$|/machine-id$|^/etc/ssh/ssh_host_\w+_key$|/debian\.cnf$|^/etc/.*\.key$"
    rb"|/random-seed$|/\.erlang\.cookie$|/secrets\.tdb$|/passdb\.tdb$|^/var/lib/snmp/snmpd\.conf$|^/etc/dkimkeys/."
    rb"|^/var/lib/tor/keys/.*secret|^/etc/nvme/host|^/var/lib/systemd/credential\.secret$|^/etc/krb5\.keytab$")
KEY = re.compile(rb"^-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|^\s*secret\s+\"[A-Za-z0-9+/]{20,}={0,2}\";", re.M)
for here, below, files in os.walk(b"/"):
    below[:] = sorted(name for name in below if os.lstat(os.path.join(here, name)).st_dev == device)
    for name in sorted(files):
        path = os.path.join(here, name)
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        if NAMED.search(path):
            print(path.decode("latin1"))
        elif os.path.getsize(path) < 1 << 20 and not path.startswith((b"/usr/share/doc/", b"/var/lib/dpkg/")):
            with open(path, "rb") as file:
                if KEY.search(file.read()):
                    print(path.decode("latin1"))
