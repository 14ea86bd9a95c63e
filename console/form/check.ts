import type { TSchema } from 'typebox';
import type { PlainSchema } from '#kernel/derive/check-schema.ts';
import { type Failure, validator } from '#kernel/derive/validate.ts';
import { type Draft, pointerOf, valueAt } from './draft.ts';
import type { FieldPlan, GroupPlan } from './plan.ts';

const spoken: ReadonlyMap<string, string> = new Map([
  ['^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$', 'Use lower-case letters, digits, dots and hyphens; begin and end with a letter or a digit.'],
  ['^[a-z0-9][a-z0-9.-]*[a-z0-9]$', 'Use lower-case letters, digits, dots and hyphens; begin and end with a letter or a digit.'],
  ['^[a-z0-9-]+$', 'Use lower-case letters, digits and hyphens.'],
  ['^[a-z][A-Za-z0-9]*$', 'Begin with a lower-case letter; use letters and digits only.'],
  ['^[A-Za-z0-9_.-]+$', 'Use letters, digits, underscores, dots and hyphens.'],
  ['^[A-Za-z0-9+/]{43}=$', 'Give 32 bytes in base64: 43 characters and an equals sign.'],
  ['^[0-9a-f]{64}$', 'Give 64 hexadecimal digits.'],
]);

/** What is wrong with one field, in a sentence, by the very check that the platform makes. */
export function fieldFailure(field: FieldPlan, draft: Draft): string | undefined {
  const value = valueAt(draft, field.path);
  if (value === undefined) return field.required ? 'This is needed.' : undefined;
  const { pattern } = field.schema;
  // A form that we can put in words says more than the length that it implies.
  const form = typeof value === 'string' && pattern !== undefined ? spoken.get(pattern) : undefined;
  if (form !== undefined && pattern !== undefined && !new RegExp(pattern, 'u').test(String(value))) return form;
  const failure = validator(field.schema as TSchema)(value);
  return failure && sentenceFor(failure);
}

/** Every field that is wrong, by its pointer; what no field shows is under its own pointer. */
export function failures(schema: PlainSchema, groups: readonly GroupPlan[], draft: Draft): Map<string, string> {
  const wrong = new Map<string, string>();
  for (const field of groups.flatMap((group) => group.fields)) {
    const said = fieldFailure(field, draft);
    if (said !== undefined) wrong.set(pointerOf(field.path), said);
  }
  const whole = validator(schema as TSchema)(draft);
  if (whole && wrong.size === 0) wrong.set(whole.path, sentenceFor(whole));
  return wrong;
}

function sentenceFor(failure: Failure): string {
  const pattern = /^must match (.*)$/.exec(failure.detail)?.[1];
  const said = pattern === undefined ? undefined : (spoken.get(pattern) ?? `This must have the form ${pattern}.`);
  const text = said ?? `${failure.path === '' ? 'This' : `${failure.path.slice(1)}:`} ${failure.detail}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
