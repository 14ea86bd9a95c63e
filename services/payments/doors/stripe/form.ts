import { formDepthMax, formFieldsMax } from './limits.ts';

/** A form with its brackets resolved: `a[b]=1&c[]=2` has the branches a and c. Fields of a branch stand in their order. */
export type Branch = Map<string, Leaf>;
export type Leaf = string | Branch;

/** Why a form cannot be read. */
export class FormError extends Error {
  override readonly name = 'FormError';
}

/** Reads a form or query with nested names. Throws FormError for too many fields, too deep ones, and brackets that do not match. */
export function readForm(text: string): Branch {
  const root: Branch = new Map();
  if (text === '') return root;
  let count = 0;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    count += 1;
    if (count > formFieldsMax) throw new FormError(`A request has at most ${formFieldsMax} parameters.`);
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    put(root, stepsOf(name), equals < 0 ? '' : decoded(pair.slice(equals + 1)), name);
  }
  return root;
}

/** Text without its percent-encoding; throws FormError where it has none that is right. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new FormError('The request is not percent-encoded UTF-8.');
  }
}

/** `a[b][]` as its steps: a, b and nothing. */
function stepsOf(name: string): string[] {
  const open = name.indexOf('[');
  if (open < 0) return [name];
  const steps = [name.slice(0, open)];
  let at = open;
  while (at < name.length) {
    const end = name.indexOf(']', at);
    if (name[at] !== '[' || end < 0 || open === 0) throw new FormError(`Invalid parameter name: ${name.slice(0, 80)}`);
    steps.push(name.slice(at + 1, end));
    if (steps.length > formDepthMax) throw new FormError(`Parameters are nested at most ${formDepthMax} levels deep.`);
    at = end + 1;
  }
  return steps;
}

function put(root: Branch, steps: readonly string[], value: string, name: string): void {
  let branch = root;
  steps.forEach((step, index) => {
    // An empty step is the next place of an array.
    const key = step === '' && index > 0 ? String(branch.size) : step;
    if (index === steps.length - 1) {
      branch.set(key, value);
      return;
    }
    const inner = branch.get(key);
    if (typeof inner === 'string') throw new FormError(`The parameter ${name.slice(0, 80)} is a value and has parts too.`);
    const next: Branch = inner ?? new Map();
    branch.set(key, next);
    branch = next;
  });
}
