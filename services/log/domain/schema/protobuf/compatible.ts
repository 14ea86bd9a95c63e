import { schemaComparisonsMax } from '../../limits.ts';
import { SchemaFault } from '#wire/schema/fault.ts';
import type { Field, Message, ProtoFile } from '#wire/protobuf/file.ts';
import { isScalar } from '#wire/protobuf/file.ts';
import type { Scope } from '#wire/protobuf/scope.ts';

export type Scoped = { readonly file: ProtoFile; readonly scope: Scope };
type Comparing = { readonly original: Scope; readonly update: Scope; readonly seen: Set<string>; left: number };
type Pair = { readonly before: Message; readonly after: Message; readonly was: string; readonly now: string; readonly path: string };

/** Why `update` cannot read what was written by `original`: the rules of Confluent's registry for Protobuf. */
export function protoRefusals(update: Scoped, original: Scoped): string[] {
  const comparing: Comparing = { original: original.scope, update: update.scope, seen: new Set(), left: schemaComparisonsMax };
  const [was, now] = [original.file.package, update.file.package];
  const changed = was === now ? [] : [refusal('PACKAGE_CHANGED', '#/')];
  return [
    ...changed,
    ...messagesRefusals(comparing, { before: original.file.messages, after: update.file.messages, was, now, path: '#/' }),
  ];
}

const refusal = (kind: string, path: string) => `{errorType:"${kind}", description:"${sentences[kind] ?? kind} at path '${path}'"}`;
const sentences: Readonly<Record<string, string>> = {
  PACKAGE_CHANGED: 'The package differs',
  MESSAGE_REMOVED: 'The new schema lacks a message',
  FIELD_KIND_CHANGED: 'A field is of another kind',
  FIELD_SCALAR_KIND_CHANGED: 'A field is of a scalar that is written otherwise',
  FIELD_NAMED_TYPE_CHANGED: 'A field is of another message or enum',
  FIELD_NUMERIC_LABEL_CHANGED: 'A field became repeated, or ceased to be',
  REQUIRED_FIELD_ADDED: 'The new schema has a new required field',
  REQUIRED_FIELD_REMOVED: 'The new schema lacks a required field',
  ONEOF_FIELD_REMOVED: 'A oneof lacks a field',
  MULTIPLE_FIELDS_MOVED_TO_ONEOF: 'Several fields moved into a oneof',
  FIELD_MOVED_TO_EXISTING_ONEOF: 'A field moved into a oneof that was there',
};

type Lists = {
  readonly before: readonly Message[];
  readonly after: readonly Message[];
  readonly was: string;
  readonly now: string;
  readonly path: string;
};
const within = (where: string, name: string) => (where === '' ? name : `${where}.${name}`);

function messagesRefusals(comparing: Comparing, { before, after, was, now, path }: Lists): string[] {
  return before.flatMap((message) => {
    const kept = after.find(({ name }) => name === message.name);
    const at = `${path}${message.name}`;
    if (!kept) return [refusal('MESSAGE_REMOVED', at)];
    return messageRefusals(comparing, {
      before: message,
      after: kept,
      was: within(was, message.name),
      now: within(now, kept.name),
      path: at,
    });
  });
}

function messageRefusals(comparing: Comparing, pair: Pair): string[] {
  const { before, after, was, now, path } = pair;
  const key = `${was} ${now}`;
  if (comparing.seen.has(key)) return [];
  comparing.seen.add(key);
  comparing.left -= 1 + before.fields.length;
  if (comparing.left < 0) throw new SchemaFault('The schemas are too large to be compared.');
  return [
    ...messagesRefusals(comparing, { before: before.messages, after: after.messages, was, now, path: `${path}/` }),
    ...fieldsRefusals(comparing, pair),
    ...oneofRefusals(pair),
  ];
}

