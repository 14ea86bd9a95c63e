import type { AnyService, Body, Operation, Target } from '../contract/contract.ts';
import { fault } from '../contract/fault.ts';
import { addressNameLengthMax } from './limits.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Where one operation stands in REST: `path` is a template whose only variable is `{name}`. */
export type Route = {
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly method: Method;
  readonly path: string;
  readonly at: Target;
  /** Whether the fields of the input travel in the query or as a JSON body. */
  readonly input: 'query' | 'json';
  readonly body: Body;
  readonly definition: Operation;
};

/** What a request line names: a route and the decoded name, the methods its path has, or nothing. */
export type Match =
  | { readonly route: Route; readonly name: string; readonly allow?: undefined }
  | { readonly route?: undefined; readonly allow: readonly string[] }
  | undefined;

export type RouteTable = {
  readonly service: string;
  readonly prefix: string;
  readonly routes: readonly Route[];
  readonly byOperation: ReadonlyMap<string, Route>;
  /** Throws BadInput when the name in the path is not well-formed. */
  match(method: string, path: string): Match;
};

/** `CreateAPIKey` becomes `create-api-key`. */
export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}

/** The collection of a kind in addresses: its declared plural, or the kind in lower case with an s. */
export function collectionOf(contract: AnyService, kind: string): string {
  return contract.resources[kind]?.plural ?? `${kebab(kind)}s`;
}

/** Every operation offered in REST, in the contract's order. Two operations at one address throw ContractInvalid. */
export function routesOf(contract: AnyService): Route[] {
  checkCollections(contract);
  const taken = new Map<string, string>();
  return Object.entries(contract.operations)
    .filter(([, operation]) => operation.expose?.includes('rest'))
    .map(([name, operation]) => {
      const route = placeOf(contract, name, operation);
      const address = `${route.method} ${route.path}`;
      const other = taken.get(address);
      if (other !== undefined) throw invalid(`/operations/${name}`, `has the same address as ${other}: ${address}`);
      taken.set(address, name);
      return route;
    });
}

function checkCollections(contract: AnyService): void {
  const taken = new Map<string, string>();
  for (const kind of Object.keys(contract.resources)) {
    const collection = collectionOf(contract, kind);
    if (!/^[a-z][a-z0-9-]*$/.test(collection))
      throw invalid(`/resources/${kind}/plural`, `${JSON.stringify(collection)} is not lower-kebab-case`);
    const other = taken.get(collection);
    if (other !== undefined) throw invalid(`/resources/${kind}/plural`, `is also the collection of ${other}`);
    taken.set(collection, kind);
  }
}

function invalid(path: string, reason: string) {
  return fault('ContractInvalid', { path, detail: `${path}: ${reason}` });
}

type Place = { readonly method: Method; readonly tail: string };

function placeOf(contract: AnyService, name: string, operation: Operation): Route {
  const at = operation.at ?? 'item';
  const body = operation.body ?? 'none';
  const { method, tail } = at === 'item' ? itemPlace(contract, name, operation) : collectionPlace(contract, name, operation, at);
  const bodiless = method === 'GET' || method === 'HEAD' || method === 'DELETE';
  return {
    service: contract.name,
    operation: name,
    kind: operation.on,
    method,
    at,
    body,
    definition: operation,
    path: `/v1/${contract.name}/${collectionOf(contract, operation.on)}${tail}`,
    input: bodiless || body === 'in' || body === 'both' ? 'query' : 'json',
  };
}

function itemPlace(contract: AnyService, name: string, operation: Operation): Place {
  const { on: kind, effect } = operation;
  const item = '/{name}';
  if (effect === 'read' && !isPosted(operation)) {
    // The first of these that the kind has answers GET; Head, where Get or Describe exists, answers HEAD alone.
    if (name === plainRead(contract, kind, 'item', [`Get${kind}`, `Describe${kind}`, `Head${kind}`])) return { method: 'GET', tail: item };
    if (name === `Head${kind}`) return { method: 'HEAD', tail: item };
    if (name === `Watch${kind}`) return { method: 'GET', tail: `${item}/watch` };
    return { method: 'GET', tail: `${item}/${kebab(name)}` };
  }
  if (effect === 'write' && name === `Update${kind}`) return { method: 'PATCH', tail: item };
  if (effect === 'write' && name === `Put${kind}`) return { method: 'PUT', tail: item };
  if (effect === 'write' && name === `Delete${kind}` && !streamsIn(operation)) return { method: 'DELETE', tail: item };
  return { method: 'POST', tail: `${item}/${kebab(name)}` };
}

