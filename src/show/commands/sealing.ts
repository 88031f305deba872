/** `seal` and `unseal`, and the options of other commands that have to do with sealed secrets. */
import { quote } from '../../bytes.ts';
import { checkRecipient } from '../../decide/recipients.ts';
import { Failure } from '../../failure.ts';
import type { Folder } from '../../work/folder.ts';
import type { Sealed } from '../../work/sealed.ts';
import { argumentOf, optionValue, type Session, showResult } from '../session.ts';
import { plural } from '../units.ts';
import { lockFolder } from './folders.ts';
import { pathOf } from './paths.ts';

/** Recipients named by --recipient and --recipients-file; empty where neither was given. */
export async function givenRecipients(session: Session): Promise<string[]> {
  const words = session.parsed.values.recipient ?? [];
  const files = session.parsed.values['recipients-file'] ?? [];
  if (words.length + files.length === 0) return [];
  const { recipientsFrom } = await import('../../work/sealed.ts');
  for (const word of words) checkRecipient(word, word.slice(0, 80));
  const found = [...words];
  for (const file of files) found.push(...(await recipientsFrom(file)));
  return found;
}

/** What --identity opens; null where it was not given. */
export async function openedSecrets(session: Session, folder: Folder): Promise<Sealed | null> {
  const file = optionValue(session, 'identity');
  if (file === undefined) return null;
  const { Sealed } = await import('../../work/sealed.ts');
  return Sealed.open(folder, file);
}

/** `seal FOLDER`: for whom the secrets of a folder are sealed from the next scan on. */
export async function sealCommand(session: Session): Promise<number> {
  const [{ Folder }, { addRecipients, makeKey, readRecipients }] = await Promise.all([
    import('../../work/folder.ts'),
    import('../../work/sealed.ts'),
  ]);
  const named = argumentOf(session, 'FOLDER') as string;
  const folder = await Folder.open(named);
  await lockFolder(session, folder);
  const key = optionValue(session, 'new-key') ?? null;
  const added = await givenRecipients(session);
  if (key !== null) added.push(await makeKey(folder, key, session.surroundings.now()));
  const recipients = added.length > 0 ? await addRecipients(folder, added) : await readRecipients(folder);
  const place = (await folder.readHosts()).source?.place ?? 'SOURCE';
  showResult(session, { command: 'seal', recipients, key }, () => {
    if (recipients.length === 0) {
      return `${named} seals for nobody, so no secret is stored in it.\nnext: opstimal-move seal ${named} --new-key FILE\n`;
    }
    const lines = [`${named} seals for ${plural(recipients.length, 'recipient')}:`];
    lines.push(...recipients.map((one) => `  ${one}`));
    if (key !== null) {
      lines.push(`The key is in ${key}. Keep a copy elsewhere: without it nothing sealed can be read again.`);
    }
    lines.push(`next: opstimal-move scan ${place} ${named}`);
    return `${lines.join('\n')}\n`;
  });
  return 0;
}

/** `unseal FOLDER PATH --identity FILE`: one secret, as it was on the source, to stdout. */
export async function unsealCommand(session: Session): Promise<number> {
  const named = argumentOf(session, 'FOLDER') as string;
  const path = pathOf(argumentOf(session, 'PATH') as string);
  if (session.settings.json) {
    throw new Failure('usage', 'usage', 'unseal prints the secret itself, and JSON never holds one', {
      hint: 'leave out --json',
    });
  }
  const { Folder } = await import('../../work/folder.ts');
  const sealed = await openedSecrets(session, await Folder.open(named));
  if (sealed === null) {
    throw new Failure('usage', 'age-identity', 'unseal needs the key of a recipient', {
      hint: `opstimal-move unseal ${named} ${quote(path)} --identity FILE`,
    });
  }
  const content =
    path === '/etc/shadow' ? await sealed.shadowText() : ((await sealed.read([path])).get(path) ?? null);
  if (content === null) {
    throw new Failure('usage', 'sealed', `${quote(path)} is not sealed in ${named}`, {
      hint: `why: opstimal-move explain ${named} ${quote(path)}`,
    });
  }
  if (session.terminal.interactive && !isText(content)) {
    throw new Failure('usage', 'sealed', `${quote(path)} is no text, and this is a terminal`, {
      hint: 'write it to a file: … > FILE',
    });
  }
  session.outBytes(content);
  return 0;
}

/** Whether a terminal can show it and nothing else: no control characters that would steer it. */
export function isText(content: Buffer): boolean {
  // The second set of control characters is bytes to some terminals, and two bytes in UTF-8 to others.
  const bytes = content.toString('latin1').replaceAll(/[\xc2-\xf4][\x80-\xbf]{1,3}/g, '');
  return ![bytes, content.toString('utf8')].some((text) =>
    /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/u.test(text),
  );
}
