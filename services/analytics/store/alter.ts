import type { Placed } from '#kernel/contract/provider.ts';
import { PostgresError } from '#seams/sql/error.ts';
import { json, type Sql } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Index } from '../domain/constraint.ts';
import type { Column } from '../domain/value.ts';
import type { Format } from '../domain/format.ts';
import type { Relation } from './relation.ts';

/** What of a relation becomes otherwise; the text is that of the statement that would make it so. */
export type Altering = {
  readonly name?: string;
  readonly text?: string | null;
  readonly columns?: readonly Column[];
  readonly format?: Format | null;
  readonly historyMs?: number;
  readonly indexes?: readonly Index[];
  /** Types of rows that it names besides. */
  readonly needs?: readonly Relation[];
};

/**
 * Changes a relation that others may read: what reads it goes on knowing it by the name, and with the columns, that it had when
 * that was made. Refuses one that was altered meanwhile.
 */
export async function alter(sql: Sql, at: Placed, relation: Relation, to: Altering): Promise<void> {
  const { id, name, columns } = relation;
  try {
    await sql.as(at).begin(async (tx) => {
      const { rows } = await tx.query(
        `update relation set name = $2, text = $3, columns = $4, format = $5, history_ms = coalesce($6, history_ms),
           indexes = coalesce($9, indexes),
           history_from = case when $6::bigint is null then history_from else now() end
         where id = $1 and name = $7 and columns = $8 returning id`,
        [
          ...[id, to.name ?? name, to.text ?? relation.text, json(to.columns ?? columns)],
          ...[(to.format ?? relation.format) && json(to.format ?? relation.format), to.historyMs ?? null, name, json(columns)],
          to.indexes ? json(to.indexes) : null,
        ],
      );
      if (rows.length === 0) throw new StatementError(sqlstates.serialization, `relation "${name}" was altered meanwhile`);
      if (to.name !== undefined) await tx.query('update need set said = coalesce(said, $2) where relation = $1', [id, name]);
      if (to.needs && to.needs.length > 0)
        await tx.query(
          'insert into need (view, relation) select $1, relation from unnest($2::int8[]) as n(relation) on conflict do nothing',
          [id, to.needs.map((each) => each.id)],
        );
      if (to.columns) await tx.query('update need set width = coalesce(width, $2) where relation = $1', [id, columns.length]);
    });
  } catch (error) {
    if (error instanceof PostgresError && error.duplicate)
      throw new StatementError(sqlstates.relationThere, `relation "${to.name}" already exists`);
    throw error;
  }
}
