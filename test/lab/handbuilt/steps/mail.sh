# Mail: postfix delivers to Maildirs and to virtual mailboxes, dovecot lets people read.
debconf-set-selections <<'END'
postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string mail.example
END
add postfix dovecot-imapd
postconf -e 'home_mailbox = Maildir/' 'myhostname = mail.example' 'mydestination = mail.example, localhost' \
  'virtual_mailbox_domains = virtual.example' 'virtual_mailbox_base = /var/vmail' \
  'virtual_mailbox_maps = hash:/etc/postfix/vmailbox' 'virtual_uid_maps = static:5000' 'virtual_gid_maps = static:5000' \
  'message_size_limit = 31457280' 'inet_protocols = ipv4'
echo 'info@virtual.example virtual.example/info/' > /etc/postfix/vmailbox
postmap /etc/postfix/vmailbox
postconf -M -e 'submission/inet=submission inet n - y - - smtpd'
printf 'root: anna\nsales: anna, ben\n' >> /etc/aliases && newaliases
mkdir -p /var/vmail && chown vmail: /var/vmail && chmod 770 /var/vmail
sed -i 's|^mail_location = .*|mail_location = maildir:~/Maildir|' /etc/dovecot/conf.d/10-mail.conf
sed -i 's|^#\?disable_plaintext_auth = .*|disable_plaintext_auth = no|' /etc/dovecot/conf.d/10-auth.conf
printf 'mail_max_userip_connections = 25\nimap_idle_notify_interval = 4 mins\n' > /etc/dovecot/local.conf
systemctl restart postfix dovecot
for n in 1 2 3; do printf 'From: b@ext.example\nSubject: letter %s\n\nDear Anna, %s\n' $n $n | sendmail -f b@ext.example anna@mail.example; done
printf 'From: b@ext.example\nSubject: offer\n\nHello sales\n' | sendmail -f b@ext.example sales@mail.example
printf 'From: b@ext.example\nSubject: question\n\nHello\n' | sendmail -f b@ext.example info@virtual.example
for _ in $(seq 200); do
  [ "$(find /home/anna/Maildir/new /home/ben/Maildir/new /var/vmail -path '*/new/*' -type f 2>/dev/null | wc -l)" = 6 ] && break
  sleep 0.1
done
[ "$(find /home/anna/Maildir/new /home/ben/Maildir/new /var/vmail -path '*/new/*' -type f | wc -l)" = 6 ]
# anna read one of them on her phone.
doveadm flags add -u anna '\Seen' mailbox INBOX subject 'letter 2'
