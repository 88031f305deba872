# What lies around on a server that somebody has looked after for years.
python3 - <<'END'
# "Built from source" in /usr/local: a static program without libraries, so that it runs on any release.
import os, platform, shutil, struct
def static(path, text):
    if platform.machine() != 'x86_64':
        shutil.copy('/bin/true', path)
    else:
        base, message = 0x400000, text.encode()
        code_at = base + 64 + 56
        code = b'\xb8\x01\0\0\0\xbf\x01\0\0\0\x48\xbe' + struct.pack('<Q', code_at + 39) + b'\xba' + struct.pack('<I', len(message)) + b'\x0f\x05\xb8\x3c\0\0\0\x31\xff\x0f\x05'
        code = code.ljust(39, b'\x90')
        size = 64 + 56 + len(code) + len(message)
        elf = b'\x7fELF\x02\x01\x01' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, 62, 1, code_at, 64, 0, 0, 64, 56, 1, 0, 0, 0)
        elf += struct.pack('<IIQQQQQQ', 1, 5, 0, base, base, size, size, 4096)
        open(path, 'wb').write(elf + code + message)
    os.chmod(path, 0o755)
static('/usr/local/bin/port-helper', 'port helper\n')
static('/usr/local/sbin/rotate-now', 'rotated\n')
END
setcap cap_net_bind_service+ep /usr/local/bin/port-helper
chgrp adm /usr/local/sbin/rotate-now && chmod 4750 /usr/local/sbin/rotate-now
printf '#!/bin/sh\necho report\n' > /usr/local/sbin/weekly-report && chmod 755 /usr/local/sbin/weekly-report
mkdir -p /usr/local/lib/python-tools /opt/acme/bin
ln -s ../../../opt/acme/bin /usr/local/lib/acme
echo 'x = 1' > /usr/local/lib/python-tools/tool.py
printf '#!/bin/sh\necho acme 4\n' > /opt/acme/bin/acme && chmod 755 /opt/acme/bin/acme
/usr/local/bin/port-helper | grep -q 'port helper'

echo "$SUBNET.200 legacy-erp.example legacy-erp" >> /etc/hosts
printf 'tmpfs /srv/scratch tmpfs size=16m,mode=1777 0 0\nnas.example:/export /mnt/nas nfs noauto,ro 0 0\n' >> /etc/fstab
mkdir -p /srv/scratch /mnt/nas
ln -sf /usr/share/zoneinfo/Europe/Berlin /etc/localtime && echo Europe/Berlin > /etc/timezone
printf 'export SHOP=shop.example\n' > /etc/profile.d/shop.sh
printf '@deploy hard nofile 20000\n' > /etc/security/limits.d/deploy.conf
printf 'Welcome. Do not touch /srv/app without asking Anna.\n' > /etc/motd
printf 'PermitRootLogin prohibit-password\nClientAliveInterval 60\n' > /etc/ssh/sshd_config.d/10-local.conf
printf 'd /run/acme 0755 svcapp svcapp -\n' > /etc/tmpfiles.d/acme.conf
head -c 300000 /dev/urandom > /var/log/old-app.log
