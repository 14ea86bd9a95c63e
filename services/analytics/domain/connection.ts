import type { Node } from 'libpg-query';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { optionsOf } from './format.ts';

export const connectionKinds = ['postgres', 'http', 's3'] as const;

/** Where a sink's changes may go besides topics, and by what secrets. */
export type ConnectionSpec = {
  readonly kind: (typeof connectionKinds)[number];
  /** Of PostgreSQL with its login. */
  readonly url: string;
  /** The authority of the other side's certificate, in PEM. */
  readonly ca?: string;
  /** The header that proves to an HTTP server who calls. */
  readonly authorization?: string;
  readonly bucket?: string;
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
};

const wrong = (message: string) => new StatementError('22023', message);
const own = {
  postgres: ['url', 'ca'],
  http: ['url', 'ca', 'authorization'],
  s3: ['url', 'ca', 'bucket', 'region', 'access_key_id', 'secret_access_key'],
} as const;

/** The connection that options name. */
export function connectionOf(options: readonly Node[]): ConnectionSpec {
  const given = optionsOf(options, ['type', ...new Set(Object.values(own).flat())], 'connection');
  const type = (given.get('type') ?? '').toLowerCase();
  const kind = connectionKinds.find((known) => known === type);
  if (!kind)
    throw type === ''
      ? wrong("a connection needs a type: WITH (type = 'postgres', url = '...')")
      : notBuilt(`A connection of the type ${type}`);
  const camel = (name: string) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const fields = [...given].filter(([name]) => name !== 'type').map(([name, value]) => [camel(name), value]);
  const spec = { kind, ...Object.fromEntries(fields) } as ConnectionSpec;
  checkConnection(spec);
  return spec;
}

/** Refuses what is no connection, whatever its address leads to. */
export function checkConnection(spec: ConnectionSpec): void {
  const { kind, ...fields } = spec;
  const names: readonly string[] = own[kind].map((name) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()));
  const other = Object.keys(fields).find((name) => !names.includes(name));
  if (other !== undefined) throw wrong(`${other} is no option of a connection of the type ${kind}`);
  if (typeof spec.url !== 'string' || !URL.canParse(spec.url)) throw wrong('a connection needs a url');
  if (spec.ca !== undefined && !/^-----BEGIN CERTIFICATE-----/.test(spec.ca.trim())) throw wrong('ca is a certificate in PEM');
  if (kind === 'postgres') checkPostgres(new URL(spec.url));
  if (kind === 'http' && spec.authorization !== undefined && !/^[\x20-\x7e]+$/.test(spec.authorization))
    throw wrong('authorization is the value of a header');
  if (kind !== 's3') return;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(spec.bucket ?? '')) throw wrong('a connection of the type s3 needs a bucket');
  if (!spec.accessKeyId || !spec.secretAccessKey) throw wrong('a connection of the type s3 needs access_key_id and secret_access_key');
}

/** A host over the network: neither a socket in a directory nor anything read from files of this machine. */
function checkPostgres({ protocol, hostname, searchParams, username }: URL): void {
  if (protocol !== 'postgres:' && protocol !== 'postgresql:')
    throw wrong('the url of PostgreSQL is postgres://user:password@host:port/database');
  if (!/^([a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i.test(hostname)) throw wrong('the url of PostgreSQL names a host');
  if (username === '') throw wrong('the url of PostgreSQL names a user');
  for (const name of searchParams.keys()) if (name !== 'sslmode') throw notBuilt(`The parameter ${name} of a url of PostgreSQL`);
}

/** What may be shown of an address: neither a login nor a path, which may be a secret too. */
export function shownAddress({ url, bucket }: ConnectionSpec): string {
  const { protocol, host, pathname } = new URL(url);
  if (bucket !== undefined) return `${protocol}//${host}/${bucket}`;
  return `${protocol}//${host}${protocol.startsWith('postgres') ? pathname : ''}`;
}
