/** The input as far as it is filled in; absent fields are undefined. */
export type Draft = { readonly [name: string]: unknown };

export function valueAt(draft: Draft, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, step) => (isObject(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined), draft);
}

/** The draft with one field changed; `undefined` takes it out, and objects that become empty by it go as well. */
export function withValue(draft: Draft, path: readonly string[], value: unknown): Draft {
  const [step, ...rest] = path;
  if (step === undefined) return draft;
  const before = Object.hasOwn(draft, step) ? draft[step] : undefined;
  const inner = rest.length === 0 ? value : withValue(isObject(before) ? before : {}, rest, value);
  const { [step]: _gone, ...others } = draft;
  const isEmpty = inner === undefined || (rest.length > 0 && isObject(inner) && Object.keys(inner).length === 0);
  return isEmpty ? others : { ...others, [step]: inner };
}

function isObject(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON pointer of RFC 6901. */
export function pointerOf(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
