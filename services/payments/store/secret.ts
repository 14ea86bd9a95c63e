import { createHmac, randomBytes } from 'node:crypto';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { lettersOf } from '../domain/id.ts';
import { secretsKeptMax } from './limits.ts';

const name = 'hash';

/** Keyed hashes of an environment: under a key of its own, so that what is hashed cannot be guessed at, nor compared with others'. */
export class Secrets {
  readonly #sql: Sql;
  readonly #sealer: Sealer;
  readonly #known = new Map<bigint, Promise<Buffer>>();

  constructor(sql: Sql, sealer: Sealer) {
    this.#sql = sql;
    this.#sealer = sealer;
  }

  /** The keyed hash of a text, as letters and digits. */
  async hash(at: Placed, purpose: string, text: string, length: number): Promise<string> {
    return lettersOf(
      createHmac('sha512', await this.#key(at))
        .update(`${purpose}\0${text}`)
        .digest(),
      length,
    );
  }

  #key(at: Placed): Promise<Buffer> {
    const known = this.#known.get(at.scope);
    if (known) return known;
    const made = this.#load(at);
    if (this.#known.size >= secretsKeptMax) this.#known.clear();
    this.#known.set(at.scope, made);
    made.catch(() => this.#known.delete(at.scope));
    return made;
  }

  async #load(at: Placed): Promise<Buffer> {
    const read = async () =>
      (await this.#sql.as(at).query<{ sealed: Buffer }>('select sealed from secret where name = $1', [name])).rows[0];
    const found = await read();
    if (found) return this.#sealer.open(at.tenant, found.sealed, `secret ${at.scope}`);
    const sealed = await this.#sealer.seal(at.tenant, randomBytes(32), `secret ${at.scope}`);
    await this.#sql.as(at).query('insert into secret (name, sealed) values ($1, $2) on conflict do nothing', [name, sealed]);
    const kept = await read();
    return this.#sealer.open(at.tenant, kept?.sealed ?? sealed, `secret ${at.scope}`);
  }
}
