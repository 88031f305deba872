# Names and metadata that break tools: every one of them has been seen in the field.
python3 /root/provision/hostile.py /srv/hostile
cd /srv/hostile
setfacl -m u:anna:rw,g:deploy:r acl.txt
mkdir acl-dir && setfacl -d -m u:svcapp:rwx,o:- acl-dir && touch acl-dir/inherits
setfattr -n user.comment -v 'with a value' xattr.txt
setfattr -n user.binary -v 0x00ff0a22 xattr.txt
setfattr -n trusted.lab -v 1 xattr.txt
setcap cap_net_raw,cap_net_admin+ep capable
# Where the file system has no such flag the test has nothing to look at.
chattr +i immutable.txt || echo 'no immutable flag here'
chattr +a append-only.txt || true
