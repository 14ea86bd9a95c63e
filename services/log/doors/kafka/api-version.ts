import { firstVersion, lastVersion, type ResponseOf } from '#wire/kafka/api.ts';
import type { apiVersions } from '#wire/kafka/message/cluster.ts';
import { saslAuthenticate, saslHandshake } from '#wire/kafka/message/sasl.ts';
import { apiVersions as self } from '#wire/kafka/message/cluster.ts';
import { apis } from '#wire/kafka/table.ts';
import { routes } from './route.ts';

const features = [
  ['group.version', 1],
  ['transaction.version', 2],
] as const;

const always = new Set([self.key, saslHandshake.key, saslAuthenticate.key] as number[]);

/** What is served, from the table and the routes: nothing is announced that nobody answers. */
export function describeApis(): ResponseOf<typeof apiVersions> {
  return {
    errorCode: 0,
    apiKeys: apis
      .filter(({ key }) => always.has(key) || routes.has(key))
      .map((api) => ({ apiKey: api.key, minVersion: firstVersion(api), maxVersion: lastVersion(api) })),
    throttleTimeMs: 0,
    finalizedFeaturesEpoch: 1,
    // KIP-890: without this a client stays with the first transaction protocol. KIP-848 likewise for groups.
    supportedFeatures: features.map(([name, version]) => ({ name, minVersion: 0, maxVersion: version })),
    finalizedFeatures: features.map(([name, version]) => ({ name, minVersionLevel: version, maxVersionLevel: version })),
  };
}
