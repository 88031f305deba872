# An application of their own: a checkout nobody committed for a year, a database inside it that git ignores,
# and a unit somebody wrote.
mkdir -p /srv/app/data /srv/app/node_modules
cd /srv/app
cp /root/provision/writer.py writer.py
printf 'data/\nnode_modules/\n.env\n' > .gitignore
printf '# app\n' > README.md
export GIT_AUTHOR_NAME=Anna GIT_AUTHOR_EMAIL=anna@mail.example GIT_COMMITTER_NAME=Anna GIT_COMMITTER_EMAIL=anna@mail.example
git init -q . && git add -A && git commit -q -m 'First version'
git remote add origin https://git.example/app.git
printf '\nchanged on the server, never committed\n' >> README.md
echo 'print("one-off")' > repair.py
printf 'TOKEN=abc123\nINTERVAL=0.5\n' > .env && chmod 600 .env
# No lockfile says how to make these again, and a service runs from here: not a cache, whatever its name.
for n in $(seq 10); do mkdir -p node_modules/m$n/lib; echo "{}" > node_modules/m$n/package.json; head -c 9000 /dev/urandom > node_modules/m$n/lib/index.js; done
# Beside a lockfile, in a project that only gets built here, they are one.
mkdir -p /srv/frontend/node_modules
cd /srv/frontend
echo '{"name": "frontend", "version": "1.0.0"}' > package.json
echo '{"name": "frontend", "version": "1.0.0", "lockfileVersion": 3, "packages": {}}' > package-lock.json
for n in $(seq 60); do mkdir -p node_modules/f$n/lib; echo "{}" > node_modules/f$n/package.json; head -c 9000 /dev/urandom > node_modules/f$n/lib/index.js; done
cd /srv/app
chown -R svcapp:svcapp /srv/app
setfacl -R -m g:deploy:rX /srv/app/data && setfacl -d -m g:deploy:rX /srv/app/data

cat > /etc/systemd/system/app-writer.service <<'END'
[Unit]
Description=writes a row twice a second
After=network.target

[Service]
User=svcapp
EnvironmentFile=/srv/app/.env
ExecStart=/usr/bin/python3 /srv/app/writer.py /srv/app/data/app.db
Restart=on-failure

[Install]
WantedBy=multi-user.target
END
cat > /etc/systemd/system/app-digest.service <<'END'
[Unit]
Description=counts the rows

[Service]
Type=oneshot
User=svcapp
ExecStart=/bin/sh -c 'date +%%s >> /srv/app/data/digest.log'
END
cat > /etc/systemd/system/app-digest.timer <<'END'
[Unit]
Description=counts the rows every hour

[Timer]
OnCalendar=hourly
Persistent=true

[Install]
WantedBy=timers.target
END
# Written, tried, switched off, forgotten.
sed 's/writes a row.*/an experiment/' /etc/systemd/system/app-writer.service > /etc/systemd/system/app-experiment.service
systemctl daemon-reload
systemctl enable --quiet --now app-writer.service app-digest.timer
