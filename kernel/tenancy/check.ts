import type { Handle } from '#seams/sql/sql.ts';
import { fault } from './fault.ts';

/** Tables of a schema that are not keyed by (tenant, scope), each listed on purpose. */
export type TableLevels = {
  /** Keyed by tenant, shared by its scopes. */
  readonly tenantLevel?: readonly string[];
  /** Without row-level security: the platform's own tables ('all' for its own services), or the same rows for everybody. */
  readonly platformLevel?: readonly string[] | 'all';
  /** The platform's own login, which may have a policy `gamut_system` of its own in a table, beside the one of all callers. */
  readonly systemLogin?: string;
};

type Table = {
  name: string;
  kind: string;
  secured: boolean;
  forced: boolean;
  columns: Record<string, { type: string; required: boolean }>;
  policies: {
    name: string;
    permissive: boolean;
    command: string;
    using: string | null;
    check: string | null;
    all: boolean;
    roles: string[] | null;
  }[];
  uniques: { name: string; columns: string[] }[];
  references: { name: string; pairs: [string, string][]; target: string; sameSchema: boolean }[];
};

const tablesText = `
select c.relname as name, c.relkind::text as kind, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
  (select coalesce(jsonb_object_agg(a.attname,
      jsonb_build_object('type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull)), '{}')
     from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname in ('tenant', 'scope')) as columns,
  (select coalesce(jsonb_agg(jsonb_build_object('name', p.polname, 'permissive', p.polpermissive, 'command', p.polcmd::text,
      'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid), 'all', p.polroles = '{0}',
      'roles', (select jsonb_agg(r.rolname) from pg_roles r where r.oid = any(p.polroles)))), '[]')
     from pg_policy p where p.polrelid = c.oid) as policies,
  (select coalesce(jsonb_agg(jsonb_build_object('name', i.relname, 'columns', (
      select coalesce(jsonb_agg(coalesce(a.attname, '') order by k.place), '[]')
      from unnest(x.indkey::int2[]) with ordinality k(number, place)
      left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number and k.number > 0
      where k.place <= x.indnkeyatts))), '[]')
     from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid and (x.indisunique or x.indisexclusion)) as uniques,
  (select coalesce(jsonb_agg(jsonb_build_object('name', f.conname, 'target', t.relname, 'sameSchema', t.relnamespace = c.relnamespace,
      'pairs', (select jsonb_agg(jsonb_build_array(l.attname, r.attname)) from unnest(f.conkey, f.confkey) k(own, other)
      join pg_attribute l on l.attrelid = c.oid and l.attnum = k.own
      join pg_attribute r on r.attrelid = f.confrelid and r.attnum = k.other))), '[]')
     from pg_constraint f join pg_class t on t.oid = f.confrelid where f.conrelid = c.oid and f.contype = 'f') as "references"
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p', 'm', 'f') order by c.relname`;

const conditions = {
  scope: '((tenant = gamut.tenant()) AND (scope = gamut.scope()))',
  tenant: '(tenant = gamut.tenant())',
} as const;

/**
 * Refuses a schema in which a row could be seen, or its existence be told, outside of its tenant and scope. Throws
 * SchemaUnsafe naming the table and what it lacks. Reads the catalogue only, so any role may run it.
 */
export async function checkTenancy(sql: Handle, schema: string, levels: TableLevels = {}): Promise<void> {
  const { rows } = await sql.query<Table>(tablesText, [schema]);
  const known = new Set(rows.map((table) => table.name));
  if (levels.platformLevel === 'all') return;
  for (const name of [...(levels.tenantLevel ?? []), ...(levels.platformLevel ?? [])]) {
    if (!known.has(name)) throw fault('SchemaUnsafe', `The table ${schema}.${name} is listed with a level, and does not exist.`);
  }
  for (const table of rows) {
    const lack = lacking(table, levels);
    if (lack) throw fault('SchemaUnsafe', `The table ${schema}.${table.name} ${lack}.`);
  }
}

