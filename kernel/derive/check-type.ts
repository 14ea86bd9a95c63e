import Format from 'typebox/format';
import type { Compile, Failure, PlainSchema, Validator } from './plain-schema.ts';

const formats: Readonly<Record<string, { readonly fits: (text: string) => boolean; readonly words: string }>> = {
  email: { fits: Format.IsEmail, words: 'an e-mail address' },
  'date-time': { fits: Format.IsDateTime, words: 'a date and time as in RFC 3339' },
  date: { fits: Format.IsDate, words: 'a date as in RFC 3339' },
  uri: { fits: Format.IsUri, words: 'an absolute URI' },
  uuid: { fits: Format.IsUuid, words: 'a UUID' },
  ipv4: { fits: Format.IsIPv4, words: 'an IPv4 address' },
  ipv6: { fits: Format.IsIPv6, words: 'an IPv6 address' },
  hostname: { fits: Format.IsHostname, words: 'a host name' },
};

function refuse(detail: string): Failure {
  return { path: '', detail };
}

/** Strings: length in code points, pattern, format; no NUL and no lone surrogate, which stores and wires cannot carry. */
export function checkString(schema: PlainSchema): Validator {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  const pattern = schema.pattern === undefined ? undefined : new RegExp(schema.pattern, 'u');
  const format = schema.format === undefined ? undefined : formats[schema.format];
  if (schema.format !== undefined && !format) throw new TypeError(`the string format ${schema.format} cannot be checked`);
  const type = refuse('must be a string');
  const text = refuse('must be well-formed Unicode without NUL');
  const short = refuse(minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`);
  const long = refuse(`must have at most ${maxLength} characters`);
  const form = refuse(`must match ${schema.pattern}`);
  const kind = refuse(`must be ${format?.words}`);
  return (value) => {
    if (typeof value !== 'string') return type;
    if (value.length > maxLength && codePoints(value, maxLength) > maxLength) return long;
    if (value.length < minLength || (value.length < 2 * minLength && codePoints(value, minLength) < minLength)) return short;
    if (!value.isWellFormed() || value.includes('\0')) return text;
    if (pattern && !pattern.test(value)) return form;
    return format && !format.fits(value) ? kind : undefined;
  };
}

/** Counts code points, but no further than one past `enough`, so that a long string costs no more than its limit. */
function codePoints(text: string, enough: number): number {
  let count = 0;
  for (const _ of text) if (++count > enough) break;
  return count;
}

/** Numbers: finite; integers within 2^53-1 either side of zero, because JavaScript cannot tell larger ones apart. */
export function checkNumber(schema: PlainSchema): Validator {
  const whole = schema.type === 'integer';
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const type = refuse(whole ? 'must be an integer, at most 9007199254740991 from zero' : 'must be a finite number');
  const bounds: Validator[] = [];
  const bound = (limit: number | undefined, fits: (value: number, limit: number) => boolean, words: string) => {
    if (limit === undefined) return;
    const failure = refuse(`must be ${words} ${limit}`);
    bounds.push((value) => (fits(value as number, limit) ? undefined : failure));
  };
  bound(minimum, (value, limit) => value >= limit, 'at least');
  bound(maximum, (value, limit) => value <= limit, 'at most');
  bound(exclusiveMinimum, (value, limit) => value > limit, 'more than');
  bound(exclusiveMaximum, (value, limit) => value < limit, 'less than');
  bound(multipleOf, (value, limit) => Number.isInteger(value / limit), 'a multiple of');
  return (value) => {
    if (whole ? !Number.isSafeInteger(value) : !Number.isFinite(value)) return type;
    for (const check of bounds) {
      const failure = check(value);
      if (failure) return failure;
    }
    return undefined;
  };
}

/** A JSON pointer's step (RFC 6901 section 3). */
function below(step: string | number, failure: Failure): Failure {
  const token = typeof step === 'number' ? String(step) : step.replaceAll('~', '~0').replaceAll('/', '~1');
  return { path: `/${token}${failure.path}`, detail: failure.detail };
}

/** Objects: a field that is undefined counts as absent. */
export function checkObject(schema: PlainSchema, compile: Compile): Validator {
  const known = new Map(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, compile(inner)]));
  const required = schema.required ?? [];
  const other = checkOther(schema, compile);
  const names = schema.propertyNames ? compile(schema.propertyNames) : undefined;
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema;
  const counted = minProperties > 0 || maxProperties < Number.POSITIVE_INFINITY;
  const type = refuse('must be an object');
  const count = refuse(
    maxProperties < Number.POSITIVE_INFINITY
      ? `must have ${minProperties} to ${maxProperties} fields`
      : `must have at least ${minProperties} fields`,
  );
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return type;
    const fields = value as Record<string, unknown>;
    for (const name of required) {
      if (!Object.hasOwn(fields, name) || fields[name] === undefined) return below(name, refuse('is required'));
    }
    let present = 0;
    for (const name of Object.keys(fields)) {
      const inner = fields[name];
      if (inner === undefined) continue;
      present++;
      const check = known.get(name);
      const failure = names?.(name) ?? (check ? check(inner) : other(name, inner));
      if (failure) return below(name, failure);
    }
    return counted && (present < minProperties || present > maxProperties) ? count : undefined;
  };
}

/** Fields without a declaration of their own. A record (patterns and nothing else) takes no name outside its patterns. */
function checkOther(schema: PlainSchema, compile: Compile): (name: string, value: unknown) => Failure | undefined {
  const patterns = Object.entries(schema.patternProperties ?? {}).map(([source, inner]) => ({
    source,
    form: new RegExp(source, 'u'),
    check: compile(inner),
  }));
  const rest = schema.additionalProperties ?? (patterns.length > 0 ? false : undefined);
  const check = typeof rest === 'object' ? compile(rest) : undefined;
  const unknown = refuse(
    patterns.length > 0 ? `must have a name that matches ${patterns.map(({ source }) => source).join(' or ')}` : 'is not a known field',
  );
  const forbidden = refuse('is not a name that a field may have');
  return (name, value) => {
    if (name === '__proto__' || !name.isWellFormed() || name.includes('\0')) return forbidden;
    let matched = false;
    for (const pattern of patterns) {
      if (!pattern.form.test(name)) continue;
      matched = true;
      const failure = pattern.check(value);
      if (failure) return failure;
    }
    if (matched || rest === true || rest === undefined) return undefined;
    return check ? check(value) : unknown;
  };
}

/** Arrays and tuples. */
export function checkArray(schema: PlainSchema, compile: Compile): Validator {
  const heads = (schema.prefixItems ?? (Array.isArray(schema.items) ? (schema.items as readonly PlainSchema[]) : [])).map(compile);
  const tail = schema.items && !Array.isArray(schema.items) ? compile(schema.items as PlainSchema) : undefined;
  const closed = heads.length > 0 && schema.additionalItems === false;
  const { minItems = 0, uniqueItems = false } = schema;
  const maxItems = closed ? Math.min(heads.length, schema.maxItems ?? heads.length) : (schema.maxItems ?? Number.POSITIVE_INFINITY);
  const type = refuse('must be an array');
  const few = refuse(`must have at least ${minItems} items`);
  const many = refuse(`must have at most ${maxItems} items`);
  const twice = refuse('must not hold the same item twice');
  return (value) => {
    if (!Array.isArray(value)) return type;
    if (value.length > maxItems) return many;
    if (value.length < minItems) return few;
    for (let at = 0; at < value.length; at++) {
      const failure = (heads[at] ?? tail)?.(value[at]);
      if (failure) return below(at, failure);
    }
    return uniqueItems && new Set(value.map((item) => JSON.stringify(item))).size < value.length ? twice : undefined;
  };
}
