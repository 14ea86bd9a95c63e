import { fault } from '#kernel/contract/fault.ts';
import { platform } from '#kernel/control/service.ts';
import { type Client, createClient } from '../../sdk/index.ts';
import type { Target } from './target.ts';

/** Where to act, as the options say it: names or ids. */
export type PlaceOptions = { readonly tenant?: string; readonly project?: string; readonly environment?: string };

/** The envelope of a place. */
type Item = { uid: string; name: string; spec: { project?: string; kind?: string } };

type Lister = (page: { after?: string; limit: number }) => Promise<{ items: unknown; next?: string }>;

/** Every item of a list, page by page. */
async function all(list: Lister): Promise<Item[]> {
  const found: Item[] = [];
  for (let after: string | undefined; ; ) {
    const { items, next } = await list({ limit: 1000, ...(after === undefined ? {} : { after }) });
    found.push(...(items as Item[]));
    if (next === undefined || next === after) return found;
    after = next;
  }
}

/** The id of an organization by its name or id. */
export async function tenantId(client: Client<typeof platform>, tenant: string): Promise<string> {
  const found = await client.GetOrganization(tenant);
  return found.uid;
}

/**
 * The id that Gamut-Environment takes for a place: an environment's, or an organization's for its first live one.
 * Undefined when nothing was said, so that the credential's own environment counts.
 */
export async function placeId(target: Target, { tenant, project, environment }: PlaceOptions): Promise<string | undefined> {
  const client = createClient(platform, target.reach(platform.name));
  const organization = tenant === undefined ? undefined : await tenantId(client, tenant);
  if (project === undefined && environment === undefined) return organization;
  const there = organization === undefined ? {} : { environment: organization };
  const inProject = project === undefined ? undefined : (await client.GetProject(project, {}, there)).uid;
  const wanted = environment ?? 'live';
  const environments = await all((page) => client.ListEnvironments(page, there));
  const found = environments.find(({ uid, name, spec }) => {
    const here = inProject === undefined || spec.project === inProject;
    return here && (uid === wanted || name === wanted || spec.kind === wanted);
  });
  if (!found) throw fault('NotFound', `There is no environment ${wanted}${project === undefined ? '' : ` in project ${project}`}.`);
  return found.uid;
}
