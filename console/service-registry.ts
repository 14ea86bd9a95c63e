import { useEffect, useState } from 'react';
import type { ServicePages } from './service-page.ts';

type Load = () => Promise<{ default: ServicePages }>;

/** Services that bring pages of their own; each is a chunk that is loaded when it is first shown. */
const registry: Readonly<Record<string, Load>> = {
  analytics: () => import('#services/analytics/console/page.tsx'),
  ledger: () => import('#services/ledger/console/page.tsx'),
  log: () => import('#services/log/console/page.tsx'),
  payments: () => import('#services/payments/console/page.tsx'),
  storage: () => import('#services/storage/console/page.tsx'),
  telemetry: () => import('#services/telemetry/console/page.tsx'),
};

const loaded = new Map<string, ServicePages>();

export async function loadServicePages(service: string): Promise<ServicePages> {
  const known = loaded.get(service);
  if (known) return known;
  const load = Object.hasOwn(registry, service) ? registry[service] : undefined;
  const pages = load ? (await load()).default : {};
  loaded.set(service, pages);
  return pages;
}

/** A service's own pages; undefined while they are on their way. */
export function useServicePages(service: string): ServicePages | undefined {
  const [, become] = useState(0);
  const known = loaded.get(service);
  useEffect(() => {
    if (!known) void loadServicePages(service).then(() => become((count) => count + 1));
  }, [service, known]);
  return known;
}
