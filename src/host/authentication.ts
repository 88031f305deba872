import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, Prompt } from 'ssh2';
import { quote, toBytes } from '../bytes.ts';
import { Failure } from '../failure.ts';
import type { Asker } from './host.ts';
import { type CollectedKeys, GaveUp, KeyRing } from './keys.ts';
import type { SshSettings } from './ssh-config.ts';

const attempts = 3;

/**
 * Answers a server's demands for proof: keys first (nothing is asked unless the server accepts the key), then the
 * password, up to three times. Secrets go from the asker to ssh2 and are kept nowhere.
 */
export class Authentication {
  readonly #settings: SshSettings;
  readonly #asker: Asker;
  readonly #keys: CollectedKeys;
  readonly #ring: KeyRing;
  readonly #login: string;
  #triedKeys = false;
  #askedAgain = false;
  #passwords = 0;
  #gaveUp = false;
  /** The way that was tried last; after success, the way that worked. */
  #way = '';
  readonly #tried: string[] = [];
  #stopped: unknown = null;
  #offered: readonly string[] = [];

  constructor(settings: SshSettings, asker: Asker, keys: CollectedKeys) {
    this.#settings = settings;
    this.#asker = asker;
    this.#keys = keys;
    this.#ring = new KeyRing(keys.candidates);
    this.#login = quote(toBytes(`${settings.user}@${settings.hostname}`));
  }

  /** For `Reach.authentication`. */
  get used(): string {
    return this.#way === 'key' ? this.#ring.used : this.#way === 'none' ? '' : this.#way;
  }

  /** ssh2 asks for the next method; `left` is null before the first. */
  readonly handler: AuthHandlerMiddleware = (left, _partial, next) => {
    void this.#next(left as AuthenticationType[] | null).then(
      (method) => next((method ?? false) as unknown as AnyAuthMethod),
      (error: unknown) => {
        this.#stopped = error;
        next(false as unknown as AnyAuthMethod);
      },
    );
  };

  async #next(left: AuthenticationType[] | null): Promise<AnyAuthMethod | null> {
    const username = this.#settings.user;
    if (left === null) {
      // Costs a round trip and tells which methods there are, so that nobody is asked for nothing.
      this.#way = 'none';
      return { type: 'none', username };
    }
    this.#offered = left;
    if (this.#settings.publicKeyAuthentication && left.includes('publickey') && !this.#triedKeys) {
      this.#triedKeys = true;
      if (this.#keys.candidates.length > 0) {
        this.#way = 'key';
        this.#tried.push(...this.#keys.candidates.map((candidate) => candidate.label));
        return { type: 'agent', username, agent: this.#ring };
      }
    }
    // A key that signed and was not enough: the server wants more (AuthenticationMethods). ssh2 does not hand on what
    // it then said, so it is asked again.
    if (this.#ring.used !== '' && !this.#askedAgain) {
      this.#askedAgain = true;
      return { type: 'none', username };
    }
    // A passphrase that could not be asked for, or was not known: the person wanted the key, not a password.
    if (this.#ring.trouble instanceof Failure) throw this.#ring.trouble;
    if (this.#gaveUp || this.#passwords >= attempts) return null;
    if (this.#settings.passwordAuthentication && left.includes('password')) {
      this.#passwords += 1;
      const password = await this.#ask(this.#login);
      if (password === null) return null;
      this.#way = 'password';
      return { type: 'password', username, password };
    }
    if (this.#settings.keyboardInteractiveAuthentication && left.includes('keyboard-interactive')) {
      this.#passwords += 1;
      this.#way = 'password';
      return {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => {
          void this.#answer(prompts).then(finish, (error: unknown) => {
            this.#stopped = error;
            finish(prompts.map(() => ''));
          });
        },
      };
    }
    return null;
  }

  async #ask(what: string): Promise<string | null> {
    const secret = await this.#asker.secret({ what: 'password', for: what });
    if (secret === null) this.#gaveUp = true;
    else if (this.#tried.at(-1) !== 'a password') this.#tried.push('a password');
    return secret;
  }

  /** The server's questions are its own words: quoted, since they reach a terminal. */
  async #answer(prompts: readonly Prompt[]): Promise<string[]> {
    const answers: string[] = [];
    for (const { prompt } of prompts) {
      if (this.#gaveUp || this.#stopped !== null) {
        answers.push('');
        continue;
      }
      const usual = prompts.length === 1 && /password/i.test(prompt);
      const shown = quote(toBytes(prompt.trim()));
      answers.push((await this.#ask(usual ? this.#login : `${this.#login}: ${shown}`)) ?? '');
    }
    return answers;
  }

  /** Why the login was refused, for the person. */
  failure(): Failure {
    const stopped = this.#stopped;
    // Without a person the passphrase of an accepted key is missing: that is theirs to give.
    if (stopped instanceof Failure && this.#ring.trouble === stopped) return stopped;
    const trouble = this.#ring.trouble instanceof GaveUp ? `${this.#ring.trouble.message}; ` : '';
    const asked = stopped instanceof Failure ? `; a password could not be asked: ${stopped.message}` : '';
    const tried = this.#tried.length === 0 ? 'there was no key to offer' : `tried ${this.#tried.join(', ')}`;
    const unusable = this.#keys.unusable.map((text) => `; not usable: ${text}`).join('');
    const offers =
      this.#offered.length === 0
        ? ''
        : `; the server offers ${this.#offered.map((name) => quote(toBytes(name))).join(', ')}`;
    if (stopped !== null && !(stopped instanceof Failure)) throw stopped;
    return new Failure('refused', 'login-refused', `${this.#login} refused the login`, {
      during: `${trouble}${tried}${asked}${unusable}${offers}`,
      hint: `see that this works: ssh ${this.#settings.port === 22 ? '' : `-p ${this.#settings.port} `}${this.#login}; ssh-copy-id puts your key on it`,
    });
  }
}
