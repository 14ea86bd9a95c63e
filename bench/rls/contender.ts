import postgres from 'postgres';
import { encodeParameter } from '#wire/pgwire/encode.ts';
import { parseAddress } from '#seams/sql/address.ts';
import { Pool } from '#seams/sql/pool.ts';
import { openSql } from '#seams/sql/sql.ts';

/** One way to read a row by its key, or to write one. Both answer or throw. */
export type Contender = {
  readonly name: string;
  read(tenant: number, id: number): Promise<void>;
  insert(tenant: number, id: number): Promise<void>;
  close(): Promise<void>;
};

const connections = 8;
const body = 'x'.repeat(128);
const plainRead = 'select id, body, at from plain_item where tenant = $1 and scope = $2 and id = $3';
const plainInsert = 'insert into plain_item (tenant, scope, id, body) values ($1, $2, $3, $4)';
const safeRead = 'select id, body, at from safe_item where id = $1';
const safeInsert = 'insert into safe_item (id, body) values ($1, $2)';

/** Our client with the scope in every group, over forced row-level security. */
export function ourSafe(url: URL): Contender {
  const sql = openSql(url, { max: connections });
  const as = (tenant: number) => sql.as({ tenant: BigInt(tenant), scope: 1n });
  return {
    name: 'ours, safe',
    read: async (tenant, id) => one((await as(tenant).query(safeRead, [id])).rows),
    insert: async (tenant, id) => void (await as(tenant).query(safeInsert, [id, body])),
    close: () => sql.close(),
  };
}

/** Our client without any setting, over a table without row-level security: what the safe form is measured against. */
export function ourPlain(url: URL): Contender {
  const settings = new Map([
    ['client_encoding', 'UTF8'],
    ['TimeZone', 'UTC'],
    ['search_path', 'rls'],
  ]);
  const pool = new Pool({ address: parseAddress(url), max: connections, settings, statementTimeoutMs: 30_000 });
  const run = async (text: string, params: unknown[]) => (await pool.run([{ text, params: params.map(encodeParameter) }]))[0];
  return {
    name: 'ours, plain',
    read: async (tenant, id) => one((await run(plainRead, [tenant, 1, id]))?.rows),
    insert: async (tenant, id) => void (await run(plainInsert, [tenant, 1, id, body])),
    close: () => pool.close(),
  };
}

function peer(url: URL, socket: string): postgres.Sql {
  return postgres({
    host: socket,
    port: 5432,
    user: decodeURIComponent(url.username),
    pass: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    max: connections,
    fetch_types: false,
    types: { bigint: postgres.BigInt },
  });
}

/** postgres.js over the table without row-level security. */
export function peerPlain(url: URL, socket: string): Contender {
  const sql = peer(url, socket);
  return {
    name: 'postgres.js, plain',
    read: async (tenant, id) =>
      one(await sql`select id, body, at from plain_item where tenant = ${tenant} and scope = ${1} and id = ${id}`),
    insert: async (tenant, id) =>
      void (await sql`insert into plain_item (tenant, scope, id, body) values (${tenant}, ${1}, ${id}, ${body})`),
    close: () => sql.end(),
  };
}

/** postgres.js in the form its users have for row-level security: begin, set, statement, commit. */
export function peerSafe(url: URL, socket: string): Contender {
  const sql = peer(url, socket);
  const scoped = <T>(tenant: number, work: (tx: postgres.TransactionSql) => Promise<T>) =>
    sql.begin(async (tx) => {
      await tx`select set_config('gamut.tenant', ${String(tenant)}, true), set_config('gamut.scope', '1', true)`;
      return work(tx);
    });
  return {
    name: 'postgres.js, safe',
    read: async (tenant, id) =>
      one((await scoped(tenant, async (tx) => [...(await tx`select id, body, at from safe_item where id = ${id}`)])) as unknown[]),
    insert: async (tenant, id) =>
      void (await scoped(tenant, async (tx) => [...(await tx`insert into safe_item (id, body) values (${id}, ${body})`)])),
    close: () => sql.end(),
  };
}

function one(rows: readonly unknown[] | undefined): void {
  if (rows?.length !== 1) throw new Error(`${rows?.length} rows where one was expected`);
}
