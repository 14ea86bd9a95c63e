import { Type } from '../../contract/type.ts';
import type { Operation, Resource } from '../../contract/contract.ts';
import { dimensionLengthMax, dimensionsMax, eventsPerIngestMax, perSecondMax, usageRowsMax } from '../limits.ts';
import { closed, read, timed, UsageRow, write } from '../schema.ts';

const environment = Type.Optional(Type.String({ maxLength: 100, description: 'Only this environment, by its id, name or kind.' }));
const Meter = Type.String({ pattern: '^[a-z][A-Za-z0-9]{0,62}$' });
const Service = Type.String({ maxLength: 40 });
export const DimensionName = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,39}$', description: 'Name of a dimension.' });
export const DimensionValue = Type.String({ maxLength: dimensionLengthMax, description: 'Only usage with this value in `dimension`.' });

/** How fast an environment may call, or how many of a kind it may have. */
const Quota = Type.Object({
  service: Type.String(),
  quota: Type.String(),
  text: Type.String(),
  kind: Type.Union([Type.Literal('rate'), Type.Literal('count')]),
  unit: Type.String({ description: 'call or byte of a rate; the resource of a count.' }),
  limit: Type.Integer({ description: 'Per second for a rate; resources for a count.' }),
  burst: Type.Optional(Type.Integer({ description: 'What a rate lets through at once after a pause.' })),
  isOwn: Type.Boolean({ description: 'An operator set it for this environment.' }),
});

export const usageResources = {
  Usage: { of: 'tenant', text: 'What was used.', plural: 'usage', spec: Type.Object({}), owner: 'service' },
  Quota: { of: 'tenant', text: 'How much an environment may use, named service.quota.', spec: Quota, owner: 'service' },
} as const satisfies Record<string, Resource>;

const event = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ minLength: 1, maxLength: 128 }),
    source: Type.String({ minLength: 1, maxLength: 256 }),
    type: Type.String({ minLength: 1, maxLength: 128 }),
    time: Type.Optional(Type.String({ format: 'date-time' })),
    data: Type.Object(
      {
        meter: Meter,
        value: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
        dimensions: Type.Optional(
          Type.Record(DimensionName, Type.String({ maxLength: dimensionLengthMax }), {
            maxProperties: dimensionsMax,
            description: 'What more is known of this usage, such as its region: to filter and group by.',
          }),
        ),
      },
      closed,
    ),
  },
  closed,
);

/** What was used, and what may be. */
export const usageOperations = {
  ListUsage: {
    ...read,
    on: 'Usage',
    at: 'collection',
    text: 'Read what was used, by meter, environment, dimension and window (UTC).',
    input: Type.Object(
      {
        ...timed,
        window: Type.Optional(
          Type.Union([Type.Literal('minute'), Type.Literal('hour'), Type.Literal('day'), Type.Literal('month')], {
            description: 'What adds up within a window is added; of a gauge a window has the highest value.',
          }),
        ),
        meter: Type.Optional(Type.String({ maxLength: 64 })),
        service: Type.Optional(Service),
        environment,
        dimension: Type.Optional({ ...DimensionName, description: 'A row for each value of this dimension.' }),
        value: Type.Optional(DimensionValue),
        after: Type.Optional(Type.String({ maxLength: 1024, description: '`next` of the page before.' })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: usageRowsMax, default: usageRowsMax, description: 'Rows at most.' })),
      },
      closed,
    ),
    output: Type.Object({ items: Type.Array(UsageRow), next: Type.Optional(Type.String()) }),
  },
  IngestUsage: {
    ...write,
    on: 'Usage',
    at: 'collection',
    text: 'Take in usage as CloudEvents; the same source and id counts once.',
    repeat: 'natural',
    quota: ['ingest'],
    charge: ['events'],
    input: Type.Object({ events: Type.Array(event, { minItems: 1, maxItems: eventsPerIngestMax }) }, closed),
    output: Type.Object({ accepted: Type.Integer() }),
  },
  ListQuotas: {
    ...read,
    on: 'Quota',
    at: 'collection',
    text: 'Read what an environment may use of every running service: rates and counts.',
    input: Type.Object({ environment, service: Type.Optional(Service) }, closed),
    output: Type.Object({ items: Type.Array(Quota) }),
  },
  SetQuota: {
    ...write,
    on: 'Quota',
    repeat: 'natural',
    text: 'Give an environment its own rate, named service.quota, in units per second; its burst grows alike. For operators.',
    input: Type.Object({ environment, perSecond: Type.Integer({ minimum: 1, maximum: perSecondMax }) }, closed),
    output: Quota,
  },
  ResetQuota: {
    ...write,
    on: 'Quota',
    repeat: 'natural',
    text: 'Give an environment the usual rate again. For operators.',
    input: Type.Object({ environment }, closed),
    output: Quota,
  },
} as const satisfies Record<string, Operation>;
