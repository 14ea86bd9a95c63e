import { json, type Transaction } from '#seams/sql/sql.ts';
import { fault } from '../contract/fault.ts';
import type { Envelope, Filter, Page, Put } from '../contract/provider.ts';
import { formatId } from '../tenancy/id.ts';
import { changesKeptMax, listBatchRows } from './limits.ts';

type Row = {
  uid: bigint;
  name: string;
  generation: number;
  version: bigint;
  labels: Record<string, string>;
  spec: unknown;
  status: unknown;
  created_at: Date;
  deleting: Date | null;
};
/** What reads: a handle, or an open transaction. */
export type Reader = Pick<Transaction, 'query'>;

/** The envelope of a row. */
export function envelopeOf(row: Row): Envelope {
  return {
    uid: formatId(row.uid),
    name: row.name,
    generation: row.generation,
    version: row.version.toString(),
    labels: row.labels,
    createdAt: row.created_at.getTime(),
    spec: row.spec,
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.deleting === null ? {} : { deleting: row.deleting.getTime() }),
  };
}

/** The SQL of one service's resources; every statement runs in the caller's scope. */
export function resourceStore(service: string) {
  const schema = `"${service}_kernel"`;

  async function nextVersion(tx: Reader): Promise<bigint> {
    const { rows } = await tx.query<{ version: bigint }>(
      `insert into ${schema}.resource_head (version) values (1) on conflict (tenant, scope) do update set version =
       resource_head.version + 1 returning version`,
    );
    return rows[0]?.version ?? 0n;
  }

  async function noteChange(tx: Reader, kind: string, version: bigint, type: 'put' | 'deleted', body: Envelope): Promise<void> {
    await tx.query(`insert into ${schema}.resource_change (version, kind, type, body) values ($1, $2, $3, $4)`, [
      version,
      kind,
      type,
      json(body),
    ]);
    await tx.query(`delete from ${schema}.resource_change where version < $1`, [version - BigInt(changesKeptMax)]);
  }

  async function locked(tx: Reader, kind: string, name: string): Promise<Row | undefined> {
    const { rows } = await tx.query<Row>(`select * from ${schema}.resource where kind = $1 and name = $2 for update`, [kind, name]);
    return rows[0];
  }

  function assertVersion(row: Row | undefined, ifVersion: string | undefined, name: string): void {
    if (ifVersion === undefined) return;
    if (ifVersion === '0' && row) throw fault('Conflict', `${name} exists already.`);
    if (ifVersion !== '0' && row?.version.toString() !== ifVersion)
      throw fault('PreconditionFailed', `${name} is in version ${row?.version ?? 'none'}, not ${ifVersion}.`);
  }

  /** Rows after a name, of those that SQL lets through. */
  async function rowsAfter(reader: Reader, kind: string, page: Page, count: number, where: { text: string; values: string[] }) {
    const { rows } = await reader.query<Row>(
      `select * from ${schema}.resource where kind = $1 and name collate "C" > $2 and starts_with(name, $3) and ${where.text}
       order by name collate "C" limit $4`,
      [kind, page.after ?? '', page.prefix ?? '', count, ...where.values],
    );
    return rows.map(envelopeOf);
  }

  /** A page of what may be seen. Where SQL lets more through, rows are read on until the page is full. */
  async function listed(
    reader: Reader,
    kind: string,
    page: Page,
    filter: Filter | undefined,
  ): Promise<{ items: Envelope[]; next?: string }> {
    const where = filter?.sql({ name: 'name', attributes: 'spec', labels: 'labels' }, 5) ?? { text: 'true', values: [], isExact: true };
    const count = where.isExact ? page.limit + 1 : Math.max(page.limit + 1, listBatchRows);
    const items: Envelope[] = [];
    for (let { after } = page; items.length <= page.limit; ) {
      const rows = await rowsAfter(reader, kind, { ...page, ...(after === undefined ? {} : { after }) }, count, where);
      items.push(...(where.isExact || !filter ? rows : rows.filter((row) => filter.admits(row))));
      if (rows.length < count && items.length <= page.limit) return { items };
      after = rows.at(-1)?.name;
    }
    const seen = items.slice(0, page.limit);
    return { items: seen, next: seen.at(-1)?.name ?? '' };
  }

  return {
    async get(reader: Reader, kind: string, name: string): Promise<Envelope | undefined> {
      const { rows } = await reader.query<Row>(`select * from ${schema}.resource where kind = $1 and name = $2`, [kind, name]);
      return rows[0] && envelopeOf(rows[0]);
    },
    async list(reader: Reader, kind: string, page: Page, filter?: Filter) {
      const { items, next } = await listed(reader, kind, page, filter);
      return { items, version: (await this.head(reader)).toString(), ...(next === undefined ? {} : { next }) };
    },
    async head(reader: Reader): Promise<bigint> {
      const { rows } = await reader.query<{ version: bigint }>(`select version from ${schema}.resource_head`);
      return rows[0]?.version ?? 0n;
    },
    async count(reader: Reader, kind: string): Promise<number> {
      const { rows } = await reader.query<{ count: bigint }>(`select count(*) as count from ${schema}.resource where kind = $1`, [kind]);
      return Number(rows[0]?.count ?? 0);
    },
    async put(tx: Reader, kind: string, uid: bigint, change: Put): Promise<Envelope> {
      const version = await nextVersion(tx);
      const before = await locked(tx, kind, change.name);
      assertVersion(before, change.ifVersion, change.name);
      const { rows } = await tx.query<Row>(
        `insert into ${schema}.resource as r (kind, name, uid, version, labels, spec, status) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant, scope, kind, name) do update set version = excluded.version, labels = case when $8::boolean
           then excluded.labels else r.labels end, spec = excluded.spec,
         status = coalesce(excluded.status, r.status),
         spec_at = case when r.spec = excluded.spec then r.spec_at else now() end,
         generation = r.generation + case when r.spec = excluded.spec then 0 else 1 end returning *`,
        [
          kind,
          change.name,
          uid,
          version,
          json(change.labels ?? {}),
          json(change.spec),
          change.status === undefined ? null : json(change.status),
          change.labels !== undefined,
        ],
      );
      const made = envelopeOf(rows[0] as Row);
      await noteChange(tx, kind, version, 'put', made);
      return made;
    },
    async remove(tx: Reader, kind: string, name: string, ifVersion: string | undefined): Promise<void> {
      const version = await nextVersion(tx);
      const before = await locked(tx, kind, name);
      if (!before) throw fault('NotFound', `There is no ${kind} ${name}.`);
      assertVersion(before, ifVersion, name);
      await tx.query(`delete from ${schema}.resource where kind = $1 and name = $2`, [kind, name]);
      await noteChange(tx, kind, version, 'deleted', { ...envelopeOf(before), version: version.toString() });
    },
    /** Resources that a label, or the value at one of the paths, says to be about a subject. */
    async about(reader: Reader, kind: string, label: string, paths: readonly string[], subject: string): Promise<Envelope[]> {
      const { rows } = await reader.query<Row>(
        `select * from ${schema}.resource where kind = $1 and (labels ->> $2 = $3
           or exists (select from unnest($4::text[]) as p(path), jsonb_path_query(spec, p.path::jsonpath) as v(value)
             where v.value = to_jsonb($3::text) or v.value @> jsonb_build_array($3::text)))`,
        [kind, label, subject, [...paths]],
      );
      return rows.map(envelopeOf);
    },
    /** Resources that have a field and were not changed since. */
    async heldSince(reader: Reader, kind: string, path: readonly string[], before: Date): Promise<Envelope[]> {
      const { rows } = await reader.query<Row>(
        `select * from ${schema}.resource where kind = $1 and spec_at < $2 and spec #> $3::text[] is not null order by name limit $4`,
        [kind, before, [...path], listBatchRows],
      );
      return rows.map(envelopeOf);
    },
    /** Takes fields out of what history says of a resource; the whole spec and the labels where no fields are named. */
    async forget(tx: Reader, kind: string, name: string, paths: readonly (readonly string[])[] | undefined): Promise<void> {
      const of = `where kind = $1 and body ->> 'name' = $2`;
      for (const path of paths ?? [])
        await tx.query(`update ${schema}.resource_change set body = body #- $3::text[] ${of}`, [kind, name, ['spec', ...path]]);
      if (!paths)
        await tx.query(`update ${schema}.resource_change set body = body || '{"spec": {}, "labels": {}}'::jsonb ${of}`, [kind, name]);
      await this.forgetReplies(tx, JSON.stringify(name));
    },
    /** Deletes stored replies that say a text. */
    async forgetReplies(tx: Reader, text: string): Promise<void> {
      await tx.query(`delete from ${schema}.repeat where position(convert_to($1, 'UTF8') in reply) > 0`, [text]);
    },
    async changes(reader: Reader, kind: string, after: bigint, max: number) {
      const { rows } = await reader.query<{ version: bigint; type: 'put' | 'deleted'; body: Envelope }>(
        `select version, type, body from ${schema}.resource_change where kind = $1 and version > $2 order by version limit $3`,
        [kind, after, max],
      );
      return rows;
    },
  };
}

export type ResourceStore = ReturnType<typeof resourceStore>;
