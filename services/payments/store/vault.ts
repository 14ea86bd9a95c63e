import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fault, faultTable } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { lineReader } from '#kernel/keys/line.ts';
import type { TypingError } from '../domain/card-number.ts';
import type { Behaviour } from '../domain/test-card.ts';
import type { Inner, Place } from '../engine/card/front.ts';
import { testsKeptMax, vaultAwayMs, vaultCallMs, vaultLineBytes, vaultRetryMs, vaultStartMs } from '../engine/card/limits.ts';
import type { Reply } from '../engine/card/line-host.ts';

/** What stands for a card outside of the vault: the token of one that was typed, or the name of a test card. */
export type CardRef = { readonly token: string } | { readonly test: string };

/** What the vault tells of a card. */
export type Known = {
  readonly brand: string;
  readonly funding: string;
  readonly country: string;
  readonly cvcCheck: string;
  readonly behaviour: Behaviour;
  readonly last4: string;
  readonly fingerprint: string;
  /** A number that looks like the card's, for what shows one. */
  readonly alias: string;
  readonly hasCode: boolean;
};

/** A message as it may be shown: its number is an alias. `at` is in milliseconds since 1970. */
export type CardMessage = { readonly at: number; readonly mti: string; readonly fields: Readonly<Record<string, string>> };

type Kept = (Known & { readonly token: string }) | { readonly refusal: TypingError } | { readonly gone: true };
type Waiting = { readonly resolve: (ok: unknown) => void; readonly reject: (error: Error) => void; readonly timer: NodeJS.Timeout };
export type Address = { readonly url: string; readonly tlsUrl?: string; readonly note?: string; readonly port: number };

/** The line to the vault. It is taken up again by itself, and then the vault is told anew where the service's door is. */
export class Vault {
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #tests = new Map<string, Promise<Known>>();
  #next = 1;
  #socket: Socket | undefined;
  #standing: { place: Place; inner: Inner } | undefined;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Has the vault open the public door, which passes on to ours; answers where it stands. */
  async listen(place: Place, inner: Inner): Promise<Address> {
    const address = (await this.#ask('listen', { place, inner }, vaultStartMs)) as Address;
    // A vault that starts anew stands where it stood before, or not at all.
    this.#standing = { place: { ...place, port: address.port, fallback: 'refuse' }, inner };
    return address;
  }

  /** Keeps a number that came in with a request, for good. */
  keep(at: Placed, ticket: string, name: string): Promise<Kept> {
    return this.#ask('keep', { ...of(at), ticket, name }) as Promise<Kept>;
  }

  /** A test card by its name; what is told of one is remembered, because it does not change. */
  test(at: Placed, card: string): Promise<Known> {
    const name = `${at.scope} ${card}`;
    const known = this.#tests.get(name);
    if (known) return known;
    const asked = this.#ask('test', { ...of(at), card }) as Promise<Known>;
    if (this.#tests.size >= testsKeptMax) this.#tests.clear();
    this.#tests.set(name, asked);
    asked.catch(() => this.#tests.delete(name));
    return asked;
  }

  /** Makes a card unreadable for ever. */
  async shred(at: Placed, token: string): Promise<void> {
    await this.#ask('shred', { ...of(at), token });
  }

  /** Has the simulated terminal read a test card. */
  present(at: Placed, asked: { card: string; amount: number; currency: string; entry: string; pin: string | null }): Promise<object> {
    return this.#ask('present', { ...of(at), ...asked }) as Promise<object>;
  }

  authorize(at: Placed, card: CardRef, asked: object, conditions: unknown): Promise<unknown> {
    return this.#ask('authorize', { ...of(at), card, asked, conditions });
  }

  async advise(at: Placed, card: CardRef, asked: object, conditions: unknown): Promise<boolean> {
    const answer = await this.#ask('advise', { ...of(at), card, asked, conditions });
    return (answer as { acknowledged: boolean }).acknowledged;
  }

  /** The card messages of an environment, and what its simulated issuers hold. */
  network(at: Placed): Promise<{ readonly messages: readonly object[]; readonly books: Readonly<Record<string, number>> }> {
    return this.#ask('network', of(at)) as never;
  }

  /** What was said to and by networks under these retrieval reference numbers, as far as it is remembered. */
  messages(at: Placed, references: readonly string[]): Promise<readonly CardMessage[]> {
    return this.#ask('messages', { ...of(at), references }) as Promise<readonly CardMessage[]>;
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  /** A question may be asked again: one that is cut off by the vault's end is, until its time is over. */
  async #ask(op: string, fields: object, awayMs = vaultAwayMs): Promise<unknown> {
    for (const until = Date.now() + awayMs; ; ) {
      try {
        return await this.#once(op, fields);
      } catch (error) {
        const isAway = error instanceof Error && 'code' in error && error.code === 'Unavailable';
        if (!isAway || this.#isClosed || Date.now() > until) throw error;
        await pause(vaultRetryMs);
      }
    }
  }

  #once(op: string, fields: object): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(fault('Unavailable', 'The line to the vault is closed.'));
    this.#socket ??= this.#open();
    const socket = this.#socket;
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle({ id, code: 'Unavailable', detail: 'The vault did not answer in time.' }), vaultCallMs);
      timer.unref();
      this.#waiting.set(id, { resolve, reject, timer });
      socket.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    });
  }

  #open(): Socket {
    const socket = connect(this.#path);
    socket.on('error', () => undefined);
    socket.on(
      'data',
      lineReader(
        vaultLineBytes,
        (line) => this.#settle(JSON.parse(line) as Reply),
        () => socket.destroy(),
      ),
    );
    socket.once('close', () => this.#lost());
    return socket;
  }

  #settle({ id, ok, code, detail }: Reply): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (code === undefined) waiting.resolve(ok);
    else waiting.reject(fault(faultTable().has(code) ? code : 'Internal', detail));
  }

  #lost(): void {
    this.#socket = undefined;
    for (const id of this.#waiting.keys()) this.#settle({ id, code: 'Unavailable', detail: 'The vault is away.' });
    if (!this.#isClosed && this.#standing) void this.#standAgain(this.#standing);
  }

  /** Until the vault is there again, nobody reaches the service: it is asked for as long as it takes. */
  async #standAgain({ place, inner }: { place: Place; inner: Inner }): Promise<void> {
    while (!this.#isClosed && this.#standing) {
      const isOpen = await this.#once('listen', { place, inner }).then(
        () => true,
        () => false,
      );
      if (isOpen) return;
      await pause(vaultRetryMs, undefined, { ref: false });
    }
  }
}

const of = ({ tenant, scope }: Placed) => ({ tenant: String(tenant), scope: String(scope) });
