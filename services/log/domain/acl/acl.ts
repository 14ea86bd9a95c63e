/** KIP-11 and KIP-290: the numbers of the protocol. */
export const resourceTypes = { any: 1, topic: 2, group: 3, cluster: 4, transactionalId: 5 } as const;
export const patternTypes = { any: 1, match: 2, literal: 3, prefixed: 4 } as const;
export const permissions = { any: 1, deny: 2, allow: 3 } as const;
const aclOperations = {
  any: 1,
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
} as const;

/** One rule: somebody may, or may not, do something with the resources of a pattern. */
export type Acl = {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  /** `User:NAME`, or `User:*`. */
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
};

/** Absent names match all. */
export type AclFilter = Omit<Acl, 'resourceName' | 'principal' | 'host'> & {
  readonly resourceName: string | null;
  readonly principal: string | null;
  readonly host: string | null;
};

/** The name of the one resource of the kind cluster. */
const clusterName = 'kafka-cluster';
const userPrefix = 'User:';

type Meaning = { readonly own: readonly string[]; readonly implied: readonly string[] };
const { read, write, create, alter, describe, clusterAction, describeConfigs, alterConfigs, idempotentWrite, all } = aclOperations;

/**
 * What an operation on a kind means in operations of the log. Apache Kafka lets who may read, write, delete or alter something
 * describe it too; a rule that denies speaks of its own alone.
 */
const meanings: Readonly<Record<number, Readonly<Record<number, Meaning>>>> = {
  [resourceTypes.topic]: {
    [read]: { own: ['Fetch'], implied: ['GetTopic', 'ListTopics'] },
    // KIP-679: who may write to some topic may do so idempotently.
    [write]: { own: ['Produce'], implied: ['GetTopic', 'ListTopics', 'WriteIdempotently'] },
    [create]: { own: ['CreateTopic'], implied: [] },
    [aclOperations.delete]: { own: ['DeleteTopic', 'DeleteRecords'], implied: ['GetTopic', 'ListTopics'] },
    [alter]: { own: ['CreatePartitions'], implied: ['GetTopic', 'ListTopics'] },
    [describe]: { own: ['GetTopic'], implied: ['ListTopics'] },
    [describeConfigs]: { own: ['DescribeTopicConfig'], implied: [] },
    [alterConfigs]: { own: ['AlterTopicConfig'], implied: ['DescribeTopicConfig'] },
  },
  [resourceTypes.group]: {
    [read]: { own: ['JoinGroup', 'CommitOffsets'], implied: ['GetGroup', 'ListGroups'] },
    [aclOperations.delete]: { own: ['DeleteGroup', 'DeleteOffsets'], implied: ['GetGroup', 'ListGroups'] },
    [describe]: { own: ['GetGroup'], implied: ['ListGroups'] },
  },
  [resourceTypes.transactionalId]: {
    [write]: { own: ['WriteTransaction', 'AbortTransaction'], implied: ['GetTransaction'] },
    [describe]: { own: ['GetTransaction'], implied: [] },
  },
  [resourceTypes.cluster]: {
    [create]: { own: ['CreateTopic'], implied: [] },
    [idempotentWrite]: { own: ['WriteIdempotently'], implied: [] },
    // Of what brokers do to each other, and of what alters a cluster, ending transactions that hang is what there is here.
    [clusterAction]: { own: ['EndTransaction'], implied: [] },
    [alter]: { own: ['EndTransaction'], implied: [] },
    [describeConfigs]: { own: ['DescribeClientQuotas'], implied: [] },
    [alterConfigs]: { own: ['AlterClientQuotas'], implied: ['DescribeClientQuotas'] },
    [describe]: { own: ['ListTopics', 'ListGroups', 'ListTransactions', 'GetTopic', 'GetGroup', 'GetTransaction'], implied: [] },
  },
};

/** The operations of the log that an ACL speaks of; none where it means nothing here. */
export function operationsOf({ resourceType, operation, permissionType }: Acl): string[] {
  const kind = meanings[resourceType] ?? {};
  const meant = operation === all ? Object.values(kind) : [kind[operation] ?? { own: [], implied: [] }];
  const names = meant.flatMap(({ own, implied }) => (permissionType === permissions.allow ? [...own, ...implied] : own));
  return [...new Set(names)].sort();
}

/** Why an ACL cannot be, or undefined. */
export function aclFault(acl: Acl): string | undefined {
  const { resourceType, resourceName, patternType, principal, host, permissionType } = acl;
  if (host !== '*') return 'Rules for single hosts are not offered: the host has to be *.';
  if (!principal.startsWith(userPrefix) || principal === userPrefix) return 'A principal is User:NAME or User:*.';
  if (permissionType !== permissions.allow && permissionType !== permissions.deny) return 'An ACL allows or denies.';
  if (patternType !== patternTypes.literal && patternType !== patternTypes.prefixed) return 'A pattern is literal or prefixed.';
  if (resourceName === '' || /[\u0000-\u001f\u007f]/.test(resourceName + principal)) return 'A name is empty or has control characters.';
  if (resourceType === resourceTypes.cluster && (resourceName !== clusterName || patternType !== patternTypes.literal))
    return `The cluster is called ${clusterName}.`;
  if (operationsOf(acl).length === 0) return 'This operation cannot be allowed or denied on such a resource here.';
  return undefined;
}

/** Why a filter cannot be read, or undefined. */
export function filterFault({ resourceType, patternType, operation, permissionType }: AclFilter): string | undefined {
  if (resourceType < 1 || patternType < 1 || operation < 1 || permissionType < 1) return 'The filter has parts that are unknown.';
  return undefined;
}

/** KIP-290: `match` finds every pattern that a name falls under. */
export function matches(filter: AclFilter, acl: Acl): boolean {
  const same = (wanted: number, has: number) => wanted === 1 || wanted === has;
  const equal = (wanted: string | null, has: string) => wanted === null || wanted === has;
  return (
    same(filter.resourceType, acl.resourceType) &&
    same(filter.operation, acl.operation) &&
    same(filter.permissionType, acl.permissionType) &&
    equal(filter.principal, acl.principal) &&
    equal(filter.host, acl.host) &&
    matchesName(filter, acl)
  );
}

function matchesName({ patternType, resourceName: wanted }: AclFilter, acl: Acl): boolean {
  if (patternType !== patternTypes.any && patternType !== patternTypes.match && patternType !== acl.patternType) return false;
  if (wanted === null) return true;
  if (patternType !== patternTypes.match) return wanted === acl.resourceName;
  if (acl.patternType === patternTypes.prefixed) return wanted.startsWith(acl.resourceName);
  return wanted === acl.resourceName || acl.resourceName === '*';
}

/** The platform's principal of a user: a service account of that name, or a credential by its id. */
export const principalOf = (user: string): string => `service-${user.slice(userPrefix.length)}`;
/** Whether everybody is meant. */
export const isEverybody = ({ principal }: Acl): boolean => principal === `${userPrefix}*`;
/** Whether every resource of the kind is meant. */
export const isOfAll = ({ resourceType, resourceName, patternType }: Acl): boolean =>
  resourceType === resourceTypes.cluster || (patternType === patternTypes.literal && resourceName === '*');
