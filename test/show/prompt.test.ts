import { expect, test } from '@jest/globals';
import { confirm, makeAsker } from '../../src/show/prompt.ts';

const key = { host: 'web1', type: 'ssh-ed25519', fingerprint: 'SHA256:q3xV' };
const severe = { grade: 'severe', question: 'stops', names: ['web1', 'web1.example'] } as const;
const moderate = { grade: 'moderate', question: 'changes web2' } as const;
const none = { yes: false, confirm: undefined };

function says(...answers: (string | null)[]) {
  const asked: { question: string; hidden: boolean }[] = [];
  const ask = async (question: string, hidden: boolean): Promise<string | null> => {
    asked.push({ question, hidden });
    return answers.shift() ?? null;
  };
  return { ask, asked };
}

test('an unknown host key is shown with its fingerprint, and only the word yes trusts it', async () => {
  const { ask, asked } = says('yes', 'y', null);
  const asker = makeAsker({ ask, givenSecret: null });
  expect(await asker.trustHostKey(key)).toBe(true);
  expect(await asker.trustHostKey(key)).toBe(false);
  expect(await asker.trustHostKey(key)).toBe(false);
  expect(asked[0]?.question).toContain('ssh-ed25519 SHA256:q3xV');
});

test('with nobody to ask, an unknown key is refused and says how to add it', async () => {
  const asker = makeAsker({ ask: null, givenSecret: null });
  await expect(asker.trustHostKey(key)).rejects.toMatchObject({ code: 'refused', topic: 'host-key-unknown' });
  await expect(asker.trustHostKey({ ...key, host: '[web1]:2222' })).rejects.toMatchObject({
    hint: expect.stringContaining('ssh-keyscan -p 2222 web1'),
  });
  await expect(asker.trustHostKey({ ...key, host: 'a;rm -rf /' })).rejects.toMatchObject({
    hint: expect.stringContaining('ssh-keyscan HOST'),
  });
});

test('a secret is asked without echo', async () => {
  const { ask, asked } = says('s3cret');
  expect(await makeAsker({ ask, givenSecret: null }).secret({ what: 'sudo', for: 'web1' })).toBe('s3cret');
  expect(asked).toEqual([{ question: 'The password for sudo on web1: ', hidden: true }]);
});

test('a given secret answers each question once, for the second time it was wrong', async () => {
  const asker = makeAsker({ ask: null, givenSecret: async () => 'given' });
  expect(await asker.secret({ what: 'password', for: 'root@web1' })).toBe('given');
  expect(await asker.secret({ what: 'password', for: 'root@web2' })).toBe('given');
  expect(await asker.secret({ what: 'password', for: 'root@web1' })).toBeNull();
});

test('with nobody to ask and no secret given, the option is named', async () => {
  const asker = makeAsker({ ask: null, givenSecret: null });
  await expect(asker.secret({ what: 'password', for: 'root@web1' })).rejects.toMatchObject({
    code: 'needs-person',
    hint: expect.stringContaining('--password-file'),
  });
});

test('moderate takes the word yes or --yes', async () => {
  await confirm(moderate, { yes: true, confirm: undefined }, null);
  await confirm(moderate, none, says('yes').ask);
  await expect(confirm(moderate, none, says('y').ask)).rejects.toMatchObject({ topic: 'not-confirmed' });
  await expect(confirm(moderate, none, null)).rejects.toMatchObject({
    code: 'needs-person',
    hint: expect.stringContaining('--yes'),
  });
});

test('severe takes the name of the source, typed or by --confirm, and never --yes', async () => {
  await confirm(severe, { yes: false, confirm: 'web1.example' }, null);
  await confirm(severe, none, says(' web1 ').ask);
  await expect(confirm(severe, none, says('yes').ask)).rejects.toMatchObject({ code: 'needs-person' });
  await expect(confirm(severe, { yes: true, confirm: undefined }, null)).rejects.toMatchObject({
    hint: expect.stringContaining('--confirm=web1'),
  });
  await expect(confirm(severe, { yes: true, confirm: 'web2' }, null)).rejects.toMatchObject({
    code: 'usage',
  });
});
