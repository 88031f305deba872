/** One topic for each code an error can end with (its line `code`): what happened, and what to do. */
import type { Topic } from './topics.ts';

function topic(name: string, title: string, ...paragraphs: readonly string[]): Topic {
  return { name, title, paragraphs };
}

const again =
  'Run the same command again: it goes on where it stopped, and what is done stays done. There is no --resume.';

/** What can go wrong on the way to a machine. */
const reaching: readonly Topic[] = [
  topic(
    'host-key-unknown',
    'the host key of a server is not known',
    'On a terminal you are asked; compare the fingerprint with what the server itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, on its console). Without a terminal an unknown key is refused: connect once with ssh, or add the line that ssh-keyscan prints to ~/.ssh/known_hosts after comparing it.',
  ),
  topic(
    'host-key-changed',
    'the host key of a server is not the one in known_hosts',
    'Either the server was set up anew, or something between you and it answers in its place. It is always refused. When you are sure of the first, remove the old line with ssh-keygen -R HOST and connect again.',
  ),
  topic(
    'host-key-revoked',
    'the host key of a server was revoked',
    'A line @revoked in known_hosts names this key. Ask whoever put it there.',
  ),
  topic(
    'known-hosts',
    'a known_hosts file cannot be read',
    'Host keys are only trusted when every known_hosts file can be read. Correct its owner or mode.',
  ),
  topic(
    'login-refused',
    'the server let nobody in',
    'The keys of ssh-agent and of ~/.ssh were offered, then a password where one was given. Try it with ssh -v and the same place; a key is put in place with ssh-copy-id.',
  ),
  topic(
    'no-sudo',
    'the login cannot become root',
    'A move reads and writes what only root may. Log in as root, or add the line of the hint to sudoers on that server.',
  ),
  topic(
    'no-shell',
    'the login has no shell',
    'A login is needed that runs commands: no forced command, no /usr/sbin/nologin, no account for sftp only.',
  ),
  topic(
    'no-channel',
    'the server opens no more sessions',
    'MaxSessions in its sshd_config is too small; 10, the default, is enough.',
  ),
  topic(
    'no-ssh-client',
    'this machine has no ssh program',
    'The place needs something only OpenSSH does (ProxyJump, certificates, security keys). Install openssh-client here.',
  ),
  topic(
    'ssh-config',
    'the configuration of ssh is wrong',
    'ssh -G HOST prints the same message with the file and line.',
  ),
  topic(
    'unreachable',
    'a server was not reached',
    'Check its name, address and port, and whether it runs. ssh -v to the same place says more.',
  ),
  topic(
    'timeout',
    'a server did not answer in time',
    'It was reached once, or something swallows what is sent to it (a firewall). Run the same command again when it answers.',
  ),
  topic('connection-lost', 'the connection broke', again),
  topic(
    'place',
    'that is no place',
    'A place is user@host[:port], an alias of ~/.ssh/config, local, or disk:/mnt/old. See: opstimal-move help places',
  ),
  topic(
    'disk',
    'that is no root of a system',
    'Mount the root file system of the old machine (read-only will do) and name the directory on which it is mounted.',
  ),
  topic(
    'full-disk',
    'this machine has no space left',
    'Nothing half written stays. A scan needs about 150 bytes for each path of the server while it runs, beside what the folder keeps.',
  ),
  topic(
    'distribution',
    'the system is not supported yet',
    'Debian 11, 12 and 13 are, and what is built on them, as long as dpkg keeps its packages.',
  ),
  topic(
    'machine-id',
    'a machine has no machine-id',
    'What was carried is kept by the machine-id of the destination. systemd-machine-id-setup makes one.',
  ),
  topic(
    'clock',
    'a server does not tell its time',
    'The program date is missing or broken there; passes depend on the clock of the source.',
  ),
];

