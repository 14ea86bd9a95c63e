import { AsyncLocalStorage } from 'node:async_hooks';
import { personalTextMin } from './limits.ts';

const storage = new AsyncLocalStorage<readonly string[]>();
const failed = new WeakMap<object, readonly string[]>();
const names = new Set<string>();

/** What stands in logs and spans where something personal was. */
export const hiddenPersonal = '[personal]';

/** Runs work of a call: texts of its input that are labelled personal are in nothing that is logged or traced meanwhile. */
export const withPersonal = <T>(texts: readonly string[], work: () => T): T => (texts.length === 0 ? work() : storage.run(texts, work));

/** Remembers that an error comes from work with such texts. */
export function markPersonal(error: unknown, texts: readonly string[]): void {
  if (texts.length > 0 && typeof error === 'object' && error !== null) failed.set(error, texts);
}

/** Runs what tells of an error outside of the work it comes from. */
export const withPersonalOf = <T>(error: unknown, tell: () => T): T =>
  withPersonal((typeof error === 'object' && error !== null && failed.get(error)) || [], tell);

/** A text without the personal texts of the call that runs. */
export function hidePersonal(text: string): string {
  let shown = text;
  for (const personal of storage.getStore() ?? [])
    if (personal.length >= personalTextMin) shown = shown.replaceAll(personal, hiddenPersonal);
  return shown;
}

/** Fields of these names are personal in every log of this process. */
export function labelNames(labelled: Iterable<string>): void {
  for (const name of labelled) names.add(name);
}

/** Whether a field of this name is. */
export const isPersonalName = (name: string): boolean => names.has(name);
