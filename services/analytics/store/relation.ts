import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { PostgresError } from '#seams/sql/error.ts';
import { json, type Sql, type Transaction } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Column } from '../domain/value.ts';
import { relationsMax } from './limits.ts';

/** A source, or a view over one; a view reads the topic of its source. */
export type Relation = {
  readonly id: bigint;
  readonly name: string;
  readonly kind: 'source' | 'view';
  readonly columns: readonly Column[];
  readonly topic: string;
  readonly source: string | null;
  readonly text: string | null;
  readonly epoch: bigint;
  readonly groups: bigint;
  readonly rejected: bigint;
  readonly rejection: string | null;
};

export type NewRelation = Pick<Relation, 'name' | 'kind' | 'columns' | 'topic' | 'source' | 'text'>;

const columns = 'id, name, kind, columns, topic, source, text, epoch, groups, rejected, rejection';

/** The sources and views of every environment. */
export class Relations {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async find(at: Placed, name: string): Promise<Relation | undefined> {
    return (await this.#sql.as(at).query<Relation>(`select ${columns} from relation where name = $1`, [name])).rows[0];
  }

  /** A view within a transaction, so that its epoch fits what is read beside it. */
  async within(tx: Transaction, id: bigint): Promise<Relation | undefined> {
    return (await tx.query<Relation>(`select ${columns} from relation where id = $1`, [id])).rows[0];
  }

  async list(at: Placed, kind: Relation['kind']): Promise<Relation[]> {
    return (await this.#sql.as(at).query<Relation>(`select ${columns} from relation where kind = $1 order by name`, [kind])).rows;
  }

  async create(at: Placed, { name, kind, columns: own, topic, source, text }: NewRelation): Promise<Relation> {
    try {
      const { rows } = await this.#sql.as(at).query<Relation>(
        `insert into relation (name, kind, columns, topic, source, text)
         select $1, $2, $3, $4, $5, $6 where (select count(*) from relation) < $7 returning ${columns}`,
        [name, kind, json(own), topic, source, text, relationsMax],
      );
      const [made] = rows;
      if (!made) throw fault('QuotaExceeded', `An environment has at most ${relationsMax} sources and views.`);
      return made;
    } catch (error) {
      if (error instanceof PostgresError && error.duplicate)
        throw new StatementError(sqlstates.relationThere, `relation "${name}" already exists`);
      if (error instanceof PostgresError && error.sqlstate === '23503')
        throw new StatementError(sqlstates.relationMissing, `source "${source}" does not exist`);
      throw error;
    }
  }

  /** Drops a source or view, and answers what it was. */
  async drop(at: Placed, kind: Relation['kind'], name: string): Promise<Relation> {
    try {
      const { rows } = await this.#sql
        .as(at)
        .query<Relation>(`delete from relation where name = $1 and kind = $2 returning ${columns}`, [name, kind]);
      const [gone] = rows;
      if (gone) return gone;
    } catch (error) {
      if (error instanceof PostgresError && error.sqlstate === '23503')
        throw new StatementError(sqlstates.dependents, `cannot drop source ${name} because views depend on it`);
      throw error;
    }
    throw new StatementError(
      sqlstates.relationMissing,
      kind === 'view' ? `materialized view "${name}" does not exist` : `source "${name}" does not exist`,
    );
  }
}
