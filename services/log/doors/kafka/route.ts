import { aclRoutes } from './acl.ts';
import type { Route } from './exchange.ts';
import { clientQuotaRoutes } from './client-quota.ts';
import { clusterRoutes } from './cluster.ts';
import { configRoutes } from './config.ts';
import { consumerGroupRoutes } from './consumer-group.ts';
import { fetchRoutes } from './fetch.ts';
import { adminRoutes } from './group-admin.ts';
import { groupRoutes } from './group.ts';
import { groupOffsetRoutes } from './offset.ts';
import { offsetRoutes } from './list-offsets.ts';
import { produceRoutes } from './produce.ts';
import { scramUserRoutes } from './scram-user.ts';
import { transactionRoutes } from './transaction.ts';
import { topicRoutes } from './topic-admin.ts';

/** Who answers which API, by its key. */
export const routes: ReadonlyMap<number, Route> = new Map(
  [
    ...clusterRoutes,
    ...produceRoutes,
    ...fetchRoutes,
    ...offsetRoutes,
    ...topicRoutes,
    ...groupRoutes,
    ...groupOffsetRoutes,
    ...transactionRoutes,
    ...configRoutes,
    ...adminRoutes,
    ...consumerGroupRoutes,
    ...aclRoutes,
    ...scramUserRoutes,
    ...clientQuotaRoutes,
  ].map((route) => [route.api.key, route]),
);