function collectionPlace(contract: AnyService, name: string, operation: Operation, at: Target): Place {
  const { on: kind, effect } = operation;
  if (at === 'new') {
    const maker = [`Create${kind}`, `Invite${kind}`].find((each) => offered(contract, kind, 'new', each));
    return name === maker ? { method: 'POST', tail: '' } : { method: 'POST', tail: `/-/${kebab(name)}` };
  }
  if (effect === 'write' || isPosted(operation)) return { method: 'POST', tail: `/-/${kebab(name)}` };
  const many = pascal(collectionOf(contract, kind));
  if (name === plainRead(contract, kind, 'collection', [`List${kind}s`, `List${many}`, `List${kind}`, `Get${kind}`]))
    return { method: 'GET', tail: '' };
  if ([`Watch${kind}s`, `Watch${many}`].includes(name)) return { method: 'GET', tail: '/-/watch' };
  return { method: 'GET', tail: `/-/${kebab(name)}` };
}

function pascal(collection: string): string {
  return collection.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function streamsIn(operation: Operation): boolean {
  return operation.body === 'in' || operation.body === 'both';
}

/** Whether a read comes with a body. */
function isPosted(operation: Operation): boolean {
  return operation.posted === true || streamsIn(operation);
}

function plainRead(contract: AnyService, kind: string, at: Target, names: readonly string[]): string | undefined {
  return names.find((name) => {
    const operation = offered(contract, kind, at, name);
    return operation?.effect === 'read' && !isPosted(operation);
  });
}

function offered(contract: AnyService, kind: string, at: Target, name: string): Operation | undefined {
  const operation = Object.hasOwn(contract.operations, name) ? contract.operations[name] : undefined;
  return operation?.on === kind && (operation.at ?? 'item') === at && operation.expose?.includes('rest') ? operation : undefined;
}

type Methods = Map<string, Route>;

/** The address of a route for one name: `/v1/sample/blobs/photos%2Fcat.jpg`. A lone `-`, which stands for the collection, is escaped. */
export function addressOf(route: Route, name: string): string {
  return route.path.replace('{name}', () => (name === '-' ? '%2D' : encodeURIComponent(name)));
}

/** The routes of a contract with a matcher that costs one look-up per segment. */
export function routeTable(contract: AnyService): RouteTable {
  const routes = routesOf(contract);
  const shapes = new Map<string, Methods>();
  for (const route of routes) {
    // '{name}' is never a collection or a kebab word, so a template without its prefix is its own key.
    const shape = route.path.slice(`/v1/${contract.name}/`.length);
    const methods = shapes.get(shape) ?? new Map<string, Route>();
    shapes.set(shape, methods.set(route.method, route));
  }
  const prefix = `/v1/${contract.name}/`;
  return {
    service: contract.name,
    prefix,
    routes,
    byOperation: new Map(routes.map((route) => [route.operation, route])),
    match: (method, path) => (path.startsWith(prefix) ? matchShape(shapes, method, path.slice(prefix.length)) : undefined),
  };
}

function matchShape(shapes: ReadonlyMap<string, Methods>, method: string, rest: string): Match {
  const [collection = '', raw, verb, ...more] = rest.split('/', 4);
  if (more.length > 0 || raw === '') return undefined;
  let shape = collection;
  if (raw !== undefined) shape += raw === '-' ? '/-' : '/{name}';
  if (verb !== undefined) shape += `/${verb}`;
  const methods = shapes.get(shape);
  if (!methods) return undefined;
  const route = methods.get(method) ?? (method === 'HEAD' ? headOf(methods) : undefined);
  if (!route) return { allow: allowed(methods) };
  return { route, name: raw === undefined || raw === '-' ? '' : decodeName(raw) };
}

/** A GET without a streamed body answers HEAD as well. */
function headOf(methods: Methods): Route | undefined {
  const get = methods.get('GET');
  return get?.body === 'none' ? get : undefined;
}

function allowed(methods: Methods): string[] {
  const names = [...methods.keys()];
  if (!methods.has('HEAD') && headOf(methods)) names.push('HEAD');
  return names.sort();
}

function decodeName(raw: string): string {
  let name: string;
  try {
    name = decodeURIComponent(raw);
  } catch {
    throw fault('BadInput', { path: '/name', detail: 'The name in the path is not valid percent-encoded UTF-8.' });
  }
  if (name.includes('\0')) throw fault('BadInput', { path: '/name', detail: 'The name in the path holds a NUL character.' });
  if (name.length > addressNameLengthMax) {
    throw fault('BadInput', { path: '/name', detail: `The name in the path is longer than ${addressNameLengthMax} characters.` });
  }
  return name;
}