/** Refuses a service's login role that could pass row-level security by, or that carries a setting of its own. */
export async function checkRole(sql: Handle, role: string, owner: string): Promise<void> {
  const { rows } = await sql.query<{ free: boolean; member: boolean; owns: boolean; preset: boolean }>(
    `select r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication as free,
       exists (select 1 from pg_auth_members m where m.member = r.oid) as member,
       exists (select 1 from pg_class c where c.relowner = r.oid) as owns,
       exists (select 1 from pg_db_role_setting s, unnest(s.setconfig) line where s.setrole in (0, r.oid) and line like 'gamut.%') as preset
     from pg_roles r where r.rolname = $1`,
    [role],
  );
  const found = rows[0];
  if (!found) throw fault('SchemaUnsafe', `The role ${role} does not exist.`);
  if (found.free) throw fault('SchemaUnsafe', `The role ${role} has rights of an administrator.`);
  if (found.member) throw fault('SchemaUnsafe', `The role ${role} is a member of another role, such as ${owner}.`);
  if (found.owns) throw fault('SchemaUnsafe', `The role ${role} owns a table, whose owner may switch its security off.`);
  if (found.preset) throw fault('SchemaUnsafe', `The role ${role} or its database presets gamut.tenant or gamut.scope.`);
}

function lacking(table: Table, levels: TableLevels): string | undefined {
  if (levels.platformLevel?.includes(table.name)) return undefined;
  if (table.kind === 'm' || table.kind === 'f') return 'is a materialized view or a foreign table, which row-level security cannot guard';
  const level = levels.tenantLevel?.includes(table.name) ? 'tenant' : 'scope';
  const keys = level === 'scope' ? ['tenant', 'scope'] : ['tenant'];
  for (const key of keys) {
    const column = table.columns[key];
    if (!column) return `has no column ${key}, and is not listed with a level of its own`;
    if (column.type !== 'bigint' || !column.required) return `has a column ${key} that is not bigint not null`;
  }
  if (!table.secured) return 'has row-level security not enabled';
  if (!table.forced) return 'has row-level security not forced';
  return policyFault(table, conditions[level], levels.systemLogin) ?? uniqueFault(table, keys) ?? referenceFault(table, keys, levels);
}

// Permissive policies add up, so a second one could only widen what the first allows.
function policyFault(table: Table, condition: string, systemLogin: string | undefined): string | undefined {
  const isSystem = ({ name, all, roles }: Table['policies'][number]) =>
    name === 'gamut_system' && !all && roles?.length === 1 && roles[0] === systemLogin;
  const permissive = table.policies.filter((policy) => policy.permissive && !isSystem(policy));
  const [policy] = permissive;
  if (!policy) return 'has no policy';
  if (permissive.length > 1) return `has more than one permissive policy: ${permissive.map((each) => each.name).join(', ')}`;
  if (policy.command !== '*' || !policy.all) return `has a policy ${policy.name} that is not for all commands and roles`;
  if (policy.using !== condition || policy.check !== condition)
    return `has a policy ${policy.name} that is not ${condition} for both using and check`;
  return undefined;
}

// A unique index over several tenants tells one of them which keys another has.
function uniqueFault(table: Table, keys: readonly string[]): string | undefined {
  for (const index of table.uniques) {
    if (keys.some((key, place) => index.columns[place] !== key))
      return `has a unique index ${index.name} that is not led by (${keys.join(', ')})`;
  }
  return undefined;
}

// Referential checks pass row-level security by.
function referenceFault(table: Table, keys: readonly string[], levels: TableLevels): string | undefined {
  for (const reference of table.references) {
    if (reference.sameSchema && levels.platformLevel?.includes(reference.target)) continue;
    const needed = reference.sameSchema && levels.tenantLevel?.includes(reference.target) ? ['tenant'] : keys;
    const paired = needed.every((key) => reference.pairs.some(([own, other]) => own === key && other === key));
    if (!paired) return `has a foreign key ${reference.name} that does not pair ${needed.join(' and ')}`;
  }
  return undefined;
}
