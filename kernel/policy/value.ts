/**
 * A signed 64-bit integer: a number where a number is exact, a bigint beyond. Each integer has one form only, so that
 * `===` and `<` compare without looking at the form.
 */
export type Long = number | bigint;

/** Names one entity: its type, such as `storage::Bucket`, and its id. */
export type EntityUid = { readonly type: string; readonly id: string };

/** An entity as a value. `key` names it within an EntitySource. */
export type EntityValue = EntityUid & { readonly kind: 'entity'; readonly key: string };

/** A set. Elements that are primitive lie in `plain`, others in `deep` by their canonical text; both without duplicates. */
export type SetValue = {
  readonly kind: 'set';
  readonly plain: ReadonlySet<Primitive>;
  readonly deep: ReadonlyMap<string, ObjectValue>;
  /** Computed when first asked for: the canonical text, and the keys of the elements where all are entities. */
  canonical: string | undefined;
  entityKeys: readonly string[] | undefined;
};

export type RecordValue = { readonly kind: 'record'; readonly attrs: ReadonlyMap<string, Value> };

/** A number with four decimals, as an integer of ten-thousandths. */
export type DecimalValue = { readonly kind: 'decimal'; readonly units: Long };

/** An address or a range of them; `low` and `high` are its first and last address. */
export type IpValue =
  | {
      readonly kind: 'ip';
      readonly version: 4;
      readonly prefix: number;
      readonly address: number;
      readonly low: number;
      readonly high: number;
    }
  | {
      readonly kind: 'ip';
      readonly version: 6;
      readonly prefix: number;
      readonly address: bigint;
      readonly low: bigint;
      readonly high: bigint;
    };

/** Milliseconds since 1970. */
export type DatetimeValue = { readonly kind: 'datetime'; readonly ms: Long };

export type DurationValue = { readonly kind: 'duration'; readonly ms: Long };

export type Primitive = boolean | string | Long;
export type ObjectValue = EntityValue | SetValue | RecordValue | DecimalValue | IpValue | DatetimeValue | DurationValue;
export type Value = Primitive | ObjectValue;

/** Why an expression has no value. It is returned, not thrown: a policy that fails is skipped and reported. */
export type Failure = { readonly kind: 'failure'; readonly message: string };
export type Result = Value | Failure;

/** The key of an entity. Injective: a type holds no quote, so the first quote ends it. */
export function entityKey(uid: EntityUid): string {
  return `${uid.type}::"${uid.id}"`;
}

/** An entity as a value; make it once for an entity that is asked about often. */
export function entity(type: string, id: string): EntityValue {
  return { kind: 'entity', type, id, key: `${type}::"${id}"` };
}

export function failure(message: string): Failure {
  return { kind: 'failure', message };
}

export function isFailure(value: Result): value is Failure {
  return typeof value === 'object' && value.kind === 'failure';
}

/** The failure of an operand of the wrong type. An operand that is a failure itself stays the reason. */
export function typeFailure(expected: string, got: Result): Failure {
  if (isFailure(got)) return got;
  return failure(`type error: expected ${expected}, got ${typeName(got)}`);
}

/** The name of a value's type in messages. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'object':
      break;
    default:
      return 'long';
  }
  switch (value.kind) {
    case 'entity':
      return `(entity of type \`${value.type}\`)`;
    case 'ip':
      return 'ipaddr';
    default:
      return value.kind;
  }
}

/** Cedar's `==`: values of different types are different. */
export function equals(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  switch (a.kind) {
    case 'entity':
      return b.kind === 'entity' && a.key === b.key;
    case 'set':
      return b.kind === 'set' && equalSets(a, b);
    case 'record':
      return b.kind === 'record' && equalRecords(a.attrs, b.attrs);
    case 'decimal':
      return b.kind === 'decimal' && a.units === b.units;
    case 'ip':
      return b.kind === 'ip' && a.version === b.version && a.prefix === b.prefix && a.address === b.address;
    case 'datetime':
      return b.kind === 'datetime' && a.ms === b.ms;
    case 'duration':
      return b.kind === 'duration' && a.ms === b.ms;
  }
}

function equalSets(a: SetValue, b: SetValue): boolean {
  if (a.plain.size !== b.plain.size || a.deep.size !== b.deep.size) return false;
  for (const element of a.plain) if (!b.plain.has(element)) return false;
  for (const key of a.deep.keys()) if (!b.deep.has(key)) return false;
  return true;
}

export function equalRecords(a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other === undefined || !equals(value, other)) return false;
  }
  return true;
}

/** A text that two values share exactly when they are equal. Every part is closed by its length or a bracket. */
export function canonical(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return value ? 't' : 'f';
    case 'string':
      return `s${value.length}:${value}`;
    case 'object':
      break;
    default:
      return `l${value};`;
  }
  switch (value.kind) {
    case 'entity':
      return `e${value.key.length}:${value.key}`;
    case 'set':
      return (value.canonical ??= canonicalSet(value));
    case 'record':
      return canonicalRecord(value);
    case 'decimal':
      return `d${value.units};`;
    case 'ip':
      return `i${value.version}/${value.prefix}/${value.address};`;
    case 'datetime':
      return `T${value.ms};`;
    case 'duration':
      return `D${value.ms};`;
  }
}

function canonicalSet(set: SetValue): string {
  const parts = [...set.deep.keys()];
  for (const element of set.plain) parts.push(canonical(element));
  return `[${parts.sort().join('')}]`;
}

function canonicalRecord(record: RecordValue): string {
  const names = [...record.attrs.keys()].sort();
  return `{${names.map((name) => `${name.length}:${name}${canonical(record.attrs.get(name) as Value)}`).join('')}}`;
}
