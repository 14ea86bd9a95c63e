import type { Identified } from '../caller/identified.ts';
import type { Operation } from '../contract/contract.ts';
import type { Attributes } from '../contract/provider.ts';
import type { EntityJson } from '../policy/action-entity.ts';
import type { EngineRequest } from '../policy/authority.ts';
import type { EntityData, EntitySource } from '../policy/entity-store.ts';
import { readRecord } from '../policy/json.ts';
import { entity, entityKey } from '../policy/value.ts';
import type { Snapshot } from '../snapshot/reader.ts';

/** What a decision is about, before it is put in policy's words; ids are text. */
export type Question = {
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly name: string;
  readonly tenant: string;
  readonly scope: string;
  readonly principal: string;
  readonly roles: readonly string[];
  readonly attributes: Attributes;
  readonly face: string;
  readonly now: number;
  readonly via?: string;
  /** Of a person's session: 1, or 2 with a second factor, which was proven at `factorAt`. */
  readonly assurance?: number;
  readonly factorAt?: number;
};

type Asker = {
  readonly contract: { readonly name: string; readonly operations: Readonly<Record<string, Pick<Operation, 'on'>>> };
  readonly snapshot: Snapshot;
  readonly now: () => number;
};
type Asked = {
  readonly identified: Identified;
  readonly roles: readonly string[];
  readonly operation: string;
  readonly name: string;
  readonly attributes: Attributes;
};

/** What is asked where a caller does an operation on a resource of this name, of which this is known. */
export function questionOf({ contract, snapshot, now }: Asker, { identified, roles, operation, name, attributes }: Asked): Question {
  const session = identified.face === 'session' ? snapshot.get('session', identified.credential) : undefined;
  return {
    service: contract.name,
    operation,
    kind: contract.operations[operation]?.on ?? '',
    name,
    tenant: identified.tenant,
    scope: identified.scope,
    principal: identified.principal,
    roles,
    attributes,
    face: identified.face,
    now: now(),
    via: identified.via,
    assurance: session?.assurance,
    factorAt: session?.factorAt,
  };
}

const none: EntityData['attrs'] = new Map();

function contextOf({ face, now, via, assurance, factorAt }: Question): Record<string, unknown> {
  return {
    face,
    now,
    ...(via === undefined ? {} : { via }),
    ...(assurance === undefined ? {} : { assurance }),
    ...(factorAt === undefined ? {} : { factorAt }),
  };
}

/** A resource has its name among its attributes; a collection has none. */
const attributesIn = ({ name, attributes }: Question): Attributes => (name === '' ? attributes : { name, ...attributes });

/** The same as `requestOf` in JSON, as the engine reads it. */
export function engineRequestOf(question: Question): { request: EngineRequest; entities: EntityJson[] } {
  const { service, kind, name, tenant, scope, roles } = question;
  const { labels, ...attrs } = attributesIn(question);
  const principal = { type: 'Gamut::Principal', id: question.principal };
  const resource = { type: `${service}::${kind}`, id: name };
  const place = [
    { type: 'Gamut::Scope', id: scope },
    { type: 'Gamut::Tenant', id: tenant },
  ];
  return {
    request: { principal, action: { type: `${service}::Action`, id: question.operation }, resource, context: contextOf(question) },
    entities: [
      { uid: principal, attrs: {}, parents: roles.map((id) => ({ type: 'Gamut::Role', id })) },
      { uid: resource, attrs, parents: place, ...(labels === undefined ? {} : { tags: labels as Record<string, unknown> }) },
    ],
  };
}

/**
 * A question as a Cedar request: `Gamut::Principal` in its roles, `<service>::Action`, and the resource in its scope and
 * tenant. An operation on a collection asks about the resource of the empty name.
 */
export function requestOf(question: Question) {
  const { service, kind, name, tenant, scope } = question;
  const place = [entityKey({ type: 'Gamut::Scope', id: scope }), entityKey({ type: 'Gamut::Tenant', id: tenant })];
  const principal: EntityData = {
    attrs: none,
    ancestors: new Set(question.roles.map((role) => entityKey({ type: 'Gamut::Role', id: role }))),
  };
  const { labels, ...attributes } = attributesIn(question);
  const tags = labels === undefined ? {} : { tags: readRecord(labels, '/labels').attrs };
  const resource: EntityData = { attrs: readRecord(attributes, '/resource').attrs, ...tags, ancestors: new Set(place) };
  const uids = {
    principal: { type: 'Gamut::Principal', id: question.principal },
    action: { type: `${service}::Action`, id: question.operation },
    resource: { type: `${service}::${kind}`, id: name },
  };
  const known = new Map<string, EntityData>([
    [entityKey(uids.principal), principal],
    [entityKey(uids.resource), resource],
  ]);
  const entities: EntitySource = { get: (key) => known.get(key) };
  const context = readRecord(contextOf(question), '/context');
  return {
    request: {
      principal: entity(uids.principal.type, uids.principal.id),
      action: entity(uids.action.type, uids.action.id),
      resource: entity(uids.resource.type, uids.resource.id),
      context,
    },
    entities,
  };
}
