import { Type } from '../../contract/type.ts';
import { Name, PageInput } from '../../contract/crud.ts';
import type { Operation, Resource } from '../../contract/contract.ts';
import { closed, itemInput, listOf, one, read, Title, write } from '../schema.ts';
import { destroyAfterMsMax } from '../limits.ts';

export const Key = Type.Object({
  title: Title,
  arn: Type.String({ description: 'The name that services take.' }),
  state: Type.Union([Type.Literal('enabled'), Type.Literal('disabled'), Type.Literal('pending'), Type.Literal('destroyed')]),
  versions: Type.Integer({ description: 'How often it was made anew; 0 once it is destroyed.' }),
  imported: Type.Boolean({ description: 'The material came from outside.' }),
  strict: Type.Boolean({ description: 'A process uses it for 60 s without asking again, otherwise for 24 h.' }),
  destroyAt: Type.Optional(Type.Integer({ description: 'Milliseconds since 1970 at which it is destroyed.' })),
});

export const keyResources = {
  Key: {
    of: 'tenant',
    text: 'A key that data lies under. `default` is the own ring of the organization, which all other keys lie under.',
    spec: Key,
    owner: 'service',
    columns: ['title', 'state', 'versions'],
  },
} as const satisfies Record<string, Resource>;

const made = {
  name: Type.Optional(Name),
  title: Type.Optional(Title),
  strict: Type.Optional(Type.Boolean({ description: 'Leases of 60 s instead of 24 h.' })),
};
const change = { ...write, on: 'Key', repeat: 'natural', input: itemInput, output: one(Key) } as const;

/** Keys: made, imported, rotated, disabled, destroyed. */
export const keyOperations = {
  CreateKey: {
    ...write,
    on: 'Key',
    at: 'new',
    text: 'Make a key.',
    quota: ['keys'],
    input: Type.Object(made, closed),
    output: one(Key),
  },
  ImportKey: {
    ...write,
    on: 'Key',
    at: 'new',
    text: 'Make a key of material from outside: 32 bytes.',
    quota: ['keys'],
    input: Type.Object(
      {
        ...made,
        material: Type.String({ minLength: 44, maxLength: 44, pattern: '^[A-Za-z0-9+/]{43}=$', description: '32 bytes in base64.' }),
      },
      closed,
    ),
    output: one(Key),
  },
  UseKey: {
    ...read,
    on: 'Key',
    text: 'Say whether a key may be used: services ask the same of whoever names it for what they store.',
    input: itemInput,
    output: one(Key),
  },
  GetKey: { ...read, on: 'Key', text: 'Read a key, without its material.', input: itemInput, output: one(Key) },
  ListKeys: { ...read, on: 'Key', at: 'collection', text: 'List keys.', input: PageInput, output: listOf(one(Key)) },
  RotateKey: { ...change, repeat: 'refuse', text: 'Make the material anew; what was sealed before stays readable.' },
  DisableKey: { ...change, essential: true, text: 'Stop the use of a key: at once where the platform is whole, within a lease otherwise.' },
  EnableKey: { ...change, text: 'Allow the use of a disabled key again.' },
  ScheduleKeyDestruction: {
    ...change,
    essential: true,
    text: 'Stop the use of a key now and destroy it later, which makes everything under it unreadable for ever.',
    input: Type.Object(
      { afterMs: Type.Optional(Type.Integer({ minimum: 0, maximum: destroyAfterMsMax, description: '30 days if not said.' })) },
      closed,
    ),
  },
  CancelKeyDestruction: { ...change, text: 'Keep a key whose destruction was scheduled; it is disabled afterwards.' },
} as const satisfies Record<string, Operation>;
