import { createHmac, randomBytes } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import type { Context, Row } from '../context.ts';
import { accountOf, beginSession, type Begun, emailOf, endSessionsFrom, personByPassword } from '../person.ts';
import { ofPerson, openPersonal, sealPersonal } from '../personal.ts';
import { mailCode, type Method, methodsOf, passkeysOf, type Proof, prove, provePasskey } from './factor.ts';
import type { Locate } from './geo.ts';
import { stuffingWindowMs } from './limits.ts';
import { proofOptions, type Site, siteOf } from './passkey.ts';
import { type Pending, type PendingStore, pendingStore } from './pending.ts';
import { isImpossible, type LoginWatch, networkOf, type Suspicion, watchLogins } from './watch.ts';

/** Where a request comes from. */
export type Visitor = {
  readonly address: string;
  readonly agent: string;
  readonly network: string;
  readonly net: Buffer;
  readonly site: Site;
};

/** What waits for a proof: by which ticket, in which ways, and what a passkey is asked. */
export type Waits = { readonly ticket: string; readonly methods: readonly Method[]; readonly passkey?: unknown };

/** A login's end: a session, or what is missing still. */
export type Entered = { readonly begun: Begun } | { readonly waits: Waits };

/** What is sealed of where a person signed in last. */
export const lastPlace = (person: bigint): string => `place ${person}`;

/** Logs people in: password, second factor, passkey; watches for stuffed passwords and impossible journeys. */
export class Login {
  readonly locate: Locate;
  readonly pending: PendingStore;
  readonly #context: Context;
  readonly #watch: LoginWatch;
  /**
   * Networks are few enough to try all, so what their hashes are taken with is written nowhere: a row tells nobody where a
   * session comes from. What the watch knows of them is over with this process as well.
   */
  readonly #netKey = randomBytes(32);

  constructor(context: Context, locate: Locate) {
    this.#context = context;
    this.locate = locate;
    this.#watch = watchLogins(context.now);
    this.pending = pendingStore(context.now);
  }

  #background(work: Promise<unknown>): void {
    void work.catch((error) => this.#context.log('error', 'a sign-in was not recorded', { error: String(error) }));
  }

