# What was installed, from where, and what was done to packages behind dpkg's back.

# The locale packages ask for; PostgreSQL refuses a database whose locale is not there.
add locales
sed -i 's/^# *\(de_DE.UTF-8 UTF-8\|en_US.UTF-8 UTF-8\)/\1/' /etc/locale.gen
locale-gen >/dev/null
update-locale LANG=en_US.UTF-8

add nano vim-tiny git logrotate openssl memcached vsftpd python3 less

# Repository of a vendor, its key in a keyring of its own.
mkdir -p /etc/apt/keyrings
/usr/lib/apt/apt-helper download-file "$VENDOR_URL/vendor.gpg" /etc/apt/keyrings/vendor.gpg >/dev/null
chmod 644 /etc/apt/keyrings/vendor.gpg
echo "deb [signed-by=/etc/apt/keyrings/vendor.gpg] $VENDOR_URL ./" > /etc/apt/sources.list.d/vendor.list
apt-get update -qq
add vendor-hello
echo 'greeting = good morning' > /etc/vendor-hello.conf

# A deb from a mail attachment: installed by hand, the file is long gone, no repository offers it.
mkdir -p /tmp/handmade/DEBIAN /tmp/handmade/usr/bin /tmp/handmade/etc
cat > /tmp/handmade/DEBIAN/control <<END
Package: handmade-tool
Version: 0.3
Architecture: all
Depends: python3
Maintainer: Anna <anna@mail.example>
Description: tool of our own
END
cat > /tmp/handmade/DEBIAN/postinst <<'END'
#!/bin/sh
set -e
[ "$1" != configure ] || mkdir -p /var/lib/handmade-tool
END
echo /etc/handmade-tool.conf > /tmp/handmade/DEBIAN/conffiles
echo 'level = 1' > /tmp/handmade/etc/handmade-tool.conf
printf '#!/usr/bin/python3\nprint("handmade")\n' > /tmp/handmade/usr/bin/handmade-tool
chmod 755 /tmp/handmade/DEBIAN/postinst /tmp/handmade/usr/bin/handmade-tool
dpkg-deb --root-owner-group --build /tmp/handmade /tmp/handmade-tool.deb >/dev/null
dpkg -i /tmp/handmade-tool.deb >/dev/null
rm -r /tmp/handmade /tmp/handmade-tool.deb
echo 'level = 3' > /etc/handmade-tool.conf

# Removed but not purged: its configuration stays behind.
apt-get remove -qq -y vsftpd >/dev/null
# Nobody may upgrade this one.
apt-mark hold git >/dev/null
# A wrapper in the place of a packaged program.
dpkg-divert --local --rename --divert /usr/bin/vendor-hello.real --add /usr/bin/vendor-hello >/dev/null
printf '#!/bin/sh\necho "[$(/usr/bin/vendor-hello.real)]"\n' > /usr/bin/vendor-hello
chmod 755 /usr/bin/vendor-hello
# The editor of taste, against the automatic choice (nano).
update-alternatives --set editor /usr/bin/vim.tiny >/dev/null
# Only the staff may change finger data.
dpkg-statoverride --update --add root staff 4750 /usr/bin/chfn

# Installed, but it is not to run.
systemctl disable --quiet --now memcached
# Never again without being asked.
systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer

# A conffile deleted on purpose, and edited ones. More are edited with their services.
rm /etc/cron.d/e2scrub_all
sed -i 's/^#\? *EXTRA_OPTS=.*/EXTRA_OPTS="-L 5"/' /etc/default/cron
grep -q '^EXTRA_OPTS="-L 5"' /etc/default/cron || echo 'EXTRA_OPTS="-L 5"' >> /etc/default/cron
sed -i 's/^rotate .*/rotate 26/' /etc/logrotate.conf
