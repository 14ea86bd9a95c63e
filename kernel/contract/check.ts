import type { TSchema } from 'typebox';
import { type AnyService, builtInRoles } from './contract.ts';
import { fault } from './fault.ts';
import { labelledFields } from './label.ts';
import { contractOperationsMax, schemaDepthMax } from './limits.ts';

export type Finding = { readonly path: string; readonly reason: string };

const serviceName = /^[a-z][a-z0-9]{1,30}$/;
const pascal = /^[A-Z][A-Za-z0-9]{1,62}$/;
const camel = /^[a-z][A-Za-z0-9]{0,62}$/;

/** Everything wrong with a contract, each with its path and reason; an empty list means that it may be served. */
export function check(service: AnyService): Finding[] {
  return [
    ...checkNames(service),
    ...checkOperations(service),
    ...checkMeters(service),
    ...checkResources(service),
    ...checkLabels(service),
    ...checkRoles(service),
    ...checkDoors(service),
  ];
}

/** Throws ContractInvalid with the first finding. */
export function assertContract(service: AnyService): void {
  const [first] = check(service);
  if (first) throw fault('ContractInvalid', { path: first.path, detail: `${first.path}: ${first.reason}` });
}

function checkNames(service: AnyService): Finding[] {
  const found: Finding[] = [];
  const name = (path: string, value: string, form: RegExp, words: string) => {
    if (!form.test(value)) found.push({ path, reason: `${JSON.stringify(value)} is not ${words}` });
  };
  name('/name', service.name, serviceName, 'a lower-case word');
  for (const kind of Object.keys(service.resources)) name(`/resources/${kind}`, kind, pascal, 'PascalCase');
  for (const operation of Object.keys(service.operations)) name(`/operations/${operation}`, operation, pascal, 'PascalCase');
  for (const event of Object.keys(service.events)) name(`/events/${event}`, event, pascal, 'PascalCase');
  for (const error of Object.keys(service.errors)) name(`/errors/${error}`, error, pascal, 'PascalCase');
  for (const meter of Object.keys(service.meters)) name(`/meters/${meter}`, meter, camel, 'camelCase');
  for (const quota of Object.keys(service.quotas)) name(`/quotas/${quota}`, quota, camel, 'camelCase');
  for (const role of Object.keys(service.roles)) name(`/roles/${role}`, role, camel, 'camelCase');
  const verbs = new Map<string, string>();
  for (const operation of Object.keys(service.operations)) {
    const verb = operation.toLowerCase();
    if (verbs.has(verb)) found.push({ path: `/operations/${operation}`, reason: `collides with ${verbs.get(verb)} in a derived surface` });
    verbs.set(verb, operation);
  }
  return found;
}

function checkOperations(service: AnyService): Finding[] {
  const found: Finding[] = [];
  const entries = Object.entries(service.operations);
  if (entries.length > contractOperationsMax) found.push({ path: '/operations', reason: `more than ${contractOperationsMax} operations` });
  const refers = (path: string, names: readonly string[] | undefined, table: object, what: string) => {
    for (const name of names ?? [])
      if (!Object.hasOwn(table, name)) found.push({ path, reason: `names the ${what} ${name}, which does not exist` });
  };
  for (const [name, operation] of entries) {
    const path = `/operations/${name}`;
    refers(`${path}/on`, [operation.on], service.resources, 'resource');
    refers(`${path}/charge`, operation.charge, service.meters, 'meter');
    refers(`${path}/quota`, operation.quota, service.quotas, 'quota');
    refers(`${path}/emits`, operation.emits, service.events, 'event');
    if (!operation.text) found.push({ path: `${path}/text`, reason: 'an operation needs a sentence' });
    if (!['before-reply', 'from-log', 'window'].includes(operation.audit))
      found.push({ path: `${path}/audit`, reason: 'an operation needs an audit class' });
    if (operation.effect === 'write' && operation.audit === 'window')
      found.push({ path: `${path}/audit`, reason: 'a write cannot be audited by window' });
    if (operation.posted && (operation.effect !== 'read' || (operation.body ?? 'none') !== 'none'))
      found.push({ path: `${path}/posted`, reason: 'is for reads without bytes' });
    if (operation.effect === 'read' && operation.repeat === 'keyed')
      found.push({ path: `${path}/repeat`, reason: 'a read repeats by nature' });
    found.push(...checkSchema(`${path}/input`, operation.input), ...checkSchema(`${path}/output`, operation.output));
  }
  return found;
}

/** The last value of a window says nothing of a part of it, so only sums have dimensions. */
function checkMeters(service: AnyService): Finding[] {
  return Object.entries(service.meters).flatMap(([name, { kind, by }]) =>
    kind === 'gauge' && by !== undefined ? [{ path: `/meters/${name}/by`, reason: 'is of a gauge, which has no dimensions' }] : [],
  );
}

function checkSchema(path: string, schema: TSchema | undefined, depth = 0): Finding[] {
  if (schema === undefined || schema === null || typeof schema !== 'object') return [{ path, reason: 'a schema is missing' }];
  if (depth > schemaDepthMax) return [{ path, reason: `nested deeper than ${schemaDepthMax}` }];
  const properties = (schema as { properties?: Record<string, TSchema> }).properties;
  if (!properties) return [];
  return Object.entries(properties).flatMap(([name, inner]) =>
    ['__proto__', 'constructor', 'prototype'].includes(name)
      ? [{ path: `${path}/${name}`, reason: 'a field may not have this name' }]
      : checkSchema(`${path}/${name}`, inner, depth + 1),
  );
}

