import type { AnyService, Operation, Resource } from '#kernel/contract/contract.ts';
import { collectionOf, type Route, routesOf } from '#kernel/derive/route.ts';
import { sendForJson } from './client.ts';
import { type Reading, useRead } from './read.ts';

/** What this platform serves, as it says of itself. */
export type Served = { services: Readonly<Record<string, AnyService>>; doors: Readonly<Record<string, { url: string }>>; region: string };

export type Known = Served & { routes: ReadonlyMap<string, Route> };

async function readServed(): Promise<Known> {
  const served = await sendForJson<Served>({ method: 'GET', path: '/v1/contract' });
  const routes = new Map<string, Route>();
  for (const contract of Object.values(served.services)) {
    for (const route of routesOf(contract)) routes.set(`${contract.name}.${route.operation}`, route);
  }
  return { ...served, routes };
}

const servedKey = '/v1/contract';

export function useServed(): Reading<Known> & { again: () => void } {
  return useRead(servedKey, readServed);
}

/** One kind of thing of one service, with the operations that pages are derived from. */
export type Kind = {
  readonly contract: AnyService;
  readonly name: string;
  readonly plural: string;
  readonly resource: Resource;
  readonly list: Named | undefined;
  readonly get: Named | undefined;
  readonly create: Named | undefined;
  readonly update: Named | undefined;
  readonly remove: Named | undefined;
  readonly watch: Named | undefined;
  /** Every other operation on it that the console offers. */
  readonly others: readonly Named[];
};

export type Named = { readonly name: string; readonly operation: Operation; readonly route: Route };

export function kindOf(contract: AnyService, name: string): Kind | undefined {
  const resource = Object.hasOwn(contract.resources, name) ? contract.resources[name] : undefined;
  if (!resource) return undefined;
  const all = routesOf(contract)
    .filter((route) => route.kind === name && isForConsole(route.definition))
    .map(named);
  const find = (test: (each: Named) => boolean) => all.find(test);
  const plain = `/v1/${contract.name}/${collectionOf(contract, name)}`;
  const list = find((each) => each.route.method === 'GET' && each.route.path === plain);
  const create = find((each) => each.route.method === 'POST' && each.route.path === plain);
  const get = find((each) => each.route.method === 'GET' && each.route.path === `${plain}/{name}` && each.route.body === 'none');
  const update = find((each) => each.route.method === 'PATCH' && each.route.path === `${plain}/{name}`);
  const remove = find((each) => each.route.method === 'DELETE' && each.route.path === `${plain}/{name}`);
  const watch = find((each) => each.route.body === 'watch' && each.route.at === 'collection');
  const taken = new Set([list, create, get, update, remove, watch]);
  return {
    contract,
    name,
    resource,
    plural: collectionOf(contract, name),
    list,
    get,
    create,
    update,
    remove,
    watch,
    others: all.filter((each) => !taken.has(each) && each.route.body !== 'watch'),
  };
}

function isForConsole(operation: Operation): boolean {
  return operation.expose?.includes('console') ?? false;
}

function named(route: Route): Named {
  return { name: route.operation, operation: route.definition, route };
}

export function kindsOf(contract: AnyService): Kind[] {
  return Object.keys(contract.resources).flatMap((name) => kindOf(contract, name) ?? []);
}

export function kindByPlural(contract: AnyService, plural: string): Kind | undefined {
  const name = Object.keys(contract.resources).find((each) => collectionOf(contract, each) === plural);
  return name === undefined ? undefined : kindOf(contract, name);
}

/** Whether a role reaches an operation by the contract; the platform decides again, this only dims buttons. */
export function roleAllows(contract: AnyService, role: string, operation: string): boolean {
  const seen = new Set<string>();
  const reach = (name: string): boolean => {
    if (name === operation) return true;
    if (seen.has(name)) return false;
    seen.add(name);
    return (Object.hasOwn(contract.roles, name) ? (contract.roles[name] ?? []) : []).some(reach);
  };
  const known = Object.hasOwn(contract.roles, role);
  return !known || reach(role);
}
