import type { TSchema } from 'typebox';

type Schema = { default?: unknown; properties?: Record<string, Schema>; items?: Schema | Schema[]; allOf?: Schema[] };
type Fill = (value: unknown) => unknown;

const compiled = new WeakMap<object, Fill | 'nothing'>();

/** The value with the schema's defaults where fields are missing. Never changes the value given; returns it when nothing is missing. */
export function applyDefaults(schema: TSchema, value: unknown): unknown {
  const fill = fillOf(schema as Schema);
  return fill ? fill(value) : value;
}

function fillOf(schema: Schema): Fill | undefined {
  let fill = compiled.get(schema);
  if (fill === undefined) {
    fill = compile(schema) ?? 'nothing';
    compiled.set(schema, fill);
  }
  return fill === 'nothing' ? undefined : fill;
}

function compile(schema: Schema): Fill | undefined {
  const steps: Fill[] = [];
  if (schema.default !== undefined) {
    const text = JSON.stringify(schema.default);
    steps.push((value) => (value === undefined ? JSON.parse(text) : value));
  }
  for (const part of schema.allOf ?? []) {
    const fill = fillOf(part);
    if (fill) steps.push(fill);
  }
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const fill = fillOf(inner);
    return fill ? [[name, fill] as const] : [];
  });
  if (fields.length > 0) steps.push((value) => fillFields(fields, value));
  const items = schema.items && !Array.isArray(schema.items) ? fillOf(schema.items) : undefined;
  if (items) steps.push((value) => (Array.isArray(value) ? value.map(items) : value));
  if (steps.length === 0) return undefined;
  return steps.length === 1 ? steps[0] : (value) => steps.reduce((current, step) => step(current), value);
}

function fillFields(fields: readonly (readonly [string, Fill])[], value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [name, fill] of fields) {
    const before = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    const after = fill(before);
    if (after !== before) {
      copy ??= { ...value };
      copy[name] = after;
    }
  }
  return copy ?? value;
}
