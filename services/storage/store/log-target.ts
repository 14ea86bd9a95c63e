import { fault } from '#kernel/contract/fault.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { type Grant, logDelivery, ownerGrants } from '../domain/acl.ts';
import { evaluate } from '../domain/policy/evaluate.ts';
import { findBucket } from './bucket.ts';
import { readConfiguration, readPolicy } from './configuration.ts';
import type { Holder } from './holder.ts';
import type { BucketRecord } from './record.ts';
import type { Store } from './store.ts';
import { type AclWish, grantsOf } from './trait.ts';

type Target = { readonly targetBucket: string; readonly targetPrefix: string; readonly targetGrants?: AclWish['grants'] };
export type LoggingDocument = { readonly loggingEnabled?: Target };

/** The services that write the logs of requests, and inventories, as policies name them. */
export const inventoryService = 's3.amazonaws.com';
const logService = 'logging.s3.amazonaws.com';

/**
 * Refuses a target that logs cannot be written to: it must be there, have no log in another, and let the log's writer in. A
 * bucket may be its own: what is written there so is no request, and makes no line.
 */
export function checkLogTarget(store: Store, source: BucketRecord, { loggingEnabled }: LoggingDocument): void {
  if (!loggingEnabled) return;
  const holder = store.partitions.holderOf(loggingEnabled.targetBucket);
  const { catalog } = holder;
  const target = findBucket(catalog, loggingEnabled.targetBucket);
  if (!target) throw fault('NoSuchKey', 'The target bucket for logging does not exist.');
  if (target.id !== source.id && readConfiguration(catalog, target, 'logging')?.loggingEnabled)
    throw fault('InvalidArgument', 'The target bucket has logging itself.');
  if (readConfiguration(catalog, target, 'encryption')) throw fault('InvalidArgument', 'The target bucket seals its objects by default.');
  if (target.requesterPays) throw fault('InvalidArgument', 'Who asks the target bucket pays for it.');
  if (!mayDeliver(holder, source, target, loggingEnabled.targetPrefix))
    throw fault('Denied', 'The target bucket does not let logs be delivered.');
  logGrants(holder, target, loggingEnabled.targetGrants);
}

/**
 * The grants of a log in its target: its owner has full control of it, and who is named beside it what they are granted.
 * Undefined where nobody is named; refuses what the target's settings do not let pass.
 */
export function logGrants(store: Holder, target: BucketRecord, named: Target['targetGrants']): readonly Grant[] | undefined {
  if (named === undefined || named.length === 0) return undefined;
  const owner = formatId(target.scope);
  const others = grantsOf(store, target, { grants: named }, owner) ?? [];
  return [...ownerGrants(owner), ...others.filter(({ id }) => id !== owner)];
}

/** Who delivers, as policies name it, and what its requests say: by their condition keys. */
type Deliverer = { readonly service: string; readonly facts: Readonly<Record<string, string | undefined>> };

/** Whether the target, of this partition, lets a service put an object for a source: by its policy, or, the log's writer, by a grant. */
export function mayDeliver(
  { catalog }: Holder,
  source: BucketRecord,
  target: BucketRecord,
  key: string,
  { service, facts: said }: Deliverer = { service: logService, facts: {} },
): boolean {
  const facts = (name: string) => {
    if (name === 'aws:sourcearn') return `arn:aws:s3:::${source.name}`;
    if (name === 'aws:sourceaccount') return formatId(source.scope);
    return Object.hasOwn(said, name) ? said[name] : undefined;
  };
  const policy = readPolicy(catalog, target);
  const resource = `arn:aws:s3:::${target.name}/${key}`;
  const verdict = policy
    ? evaluate(policy, { caller: { service }, action: 's3:putobject', resource, facts, accountCounts: false })
    : 'none';
  if (verdict !== 'none') return verdict === 'allow';
  const isLog = service === logService;
  return (target.acl ?? []).some(
    ({ uri, permission }) => isLog && uri === logDelivery && (permission === 'WRITE' || permission === 'FULL_CONTROL'),
  );
}
