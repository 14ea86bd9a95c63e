import type { AnyService } from '#kernel/contract/contract.ts';
import { pollEveryMs } from '../limits.ts';
import { useOperation } from './call.ts';
import { useServed } from './contract.ts';
import type { Thing } from './pages.ts';

export type WebhookThing = Thing & {
  readonly spec: {
    readonly title: string;
    readonly url: string;
    readonly types: readonly string[];
    readonly environment?: string;
    readonly attempts: number;
    readonly state: 'enabled' | 'disabled';
    readonly reason?: string;
    readonly position: number;
  };
};

export type DeliveryState = 'delivered' | 'waiting' | 'dead';
export type Delivery = {
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
  readonly state: DeliveryState;
  readonly attempt: number;
  readonly at: number;
  readonly dueAt?: number;
  readonly status?: number;
  readonly error?: string;
  readonly tookMs?: number;
};

/** The secret of a webhook, which is shown once. */
export type WebhookSecret = { readonly id: string; readonly secret: string };

export function useWebhooks() {
  return useOperation<{ items: readonly WebhookThing[]; next?: string }>(
    'platform',
    'ListWebhooks',
    '',
    { limit: 100 },
    { everyMs: pollEveryMs },
  );
}

export function useWebhook(name: string) {
  return useOperation<WebhookThing>('platform', 'GetWebhook', name, {}, { everyMs: pollEveryMs });
}

/** Every type of event that services declare. */
export function useEventTypes(): readonly string[] {
  const services: readonly AnyService[] = Object.values(useServed().value?.services ?? {});
  return services.flatMap((contract) => Object.keys(contract.events).map((event) => `${contract.name}.${event}`));
}