/** Files and folders. */
const files: readonly Topic[] = [
  topic(
    'manifest',
    'the manifest is not what it should be',
    'The error names line and column; opstimal-move validate FOLDER names all that is wrong. It may be edited by hand; scan writes it anew, decisions stay.',
  ),
  topic(
    'profile',
    'a profile is not what it should be',
    'Profiles are the files *.yaml of the package, of ~/.config/opstimal-move/profiles and of --profiles DIR. The error names the file, the line and what is wrong. A profile of your own can let more travel, and call something a cache outside of homes, /etc, /srv, /opt and the like; it cannot say that something is made again, and it cannot dump.',
  ),
  topic(
    'path',
    'that is no path of the server',
    'Paths begin with /, as the server sees them, without .. in them. Names with odd bytes are written as scan and explain print them: a backslash doubled, other bytes as \\xNN.',
  ),
  topic(
    'class',
    'that is no class',
    'Classes are mutable, secret, edited, immutable, identity and ephemeral; none takes a decision back.',
  ),
  topic(
    'identity',
    'a path belongs to its machine',
    'Host keys of ssh, machine-id, host name, fstab and the like are never carried. Copy it by hand if you are sure.',
  ),
  topic('output', 'the output file cannot be written', 'Check the directory and its mode.'),
  topic('read', 'files of a server could not be read', again),
  topic(
    'read-missing',
    'a file does not exist on the server',
    'It was there when the server was scanned, or a program wanted it. Scan again.',
  ),
  topic(
    'read-denied',
    'a file cannot be read',
    'Root rights are missing, or the file system denies even root (NFS, FUSE).',
  ),
  topic(
    'write-denied',
    'a file cannot be written',
    'Root rights are missing, the file system is mounted read-only, or an attribute (chattr +i) protects it.',
  ),
  topic(
    'space',
    'the disk of the destination is too small',
    'Make room there, or leave something out: opstimal-move decide FOLDER PATH ephemeral.',
  ),
  topic(
    'listing',
    'a server could not be listed',
    'GNU find with -printf is needed, and a file system without errors.',
  ),
  topic(
    'answer-too-large',
    'an answer is larger than expected',
    'Something on the server prints without end, or a file is far larger than its kind ever is.',
  ),
  topic(
    'hostile-stream',
    'the stream of files is not acceptable',
    'The source sent names that were not asked for, or a stream that is no tar. Nothing of it was taken after that. Look at tar on that machine.',
  ),
  topic('source-tar', 'tar on the source ended too early', again),
  topic('process-ended', 'a process on a server ended too early', again),
];

/** Making the destination, carrying, cutting over. */
const working: readonly Topic[] = [
  topic('plan', 'there is no usable plan', 'Make one: opstimal-move plan FOLDER DEST.'),
  topic(
    'stale-plan',
    'the plan is out of date',
    'The manifest, a decision or the destination changed after the plan was made. Make it again, look at it, and apply it.',
  ),
  topic(
    'blocker',
    'something stands in the way of the plan',
    'opstimal-move plan lists everything that is in the way, with what to do. Paths that nobody has decided about are among it: opstimal-move decide FOLDER PATH CLASS.',
  ),
  topic('apply', 'the destination could not be changed', again),
  topic(
    'undo',
    'old forms of files could not be kept',
    'Nothing on the destination is overwritten before its old form is safe in the folder. Make room where the folder is.',
  ),
  topic(
    'repack',
    'a package that no repository offers could not be rebuilt',
    'It is made from its installed files. Take the package from where it once came and install it on the destination by hand.',
  ),
  topic(
    'hold',
    'services could not be held or released',
    'Services of the source must not start on the destination before the cutover; the files /etc/systemd/system/*.d/00-opstimal-move-hold.conf keep them down. Run the same command again.',
  ),
  topic(
    'deletions',
    'unusually much would be deleted',
    'A root of the source is empty, or much of what was carried is gone. A disk that is not mounted looks just like that. When it is meant: opstimal-move sync --allow-deletions.',
  ),
  topic(
    'database',
    'a database could not be carried',
    'The error says what its server answered. Nothing on the source was changed by it; run the same command again when that is solved.',
  ),
  topic(
    'database-exists',
    'the destination has a database of its own',
    'A database that this move did not make is never overwritten. Look at it, and remove it there if it can go.',
  ),
  topic(
    'database-locale',
    'a locale is missing on the destination',
    'Databases are bound to the locale they were made with. The hint makes it.',
  ),
  topic(
    'database-extension',
    'an extension is missing on the destination',
    'Install the package that brings it there, or drop the extension on the source.',
  ),
  topic(
    'cutover',
    'a cutover is not possible',
    'It needs two servers that run, a plan that was applied, and the data carried at least once: opstimal-move plan, apply and sync, in this order.',
  ),
  topic(
    'privilege',
    'root rights are missing',
    'Services can only be stopped and started as root. Log in as root, or let the user use sudo; opstimal-move doctor PLACE says what is missing.',
  ),
  topic(
    'same-host',
    'source and destination are the same machine',
    'Both places lead to one machine-id. A copied machine needs its own: remove /etc/machine-id on the copy and run systemd-machine-id-setup.',
  ),
  topic(
    'wrong-host',
    'that is another server than before',
    'The folder was made from, or planned for, another machine. Use the folder of this pair, or scan into a new one.',
  ),
  topic(
    'stop',
    'a service did not stop',
    'The services of the source were started again. See why it does not stop (systemctl status UNIT), and run the cutover again.',
  ),
  topic(
    'start',
    'a service did not start',
    'journalctl -u UNIT on that server says why. After a failed cutover the source serves again.',
  ),
  topic(
    'writers',
    'somebody still wrote into a database',
    'A program on another machine, or one started by hand, was still connected while everything was stopped. Find it, stop it, and run the cutover again; the source serves again.',
  ),
  topic(
    'torn',
    'files changed while they were read',
    'With everything stopped nothing should write. fuser -v FILE on the source names who does. The source serves again.',
  ),
  topic(
    'undecided',
    'nothing explains some places, and nobody has decided about them',
    'A move carries nothing it does not understand, and leaves nothing behind in silence. opstimal-move explain FOLDER PATH says what was seen; opstimal-move decide FOLDER PATH mutable carries it, ephemeral leaves it.',
  ),
  topic(
    'rollback',
    'a cutover could not be taken back',
    'Either nothing was cut over, or a service did not start or stop; the error says which. Run it again when that is solved.',
  ),
  topic(
    'rehearse',
    'there is nothing left to rehearse',
    'The folder was cut over already. opstimal-move rollback FOLDER takes it back.',
  ),
  topic(
    'facts',
    'the server could not be asked',
    'What the error names is needed for everything else. Root rights, or a broken package database (dpkg --audit), are the usual reasons.',
  ),
  topic(
    'files',
    'files are not the same after the last pass',
    'Something still writes on one of the two servers. The source serves again; find it and run the cutover again.',
  ),
  topic(
    'probe',
    'the destination does not answer as the source did',
    'The source serves again. journalctl -b -p warning on the destination says what its services lack.',
  ),
];

