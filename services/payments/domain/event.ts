import type { Thing } from './json.ts';

/** Who asked for what an event tells of. */
export type Asked = { readonly request: string | null; readonly key: string | null; readonly version: string };

/** The event of a change, with the object as it was afterwards. */
export function newEvent(type: string, object: Thing, own: { id: string; created: number; livemode: boolean; asked: Asked }): Thing {
  const { id, created, livemode, asked } = own;
  return {
    ...{ id, object: 'event', api_version: asked.version, created, data: { object }, livemode, pending_webhooks: 0 },
    ...{ request: { id: asked.request, idempotency_key: asked.key }, type },
  };
}
