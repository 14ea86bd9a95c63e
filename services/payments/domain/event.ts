import type { Fields, Thing } from './json.ts';

/** Who asked for what an event tells of. */
export type Asked = { readonly request: string | null; readonly key: string | null; readonly version: string };

/** What was there before a change, of what it changed. */
function previousOf(before: Thing, after: Thing): Fields {
  const isSame = (name: string) => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  const names = Object.keys(after).filter((name) => !isSame(name));
  return Object.fromEntries(names.map((name) => [name, before[name] ?? null]));
}

type Own = {
  readonly id: string;
  readonly created: number;
  readonly livemode: boolean;
  readonly asked: Asked;
  readonly before: Thing | undefined;
};

/** The event of a change, with the object as it was afterwards, and with what was changed as it was before. */
export function newEvent(type: string, object: Thing, { id, created, livemode, asked, before }: Own): Thing {
  const previous: Fields = before === undefined ? {} : { previous_attributes: previousOf(before, object) };
  return {
    ...{ id, object: 'event', api_version: asked.version, created, data: { object, ...previous }, livemode, pending_webhooks: 0 },
    ...{ request: { id: asked.request, idempotency_key: asked.key }, type },
  };
}
