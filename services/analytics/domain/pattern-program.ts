import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { patternSizeMax } from './limits.ts';
import type { RowPattern } from './row-pattern.ts';

/** A step of a pattern: `split` goes on in several ways, those before others that are preferred. */
export type Step =
  | { readonly op: 'row'; readonly label: number; readonly excluded: boolean }
  | { readonly op: 'split'; readonly to: readonly number[] }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'start' | 'end' | 'match' };

/** The steps of a pattern, begun at 0. */
export function programOf(pattern: RowPattern<number>): readonly Step[] {
  const steps: Step[] = [];
  write(pattern, { steps, excluded: false });
  add(steps, { op: 'match' });
  return steps;
}

type Into = { readonly steps: Step[]; readonly excluded: boolean };

function add(steps: Step[], step: Step): number {
  if (steps.length >= patternSizeMax)
    throw new StatementError(
      sqlstates.tooComplex,
      `a pattern has at most ${patternSizeMax} steps, its repetitions and permutations written out`,
    );
  return steps.push(step) - 1;
}

function write(pattern: RowPattern<number>, into: Into): void {
  const { steps, excluded } = into;
  switch (pattern.kind) {
    case 'variable':
      add(steps, { op: 'row', label: pattern.of, excluded });
      return;
    case 'start':
    case 'end':
      add(steps, { op: pattern.kind });
      return;
    case 'excluded':
      write(pattern.of, { steps, excluded: true });
      return;
    case 'sequence':
      for (const part of pattern.parts) write(part, into);
      return;
    case 'choice':
      choose(
        steps,
        pattern.parts.map((part) => () => write(part, into)),
      );
      return;
    case 'permute':
      choose(
        steps,
        orders(pattern.parts).map((parts) => () => write({ kind: 'sequence', parts }, into)),
      );
      return;
    case 'repeat':
      repeat(pattern, into);
  }
}

/** Ways in the order in which they are preferred. */
function choose(steps: Step[], ways: readonly (() => void)[]): void {
  const split = add(steps, { op: 'jump', to: 0 });
  const to: number[] = [];
  const ends: number[] = [];
  for (const way of ways) {
    to.push(steps.length);
    way();
    ends.push(add(steps, { op: 'jump', to: 0 }));
  }
  steps[split] = { op: 'split', to };
  for (const end of ends) steps[end] = { op: 'jump', to: steps.length };
}

/** All orders of some parts, in the order of their places; so many as could be written out, and one more. */
function orders<T>(parts: readonly T[]): T[][] {
  const found: T[][] = [];
  const next = (taken: readonly T[], left: readonly T[]): void => {
    if (found.length > patternSizeMax) return;
    if (left.length === 0) found.push([...taken]);
    for (const [at, part] of left.entries()) next([...taken, part], [...left.slice(0, at), ...left.slice(at + 1)]);
  };
  next([], parts);
  return found;
}

function repeat({ of, least, most, isGreedy }: Extract<RowPattern<number>, { kind: 'repeat' }>, into: Into): void {
  const { steps } = into;
  for (let count = 0; count < least; count += 1) {
    const before = steps.length;
    write(of, into);
    // Nothing is nothing, however often.
    if (steps.length === before) return;
  }
  const either = (at: number, out: number) => {
    steps[at] = { op: 'split', to: isGreedy ? [at + 1, out] : [out, at + 1] };
  };
  if (most === undefined) {
    const at = add(steps, { op: 'jump', to: 0 });
    write(of, into);
    add(steps, { op: 'jump', to: at });
    either(at, steps.length);
    return;
  }
  const splits: number[] = [];
  for (let count = least; count < most; count += 1) {
    splits.push(add(steps, { op: 'jump', to: 0 }));
    write(of, into);
  }
  for (const at of splits) either(at, steps.length);
}
