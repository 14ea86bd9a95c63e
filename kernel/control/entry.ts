import type { TSchema } from 'typebox';
import type { Sql } from '#seams/sql/sql.ts';
import { withoutLabelled } from '../privacy/mask.ts';
import { subjectLabel } from '../privacy/subject-word.ts';
import type { Keeper } from '../keys/client.ts';
import { defaultKey } from '../keys/key-name.ts';
import { accessKeyId, signingDates } from '../keys/face-secret.ts';
import { signedDaysAhead, signedDaysBack } from '../caller/limits.ts';
import type {
  Binding,
  CredentialRecord,
  Generation,
  KeyRecord,
  PrincipalRecord,
  ScopeRecord,
  SessionRecord,
  TenantRecord,
} from '../snapshot/record.ts';
import { allOwnPolicyEntries, ownPolicyEntries, policyRecord } from './policy-entry.ts';
import { guardRails } from '../session/decide.ts';
import type { Entry } from '../snapshot/writer.ts';
import { parseId, formatId } from '../tenancy/id.ts';

/** Computes what the snapshot holds of one thing from its rows; a thing that is gone gives entries without value. */
export type EntriesOf = (kind: string, key: readonly string[]) => Promise<Entry[]>;

type Row = Record<string, unknown>;
type Source = { readonly sql: Sql; readonly keeper: Keeper; readonly region: string; readonly now: () => number };

/** The entries of every kind of change that handlers note. */
export function entriesOver(source: Source): EntriesOf {
  const kinds: Record<string, (key: readonly string[]) => Promise<Entry[]>> = {
    tenant: ([id = '']) => tenantEntries(source, id),
    scope: ([id = '']) => scopeEntries(source, id),
    principal: ([tenant = '', principal = '']) => principalEntries(source, tenant, principal),
    credential: ([id = '']) => credentialEntries(source, id),
    session: ([id = '']) => sessionEntries(source, id),
    key: ([tenant = '', id = '']) => keyEntries(source, tenant, id),
    keys: ([tenant = '']) => allKeyEntries(source, BigInt(tenant)),
    contract: ([service = '']) => contractEntries(source, service),
    // A change that an earlier release noted says no id.
    policy: ([tenant = '', id]) => (id === undefined ? allOwnPolicyEntries(source.sql, tenant) : ownPolicyEntries(source.sql, tenant, id)),
    policies: ([tenant = '']) => allOwnPolicyEntries(source.sql, formatId(BigInt(tenant))),
    guard: () => guardEntries(source),
    quota: ([scope = '']) => quotaEntries(source, scope),
    resource: (key) => resourceEntries(source, key),
  };
  return async (kind, key) => {
    const compute = kinds[kind];
    if (!compute) throw new TypeError(`a change of the unknown kind ${kind}`);
    return compute(key);
  };
}

async function one(source: Source, text: string, parameters: readonly unknown[]): Promise<Row | undefined> {
  const { rows } = await source.sql.platform().query(text, parameters);
  return rows[0] as Row | undefined;
}

const time = (value: unknown): number | undefined => (value instanceof Date ? value.getTime() : undefined);

async function tenantEntries(source: Source, id: string): Promise<Entry[]> {
  const row = await one(source, 'select name, title, regions, factors, ended_at from platform.organization where id = $1', [parseId(id)]);
  if (!row) return [{ key: ['tenant', id] }];
  const scope = await one(source, `select id from platform.environment where tenant = $1 order by kind <> 'live', id limit 1`, [
    parseId(id),
  ]);
  const value: TenantRecord = {
    id,
    name: String(row.name),
    title: String(row.title),
    regions: row.regions as string[],
    ...(scope ? { defaultScope: formatId(scope.id as bigint) } : {}),
    ...(row.factors === 'required' ? { factors: 'required' } : {}),
    ...(row.ended_at ? { ended: true } : {}),
  };
  return [{ key: ['tenant', id], value }];
}

