#!/bin/bash
# Everything an administrator does to packages behind their back, each a known number of times. What was done is in
# inventory.test.ts, item by item; change both together.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
add() { apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/dev/null; }

# 10 edited.
for path in /etc/nginx/nginx.conf /etc/rsyslog.conf /etc/logrotate.conf /etc/default/rsync \
  /etc/mosquitto/mosquitto.conf /etc/haproxy/haproxy.cfg /etc/logrotate.d/nginx /etc/cron.daily/dpkg \
  /etc/default/cron /etc/nginx/mime.types; do
  printf '\n# by hand\n' >> "$path"
done

# 5 deleted.
rm /etc/cron.d/e2scrub_all /etc/logrotate.d/apt /etc/nginx/fastcgi.conf /etc/default/haproxy /etc/cron.daily/apt-compat

# 5 that ucf looks after.
for name in 10-auth 10-mail 10-logging 10-master 15-mailboxes; do
  printf '\n# by hand\n' >> "/etc/dovecot/conf.d/$name.conf"
done

# 5 left by a removed package: one edited, the others as they came.
printf '\n# by hand\n' >> /etc/vsftpd.conf
apt-get remove -qq -y vsftpd >/dev/null

# 2 diversions, one of them with something in the place of what was moved aside.
dpkg-divert --local --rename --divert /usr/bin/less.real --add /usr/bin/less >/dev/null
printf '#!/bin/sh\nexec /usr/bin/less.real "$@"\n' > /usr/bin/less
chmod 755 /usr/bin/less
dpkg-divert --local --rename --divert /usr/bin/rsync-ssl.real --add /usr/bin/rsync-ssl >/dev/null

# 2 stat overrides.
dpkg-statoverride --update --add root staff 4750 /usr/bin/chfn
dpkg-statoverride --update --add root adm 0750 /usr/bin/less.real

# 3 alternatives.
update-alternatives --set editor /usr/bin/vim.tiny >/dev/null
update-alternatives --set awk /usr/bin/mawk >/dev/null
update-alternatives --set pager /bin/more >/dev/null

# 4 holds and 2 pins.
apt-mark hold nginx redis-server at nano >/dev/null
printf 'Package: haproxy\nPin: version 9999*\nPin-Priority: -1\n' > /etc/apt/preferences.d/haproxy
printf 'Package: mosquitto\nPin: release o=Nobody\nPin-Priority: 10\n' > /etc/apt/preferences.d/mosquitto

# A library of another architecture. One index that a mirror has not finished is no reason to stop here.
dpkg --add-architecture i386
apt-get update -qq || true
add libgcc-s1:i386

# A repository with its key outside /etc, one package from it, and one that was installed by hand.
build() {
  mkdir -p "/run/$1/DEBIAN" "/run/$1/usr/bin" "/run/$1/etc"
  printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: Anna <anna@mail.example>\nDescription: %s\n' "$1" "$1" \
    > "/run/$1/DEBIAN/control"
  echo "/etc/$1.conf" > "/run/$1/DEBIAN/conffiles"
  echo 'level = 1' > "/run/$1/etc/$1.conf"
  printf '#!/bin/sh\necho %s\n' "$1" > "/run/$1/usr/bin/$1"
  chmod 755 "/run/$1/usr/bin/$1"
  dpkg-deb --root-owner-group --build "/run/$1" "$2" >/dev/null
}
mkdir -p /srv/archive /opt/keys /run/gnupg-inventory
chmod 700 /run/gnupg-inventory
build vendor-thing /srv/archive/vendor-thing_1_all.deb
build by-hand-thing /run/by-hand-thing.deb
(
  cd /srv/archive
  export GNUPGHOME=/run/gnupg-inventory
  {
    dpkg-deb -f vendor-thing_1_all.deb
    printf 'Filename: ./vendor-thing_1_all.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s vendor-thing_1_all.deb)" \
      "$(sha256sum vendor-thing_1_all.deb | cut -d' ' -f1)"
  } > Packages
  printf 'Origin: Vendor\nLabel: Vendor\nDate: %s\nSHA256:\n %s %s Packages\n' "$(date -Ru)" \
    "$(sha256sum Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" > Release
  gpg --batch --quiet --passphrase '' --quick-generate-key 'Vendor <vendor@mail.example>' default default never 2>/dev/null
  gpg --batch --quiet --clearsign -o InRelease Release
  gpg --batch --quiet --export > /opt/keys/vendor.gpg
  gpgconf --kill all
)
printf 'Types: deb\nURIs: file:/srv/archive\nSuites: ./\nSigned-By: /opt/keys/vendor.gpg\n' \
  > /etc/apt/sources.list.d/vendor.sources
apt-get update -qq || true
add vendor-thing
dpkg -i /run/by-hand-thing.deb >/dev/null
