import { fault } from '../contract/fault.ts';
import { plain, specType } from './spec-type.ts';

/** What policy needs to know of a contract. `roles` list operations and other roles of the same contract. */
export type PolicyContract = {
  readonly name: string;
  readonly resources: Readonly<Record<string, { readonly of: string; readonly spec: object }>>;
  readonly operations: Readonly<Record<string, { readonly on: string; readonly effect: 'read' | 'write' }>>;
  readonly roles: Readonly<Record<string, readonly string[]>>;
};

/** Entity types and action groups that belong to no service. */
const principalType = 'Gamut::Principal';
const roleType = 'Gamut::Role';
const scopeType = 'Gamut::Scope';
const tenantType = 'Gamut::Tenant';

type Json = Readonly<Record<string, unknown>>;
const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The type of a service's resources of one kind. */
function resourceType(service: string, kind: string): string {
  return `${service}::${kind}`;
}

/** The type of a service's actions; an action's id is its operation's name. */
function actionType(service: string): string {
  return `${service}::Action`;
}

/** The id of the action group that a role may act in, within its service's action type. */
function roleGroup(role: string): string {
  return `role:${role}`;
}

// The same for every service, so that one rule can speak of all of them.
const gamut: Json = {
  commonTypes: {
    Call: {
      type: 'Record',
      attributes: {
        face: { type: 'String', required: true },
        now: { type: 'Long', required: true },
        ip: { type: 'Extension', name: 'ipaddr', required: false },
        via: { type: 'String', required: false },
        assurance: { type: 'Long', required: false },
        factorAt: { type: 'Long', required: false },
      },
    },
  },
  entityTypes: { Tenant: {}, Scope: { memberOfTypes: ['Tenant'] }, Role: {}, Principal: { memberOfTypes: ['Role'] } },
  actions: { read: {}, write: {} },
};

/**
 * The Cedar schema of all services, in its JSON form: a namespace for each, and `Gamut` for what they share. Labels are
 * tags (`resource.getTag("env")`), because Cedar's records are closed. Attributes of a spec are optional throughout: an
 * operation on a collection, or one that makes a resource, has none, and a policy has to ask with `has` first.
 */
export function policySchema(contracts: readonly PolicyContract[]): Record<string, Json> {
  const namespaces = contracts.map((contract): [string, Json] => [contract.name, namespaceOf(contract)]);
  const names = new Set(['Gamut', ...namespaces.map(([name]) => name)]);
  if (names.size <= namespaces.length) throw fault('ContractInvalid', 'Two services have one name, or one is called Gamut.');
  return Object.fromEntries([['Gamut', gamut], ...namespaces]);
}

function namespaceOf(contract: PolicyContract): Json {
  if (!identifier.test(contract.name)) throw invalid(contract, '/name', 'is no identifier');
  const kinds = Object.entries(contract.resources);
  for (const [kind] of kinds)
    if (!identifier.test(kind) || kind === 'Action') throw invalid(contract, `/resources/${kind}`, 'cannot name an entity type');
  return {
    entityTypes: Object.fromEntries(kinds.map(([kind, { of, spec }]) => [kind, entityType(contract, kind, of, spec)])),
    actions: Object.fromEntries([...roleGroups(contract), ...operationActions(contract)]),
  };
}

function entityType(contract: PolicyContract, kind: string, of: string, spec: object): Json {
  const type = specType(spec);
  const attributes = type?.kind === 'record' ? (plain(type).attributes as Readonly<Record<string, Json>>) : {};
  // Every resource has its name as an attribute, so that a policy can speak of names that begin alike; a spec's own one wins.
  const all: Readonly<Record<string, Json>> = { name: { type: 'String' }, ...attributes };
  const optional = Object.entries(all).map(([name, attribute]) => [name, { ...attribute, required: false }]);
  const parents = Object.hasOwn(contract.resources, of)
    ? [scopeType, tenantType, resourceType(contract.name, of)]
    : [scopeType, tenantType];
  if (of === kind) throw invalid(contract, `/resources/${kind}/of`, 'is its own parent');
  return { memberOfTypes: parents, shape: { type: 'Record', attributes: Object.fromEntries(optional) }, tags: { type: 'String' } };
}

/** Each role is a group of actions, within the groups of the roles that contain it. */
function roleGroups(contract: PolicyContract): [string, Json][] {
  assertAcyclic(contract);
  return Object.keys(contract.roles).map((role) => [roleGroup(role), { memberOf: groupsListing(contract, role) }]);
}

function operationActions(contract: PolicyContract): [string, Json][] {
  return Object.entries(contract.operations).map(([name, { on, effect }]) => {
    if (!Object.hasOwn(contract.resources, on)) throw invalid(contract, `/operations/${name}/on`, `names ${on}, which is no resource`);
    const appliesTo = {
      principalTypes: [principalType],
      resourceTypes: [resourceType(contract.name, on)],
      context: { type: 'Gamut::Call' },
    };
    return [name, { memberOf: [...groupsListing(contract, name), { id: effect, type: 'Gamut::Action' }], appliesTo }];
  });
}

function groupsListing(contract: PolicyContract, member: string): Json[] {
  return Object.entries(contract.roles)
    .filter(([, members]) => members.includes(member))
    .map(([role]) => ({ id: roleGroup(role), type: actionType(contract.name) }));
}

/** Follows each role through the roles it lists. Without a cycle no path is longer than the number of roles. */
function assertAcyclic(contract: PolicyContract): void {
  const done = new Set<string>();
  const visit = (role: string, path: readonly string[]): void => {
    if (done.has(role)) return;
    for (const member of contract.roles[role] ?? []) {
      if (Object.hasOwn(contract.operations, member)) continue;
      if (!Object.hasOwn(contract.roles, member)) throw invalid(contract, `/roles/${role}`, `${member} is neither an operation nor a role`);
      if (path.includes(member)) throw invalid(contract, `/roles/${member}`, 'contains itself');
      visit(member, [...path, member]);
    }
    done.add(role);
  };
  for (const role of Object.keys(contract.roles)) visit(role, [role]);
}

/**
 * What a service's roles may do, as Cedar text, one policy each: whoever has the role where they ask may do what the
 * contract lists for it. Which roles a principal has is said by its parents at the scope that is asked, so the policies
 * name no scope. The operations are listed one by one: these policies must hold where no action's groups are known.
 */
export function rolePolicies(contract: PolicyContract): string {
  assertAcyclic(contract);
  const permits = Object.keys(contract.roles).flatMap((role) => {
    const type = actionType(contract.name);
    const actions = [...operationsOf(contract, role)].sort().map((operation) => `    ${type}::${quote(operation)}`);
    if (actions.length === 0) return [];
    const id = quote(`role.${contract.name}.${role}`);
    const list = `[\n${actions.join(',\n')}\n  ]`;
    return [`@id(${id})\npermit (\n  principal in ${roleType}::${quote(role)},\n  action in ${list},\n  resource\n);\n`];
  });
  return permits.join('\n');
}

/** The operations of a role and of the roles it lists. */
function operationsOf(contract: PolicyContract, role: string): Set<string> {
  const operations = new Set<string>();
  const roles = new Set([role]);
  for (const next of roles) {
    for (const member of contract.roles[next] ?? []) {
      if (Object.hasOwn(contract.operations, member)) operations.add(member);
      else roles.add(member);
    }
  }
  return operations;
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function invalid(contract: PolicyContract, path: string, reason: string): Error {
  return fault('ContractInvalid', { path, detail: `${contract.name}${path} ${reason}.` });
}
