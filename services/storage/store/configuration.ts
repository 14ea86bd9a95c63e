import type { Static, TSchema } from 'typebox';
import type { configurations } from '../contract/configuration.ts';
import { parsePolicy, type Policy } from '../domain/policy/policy.ts';
import { changeBucket } from './bucket.ts';
import type { Catalog } from './catalog.ts';
import { numberKey } from './key.ts';
import { parsedPoliciesMax } from './limits.ts';
import type { BucketRecord } from './record.ts';
import type { Store } from './store.ts';

export type ConfigurationKind = keyof typeof configurations;
type Document<K extends ConfigurationKind> = (typeof configurations)[K] extends infer S extends TSchema ? Static<S> : never;

/** Where a document of a bucket lies. */
export const configurationKey = (bucket: BucketRecord, kind: string): Buffer => Buffer.concat([numberKey(bucket.id), Buffer.from(kind)]);

/** A configuration of a bucket. */
export function readConfiguration<K extends ConfigurationKind>({ table }: Catalog, bucket: BucketRecord, kind: K): Document<K> | undefined {
  const found = table.configuration.get(configurationKey(bucket, kind));
  return found ? (JSON.parse(found.toString('utf8')) as Document<K>) : undefined;
}

/** Puts a configuration, or takes it away. The bucket's version grows with it. */
export async function writeConfiguration(
  store: Store,
  place: BucketRecord,
  kind: ConfigurationKind,
  document: unknown,
  { more = {} }: { more?: Partial<BucketRecord> } = {},
): Promise<BucketRecord> {
  const { table } = store.catalog;
  return changeBucket(store, place, (bucket) => {
    const key = configurationKey(bucket, kind);
    if (document === undefined) table.configuration.remove(key);
    else table.configuration.put(key, Buffer.from(JSON.stringify(document)));
    return more;
  });
}

const policies = new Map<bigint, { version: bigint; policy: Policy }>();

/** The policy of a bucket, parsed; undefined when it has none. */
export function readPolicy(catalog: Catalog, bucket: BucketRecord): Policy | undefined {
  if (!bucket.policed) return undefined;
  const known = policies.get(bucket.id);
  if (known?.version === bucket.version) return known.policy;
  const text = readConfiguration(catalog, bucket, 'policy')?.policy;
  if (text === undefined) return undefined;
  const policy = parsePolicy(text);
  if (policies.size >= parsedPoliciesMax) policies.clear();
  policies.set(bucket.id, { version: bucket.version, policy });
  return policy;
}
