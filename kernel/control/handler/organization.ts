import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, decidedByName, enveloped, found, isOperator, nameOrId, own, paged, type Row } from '../context.ts';
import { projectsMax } from '../limits.ts';
import type { platform } from '../service.ts';

type All = Handlers<typeof platform>;
type Mine = Pick<
  All,
  | 'CreateOrganization'
  | 'GetOrganization'
  | 'ListOrganizations'
  | 'UpdateOrganization'
  | 'CreateProject'
  | 'GetProject'
  | 'ListProjects'
  | 'CreateEnvironment'
  | 'GetEnvironment'
  | 'ListEnvironments'
>;

const organizationOf = (row: Row) =>
  enveloped(row, String(row.name), {
    title: String(row.title),
    regions: row.regions as string[],
    factors: row.factors === 'required' ? ('required' as const) : ('optional' as const),
  });
const projectOf = (row: Row) => enveloped(row, String(row.name), { title: String(row.title) });
const environmentOf = (row: Row) =>
  enveloped(row, String(row.name), {
    title: String(row.title),
    project: formatId(row.project as bigint),
    kind: row.kind as 'live' | 'test' | 'sandbox',
  });

/** A name for addresses, made from a title when none is given. */
function slug(name: string | undefined, title: string | undefined): string {
  if (name !== undefined && name !== '') return name;
  const made = (title ?? '')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  if (made === '') throw fault('BadInput', { path: '/name', detail: 'A name, or a title to make one from, is missing.' });
  return made;
}

