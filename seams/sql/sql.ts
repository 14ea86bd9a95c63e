import { boundParameter } from '#wire/pgwire/encode.ts';
import { parameterCountMax } from '#wire/pgwire/limits.ts';
import { type Locate, parseAddress } from './address.ts';
import { SqlMisuse } from './error.ts';
import { newExchange, type Part, type Result, type Row } from './exchange.ts';
import { groupStatementsMax, poolConnectionsMax, statementTimeoutMs, transactionIdleMs } from './limits.ts';
import { Pool } from './pool.ts';
import { checkText } from './statement.ts';
import { runTransaction, type Transaction, type TransactionOptions } from './transaction.ts';

export { json } from '#wire/pgwire/encode.ts';
export type { Result, Row, Transaction, TransactionOptions };

/** Whose rows a statement may see. A caller has both fields, so `sql.as(caller)` works. */
export type Scope = { readonly tenant: bigint; readonly scope: bigint };

export type Statement = { readonly text: string; readonly params?: readonly unknown[] };

/** Statements of one scope, or of the platform. Safe to share and cheap to make. */
export interface Handle {
  /** Runs one statement as a transaction of its own. */
  query<R extends object = Row>(text: string, params?: readonly unknown[], options?: { signal?: AbortSignal }): Promise<Result<R>>;
  /** Runs several statements as one transaction in one round trip; answers one result each. */
  group(statements: readonly Statement[], options?: { signal?: AbortSignal }): Promise<Result[]>;
  /** Runs a transaction whose statements depend on each other's answers; it holds a connection until `work` settles. */
  begin<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
}

/** The handle of the platform's own roles. */
export interface PlatformHandle extends Handle {
  /** Runs a text of several statements by the simple protocol, outside of a transaction we begin. Not for text from outside. */
  script(text: string): Promise<void>;
}

/** A pool of connections to one PostgreSQL. */
export interface Sql extends AsyncDisposable {
  /** Every statement group of the handle carries this scope; it is set anew for each. */
  as(scope: Scope): Handle;
  /** Statements that need no tenant: every group runs with the setting emptied, so a tenant's table answers an error. */
  platform(): PlatformHandle;
  /** Waits for what runs, then closes. */
  close(): Promise<void>;
}

export type SqlOptions = {
  /** Most connections. */
  readonly max: number;
  /** A role to take after the login, which must be a member of it. */
  readonly role?: string;
  readonly applicationName?: string;
  /** Longest run of one statement; 0 is without end. */
  readonly statementTimeoutMs?: number;
  /** Finds the address of the host for each connection, instead of the system's resolver. */
  readonly locate?: Locate;
  /** The authority of the server's certificate, in PEM. */
  readonly ca?: string;
};

const settingText = "select set_config('gamut.tenant', $1, true), set_config('gamut.scope', $2, true)";
const idMax = 2n ** 63n - 1n;

/** Opens a pool on a PostgreSQL address; connections are made when they are needed. Throws SqlRefused for a bad address. */
export function openSql(url: URL | string, options: SqlOptions): Sql {
  if (!Number.isInteger(options.max) || options.max < 1 || options.max > poolConnectionsMax) {
    throw new SqlMisuse(`A pool has 1 to ${poolConnectionsMax} connections, not ${options.max}.`);
  }
  const timeoutMs = options.statementTimeoutMs ?? statementTimeoutMs;
  const pool = new Pool({
    address: {
      ...parseAddress(url),
      ...(options.locate ? { locate: options.locate } : {}),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    },
    max: options.max,
    settings: sessionSettings(options, timeoutMs),
    statementTimeoutMs: timeoutMs,
  });
  return {
    as: ({ tenant, scope }) => handle(pool, settingPart(id(tenant, 'tenant'), id(scope, 'scope'))),
    platform: () => Object.assign(handle(pool, settingPart('', '')), { script: (text: string) => runScript(pool, text) }),
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

function sessionSettings(options: SqlOptions, timeoutMs: number): Map<string, string> {
  const settings = new Map([
    ['client_encoding', 'UTF8'],
    ['DateStyle', 'ISO, YMD'],
    ['TimeZone', 'UTC'],
    ['bytea_output', 'hex'],
    ['extra_float_digits', '1'],
    ['application_name', options.applicationName ?? 'gamut'],
    ['statement_timeout', String(timeoutMs)],
    ['idle_in_transaction_session_timeout', String(transactionIdleMs)],
  ]);
  if (options.role !== undefined) settings.set('role', options.role);
  return settings;
}

function settingPart(tenant: string, scope: string): Part {
  return { text: settingText, params: [tenant, scope], discard: true };
}

function id(value: unknown, what: string): string {
  if (typeof value !== 'bigint' || value < 1n || value > idMax) throw new SqlMisuse(`A statement needs a ${what}, and none is set.`);
  return String(value);
}

function handle(pool: Pool, setting: Part): Handle {
  return {
    async query<R extends object = Row>(
      text: string,
      params: readonly unknown[] = [],
      options: { signal?: AbortSignal } = {},
    ): Promise<Result<R>> {
      const results = await pool.run([setting, part(text, params)], options.signal);
      return results[1] as Result<R>;
    },
    async group(statements, options = {}) {
      if (statements.length > groupStatementsMax)
        throw new SqlMisuse(`A group has ${statements.length} statements, more than ${groupStatementsMax}.`);
      const parts = [setting];
      for (const { text, params = [] } of statements) parts.push(part(text, params));
      return (await pool.run(parts, options.signal)).slice(1);
    },
    begin: (work, options = {}) => runTransaction(pool, setting, work, options),
  };
}

function part(text: string, params: readonly unknown[]): Part {
  checkText(text);
  if (params.length > parameterCountMax)
    throw new SqlMisuse(`A statement has ${params.length} parameters, more than ${parameterCountMax}.`);
  return { text, params: params.map(boundParameter) };
}

async function runScript(pool: Pool, text: string): Promise<void> {
  const connection = await pool.reserve();
  try {
    await new Promise<void>((resolve, reject) => {
      const x = newExchange([], () => (x.error ? reject(x.error) : resolve()), text);
      connection.send(x);
    });
  } finally {
    pool.release(connection);
  }
}
