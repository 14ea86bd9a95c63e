import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { quotaChangesMax } from './limits.ts';

const closed = { additionalProperties: false } as const;
const EntityName = Type.Union([Type.String({ maxLength: 1000 }), Type.Null()]);
const Entity = Type.Array(Type.Object({ entityType: Type.String({ maxLength: 100 }), entityName: EntityName }, closed), {
  maxItems: quotaChangesMax,
  description: 'A user, a client id, both, or an address; without a name: those that have no quota.',
});

/** The operations on client quotas, which are reached through the Kafka protocol. */
export const quotaOperations = {
  DescribeClientQuotas: {
    on: 'Topic',
    at: 'collection',
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    text: 'Read which users, clients and addresses have quotas.',
    input: Type.Object({}, closed),
    output: Type.Object({
      entries: Type.Array(Type.Object({ entity: Entity, values: Type.Record(Type.String(), Type.Number()) })),
    }),
  },
  AlterClientQuotas: {
    on: 'Topic',
    at: 'collection',
    effect: 'write',
    audit: 'before-reply',
    repeat: 'natural',
    text: 'Set or take back quotas of users, clients or addresses.',
    input: Type.Object(
      {
        entity: Entity,
        changes: Type.Array(
          Type.Object({ key: Type.String({ maxLength: 100 }), value: Type.Union([Type.Number(), Type.Null()]) }, closed),
          { maxItems: quotaChangesMax, description: 'A change without a value takes the quota back.' },
        ),
        validateOnly: Type.Optional(Type.Boolean()),
      },
      closed,
    ),
    output: Type.Object({}),
  },
} as const satisfies Record<string, Operation>;
