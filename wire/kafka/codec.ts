import { type Draft, type Field, type Shape, type Value, type Versions, within } from './field.ts';
import type { Reader } from './reader.ts';
import { KafkaViolation } from './violation.ts';
import { Writer } from './writer.ts';

type Read = (reader: Reader) => unknown;
type Write = (writer: Writer, value: never) => void;
type Pair = { readonly read: Read; readonly write: Write };
type Member = Pair & { readonly name: string; readonly initial: unknown };
type Tagged = Member & { readonly tag: number };

/** One version of one message. */
type Plan = { readonly members: readonly Member[]; readonly tagged: readonly Tagged[]; readonly flexible: boolean };

/** Reads and writes all versions of a message; the plan of a version is made when it is first asked for. */
export type Codec<S extends Shape> = {
  readonly shape: S;
  readonly flexible: Versions;
  read(reader: Reader, version: number): Value<S>;
  write(writer: Writer, message: Draft<Value<S>>, version: number): void;
};

export function codec<S extends Shape>(flexible: Versions, shape: S): Codec<S> {
  const plans = new Map<number, Plan>();
  const planOf = (version: number): Plan => {
    let plan = plans.get(version);
    if (!plan) plans.set(version, (plan = planShape(shape, version, within(version, flexible))));
    return plan;
  };
  return {
    shape,
    flexible,
    read: (reader, version) => readStruct(reader, planOf(version)) as Value<S>,
    write: (writer, message, version) => writeStruct(writer, planOf(version), message as Record<string, unknown>),
  };
}

function planShape(shape: Shape, version: number, flexible: boolean): Plan {
  const members: Member[] = [];
  const tagged: Tagged[] = [];
  for (const [name, field] of Object.entries(shape)) {
    const initial = initialOf(field, version);
    if (!within(version, field.versions) && !within(version, field.tagged)) {
      members.push({ name, initial, read: () => copyOf(initial), write: () => undefined });
      continue;
    }
    const pair = pairOf(field, version, within(version, field.flexible ?? (flexible ? '0+' : 'none')));
    if (field.tag !== undefined && within(version, field.tagged ?? field.versions)) tagged.push({ ...pair, name, initial, tag: field.tag });
    else members.push({ ...pair, name, initial });
  }
  tagged.sort((left, right) => left.tag - right.tag);
  return { members, tagged, flexible };
}

/** A struct that is absent is one of defaults, unless it may be null. */
function initialOf(field: Field<unknown>, version: number): unknown {
  if (field.type !== 'struct' || within(version, field.nullable)) return field.default;
  return Object.fromEntries(Object.entries(field.of as Shape).map(([name, inner]) => [name, initialOf(inner, version)]));
}

const copyOf = (initial: unknown) => (Array.isArray(initial) ? [] : initial);

function readStruct(reader: Reader, plan: Plan): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const member of plan.members) value[member.name] = member.read(reader);
  for (const member of plan.tagged) value[member.name] = copyOf(member.initial);
  if (plan.flexible) readTags(reader, plan, value);
  return value;
}

function readTags(reader: Reader, plan: Plan, value: Record<string, unknown>): void {
  for (let left = reader.count(reader.uvarint()); left > 0; left--) {
    const tag = reader.uvarint();
    const end = reader.uvarint() + reader.at;
    if (end > reader.end) throw new KafkaViolation('a tagged field is longer than its message');
    const member = plan.tagged.find((known) => known.tag === tag);
    if (member) value[member.name] = member.read(reader);
    // Unknown tags are passed over: that is what they are for.
    if (reader.at > end) throw new KafkaViolation('a tagged field is longer than it says');
    reader.at = end;
  }
}

function writeStruct(writer: Writer, plan: Plan, value: Record<string, unknown>): void {
  for (const member of plan.members) member.write(writer, (value[member.name] ?? whenAbsent(value, member)) as never);
  if (!plan.flexible) return;
  const set = plan.tagged.filter(({ name, initial }) => isSet(value[name], initial));
  writer.uvarint(set.length);
  for (const member of set) {
    const inner = new Writer();
    member.write(inner, value[member.name] as never);
    writer.uvarint(member.tag);
    writer.uvarint(inner.size);
    for (const chunk of inner.chunks()) writer.raw(chunk);
  }
}

