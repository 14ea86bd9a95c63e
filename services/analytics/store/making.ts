import type { Placed } from '#kernel/contract/provider.ts';
import { json, type Statement } from '#seams/sql/sql.ts';
import { keeping, loosening } from './loose-topic.ts';
import type { Needed, NewRelation, Relation } from './relation.ts';

/** What a transaction made and dropped of relations so far, which it alone sees. */
export interface Unsettled {
  made(name: string): Relation | undefined;
  /** A table that it made with an index of a name. */
  indexed(index: string): Relation | undefined;
  isGone(id: bigint): boolean;
  /** The tables that it made. */
  tables(): readonly Relation[];
  /** What it made that reads one of some relations. */
  needing(ids: readonly bigint[]): readonly Relation[];
  /** The types of rows that it made. */
  madeTypes(): readonly Relation[];
  /** What a relation that it made reads; undefined where it did not make it. */
  needsOf(id: bigint): readonly Relation[] | undefined;
  /** The same as it is now, by the names and with as many columns as there were when that was made. */
  neededAs(id: bigint): readonly Needed[] | undefined;
  /** What took the place of a relation. */
  heir(id: bigint): Relation | undefined;
  /** A relation with those whose place it took. */
  taken(id: bigint): readonly bigint[];
}

/** An environment as a transaction sees it. */
export type Seen = Placed & { readonly unsettled?: Unsettled | undefined };

/** A relation that is to be, before it is kept. */
export function unkept(id: bigint, of: NewRelation): Relation {
  const { needs, origin, orders = null, indexes = null, shares = null, part = null, historyMs = null } = of;
  const { name, kind, columns, topic, format, text, target } = of;
  return {
    ...{ id, name, kind, columns, topic, format, text, target, orders, indexes, shares, part, origin: origin ?? null },
    needs: needs.flatMap((each) => (each.kind === 'type' ? [] : [each.name])).sort(),
    types: needs.flatMap(({ id: own, name: called, kind: sort, columns: fields }) =>
      sort === 'type' ? [{ id: String(own), name: called, columns: fields }] : [],
    ),
    ...{ shape: null, epoch: 0n, groups: 0n, rejected: 0n, rejection: null, historyMs, historyFrom: null },
  };
}

/** What keeps a relation under the number that it was given. */
export function making(id: bigint, of: NewRelation): Statement[] {
  const { needs, known, connection, calls = [], orders = null, origin, indexes, shares = null, part, ...own } = of;
  const { name, kind, columns, topic, text, format, target, historyMs = null } = own;
  const asJson = (value: unknown) => (value ? json(value) : null);
  return [
    {
      text: `insert into relation (id, name, kind, columns, topic, text, format, target, origin, orders, indexes, shares, part, history_ms)
             overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      params: [
        ...[id, name, kind, json(columns), topic, text, asJson(format), asJson(target), asJson(origin), asJson(orders), asJson(indexes)],
        ...[shares, asJson(part), historyMs],
      ],
    },
    {
      text: 'insert into need (view, relation) select $1, relation from unnest($2::int8[]) as n(relation)',
      params: [id, needs.map((each) => each.id)],
    },
    ...[...(known ?? [])].map(([relation, { said, width }]) => ({
      text: 'update need set said = $3, width = $4 where view = $1 and relation = $2',
      params: [id, relation, said, width],
    })),
    ...(connection === undefined ? [] : [{ text: 'insert into passage (relation, connection) values ($1, $2)', params: [id, connection] }]),
    {
      text: 'insert into calling (function, relation) select function, $1 from unnest($2::int8[]) as f(function)',
      params: [id, calls],
    },
    ...(kind === 'table' ? [keeping(topic)] : []),
  ];
}

/** What drops a relation, where it is still there by its name, and by what was committed of it where that is told. */
export const dropping = ({ id, name }: Relation, epoch: bigint | null): Statement => ({
  text: loosening(
    'delete from relation where id = $1 and name = $2 and epoch = coalesce($3, epoch) returning kind, topic',
    'exactly_one(count(*))',
  ),
  params: [id, name, epoch],
});

/** What lets plain views that stand on a relation stand on the one that takes its place; refuses it where anything else does. */
export const relinking = ({ id, name, columns }: Relation, heir: bigint): Statement[] => [
  {
    text: `with recursive standing(id) as (
             select view from need where relation = $1
             union select n.view from need n join standing on n.relation = standing.id
           ) select exactly_one(1 - least(1, (select count(*) from standing join relation using (id) where kind <> 'query')))`,
    params: [id],
  },
  {
    text: `update need set relation = $2, said = coalesce(said, $3), width = coalesce(width, $4)
           where relation = $1 and view in (select id from relation where kind = 'query')`,
    params: [id, heir, name, columns.length],
  },
];
