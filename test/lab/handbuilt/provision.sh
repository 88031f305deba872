#!/bin/bash
# A server as a person built it by hand over the years: ssh in, install something, edit a file, forget about it.
# Runs once inside a fresh Debian 11 or 12; what comes out is kept as a layer. Everything here is the kind of
# thing that a blind copy breaks or that a move forgets. Left out for now: containers (podman).
#
#   provision.sh URL      URL = where the vendor's archive (made by archive.sh) is served
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 VENDOR_URL=$1
# shellcheck source=/dev/null
. /etc/os-release
export DEBIAN=$VERSION_ID SUBNET=${VENDOR_URL#http://}
SUBNET=${SUBNET%.*}

add() { apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/dev/null; }
export -f add

apt-get update -qq
for step in packages people web postgresql mariadb redis application mail local hostile; do
  echo "== $step"
  bash -euo pipefail "steps/$step.sh"
done
apt-get clean
