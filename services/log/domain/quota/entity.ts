import { isIP, SocketAddress } from 'node:net';
import { entityNameMax } from '../limits.ts';

/** KIP-546: what a quota may be of. */
const entityTypes = ['user', 'client-id', 'ip'] as const;
export type EntityType = (typeof entityTypes)[number];

/** What a quota is of: a user, a client id, both together, or an address. No name: those that have no quota of their own. */
export type Entity = Partial<Record<EntityType, string | null>>;
export type EntityPart = { readonly entityType: string; readonly entityName: string | null };

/** One way to write an entity, so that it has one set of quotas. */
export const entityKey = (entity: Entity): string => JSON.stringify(entityTypes.map((type) => [type, entity[type]]));

export const partsOf = (entity: Entity): EntityPart[] =>
  entityTypes.flatMap((type) => {
    const name = entity[type];
    return name === undefined ? [] : [{ entityType: type, entityName: name }];
  });

const isEntityType = (type: string): type is EntityType => (entityTypes as readonly string[]).includes(type);

/** An address as it is compared, whichever way it was written; undefined when it is none. */
export function plainAddress(text: string): string | undefined {
  const kind = isIP(text);
  if (kind === 0 || text.includes('%')) return undefined;
  return new SocketAddress({ address: text, family: kind === 4 ? 'ipv4' : 'ipv6' }).address.replace(/^::ffff:(?=[\d.]+$)/, '');
}

/** An entity that a client named, or why there is none such. */
export function entityOf(parts: readonly EntityPart[]): Entity | string {
  if (parts.length === 0) return 'Invalid empty client quota entity.';
  const entity: Entity = {};
  for (const { entityType, entityName } of parts) {
    if (!isEntityType(entityType)) return `Unhandled client quota entity type: ${entityType}`;
    if (entity[entityType] !== undefined) return `Entity type ${entityType} is named twice.`;
    if (entityName === '') return `Empty ${entityType} not supported.`;
    if ((entityName?.length ?? 0) > entityNameMax) return `The name of a ${entityType} has at most ${entityNameMax} characters.`;
    const name = entityType === 'ip' && entityName !== null ? plainAddress(entityName) : entityName;
    if (name === undefined) return `${entityName} is not an address.`;
    entity[entityType] = name;
  }
  if (entity.ip !== undefined && parts.length > 1) return 'Invalid quota entity combination, IP entity should not be combined with others.';
  return entity;
}

export type Component = { readonly entityType: string; readonly matchType: number; readonly match: string | null };

/** How a component of a filter matches: a name, those without a name, or any. */
const matchTypes = { exact: 0, default: 1, specified: 2 } as const;

/** Why a filter cannot be read, and whether that is because of a type that is unknown; undefined when it can. */
export function filterFault(components: readonly Component[]): { text: string; unknown: boolean } | undefined {
  const wrong = (text: string) => ({ text, unknown: false });
  const types = components.map(({ entityType }) => entityType);
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') return wrong('Invalid empty entity type.');
    if (types.filter((type) => type === entityType).length > 1) return wrong(`Entity type ${entityType} cannot appear more than once.`);
    if (!isEntityType(entityType)) return { text: `Unsupported entity type ${entityType}`, unknown: true };
    if (!Object.values(matchTypes).some((known) => known === matchType)) return wrong(`Unknown match type ${matchType}`);
    if ((matchType === matchTypes.exact) !== (match !== null)) return wrong('A name is said where one is matched, and nowhere else.');
  }
  if (types.includes('ip') && types.length > 1) return wrong('An IP component should not be used with a user or client id.');
  return undefined;
}

/** Whether a filter that can be read finds an entity; a strict one finds no entity that has more than it says. */
export function matchesEntity(entity: Entity, components: readonly Component[], strict: boolean): boolean {
  if (strict && partsOf(entity).length !== components.length) return false;
  return components.every(({ entityType, matchType, match }) => {
    const name = entity[entityType as EntityType];
    if (name === undefined) return false;
    if (matchType === matchTypes.specified) return true;
    return name === (entityType === 'ip' && match !== null ? (plainAddress(match) ?? match) : match);
  });
}
