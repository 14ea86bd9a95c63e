import type { Placed } from '#kernel/contract/provider.ts';
import { json, type Sql } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { making } from './making.ts';
import type { NewRelation, Relation } from './relation.ts';

const standing = `with recursive standing(id) as (
    select view from need where relation = $1
    union select n.view from need n join standing on n.relation = standing.id
  ) select r.name, r.kind from relation r join standing on standing.id = r.id order by r.id`;

/**
 * Puts a plain view in the place of another, under its number: what names it goes on with the columns that it knew. Answers the names of
 * the views that are computed otherwise then. Refuses it where a sink depends on it, and where it was altered meanwhile.
 */
export async function replace(sql: Sql, at: Placed, { id, name, columns, text }: Relation, by: NewRelation): Promise<string[]> {
  return sql.as(at).begin(async (tx) => {
    const held = await tx.query(
      'update relation set text = $2, columns = $3 where id = $1 and name = $4 and columns = $5 and text = $6 returning id',
      [id, by.text, json(by.columns), name, json(columns), text],
    );
    if (held.rows.length === 0) throw new StatementError(sqlstates.serialization, `relation "${name}" was altered meanwhile`);
    const { rows } = await tx.query<{ name: string; kind: string }>(standing, [id]);
    const sink = rows.find(({ kind }) => kind === 'sink');
    if (sink)
      throw new StatementError(
        sqlstates.dependents,
        `cannot replace view ${name} because the sink ${sink.name} depends on it, and what it gave out cannot be taken back`,
      );
    if (by.columns.length > columns.length)
      await tx.query('update need set width = coalesce(width, $2) where relation = $1', [id, columns.length]);
    await tx.query('delete from need where view = $1', [id]);
    await tx.query('delete from calling where relation = $1', [id]);
    const [, ...links] = making(id, by);
    for (const { text: statement, params } of links) await tx.query(statement, params);
    return rows.filter(({ kind }) => kind === 'view').map((each) => each.name);
  });
}
