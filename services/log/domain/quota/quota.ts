import { type Entity, entityKey } from './entity.ts';

/** What may be limited, of what, and in which numbers. Bytes and connections are whole. */
const quotas = {
  producer_byte_rate: { of: 'client', whole: true },
  consumer_byte_rate: { of: 'client', whole: true },
  request_percentage: { of: 'client', whole: false },
  controller_mutation_rate: { of: 'client', whole: false },
  connection_creation_rate: { of: 'ip', whole: true },
} as const;
export type QuotaName = keyof typeof quotas;
export type QuotaValues = Readonly<Partial<Record<QuotaName, number>>>;

const isQuotaName = (name: string): name is QuotaName => Object.hasOwn(quotas, name);

/** A change of one value; no value takes it away. */
export type QuotaChange = { readonly key: string; readonly value: number | null };

/** The values of an entity after changes, or why they cannot be. */
export function changedValues(entity: Entity, values: QuotaValues, changes: readonly QuotaChange[]): QuotaValues | string {
  const changed: Partial<Record<QuotaName, number>> = { ...values };
  const kind = entity.ip === undefined ? 'client' : 'ip';
  for (const { key, value } of changes) {
    if (!isQuotaName(key) || quotas[key].of !== kind) return `Invalid configuration key ${key}`;
    if (value === null) delete changed[key];
    else if (!(value > 0) || !Number.isFinite(value)) return `Quota ${key} must be greater than 0`;
    else if (quotas[key].whole && !Number.isInteger(value)) return `Configuration ${key} must be a whole number`;
    else changed[key] = value;
  }
  return changed;
}

/** A quota that holds, and who uses it up together. */
export type Holding = { readonly perSecond: number; readonly by: string };

/**
 * Which quota holds for a user with a client id, in Apache Kafka's order: the user with the client, the user, any user with the
 * client, any user, the client, any client. A quota of a user is used up by all its clients together, one of a client by all
 * users of it, and those of `any` by each for itself.
 */
export function clientQuota(find: (key: string) => QuotaValues | undefined, name: QuotaName, user: string, client: string) {
  const both = JSON.stringify([user, client]);
  const levels: readonly (readonly [Entity, string])[] = [
    [{ user, 'client-id': client }, both],
    [{ user, 'client-id': null }, both],
    [{ user }, JSON.stringify([user, null])],
    [{ user: null, 'client-id': client }, both],
    [{ user: null, 'client-id': null }, both],
    [{ user: null }, JSON.stringify([user, null])],
    [{ 'client-id': client }, JSON.stringify([null, client])],
    [{ 'client-id': null }, JSON.stringify([null, client])],
  ];
  return firstOf(find, name, levels);
}

/** Which quota holds for an address. */
export const addressQuota = (find: (key: string) => QuotaValues | undefined, name: QuotaName, ip: string) =>
  firstOf(find, name, [
    [{ ip }, ip],
    [{ ip: null }, ip],
  ]);

function firstOf(
  find: (key: string) => QuotaValues | undefined,
  name: QuotaName,
  levels: readonly (readonly [Entity, string])[],
): Holding | undefined {
  for (const [entity, by] of levels) {
    const perSecond = find(entityKey(entity))?.[name];
    if (perSecond !== undefined) return { perSecond, by };
  }
  return undefined;
}