  async visitorOf(request: HttpRequest): Promise<Visitor> {
    const address = request.socket.remoteAddress ?? '';
    const network = networkOf(address);
    const agent = String(request.headers['user-agent'] ?? '').slice(0, 300);
    return { address, agent, network, net: createHmac('sha256', this.#netKey).update(network).digest(), site: siteOf(request) };
  }

  /** A right password. What is not right is counted, and takes as long whoever it was. */
  async byPassword(visitor: Visitor, email: string, password: string): Promise<Entered> {
    this.#watch.admit(visitor.network);
    const account = await accountOf(this.#context, email);
    const key = account.toString('base64');
    try {
      const person = await personByPassword(this.#context, account, password);
      return await this.admit(visitor, person, this.#watch.suspicion(visitor.network, key));
    } catch (error) {
      const began = this.#watch.failed(visitor.network, key);
      this.#background(this.#recordFailure(account));
      if (began) this.#background(this.#endStuffed(visitor));
      throw error;
    }
  }

  /** A network that stuffs passwords: whoever came in from it by a password alone goes out. */
  async #endStuffed({ net, network }: Visitor): Promise<void> {
    const ended = await endSessionsFrom(this.#context, net, this.#context.now() - stuffingWindowMs);
    this.#context.log('warn', 'a network stuffs passwords; its sessions were ended', { network, ended });
  }

  async #recordFailure(account: Buffer): Promise<void> {
    const { rows } = await this.#context.system.platform().query('select id from platform.person where email_hash = $1', [account]);
    const [row] = rows as Row[];
    if (row) await this.#context.recordSignIn(formatId(row.id as bigint), 'SignIn', 'Unauthenticated');
  }

  /** A person whose password (or mailed link) was right: a session, unless a second factor is there or due. */
  async admit(visitor: Visitor, person: bigint, suspicion?: Suspicion): Promise<Entered> {
    const reason = suspicion ?? ((await this.#travelled(visitor, person)) ? 'travel' : undefined);
    const methods = await methodsOf(this.#context, person);
    if (methods.length > 0) return { waits: await this.#ask(visitor.site, person, 'login', methods) };
    if (reason === undefined) return { begun: await this.#begin(visitor, person, 1) };
    this.#context.log('warn', 'a sign-in needs a mailed code', { person: formatId(person), reason });
    const mailed = await mailCode(this.#context, person, await emailOf(this.#context, person));
    return { waits: { ticket: this.pending.put({ purpose: 'login', person, mailed }), methods: ['mail'] } };
  }

  async #ask(site: Site, person: bigint, purpose: Pending['purpose'], methods: readonly Method[]): Promise<Waits> {
    if (!methods.includes('passkey')) return { ticket: this.pending.put({ purpose, person }), methods };
    const handles = (await passkeysOf(this.#context, person)).map(({ handle }) => handle);
    const options = await proofOptions(site, handles);
    return { ticket: this.pending.put({ purpose, person, challenge: options.challenge }), methods, passkey: options };
  }

  async #begin(visitor: Visitor, person: bigint, assurance: 1 | 2): Promise<Begun> {
    const principal = formatId(person);
    const begun = await beginSession(this.#context, principal, { ...visitor, assurance });
    const last = JSON.stringify({ address: visitor.address, at: this.#context.now() });
    const place = await sealPersonal(this.#context, ofPerson(person), last, lastPlace(person));
    const { rows } = await this.#context.system
      .platform()
      .query('update platform.person set last_sealed = $2 where id = $1 returning email_hash', [person, place]);
    this.#watch.passed(visitor.network, (rows[0] as { email_hash: Buffer }).email_hash.toString('base64'));
    this.#background(this.#context.recordSignIn(principal, 'SignIn', 'ok'));
    return begun;
  }

  /** Whether the person was, a short while ago, where nobody gets here from in that time. */
  async #travelled(visitor: Visitor, person: bigint): Promise<boolean> {
    const here = this.locate(visitor.address);
    if (!here) return false;
    const { rows } = await this.#context.system.platform().query('select last_sealed from platform.person where id = $1', [person]);
    const sealed = (rows[0] as Row | undefined)?.last_sealed;
    if (!(sealed instanceof Uint8Array)) return false;
    const plain = await openPersonal(this.#context, ofPerson(person), sealed, lastPlace(person));
    if (!plain) return false;
    const last = JSON.parse(plain.toString()) as { address: string; at: number };
    const there = this.locate(last.address);
    return there !== undefined && isImpossible({ place: there, at: last.at }, { place: here, at: this.#context.now() });
  }

  /** The second step of a login. */
  async bySecond(visitor: Visitor, ticket: unknown, proof: Proof): Promise<Entered> {
    this.#watch.admit(visitor.network);
    const waiting = this.pending.attempt(ticket, 'login');
    const person = waiting.person as bigint;
    const method = await this.#proved(visitor, person, proof, waiting);
    if (!this.pending.done(ticket)) throw fault('Unauthenticated', { path: 'expired', detail: 'This login is over.' });
    return { begun: await this.#begin(visitor, person, method === 'mail' ? 1 : 2) };
  }

  async #proved(visitor: Visitor, person: bigint, proof: Proof, waiting: Pending): Promise<Method> {
    try {
      return await prove(this.#context, person, proof, waiting, visitor.site);
    } catch (error) {
      this.#watch.failed(visitor.network, `factor ${person}`);
      this.#background(this.#context.recordSignIn(formatId(person), 'ProveFactor', 'Unauthenticated'));
      throw error;
    }
  }

  /** Asks for any passkey of this site: it says itself whose it is. */
  async askPasskey(visitor: Visitor): Promise<Waits> {
    const options = await proofOptions(visitor.site, []);
    return { ticket: this.pending.put({ purpose: 'passkey', challenge: options.challenge }), methods: ['passkey'], passkey: options };
  }

  async byPasskey(visitor: Visitor, ticket: unknown, response: unknown): Promise<Entered> {
    this.#watch.admit(visitor.network);
    const person = await provePasskey(this.#context, response, this.pending.attempt(ticket, 'passkey'), visitor.site, true);
    if (!this.pending.done(ticket)) throw fault('Unauthenticated', { path: 'expired', detail: 'This login is over.' });
    return { begun: await this.#begin(visitor, person, 2) };
  }

  /** Asks an open session's person for a second factor; none listed means that there is none to prove. */
  async askStepUp(visitor: Visitor, person: bigint): Promise<Waits> {
    return this.#ask(visitor.site, person, 'step-up', await methodsOf(this.#context, person));
  }

  async byStepUp(visitor: Visitor, person: bigint, ticket: unknown, proof: Proof): Promise<void> {
    this.#watch.admit(visitor.network);
    const waiting = this.pending.attempt(ticket, 'step-up');
    if (waiting.person !== person) throw fault('Unauthenticated', { path: 'signature' });
    await this.#proved(visitor, person, proof, waiting);
    this.pending.done(ticket);
    this.#background(this.#context.recordSignIn(formatId(person), 'ProveFactor', 'ok'));
  }

  async hasFactors(person: bigint): Promise<boolean> {
    return (await methodsOf(this.#context, person)).length > 0;
  }
}
