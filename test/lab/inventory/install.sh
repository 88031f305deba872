#!/bin/bash
# A dozen services as they come, and what the deeds of an administrator (deeds.sh) need.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
apt-get update -qq
apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 nginx redis-server postfix dovecot-imapd \
  memcached rsync rsyslog logrotate at chrony mosquitto haproxy vsftpd nano vim-tiny less mawk gawk gnupg ucf >/dev/null