function checkResources(service: AnyService): Finding[] {
  const found: Finding[] = [];
  const roots = ['scope', 'tenant', 'platform'];
  for (const [kind, resource] of Object.entries(service.resources)) {
    const path = `/resources/${kind}`;
    const seen = new Set([kind]);
    for (let parent = resource.of; !roots.includes(parent); parent = service.resources[parent]?.of ?? 'scope') {
      if (!Object.hasOwn(service.resources, parent)) {
        found.push({ path: `${path}/of`, reason: `${parent} is neither a kind nor a root` });
        break;
      }
      if (seen.has(parent)) {
        found.push({ path: `${path}/of`, reason: 'is its own ancestor' });
        break;
      }
      seen.add(parent);
    }
    found.push(...checkSchema(`${path}/spec`, resource.spec));
  }
  for (const [name, quota] of Object.entries(service.quotas)) {
    if (quota.kind === 'count' && !Object.hasOwn(service.resources, quota.of))
      found.push({ path: `/quotas/${name}/of`, reason: `names the resource ${quota.of}, which does not exist` });
    if (quota.kind === 'rate' && !(quota.burst >= quota.perSecond))
      found.push({ path: `/quotas/${name}/burst`, reason: 'a burst below one second of the rate refuses the rate itself' });
  }
  return found;
}

/** What is labelled as personal says why it is kept and until when, and whoever has such fields answers privacy requests. */
function checkLabels(service: AnyService): Finding[] {
  const found: Finding[] = [];
  const schemas = [
    ...Object.entries(service.resources).map(([kind, { spec }]): [string, TSchema] => [`/resources/${kind}/spec`, spec]),
    ...Object.entries(service.operations).flatMap(([name, { input, output }]): [string, TSchema][] => [
      [`/operations/${name}/input`, input],
      [`/operations/${name}/output`, output],
    ]),
  ];
  const fields = schemas.flatMap(([path, schema]) =>
    labelledFields(schema).map((field) => ({ ...field, at: `${path}/${field.path.join('/')}` })),
  );
  for (const { at, label } of fields) {
    if (label.purpose.trim() === '') found.push({ path: at, reason: 'is personal and does not say why it is kept' });
    if (label.keep !== 'resource' && label.keep !== 'law' && !(Number.isInteger(label.keep) && label.keep > 0))
      found.push({ path: at, reason: 'is personal and does not say until when it is kept' });
  }
  for (const [kind, { owner, spec }] of Object.entries(service.resources))
    for (const { path, label } of owner === 'kernel' ? labelledFields(spec) : [])
      if (path.includes('*') && typeof label.keep === 'number')
        found.push({ path: `/resources/${kind}/spec/${path.join('/')}`, reason: 'is kept for days, which entries of lists cannot be' });
  for (const operation of ['ExportDataSubject', 'EraseDataSubject', 'RevealPersonal'])
    if (fields.length > 0 && !Object.hasOwn(service.operations, operation))
      found.push({ path: `/operations/${operation}`, reason: 'is missing, and there are personal fields' });
  return found;
}

function checkRoles(service: AnyService): Finding[] {
  const found: Finding[] = [];
  for (const [role, members] of Object.entries(service.roles)) {
    for (const member of members) {
      if (!Object.hasOwn(service.operations, member) && !Object.hasOwn(service.roles, member)) {
        found.push({ path: `/roles/${role}`, reason: `${member} is neither an operation nor a role` });
      }
    }
    if (reaches(service.roles, role, role)) found.push({ path: `/roles/${role}`, reason: 'contains itself' });
  }
  for (const role of builtInRoles)
    if (!Object.hasOwn(service.roles, role)) found.push({ path: '/roles', reason: `the built-in role ${role} is missing` });
  return found;
}

function reaches(roles: AnyService['roles'], from: string, to: string, seen = new Set<string>()): boolean {
  for (const member of roles[from] ?? []) {
    if (member === to) return true;
    if (Object.hasOwn(roles, member) && !seen.has(member)) {
      seen.add(member);
      if (reaches(roles, member, to, seen)) return true;
    }
  }
  return false;
}

function checkDoors(service: AnyService): Finding[] {
  const found: Finding[] = [];
  for (const [name, door] of Object.entries(service.doors)) {
    if (!(Number.isInteger(door.port) && door.port >= 0 && door.port < 65536))
      found.push({ path: `/doors/${name}/port`, reason: 'is not a port' });
    if (door.faces.length === 0 && door.anonymous === 'never')
      found.push({ path: `/doors/${name}/faces`, reason: 'nobody could ever enter' });
  }
  return found;
}

/** Every operation a role reaches, its roles unfolded. */
export function roleOperations(service: AnyService, role: string): Set<string> {
  const found = new Set<string>();
  const open = [role];
  const seen = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const member of service.roles[next] ?? []) Object.hasOwn(service.operations, member) ? found.add(member) : open.push(member);
  }
  return found;
}
