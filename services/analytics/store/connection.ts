import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { PostgresError } from '#seams/sql/error.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type ConnectionSpec, shownAddress } from '../domain/connection.ts';
import { connectionsMax } from './limits.ts';

/** A connection as it may be shown. */
export type Connection = {
  readonly id: bigint;
  readonly name: string;
  readonly kind: ConnectionSpec['kind'];
  readonly address: string;
};

const shown = 'id, name, kind, address';
const absent = (name: string) => new StatementError('42704', `connection "${name}" does not exist`);

/** What leads to other systems; addresses with their secrets are sealed under the organization's key. */
export class Connections {
  readonly #sql: Sql;
  readonly #sealer: Sealer;

  constructor(sql: Sql, sealer: Sealer) {
    this.#sql = sql;
    this.#sealer = sealer;
  }

  async list(at: Placed): Promise<Connection[]> {
    return (await this.#sql.as(at).query<Connection>(`select ${shown} from connection order by name`)).rows;
  }

  async create(at: Placed, name: string, spec: ConnectionSpec): Promise<Connection> {
    const sealed = await this.#sealer.seal(at.tenant, Buffer.from(JSON.stringify(spec)), aad(name));
    try {
      const { rows } = await this.#sql.as(at).query<Connection>(
        `insert into connection (name, kind, address, sealed)
         select $1, $2, $3, $4 where (select count(*) from connection) < $5 returning ${shown}`,
        [name, spec.kind, shownAddress(spec), sealed, connectionsMax],
      );
      const [made] = rows;
      if (!made) throw fault('QuotaExceeded', `An environment has at most ${connectionsMax} connections.`);
      return made;
    } catch (error) {
      if (error instanceof PostgresError && error.duplicate) throw new StatementError('42710', `connection "${name}" already exists`);
      throw error;
    }
  }

  async change(at: Placed, name: string, spec: ConnectionSpec): Promise<Connection> {
    const sealed = await this.#sealer.seal(at.tenant, Buffer.from(JSON.stringify(spec)), aad(name));
    const text = `update connection set address = $3, sealed = $4 where name = $1 and kind = $2 returning ${shown}`;
    const { rows } = await this.#sql.as(at).query<Connection>(text, [name, spec.kind, shownAddress(spec), sealed]);
    const [changed] = rows;
    if (changed) return changed;
    const { spec: known } = await this.open(at, name);
    throw new StatementError('22023', `connection "${name}" is of the type ${known.kind}`);
  }

  /** Where a connection leads, with its secrets. */
  async open(at: Placed, name: string): Promise<{ readonly id: bigint; readonly spec: ConnectionSpec }> {
    const { rows } = await this.#sql
      .as(at)
      .query<{ id: bigint; sealed: Buffer }>('select id, sealed from connection where name = $1', [name]);
    const [found] = rows;
    if (!found) throw absent(name);
    const plain = await this.#sealer.open(at.tenant, found.sealed, aad(name));
    return { id: found.id, spec: JSON.parse(plain.toString()) as ConnectionSpec };
  }

  async drop(at: Placed, name: string): Promise<void> {
    try {
      const { count } = await this.#sql.as(at).query('delete from connection where name = $1', [name]);
      if (count === 0) throw absent(name);
    } catch (error) {
      if (error instanceof PostgresError && error.sqlstate === '23503')
        throw new StatementError(sqlstates.dependents, `cannot drop connection ${name} because sources or sinks depend on it`);
      throw error;
    }
  }
}

const aad = (name: string) => `connection ${name}`;