function fieldsRefusals(comparing: Comparing, pair: Pair): string[] {
  const { before, after, path } = pair;
  const now = new Map(after.fields.map((field) => [field.number, field]));
  const was = new Set(before.fields.map(({ number }) => number));
  const found = before.fields.flatMap((field) => {
    const kept = now.get(field.number);
    if (kept) return fieldRefusals(comparing, pair, field, kept);
    return field.label === 'required' ? [refusal('REQUIRED_FIELD_REMOVED', `${path}/${field.number}`)] : [];
  });
  for (const field of after.fields)
    if (!was.has(field.number) && field.label === 'required') found.push(refusal('REQUIRED_FIELD_ADDED', `${path}/${field.number}`));
  return found;
}

/** Scalars that are read alike on the wire: protobuf.dev, "Updating A Message Type". */
const alike = [
  ['int32', 'uint32', 'int64', 'uint64', 'bool', 'enum'],
  ['sint32', 'sint64'],
  ['string', 'bytes'],
  ['fixed32', 'sfixed32'],
  ['fixed64', 'sfixed64'],
];
const readsAlike = (one: string, other: string) => one === other || alike.some((group) => group.includes(one) && group.includes(other));

function fieldRefusals(comparing: Comparing, pair: Pair, before: Field, after: Field): string[] {
  const path = `${pair.path}/${before.number}`;
  if ((before.key === undefined) !== (after.key === undefined)) return [refusal('FIELD_KIND_CHANGED', path)];
  if (before.key !== undefined && !readsAlike(before.key, after.key as string)) return [refusal('FIELD_SCALAR_KIND_CHANGED', path)];
  const was = isScalar(before.type) ? undefined : comparing.original.find(before.type, pair.was);
  const now = isScalar(after.type) ? undefined : comparing.update.find(after.type, pair.now);
  const [wasKind, nowKind] = [was?.kind ?? 'scalar', now?.kind ?? 'scalar'];
  if (wasKind === 'message' || nowKind === 'message') {
    if (!was || !now || wasKind !== nowKind) return [refusal('FIELD_KIND_CHANGED', path)];
    if (lastPart(was.name) !== lastPart(now.name)) return [refusal('FIELD_NAMED_TYPE_CHANGED', path)];
    const label = labelRefusals(before, after, path, false);
    if (!was.message || !now.message) return label;
    return [...label, ...messageRefusals(comparing, { before: was.message, after: now.message, was: was.name, now: now.name, path })];
  }
  const [one, other] = [wasKind === 'enum' ? 'enum' : before.type, nowKind === 'enum' ? 'enum' : after.type];
  if (!readsAlike(one, other))
    return [refusal(one === 'enum' || other === 'enum' ? 'FIELD_KIND_CHANGED' : 'FIELD_SCALAR_KIND_CHANGED', path)];
  return labelRefusals(before, after, path, other === 'string' || other === 'bytes');
}

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1);

/** Of strings, and messages, one is read as the last of many; numbers may be packed. */
function labelRefusals(before: Field, after: Field, path: string, isText: boolean): string[] {
  if (isText || (before.label === 'repeated') === (after.label === 'repeated')) return [];
  return [refusal('FIELD_NUMERIC_LABEL_CHANGED', path)];
}

function oneofRefusals({ before, after, path }: Pair): string[] {
  const found: string[] = [];
  const was = new Map(before.fields.map((field) => [field.number, field]));
  for (const oneof of after.oneofs) {
    const at = `${path}/${oneof}`;
    const known = before.oneofs.includes(oneof);
    const members = after.fields.filter((field) => field.oneof === oneof);
    const moved = members.filter(({ number }) => was.has(number) && was.get(number)?.oneof === undefined);
    if (moved.length > 1) found.push(refusal('MULTIPLE_FIELDS_MOVED_TO_ONEOF', at));
    else if (moved.length > 0 && known) found.push(refusal('FIELD_MOVED_TO_EXISTING_ONEOF', at));
    const numbers = new Set(members.map(({ number }) => number));
    if (known && before.fields.some((field) => field.oneof === oneof && !numbers.has(field.number)))
      found.push(refusal('ONEOF_FIELD_REMOVED', at));
  }
  return found;
}
