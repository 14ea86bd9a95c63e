import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Sql, Statement } from '#seams/sql/sql.ts';

/** The bytes of files, sealed under the key of their organization. */
export class Contents {
  readonly #sql: Sql;
  readonly #sealer: Sealer;

  constructor(sql: Sql, sealer: Sealer) {
    this.#sql = sql;
    this.#sealer = sealer;
  }

  /** The statement that keeps the bytes of a file. */
  async insertion(at: Placed, id: string, bytes: Uint8Array): Promise<Statement> {
    const sealed = await this.#sealer.seal(at.tenant, bytes, `content ${id}`);
    return { text: 'insert into content (id, sealed) values ($1, $2) on conflict do nothing', params: [id, sealed] };
  }

  deletion(id: string): Statement {
    return { text: 'delete from content where id = $1', params: [id] };
  }

  async get(at: Placed, id: string): Promise<Buffer | undefined> {
    const { rows } = await this.#sql.as(at).query<{ sealed: Buffer }>('select sealed from content where id = $1', [id]);
    return rows[0] && this.#sealer.open(at.tenant, rows[0].sealed, `content ${id}`);
  }
}
