/** The policy of a browser's form: until when it may be sent, and what its fields must be. */
export type FormPolicy = { readonly expiresAt: number; readonly conditions: readonly FormCondition[] };

export type FormCondition =
  | { readonly type: 'eq' | 'starts-with'; readonly field: string; readonly value: string }
  | { readonly type: 'content-length-range'; readonly least: number; readonly most: number };

/** Reads a policy; undefined when it is none. Names of fields are in lower case. */
export function readFormPolicy(text: string): FormPolicy | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null) return undefined;
  const { expiration, conditions } = document as Record<string, unknown>;
  const expiresAt =
    typeof expiration === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(expiresAt) || !Array.isArray(conditions) || conditions.length === 0) return undefined;
  const read = conditions.map(readCondition);
  return read.every((one) => one !== undefined) ? { expiresAt, conditions: read.flat() } : undefined;
}

function readCondition(condition: unknown): FormCondition[] | undefined {
  if (Array.isArray(condition)) {
    const [word, first, second] = condition as unknown[];
    const type = typeof word === 'string' ? word.toLowerCase() : '';
    if (type === 'content-length-range') {
      const [least, most] = [Number(first), Number(second)];
      const isRange = condition.length === 3 && Number.isInteger(least) && Number.isInteger(most) && least >= 0 && most >= 0;
      return isRange ? [{ type, least, most }] : undefined;
    }
    if ((type !== 'eq' && type !== 'starts-with') || typeof first !== 'string' || !first.startsWith('$') || typeof second !== 'string')
      return undefined;
    return [{ type, field: first.slice(1).toLowerCase(), value: second }];
  }
  if (typeof condition !== 'object' || condition === null) return undefined;
  const entries = Object.entries(condition);
  // A simple condition has exactly one property.
  if (entries.length !== 1 || typeof entries[0]?.[1] !== 'string') return undefined;
  return entries.map(([field, value]) => ({ type: 'eq', field: field.toLowerCase(), value: value as string }));
}

/** Fields that no condition need name. */
const free = new Set(['file', 'policy', 'signature', 'awsaccesskeyid', 'x-amz-signature']);

/** What of a form its policy does not allow; undefined when all is as it says. */
export function formFault({ conditions }: FormPolicy, fields: ReadonlyMap<string, string>): string | undefined {
  const named = new Set<string>();
  for (const condition of conditions) {
    if (condition.type === 'content-length-range') continue;
    const { type, field, value } = condition;
    named.add(field);
    const found = fields.get(field) ?? '';
    const holds = type === 'eq' ? found === value : found.startsWith(value);
    if (!holds) return `Policy Condition failed: ["${type}", "$${field}", "${value}"]`;
  }
  for (const field of fields.keys())
    if (!named.has(field) && !free.has(field) && !/^x-(?:ignore|amz-checksum)-/.test(field) && field !== 'bucket')
      return `Extra input fields: ${field}`;
  return undefined;
}

/** The bytes that a policy allows the file. */
export function formRange({ conditions }: FormPolicy): { least: number; most: number } | undefined {
  return conditions.find((one) => one.type === 'content-length-range');
}
