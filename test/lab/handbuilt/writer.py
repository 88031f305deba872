"""Writes one numbered row twice a second into SQLite in WAL mode, until it is told to stop."""
import os
import signal
import sqlite3
import sys
import time

running = True


def stop(*_):
    global running
    running = False


signal.signal(signal.SIGTERM, stop)
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode=WAL")
database.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, at REAL NOT NULL, host TEXT NOT NULL)")
while running:
    with database:
        database.execute("INSERT INTO rows (at, host) VALUES (?, ?)", (time.time(), os.uname().nodename))
    time.sleep(float(os.environ.get("INTERVAL", "0.5")))
# As after a crash: the WAL stays beside the database.
os._exit(0)
