/** From a version to another, both included, as the message definitions write them: `0+`, `4-17`, `3`. */
export type Versions = string;

type Primitive = 'bool' | 'int8' | 'int16' | 'uint16' | 'int32' | 'int64' | 'float64' | 'string' | 'uuid' | 'bytes' | 'records';
export type FieldType = Primitive | 'array' | 'struct';

/** One field of a message: the versions that have it, those in which it may be null, and its tag where it is a tagged field. */
export type Field<T> = {
  readonly type: FieldType;
  readonly versions: Versions;
  readonly nullable?: Versions;
  readonly tag?: number;
  readonly tagged?: Versions;
  readonly flexible?: Versions;
  readonly default: T;
  /** What an array holds, or the fields of a struct. */
  readonly of?: Shape | Primitive;
};

/** The fields of a message or of an array's elements, in the order of the wire. */
export type Shape = { readonly [name: string]: Field<unknown> };

/** What a reader makes of a shape. */
export type Value<S extends Shape> = { -readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

/** What a writer takes: absent fields are their defaults. */
export type Draft<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Draft<E>[]
    : T extends object
      ? { readonly [K in keyof T]?: Draft<T[K]> | undefined }
      : T;

type More<T> = { nullable?: Versions; tag?: number; tagged?: Versions; flexible?: Versions; default?: T | null };
type Of<T, M> = M extends { nullable: Versions } ? T | null : T;

const primitive =
  <T>(type: Primitive, zero: T) =>
  <const M extends More<T> = object>(versions: Versions, more?: M): Field<Of<T, M>> =>
    ({ type, versions, default: zero, ...more }) as unknown as Field<Of<T, M>>;

export const bool = primitive('bool', false as boolean);
export const int8 = primitive('int8', 0 as number);
export const int16 = primitive('int16', 0 as number);
export const uint16 = primitive('uint16', 0 as number);
export const int32 = primitive('int32', 0 as number);
export const int64 = primitive('int64', 0 as number);
export const float64 = primitive('float64', 0 as number);
export const string = primitive('string', '' as string);
/** No topic's id: what a message says where a name counts. */
export const noUuid = '00000000-0000-0000-0000-000000000000';
export const uuid = primitive('uuid', noUuid as string);
export const bytes = primitive('bytes', Buffer.alloc(0) as Buffer);
export const records = primitive('records', null as unknown as Buffer);

/** Elements that are structs. */
export function array<S extends Shape, const M extends More<never> = object>(
  versions: Versions,
  of: S,
  more?: M,
): Field<Of<Value<S>[], M>> {
  return { type: 'array', versions, of, default: [], ...more } as unknown as Field<Of<Value<S>[], M>>;
}

type Scalar = { bool: boolean; string: string; uuid: string; bytes: Buffer; records: Buffer };

/** Elements that are primitive values. */
export function list<const P extends Primitive, const M extends More<never> = object>(
  versions: Versions,
  of: P,
  more?: M,
): Field<Of<(P extends keyof Scalar ? Scalar[P] : number)[], M>> {
  return { type: 'array', versions, of, default: [], ...more } as never;
}

/** A struct inside a struct. */
export function struct<S extends Shape, const M extends More<never> = object>(versions: Versions, of: S, more?: M): Field<Of<Value<S>, M>> {
  return { type: 'struct', versions, of, default: null, ...more } as never;
}

/** The first and last version of a range; `0+` has no last one, `none` has none at all. */
export function range(versions: Versions): readonly [number, number] {
  if (versions === 'none') return [1, 0];
  if (versions.endsWith('+')) return [Number(versions.slice(0, -1)), Number.POSITIVE_INFINITY];
  const [from = '0', to = from] = versions.split('-');
  return [Number(from), Number(to)];
}

export const within = (version: number, versions: Versions | undefined): boolean => {
  if (versions === undefined) return false;
  const [from, to] = range(versions);
  return version >= from && version <= to;
};
