#!/bin/bash
# The vendor's archive: a flat repository with one package, signed with a key of the vendor's own.
# Runs in a host of its own, so that none of the tools stay on the source; writes a tar of the archive to stdout.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
{
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends gnupg apt-utils
  mkdir -p /tmp/archive /tmp/hello/DEBIAN /tmp/hello/usr/bin /tmp/hello/etc
  cd /tmp/archive
  cat > /tmp/hello/DEBIAN/control <<END
Package: vendor-hello
Version: 2.4-1
Architecture: all
Maintainer: Vendor <packages@vendor.example>
Description: greeting service of a vendor that Debian does not know
END
  echo /etc/vendor-hello.conf > /tmp/hello/DEBIAN/conffiles
  echo 'greeting = hello' > /tmp/hello/etc/vendor-hello.conf
  printf '#!/bin/sh\nsed -n "s/^greeting = //p" /etc/vendor-hello.conf\n' > /tmp/hello/usr/bin/vendor-hello
  chmod 755 /tmp/hello/usr/bin/vendor-hello
  dpkg-deb --root-owner-group --build /tmp/hello vendor-hello_2.4-1_all.deb
  apt-ftparchive packages . > Packages
  apt-ftparchive -o APT::FTPArchive::Release::Origin=Vendor -o APT::FTPArchive::Release::Label=Vendor \
    release . > /tmp/Release
  mv /tmp/Release Release
  gpg --batch --passphrase '' --quick-generate-key 'Vendor <packages@vendor.example>' default default never
  gpg --batch --clearsign -o InRelease Release
  gpg --batch --export > vendor.gpg
} >&2
tar -C /tmp/archive -cf - .