async function scopeEntries(source: Source, id: string): Promise<Entry[]> {
  const row = await one(source, 'select tenant, project, name, kind from platform.environment where id = $1', [parseId(id)]);
  if (!row) return [{ key: ['scope', id] }];
  const tenant = formatId(row.tenant as bigint);
  const value: ScopeRecord = {
    id,
    tenant,
    project: formatId(row.project as bigint),
    name: String(row.name),
    kind: row.kind as ScopeRecord['kind'],
  };
  return [{ key: ['scope', id], value }, ...(await tenantEntries(source, tenant))];
}

async function principalEntries(source: Source, tenant: string, principal: string): Promise<Entry[]> {
  const { rows } = await source.sql
    .platform()
    .query('select role, scope from platform.binding where tenant = $1 and principal = $2', [
      tenant === '' ? 0n : parseId(tenant),
      principal,
    ]);
  const key = ['principal', tenant, principal] as const;
  if (rows.length === 0) return [{ key }];
  const bindings: Binding[] = (rows as Row[]).map((row) => ({
    role: String(row.role),
    ...(row.scope === 0n ? {} : { scope: formatId(row.scope as bigint) }),
  }));
  return [{ key, value: { id: principal, tenant, bindings } satisfies PrincipalRecord }];
}

async function credentialEntries(source: Source, id: string): Promise<Entry[]> {
  const row = await one(source, 'select * from platform.credential where id = $1', [parseId(id)]);
  if (!row) return [{ key: ['credential', id] }];
  const tenant = row.tenant as bigint;
  const accessKey = row.access_key === null ? accessKeyId(id, row.parent !== null) : String(row.access_key);
  const ended = row.revoked_at !== null;
  const dates = signingDates(source.now(), signedDaysBack, signedDaysAhead);
  const generation = async (sealed: unknown, until?: number): Promise<Generation> => ({
    ...(await source.keeper.verifiers(tenant, id, sealed as Buffer, source.region, dates)),
    ...(until === undefined ? {} : { until }),
  });
  const overlap = time(row.overlap_until);
  const generations = ended ? [] : [await generation(row.sealed)];
  if (!ended && row.previous_sealed && overlap !== undefined && overlap > source.now())
    generations.push(await generation(row.previous_sealed, overlap));
  const value: CredentialRecord = {
    id,
    tenant: formatId(tenant),
    scope: formatId(row.scope as bigint),
    principal: String(row.principal),
    generations,
    ...(row.token_hash === null ? {} : { sessionToken: String(row.token_hash) }),
    ...(row.expires_at ? { expiresAt: time(row.expires_at) } : {}),
    ...(ended ? { revokedAt: time(row.revoked_at) } : {}),
  };
  const prints = (row.fingerprints as string[]).map((print): Entry => ({ key: ['certificate', print], value: id }));
  const logins = row.login === null ? [] : [await loginEntry(source, String(row.login))];
  const clusters = generations.flatMap(({ cluster }): Entry[] => (cluster === undefined ? [] : [{ key: ['cluster', cluster], value: id }]));
  return [{ key: ['credential', id], value }, { key: ['accessKey', accessKey], value: id }, ...prints, ...clusters, ...logins];
}

/** A name is of the one credential that holds it now. */
async function loginEntry(source: Source, login: string): Promise<Entry> {
  const row = await one(source, 'select credential from platform.login where name = $1', [login]);
  return row ? { key: ['login', login], value: formatId(row.credential as bigint) } : { key: ['login', login] };
}

