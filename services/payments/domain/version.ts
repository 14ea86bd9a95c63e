import type { Fields, Thing } from './json.ts';

/** The version that objects are kept in, and shown in to who names none. */
export const currentVersion = '2026-10-28.endive';

/** The dated versions that are spoken here; what is older knows no payment intents. */
const dated = new Set([
  ...['2018-07-27', '2018-08-23', '2018-09-06', '2018-09-24', '2018-10-31', '2018-11-08', '2019-02-11', '2019-02-19', '2019-03-14'],
  ...['2019-05-16', '2019-08-14', '2019-09-09', '2019-10-08', '2019-10-17', '2019-11-05', '2019-12-03', '2020-03-02', '2020-08-27'],
  ...['2022-08-01', '2022-11-15', '2023-08-16', '2023-10-16', '2024-04-10', '2024-06-20'],
]);

/** Releases by name, with the days of theirs. */
const named: Readonly<Record<string, readonly string[]>> = {
  acacia: ['2024-09-30', '2024-10-28', '2024-11-20', '2024-12-18', '2025-01-27', '2025-02-24'],
  basil: ['2025-03-31', '2025-04-30', '2025-05-28', '2025-06-30', '2025-07-30', '2025-08-27'],
  clover: ['2025-09-30', '2025-10-29', '2025-11-17', '2025-12-15', '2026-01-28', '2026-02-25'],
  dahlia: ['2026-03-25', '2026-04-22', '2026-05-27', '2026-06-24', '2026-07-29', '2026-08-26'],
  endive: ['2026-09-30', '2026-10-28'],
};

export function isVersion(text: string): boolean {
  const [day = '', name, ...more] = text.split('.');
  if (name === undefined) return dated.has(day);
  return more.length === 0 && Object.hasOwn(named, name) && named[name]?.includes(day) === true;
}

/** The version without its betas: `2019-02-11; name_beta=v1`. */
export const plainVersion = (header: string): string => header.split(';', 1)[0]?.trim() ?? '';

/** What a transformation reads besides: the charges of a payment, newest first, and the refunds of a charge. */
export type Beside = {
  readonly charges: (intent: string) => Promise<readonly Thing[]>;
  readonly refunds: (charge: string) => Promise<readonly Thing[]>;
};

const list = (data: readonly Thing[], url: string): Fields => ({ object: 'list', data, has_more: false, total_count: data.length, url });

type Step = { readonly before: string; readonly kind: string; readonly back: (thing: Thing, beside: Beside) => Promise<Thing> | Thing };

const oldStatus: Readonly<Record<string, string>> = {
  requires_payment_method: 'requires_source',
  requires_action: 'requires_source_action',
};

/** What each version changed, newest first: how an object looked before it. */
const steps: readonly Step[] = [
  {
    before: '2022-11-15',
    kind: 'payment_intent',
    async back({ latest_charge: _, ...thing }, { charges }) {
      return { ...thing, charges: list(await charges(thing.id), `/v1/charges?payment_intent=${thing.id}`) } as Thing;
    },
  },
  {
    before: '2022-11-15',
    kind: 'charge',
    async back(thing, { refunds }) {
      if (thing.refunds !== undefined) return thing;
      return { ...thing, refunds: list(await refunds(thing.id), `/v1/charges/${thing.id}/refunds`) };
    },
  },
  ...['payment_intent', 'setup_intent'].map(
    (kind): Step => ({
      before: '2019-02-11',
      kind,
      back: (thing) => ({ ...thing, status: oldStatus[String(thing.status)] ?? thing.status ?? null }),
    }),
  ),
];

/** A value with all objects in it as an older version shows them; an event stays in the version that it names. */
export async function inVersion(value: unknown, version: string, beside: Beside): Promise<unknown> {
  const needed = steps.filter(({ before }) => version < before);
  if (needed.length === 0) return value;
  async function shown(inner: unknown): Promise<unknown> {
    if (Array.isArray(inner)) return Promise.all(inner.map(shown));
    if (typeof inner !== 'object' || inner === null) return inner;
    const { object } = inner as { object?: unknown };
    if (object === 'event') return inner;
    let thing = inner as Thing;
    for (const step of needed) if (step.kind === object) thing = await step.back(thing, beside);
    const parts = await Promise.all(Object.entries(thing).map(async ([name, part]) => [name, await shown(part)] as const));
    return Object.fromEntries(parts);
  }
  return shown(value);
}
