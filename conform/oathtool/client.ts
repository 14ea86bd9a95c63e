import { type Check, check, type Client } from '../client.ts';
import { command } from '../command.ts';
import { debianPackage } from '../debian.ts';
import { stepMs } from '../limits.ts';
import type { Place } from '../place.ts';

/** The OATH toolkit: its codes are what any authenticator app shows. */
export const client: Client = {
  name: 'oathtool',
  setup: () => debianPackage('oathtool'),
  async run(place) {
    const person = new Person(place);
    const checks: Check[] = [];
    checks.push(await check('a code of oathtool confirms a new authenticator app', () => person.enrol()));
    checks.push(await check("oathtool's next code is the second step of a sign-in", () => person.signIn()));
    checks.push(await check('a code that was used, and one of another minute, open nothing', () => person.refused()));
    return { checks };
  },
};

const email = 'oath@example.org';
const password = 'a loaf of rye bread';
type Body = Record<string, unknown>;

class Person {
  readonly #place: Place;
  #secret = '';
  #used = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  async enrol(): Promise<void> {
    const { bearer } = this.#place.admin;
    await this.#call('POST', '/v1/platform/members', { email, role: 'reader' }, { authorization: `Bearer ${bearer}` });
    const admin = await this.#call('POST', '/session', { bearer });
    const { mails } = (await this.#call('GET', '/session/outbox', undefined, admin.head)).body as { mails: { to: string; text: string }[] };
    const token = /token=([\w-]+)/.exec(mails.find(({ to }) => to === email)?.text ?? '')?.[1];
    const { head } = await this.#call('POST', '/session/invitation', { token, password });
    const app = await this.#call('POST', '/session/totp', { password }, head);
    this.#secret = String(app.body.secret);
    this.#used = Math.floor(Date.now() / stepMs) - 1;
    await this.#call('POST', '/session/totp/confirm', { code: await this.#code(this.#used) }, head);
  }

  async signIn(): Promise<void> {
    const { body } = await this.#second(await this.#code((this.#used += 1)));
    if (body.assurance !== 2) throw new Error(`the session has the assurance ${body.assurance}`);
  }

  async refused(): Promise<void> {
    for (const step of [this.#used, this.#used + 20]) {
      const opened = await this.#second(await this.#code(step)).then(
        () => true,
        () => false,
      );
      if (opened) throw new Error(`the code of step ${step} opened a session`);
    }
  }

  async #second(code: string) {
    const first = await this.#call('POST', '/session', { email, password });
    const { ticket } = first.body.pending as { ticket: string };
    return this.#call('POST', '/session/factor', { ticket, code });
  }

  async #code(step: number): Promise<string> {
    const at = new Date(step * stepMs).toISOString().replace('T', ' ').slice(0, 19);
    return (await command(['oathtool', '--totp', '--base32', '--now', `${at} UTC`, this.#secret])).trim();
  }

  async #call(method: string, path: string, json?: object, headers: Record<string, string> = {}) {
    const url = new URL(path, this.#place.admin.url);
    const reply = await fetch(url, {
      method,
      headers: { ...headers, origin: url.origin, 'content-type': 'application/json' },
      body: json === undefined ? null : JSON.stringify(json),
    });
    const body = (await reply.json()) as Body;
    if (!reply.ok) throw new Error(`${method} ${path} answers ${reply.status}: ${JSON.stringify(body)}`);
    const head = { cookie: reply.headers.get('set-cookie')?.split(';')[0] ?? '', 'gamut-csrf': String(body.csrf) };
    return { body, head };
  }
}