async function sessionEntries(source: Source, id: string): Promise<Entry[]> {
  const row = await one(source, 'select * from platform.session where id = $1', [id]);
  if (!row) return [{ key: ['session', id] }];
  const principal = String(row.principal);
  // A session begun with a credential stays in its tenant, unless it is an operator's: names of principals are the tenants' own.
  const { rows } = await source.sql.platform().query(
    `select distinct tenant from platform.binding where principal = $1 and tenant <> 0
     and ($2::bigint is null or tenant = (select tenant from platform.credential where id = $2)
       or exists (select from platform.binding where principal = $1 and tenant = 0)) order by tenant`,
    [principal, row.credential],
  );
  const tenants = (rows as { tenant: bigint }[]).map((found) => formatId(found.tenant));
  const credential = row.credential === null ? {} : { credential: formatId(row.credential as bigint) };
  const factorAt = time(row.factor_at);
  const value: SessionRecord = {
    id,
    principal,
    ...credential,
    csrf: String(row.csrf),
    expiresAt: time(row.expires_at) ?? 0,
    tenants,
    ...(row.credential === null ? { assurance: Number(row.assurance) } : {}),
    ...(factorAt === undefined ? {} : { factorAt }),
  };
  return [{ key: ['session', id], value }];
}

async function keyEntries(source: Source, tenant: string, id: string): Promise<Entry[]> {
  const row = await one(source, 'select state, strict, name from platform.key where tenant = $1 and id = $2', [
    parseId(tenant),
    id === defaultKey ? parseId(tenant) : parseId(id),
  ]);
  const key = ['key', tenant, id] as const;
  return [row ? { key, value: keyRecord(row) } : { key }];
}

const keyRecord = (row: Row): KeyRecord => ({
  state: row.state as KeyRecord['state'],
  strict: row.strict === true,
  name: String(row.name),
});

/** All of a tenant's. */
async function allKeyEntries(source: Source, tenant: bigint): Promise<Entry[]> {
  const { rows } = await source.sql.platform().query('select id, state, strict, name from platform.key where tenant = $1', [tenant]);
  return (rows as Row[]).map((row) => ({
    key: ['key', formatId(tenant), row.id === tenant ? defaultKey : formatId(row.id as bigint)],
    value: keyRecord(row),
  }));
}

async function contractEntries(source: Source, service: string): Promise<Entry[]> {
  const row = await one(source, 'select policies from platform.contract where service = $1', [service]);
  return [{ key: ['policy', '', service], value: row?.policies }];
}

async function guardEntries(source: Source): Promise<Entry[]> {
  const { rows } = await source.sql.platform().query('select name, est, step_up from platform.guard_rail order by name');
  return [{ key: ['policy', '', guardRails], value: (rows as Row[]).map((row) => policyRecord(row, 'guard')) }];
}

/** The rates that operators gave an environment. */
async function quotaEntries(source: Source, scope: string): Promise<Entry[]> {
  const { rows } = await source.sql.platform().query('select name, per_second from platform.quota where scope = $1', [parseId(scope)]);
  const rates = (rows as Row[]).map((row): [string, number] => [String(row.name), Number(row.per_second)]);
  return [rates.length === 0 ? { key: ['quota', scope] } : { key: ['quota', scope], value: Object.fromEntries(rates) }];
}

/** The kernel's own resources lie in a table of each service's schema. What is personal in them is in no snapshot. */
async function resourceEntries(source: Source, key: readonly string[]): Promise<Entry[]> {
  const [tenant = '', scope = '', service = '', kind = '', name = ''] = key;
  if (!/^[a-z][a-z0-9]{1,30}$/.test(service)) throw new TypeError(`a change of a resource of the impossible service ${service}`);
  const row = await one(
    source,
    `select labels, spec from "${service}_kernel".resource where tenant = $1 and scope = $2 and kind = $3 and name = $4`,
    [parseId(tenant), parseId(scope), kind, name],
  );
  const entry = ['resource', tenant, scope, service, kind, name] as const;
  if (!row) return [{ key: entry }];
  const contract = await one(source, `select body -> 'resources' -> $2 -> 'spec' as spec from platform.contract where service = $1`, [
    service,
    kind,
  ]);
  const { [subjectLabel]: _, ...labels } = row.labels as Record<string, string>;
  return [{ key: entry, value: { labels, attributes: withoutLabelled((contract?.spec ?? {}) as TSchema, row.spec) } }];
}
