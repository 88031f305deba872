# People, services, groups. The first account of the image was renamed away years ago: anna has its number now,
# and on the new server that number is taken.
userdel -r debian 2>/dev/null || true
rm -f /etc/sudoers.d/90-image
groupadd -g 1200 deploy
useradd -m -u 1000 -s /bin/bash -c 'Anna Ångström,Room 4' -G sudo,adm,deploy anna
useradd -m -u 1001 -s /bin/bash -c 'Ben' -G deploy ben
useradd -m -u 1100 -s /usr/sbin/nologin -c 'left the company' carol
echo 'anna:anna keeps bees' | chpasswd                 # yescrypt
usermod -p "$(openssl passwd -6 'ben has boats')" ben  # SHA-512, from the server before this one
usermod -p "$(openssl passwd -6 'carol')" carol && usermod -L carol
chage -M 400 -W 10 ben
# A system account whose number is dynamic: on newer releases something else has it.
groupadd -g 996 svcapp && useradd -r -u 996 -g svcapp -d /srv/app -s /usr/sbin/nologin svcapp
# Owner of the virtual mailboxes.
groupadd -g 5000 vmail && useradd -r -u 5000 -g vmail -d /var/vmail -s /usr/sbin/nologin vmail

printf '%%deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart app-writer.service\n' > /etc/sudoers.d/deploy
chmod 440 /etc/sudoers.d/deploy

mkdir -m 700 /home/anna/.ssh
ssh-keygen -q -t ed25519 -N '' -C anna@laptop -f /home/anna/.ssh/id_ed25519
cp /home/anna/.ssh/id_ed25519.pub /home/anna/.ssh/authorized_keys
chown -R anna: /home/anna/.ssh
sed 's/$/-emergency/' /home/anna/.ssh/id_ed25519.pub >> /root/.ssh/authorized_keys
mkdir -p /home/anna/.cache/thumbnails /home/anna/bin /home/anna/notes
for n in $(seq 20); do head -c 20000 /dev/urandom > "/home/anna/.cache/thumbnails/$n.png"; done
printf '#!/bin/sh\ndate\n' > /home/anna/bin/now && chmod 750 /home/anna/bin/now
echo 'remember the milk' > '/home/anna/notes/to do.txt'
echo "alias ll='ls -la'" >> /home/anna/.bashrc
chown -R anna: /home/anna
chgrp -R deploy /home/anna/notes && chmod 2770 /home/anna/notes
echo 'set tabsize 4' > /root/.nanorc
echo 'export HISTTIMEFORMAT="%F %T "' >> /root/.bashrc

# crontab(1) writes below /var/spool/cron, which is not in /etc.
printf 'MAILTO=anna\n* * * * * date +\\%%s >> /home/anna/ticks.log\n17 3 * * 1 /home/anna/bin/now\n' | crontab -u anna -
printf '# weekly\n30 4 * * 0 /usr/local/sbin/weekly-report\n' | crontab -u root -
printf 'SHELL=/bin/sh\n*/5 * * * * svcapp /usr/bin/test -f /srv/app/data/app.db\n' > /etc/cron.d/app-check
printf '#!/bin/sh\nls -l /var/www/shop/uploads > /root/uploads.txt\n' > /etc/cron.daily/local-uploads
chmod 755 /etc/cron.daily/local-uploads