const whenAbsent = (value: Record<string, unknown>, { name, initial }: Member) => (value[name] === null ? null : initial);

function isSet(value: unknown, initial: unknown): boolean {
  if (value === undefined || value === initial) return false;
  return !(Array.isArray(value) && value.length === 0 && Array.isArray(initial));
}

function pairOf(field: Field<unknown>, version: number, flexible: boolean): Pair {
  const nullable = within(version, field.nullable);
  if (field.type === 'array') return arrayPair(field, version, flexible, nullable);
  if (field.type === 'struct') return structPair(field, version, flexible, nullable);
  return primitivePair(field.type, flexible, nullable);
}

function structPair(field: Field<unknown>, version: number, flexible: boolean, nullable: boolean): Pair {
  const plan = planShape(field.of as Shape, version, flexible);
  if (!nullable)
    return {
      read: (reader) => readStruct(reader, plan),
      write: (writer, value: Record<string, unknown>) => writeStruct(writer, plan, value ?? {}),
    };
  return {
    read: (reader) => (reader.int8() < 0 ? null : readStruct(reader, plan)),
    write(writer, value: Record<string, unknown> | null) {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) writeStruct(writer, plan, value);
    },
  };
}

function arrayPair(field: Field<unknown>, version: number, flexible: boolean, nullable: boolean): Pair {
  const element = elementOf(field, version, flexible);
  return {
    read(reader) {
      const said = flexible ? reader.uvarint() - 1 : reader.int32();
      if (said < 0) {
        if (!nullable) throw new KafkaViolation('an array is null that may not be');
        return null;
      }
      const values = new Array(reader.count(said));
      for (let at = 0; at < said; at++) values[at] = element.read(reader);
      return values;
    },
    write(writer, value: readonly unknown[] | null) {
      const count = value === null ? -1 : value.length;
      if (flexible) writer.uvarint(count + 1);
      else writer.int32(count);
      if (value !== null) for (const item of value) element.write(writer, item as never);
    },
  };
}

function elementOf(field: Field<unknown>, version: number, flexible: boolean): Pair {
  if (typeof field.of === 'string') return primitivePair(field.of, flexible, false);
  const plan = planShape(field.of as Shape, version, flexible);
  return { read: (reader) => readStruct(reader, plan), write: (writer, value) => writeStruct(writer, plan, value) };
}

function primitivePair(type: Exclude<Field<unknown>['type'], 'array' | 'struct'>, flexible: boolean, nullable: boolean): Pair {
  switch (type) {
    case 'string':
      return stringPair(flexible, nullable);
    case 'bytes':
      return bytesPair(flexible, nullable);
    case 'records':
      return bytesPair(flexible, true);
    default:
      return {
        read: (reader) => reader[type](),
        write: (writer, value) => (writer[type] as (value: unknown) => void)(value),
      };
  }
}

function stringPair(flexible: boolean, nullable: boolean): Pair {
  return {
    read(reader) {
      const bytes = flexible ? reader.uvarint() - 1 : reader.int16();
      if (bytes >= 0) return reader.text(bytes);
      if (!nullable) throw new KafkaViolation('a string is null that may not be');
      return null;
    },
    write(writer, value: string | null) {
      const bytes = value === null ? -1 : Buffer.byteLength(value);
      if (flexible) writer.uvarint(bytes + 1);
      else writer.int16(bytes);
      if (value !== null) writer.text(value, bytes);
    },
  };
}

function bytesPair(flexible: boolean, nullable: boolean): Pair {
  return {
    read(reader) {
      const bytes = flexible ? reader.uvarint() - 1 : reader.int32();
      if (bytes >= 0) return reader.slice(bytes);
      if (!nullable) throw new KafkaViolation('bytes are null that may not be');
      return null;
    },
    write(writer, value: Uint8Array | null) {
      if (flexible) writer.uvarint(value === null ? 0 : value.length + 1);
      else writer.int32(value === null ? -1 : value.length);
      if (value !== null) writer.raw(value);
    },
  };
}
