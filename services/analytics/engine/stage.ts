import { column, columnsIn } from '../domain/expression.ts';
import type { Plan } from '../domain/plan.ts';
import type { Type } from '../domain/value.ts';
import type { Emitter, Term } from './emit.ts';

/** What is done to each row alone: it is left out, or goes on with other columns, once for each window that it lies in. */
export type Stage = Extract<Plan, { kind: 'map' | 'window' }>;

export const isStage = (plan: Plan): plan is Stage => plan.kind === 'map' || plan.kind === 'window';

/** Code around that of what takes the rows: what stands before the loop over rows, and what closes what was opened in it. */
type Staged = { readonly used: ReadonlySet<number>; readonly before: readonly string[]; readonly after: string };

/** How many rows come of one at most. */
export const spread = (stages: readonly Stage[]): number =>
  stages.reduce((most, stage) => (stage.kind === 'window' ? most * (stage.size / stage.step) : most), 1);

/**
 * Writes the code of stages, the first one nearest to the batch; the emitter then reads the columns of the last one, as far
 * as they are `wanted`. Columns that nobody wants are not computed.
 */
export function emitStages(stages: readonly Stage[], wanted: ReadonlySet<number>, emitter: Emitter): Staged {
  const stage = stages.at(-1);
  if (!stage) return { used: wanted, before: [], after: '' };
  const below = stages.slice(0, -1);
  return stage.kind === 'map' ? emitMap(stage, below, wanted, emitter) : emitWindow(stage, below, wanted, emitter);
}

function emitMap(
  { where, outputs }: Extract<Stage, { kind: 'map' }>,
  below: readonly Stage[],
  wanted: ReadonlySet<number>,
  emitter: Emitter,
): Staged {
  const needed = new Set<number>();
  if (where) columnsIn(where, needed);
  for (const [place, output] of outputs.entries()) if (wanted.has(place)) columnsIn(output, needed);
  const staged = emitStages(below, needed, emitter);
  if (where) emitter.line(`if (!${emitter.condition(where)}) continue;`);
  const terms = outputs.map((output, place) => (wanted.has(place) ? emitter.term(output) : undefined));
  emitter.read((place) => terms[place] as Term);
  return staged;
}

function emitWindow(
  { how, time, size, step, input }: Extract<Stage, { kind: 'window' }>,
  below: readonly Stage[],
  wanted: ReadonlySet<number>,
  emitter: Emitter,
): Staged {
  const width = input.columns.length;
  const needed = new Set([...wanted, time].filter((place) => place < width));
  const { used, before, after } = emitStages(below, needed, emitter);
  const own = emitter.term(column(input.columns[time]?.type as Type, time));
  if (own.isNull !== 'false') emitter.line(`if (${own.isNull}) continue;`);
  const [at, start, end] = [emitter.name('t'), emitter.name('s'), emitter.name('e')];
  emitter.line(`const ${at} = ${own.value};`);
  emitter.readBeyond(width, [start, end]);
  if (size === step) {
    // Rows mostly lie in the window of the row before.
    emitter.line(
      `if (!(${at} >= ${start} && ${at} < ${end})) { ${start} = Math.floor(${at} / ${size}) * ${size}; ${end} = ${start} + ${size}; }`,
    );
    return { used, before: [...before, `let ${start} = NaN, ${end} = NaN;`], after };
  }
  if (how === 'cumulate') {
    emitter.line(`const ${start} = Math.floor(${at} / ${size}) * ${size};`);
    const first = `${start} + (Math.floor((${at} - ${start}) / ${step}) + 1) * ${step}`;
    emitter.line(`for (let ${end} = ${first}; ${end} <= ${start} + ${size}; ${end} += ${step}) {`);
  } else {
    emitter.line(`for (let ${start} = Math.floor(${at} / ${step}) * ${step}; ${start} > ${at} - ${size}; ${start} -= ${step}) {`);
    emitter.line(`const ${end} = ${start} + ${size};`);
  }
  return { used, before, after: `}${after}` };
}