/** Questions, locks and ends. */
const asking: readonly Topic[] = [
  topic(
    'locked',
    'another run works with the folder',
    'Two runs never write one folder. Wait for the other, or, when its process is certainly gone (another machine, for example), remove the file lock in the folder. A lock whose process ended on this machine is taken over by itself.',
  ),
  topic(
    'confirmation-needed',
    'a confirmation could not be asked',
    'There is no terminal, or --no-input was given. The hint names the option that answers it.',
  ),
  topic(
    'not-confirmed',
    'the confirmation was not given',
    'Nothing was changed. Only the whole word, or the exact name, counts as a yes.',
  ),
  topic(
    'secret-needed',
    'a password or passphrase is needed',
    'Give it with --password-file or --password-command, or use a key in ssh-agent. Passwords are never the value of an option, because other users of the machine can read those.',
  ),
  topic(
    'password-file',
    'the password file or command gave nothing',
    'The first line of --password-file, or of what --password-command prints, is the password.',
  ),
  topic(
    'recipient',
    'for whom secrets are sealed',
    'A recipient is the public half of an age key, a word that begins with age1. opstimal-move seal FOLDER --new-key FILE makes a key and adds its recipient; age-keygen makes them too. Recipients stand in recipients.txt of the folder, one a line. Keys of ssh and of plugins are not supported yet.',
  ),
  topic(
    'age-identity',
    'the key that opens what was sealed',
    'It is the file that seal --new-key or age-keygen made, with a line that begins with AGE-SECRET-KEY-1. Keep it outside of the folder, and a copy where the server is not. Without a key of one of the recipients nothing can open the sealed files.',
  ),
  topic(
    'sealed',
    'a sealed secret is not there or damaged',
    'Sealed files are made by a scan, for the recipients the folder has then. Scan again while the source can be read. Where it cannot, put the file in place by hand.',
  ),
  topic('interrupted', 'stopped by Ctrl-C', again),
  topic(
    'terminal',
    'no terminal',
    'The wizard needs a terminal on stdin and stdout. Everything it does is a command as well.',
  ),
];

export const failureTopics: readonly Topic[] = [...reaching, ...files, ...working, ...asking];
