import { open, type RootDatabase } from 'lmdb';
import type { Log, Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { messageMapBytes, messagesKeptMax, messagesShownMax, messagesWrittenMs } from './limits.ts';

/** What a card message says, as it is shown: the number is an alias, and codes are in no message. */
export type Shown = { readonly at: number; readonly mti: string; readonly fields: Readonly<Record<string, string>> };

type Page = { readonly at: Placed; readonly messages: Shown[]; isChanged: boolean };

/** Enciphered PINs and what a chip said are not kept once they were answered. */
const passing: readonly string[] = ['52', '55'];

/**
 * The last card messages of each environment. They are written down soon after they were heard, sealed under the tenant's key; a
 * process that dies loses those of the last moment, which nothing but pages depends on.
 */
export class MessageBook {
  readonly #database: RootDatabase<Buffer, string>;
  readonly #sealer: Sealer;
  readonly #log: Log;
  readonly #pages = new Map<string, Promise<Page>>();
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, sealer: Sealer, log: Log) {
    this.#database = open({ path, mapSize: messageMapBytes, encoding: 'binary' });
    this.#sealer = sealer;
    this.#log = log;
  }

  async heard(at: Placed, message: Shown): Promise<void> {
    const page = await this.#page(at);
    page.messages.push(message);
    if (page.messages.length > messagesKeptMax) page.messages.shift();
    page.isChanged = true;
    this.#timer ??= setTimeout(() => this.#write(), messagesWrittenMs).unref();
  }

  /** The last ones of an environment, or of these retrieval reference numbers, oldest first. */
  async last(at: Placed, references?: ReadonlySet<string>): Promise<Shown[]> {
    const { messages } = await this.#page(at);
    const wanted = references ? messages.filter(({ fields }) => references.has(fields['37'] ?? '')) : messages;
    return wanted.slice(-messagesShownMax);
  }

  /** Forgets what is in memory; what was written down stays. */
  async clear(): Promise<void> {
    await this.#write();
    this.#pages.clear();
  }

  async close(): Promise<void> {
    await this.#write();
    await this.#database.close();
  }

  #page(at: Placed): Promise<Page> {
    const name = formatId(at.scope);
    const known = this.#pages.get(name);
    if (known) return known;
    const read = this.#read(at);
    this.#pages.set(name, read);
    read.catch(() => this.#pages.delete(name));
    return read;
  }

  async #read(at: Placed): Promise<Page> {
    const sealed = this.#database.get(formatId(at.scope));
    const messages = sealed ? (JSON.parse((await this.#sealer.open(at.tenant, sealed, purpose(at))).toString()) as Shown[]) : [];
    return { at, messages, isChanged: false };
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing
      .then(() => this.#writeAll())
      .catch((error: unknown) => this.#log('warn', 'card messages were not written down', { error: String(error) }));
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (const page of await Promise.all(this.#pages.values())) {
      if (!page.isChanged) continue;
      page.isChanged = false;
      const text = JSON.stringify(page.messages.map(({ fields, ...message }) => ({ ...message, fields: lasting(fields) })));
      await this.#database.put(formatId(page.at.scope), await this.#sealer.seal(page.at.tenant, Buffer.from(text), purpose(page.at)));
    }
  }
}

const purpose = ({ scope }: Placed): string => `card messages ${scope}`;
const lasting = (fields: Shown['fields']): Shown['fields'] =>
  Object.fromEntries(Object.entries(fields).filter(([number]) => !passing.includes(number)));
