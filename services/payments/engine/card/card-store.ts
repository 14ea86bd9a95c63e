import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { openWith, sealWith } from '#kernel/keys/sealed.ts';
import { lettersOf } from '../../domain/id.ts';
import { KeySlots } from './key-slot.ts';
import { cardMapBytes } from './limits.ts';

/** What the vault keeps of a card; its code is kept nowhere. */
export type Card = { readonly number: string };

type Kept = { readonly slot: number; readonly sealed: Buffer };
type Entry = Kept | string;

const [keyBytes, tokenLetters, sealVersion] = [32, 24, 1];

/**
 * Cards by random tokens. Each lies under a key of its own (AES-256-GCM), and that key, in its slot, under the tenant's ring:
 * erasing the slot makes one card unreadable in all copies that were ever made of the database, destroying the ring all of a tenant's.
 */
export class CardStore {
  readonly #database: RootDatabase<Entry, string[]>;
  readonly #slots: KeySlots;
  readonly #sealer: Sealer;

  private constructor(database: RootDatabase<Entry, string[]>, slots: KeySlots, sealer: Sealer) {
    this.#database = database;
    this.#slots = slots;
    this.#sealer = sealer;
  }

  static async open(directory: string, sealer: Sealer): Promise<CardStore> {
    const slots = await KeySlots.open(join(directory, 'card.key'));
    return new CardStore(open({ path: join(directory, 'card'), mapSize: cardMapBytes }), slots, sealer);
  }

  /** Keeps a card and answers its token. `name` is what it is kept for: the same name is the same token, whoever asks again. */
  async keep(at: Placed, name: string, card: Card): Promise<string> {
    const byName = ['name', String(at.scope), name];
    const known = this.#database.get(byName);
    if (typeof known === 'string') return known;
    const token = `vlt_${lettersOf(randomBytes(tokenLetters), tokenLetters)}`;
    const key = randomBytes(keyBytes);
    const sealed = sealWith(key, sealVersion, Buffer.from(JSON.stringify(card)), place(at, token));
    const slot = await this.#slots.add(await this.#sealer.seal(at.tenant, key, place(at, token)));
    key.fill(0);
    await this.#database.transaction(() => {
      void this.#database.put(['card', String(at.scope), token], { slot, sealed });
      void this.#database.put(byName, token);
    });
    return token;
  }

  /** Undefined for a token that is none here, or whose card is gone. */
  async read(at: Placed, token: string): Promise<Card | undefined> {
    const kept = this.#database.get(['card', String(at.scope), token]) as Kept | undefined;
    const sealed = kept && (await this.#slots.read(kept.slot));
    if (!kept || !sealed) return undefined;
    const key = await this.#sealer.open(at.tenant, sealed, place(at, token));
    return JSON.parse(openWith(key, kept.sealed, place(at, token)).toString()) as Card;
  }

  /** Makes a card unreadable for ever. */
  async shred(at: Placed, token: string): Promise<void> {
    const key = ['card', String(at.scope), token];
    const kept = this.#database.get(key) as Kept | undefined;
    if (!kept) return;
    await this.#slots.erase(kept.slot);
    await this.#database.remove(key);
  }

  async close(): Promise<void> {
    await this.#database.close();
    await this.#slots.close();
  }
}

const place = ({ scope }: Placed, token: string): string => `card ${scope} ${token}`;