/** Organizations, projects and environments. */
export function organizationHandlers(context: Context): Mine {
  const visible = async (call: Call): Promise<Row[]> => {
    const operator = isOperator(context, call);
    const { rows } = await context.system.platform().query(
      `select * from platform.organization o where ended_at is null and ($1::boolean or o.id = $2 or exists (select
         from platform.binding b where b.tenant = o.id and b.principal = $3)) order by name`,
      [operator, call.caller.tenant, call.caller.principal],
    );
    return rows as Row[];
  };
  const ofTenant = async (call: Call, name: string) => {
    const wanted = nameOrId(name);
    return found(
      (await visible(call)).filter((row) => row.name === wanted.name || row.id === wanted.id),
      `organization ${name}`,
    );
  };
  return {
    async CreateOrganization(call) {
      const name = slug(call.input.name, call.input.title);
      const [tenant, project, live, test] = [context.ids.next(), context.ids.next(), context.ids.next(), context.ids.next()];
      const title = call.input.title ?? name;
      await change(context, { tenant, scope: live }, async (tx, note) => {
        const made = await tx.query(
          'insert into platform.organization (id, name, title, regions) values ($1, $2, $3, $4) on conflict (name) do nothing',
          [tenant, name, title, call.input.regions ?? []],
        );
        if (made.count === 0) throw fault('Conflict', `An organization is called ${name} already.`);
        await tx.query('insert into platform.project (tenant, id, name, title) values ($1, $2, $3, $4)', [
          tenant,
          project,
          'default',
          'Default',
        ]);
        await addEnvironments(tx, tenant, project, live, test);
        await tx.query('insert into platform.binding (tenant, principal, role) values ($1, $2, $3)', [
          tenant,
          call.caller.principal,
          'owner',
        ]);
        await noteScopes(note, tenant, live, test);
        await note(tenant, 'principal', [formatId(tenant), call.caller.principal]);
        await noteSessions(tx, note, call);
      });
      return {
        output: organizationOf(
          await ofTenant(call, formatId(tenant)).catch(() => ({
            id: tenant,
            name,
            title,
            regions: call.input.regions ?? [],
            created_at: new Date(context.now()),
          })),
        ),
      };
    },
    async GetOrganization(call) {
      const row = await ofTenant(call, call.ref.name);
      return { output: organizationOf(await decidedByName(call as Call, 'GetOrganization', row)) };
    },
    async ListOrganizations(call) {
      const { after = '', limit = 100, prefix = '' } = call.input;
      const rows = (await visible(call)).filter((row) => String(row.name) > after && String(row.name).startsWith(prefix));
      return { output: paged(rows.map(organizationOf), limit) };
    },
    async UpdateOrganization(call) {
      const row = await decidedByName(call as Call, 'UpdateOrganization', await ofTenant(call, call.ref.name));
      if (row.id !== call.caller.tenant) throw fault('Denied', 'Choose an environment of this organization first.');
      const { title = row.title, regions = row.regions, factors = row.factors } = call.input;
      await change(context, call.caller, async (tx, note) => {
        await tx.query(
          `update platform.organization set title = $2, regions = $3, factors = $4, generation = generation + 1,
           version = version + 1 where id = $1`,
          [row.id, title, regions, factors],
        );
        await note(call.caller.tenant, 'tenant', [formatId(call.caller.tenant)]);
      });
      return { output: organizationOf(await ofTenant(call, call.ref.name)) };
    },
    async CreateProject(call) {
      const { tenant } = call.caller;
      const name = slug(call.input.name, call.input.title);
      const [project, live, test] = [context.ids.next(), context.ids.next(), context.ids.next()];
      await change(context, call.caller, async (tx, note) => {
        await tx.query('select pg_advisory_xact_lock($1)', [tenant]);
        const { rows } = await tx.query('select count(*) as count from platform.project');
        if (Number((rows[0] as Row).count) >= projectsMax)
          throw fault('QuotaExceeded', `An organization has at most ${projectsMax} projects.`);
        const made = await tx.query(
          'insert into platform.project (tenant, id, name, title) values ($1, $2, $3, $4) on conflict do nothing',
          [tenant, project, name, call.input.title ?? name],
        );
        if (made.count === 0) throw fault('Conflict', `A project is called ${name} already.`);
        await addEnvironments(tx, tenant, project, live, test);
        await noteScopes(note, tenant, live, test);
      });
      const { rows } = await own(context, call).query('select * from platform.project where id = $1', [project]);
      return { output: projectOf(found(rows, `project ${name}`)) };
    },
    async GetProject(call) {
      const wanted = nameOrId(call.ref.name);
      const { rows } = await own(context, call).query('select * from platform.project where name = $1 or id = $2', [
        wanted.name,
        wanted.id,
      ]);
      return { output: projectOf(await decidedByName(call as Call, 'GetProject', found(rows, `project ${call.ref.name}`))) };
    },
    async ListProjects(call) {
      const { after = '', limit = 100, prefix = '' } = call.input;
      const { rows } = await own(context, call).query(
        'select * from platform.project where name > $1 and starts_with(name, $3) order by name limit $2',
        [after, limit + 1, prefix],
      );
      return { output: paged((rows as Row[]).map(projectOf), limit) };
    },
    async CreateEnvironment(call) {
      const { tenant } = call.caller;
      const wanted = nameOrId(call.input.project);
      const id = context.ids.next();
      const kind = call.input.kind ?? 'sandbox';
      const name = slug(call.input.name, call.input.title);
      await change(context, call.caller, async (tx, note) => {
        const project = found(
          (await tx.query('select id from platform.project where name = $1 or id = $2', [wanted.name, wanted.id])).rows,
          `project ${call.input.project}`,
        );
        const made = await tx.query(
          `insert into platform.environment (tenant, id, project, name, title, kind) values ($1, $2, $3, $4, $5, $6) on
           conflict do nothing`,
          [tenant, id, project.id, name, call.input.title ?? name, kind],
        );
        if (made.count === 0) throw fault('Conflict', `An environment of this project is called ${name} already.`);
        await note(tenant, 'scope', [formatId(id)]);
      });
      const { rows } = await own(context, call).query('select * from platform.environment where id = $1', [id]);
      return { output: environmentOf(found(rows, `environment ${name}`)) };
    },
    async GetEnvironment(call) {
      const { rows } = await own(context, call).query('select * from platform.environment where id = $1', [nameOrId(call.ref.name).id]);
      return { output: environmentOf(found(rows, `environment ${call.ref.name}`)) };
    },
    async ListEnvironments(call) {
      const { after = '', limit = 100, prefix = '' } = call.input;
      const { rows } = await own(context, call).query(
        'select * from platform.environment where starts_with(name, $1) order by project, name',
        [prefix],
      );
      const items = (rows as Row[])
        .map((row) => ({ ...environmentOf(row), name: formatId(row.id as bigint) }))
        .filter((item) => item.name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return { output: paged(items, limit) };
    },
  };
}

type Tx = Parameters<Parameters<typeof change>[2]>[0];
type Note = Parameters<Parameters<typeof change>[2]>[1];

async function addEnvironments(tx: Tx, tenant: bigint, project: bigint, live: bigint, test: bigint): Promise<void> {
  const text = 'insert into platform.environment (tenant, id, project, name, title, kind) values ($1, $2, $3, $4, $5, $6)';
  await tx.query(text, [tenant, live, project, 'live', 'Live', 'live']);
  await tx.query(text, [tenant, test, project, 'test', 'Test', 'test']);
}

async function noteScopes(note: Note, tenant: bigint, ...scopes: readonly bigint[]): Promise<void> {
  await note(tenant, 'tenant', [formatId(tenant)]);
  for (const scope of scopes) await note(tenant, 'scope', [formatId(scope)]);
}

/** A person's sessions list the tenants they may enter. */
async function noteSessions(tx: Tx, note: Note, call: Pick<Call, 'caller'>): Promise<void> {
  if (call.caller.face !== 'session') return;
  const { rows } = await tx.query('select id from platform.session where principal = $1', [call.caller.principal]);
  for (const row of rows as Row[]) await note(call.caller.tenant, 'session', [String(row.id)]);
}
