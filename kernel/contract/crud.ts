import type { TObject, TSchema } from 'typebox';
import { Type } from './type.ts';
import type { AuditClass, Operation, Quota } from './contract.ts';
import { labelCountMax, nameLengthMax, pageItemsMax } from './limits.ts';

/** A resource's name in addresses: what DNS, S3 and Kubernetes all accept. */
export const Name = Type.String({
  minLength: 1,
  maxLength: nameLengthMax,
  pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
  description: 'Name of the resource.',
});

/** Labels: short strings by short names, for filters and policy. */
export const Labels = Type.Record(
  Type.String({ minLength: 1, maxLength: 63, pattern: '^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$' }),
  Type.String({ maxLength: 255 }),
  { maxProperties: labelCountMax, description: 'Labels, for filters and policy.' },
);

/** The envelope of a kind, as a schema. */
export function envelope<Spec extends TSchema, Status extends TSchema>(spec: Spec, status: Status) {
  return Type.Object({
    uid: Type.String({ description: 'Unique for ever.' }),
    name: Type.String({ description: 'Name of the resource.' }),
    generation: Type.Integer({ description: 'Grows with every change of spec.' }),
    version: Type.String({ description: 'Changes with every change; for ifVersion and watch.' }),
    labels: Type.Record(Type.String(), Type.String()),
    createdAt: Type.Integer({ description: 'Milliseconds since 1970.' }),
    spec,
    status: Type.Optional(status),
    deleting: Type.Optional(Type.Integer({ description: 'Milliseconds since 1970 at which deletion was asked for.' })),
  });
}

/** The input of a list: a page in order of name. */
export const PageInput = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 1024, description: 'The last name of the page before.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageItemsMax, default: 100, description: 'Items at most.' })),
    prefix: Type.Optional(Type.String({ maxLength: 1024, description: 'Only names that begin so.' })),
  },
  { additionalProperties: false },
);

type Options<K extends string> = { kind: K; title: string; spec: TObject; status?: TSchema; audit?: AuditClass; errors?: readonly never[] };

/**
 * The operations every resource has: Create, Get, List, Update, Delete and Watch, as plain values to spread into a
 * contract's operations. `Update` replaces the spec; `ifVersion` makes it conditional.
 */
export function crud<const K extends string>({ kind, title, spec, status = Type.Object({}), audit = 'before-reply' }: Options<K>) {
  const whole = envelope(spec, status);
  const everywhere = ['rest', 'cli', 'console'] as const;
  const base = { on: kind, repeat: 'natural', expose: everywhere } as const;
  const ifVersion = Type.Optional(Type.String({ maxLength: 40, description: 'Only when the resource is in this version.' }));
  const create = {
    ...base,
    at: 'new',
    effect: 'write',
    audit,
    repeat: 'keyed',
    text: `Create a ${title}.`,
    input: Type.Object({ name: Name, labels: Type.Optional(Labels), spec }, { additionalProperties: false }),
    output: whole,
  } as const satisfies Operation;
  const get = {
    ...base,
    effect: 'read',
    audit: 'window',
    text: `Read a ${title}.`,
    input: Type.Object({}, { additionalProperties: false }),
    output: whole,
  } as const satisfies Operation;
  const list = {
    ...base,
    at: 'collection',
    effect: 'read',
    audit: 'window',
    text: `List every ${title} in order of name.`,
    input: PageInput,
    output: Type.Object({ items: Type.Array(whole), next: Type.Optional(Type.String()), version: Type.String() }),
  } as const satisfies Operation;
  const update = {
    ...base,
    effect: 'write',
    audit,
    text: `Change a ${title}.`,
    input: Type.Object({ labels: Type.Optional(Labels), spec, ifVersion }, { additionalProperties: false }),
    output: whole,
  } as const satisfies Operation;
  const remove = {
    ...base,
    effect: 'write',
    audit,
    essential: true,
    text: `Delete a ${title}.`,
    input: Type.Object({ ifVersion }, { additionalProperties: false }),
    output: Type.Object({}),
  } as const satisfies Operation;
  const watch = {
    ...base,
    at: 'collection',
    effect: 'read',
    audit: 'window',
    body: 'watch',
    text: `Follow the changes of every ${title}.`,
    input: Type.Object(
      { from: Type.Optional(Type.String({ maxLength: 40, description: 'The version to go on from.' })) },
      { additionalProperties: false },
    ),
    output: Type.Object({}),
  } as const satisfies Operation;
  return {
    [`Create${kind}`]: create,
    [`Get${kind}`]: get,
    [`List${kind}s`]: list,
    [`Update${kind}`]: update,
    [`Delete${kind}`]: remove,
    [`Watch${kind}s`]: watch,
  } as Record<`Create${K}`, typeof create> &
    Record<`Get${K}`, typeof get> &
    Record<`List${K}s`, typeof list> &
    Record<`Update${K}`, typeof update> &
    Record<`Delete${K}`, typeof remove> &
    Record<`Watch${K}s`, typeof watch>;
}

/** A quota on how many of a kind a scope may have. */
export function countQuota<const K extends string>(of: K, limit: number, text: string): Quota & { of: K } {
  return { kind: 'count', of, limit, text };
}
