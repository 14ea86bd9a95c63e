import { column, conjunction, conjuncts, type Expr, shapeOf } from '../domain/expression.ts';
import { isModel, routineOf } from '../domain/routine.ts';
import { absent, type Batch, type Vector } from './batch.ts';
import { askModel } from './routine/calls.ts';
import type { Stage } from './stage.ts';

/** Stages in two parts: what the first makes of rows, models answer for all of them together, and the second reads that. */
export type Scoring = {
  readonly before: readonly Stage[];
  readonly after: readonly Stage[];
  /** What the first part made, with the answers of models in the place of their arguments. */
  score(batch: Batch): Batch;
};

type ModelCall = { readonly definition: string; readonly args: readonly Expr[]; readonly type: Expr['type'] };

function modelIn(expr: Expr): ModelCall | undefined {
  if (expr.kind !== 'call' || expr.operation !== 'routine') return undefined;
  const [first, ...args] = expr.args;
  if (first?.kind !== 'constant') return undefined;
  const definition = String(first.value);
  return isModel(routineOf(definition).language) ? { definition, args, type: expr.type } : undefined;
}

/** The calls of models that are made for every row: none that a condition may leave out, and of nested ones the inner. */
function callsIn(expr: Expr, found = new Map<string, ModelCall>()): Map<string, ModelCall> {
  if (!('args' in expr)) return found;
  const isConditional = expr.kind === 'and' || expr.kind === 'or' || expr.kind === 'case';
  const before = found.size;
  for (const arg of isConditional ? expr.args.slice(0, 1) : expr.args) callsIn(arg, found);
  const model = modelIn(expr);
  if (model && found.size === before) found.set(shapeOf(expr), model);
  return found;
}

/** Takes the first stage apart that asks models for every row; undefined where none does. */
export function scoringOf(stages: readonly Stage[]): Scoring | undefined {
  for (const [at, stage] of stages.entries()) {
    if (stage.kind !== 'map') continue;
    const conditions = conjuncts(stage.where);
    const place = conditions.findIndex((condition) => callsIn(condition).size > 0);
    // What stands behind a condition is asked of rows that fulfil it.
    const first = place < 0 ? conditions : conditions.slice(0, place);
    const rest = conditions.slice(first.length);
    const calls = new Map<string, ModelCall>();
    for (const each of place < 0 ? stage.outputs : rest.slice(0, 1)) callsIn(each, calls);
    if (calls.size > 0) return parted(stages, at, { first, rest, calls });
  }
  return undefined;
}

type Parts = { readonly first: readonly Expr[]; readonly rest: readonly Expr[]; readonly calls: ReadonlyMap<string, ModelCall> };

function parted(stages: readonly Stage[], at: number, { first, rest, calls }: Parts): Scoring {
  const stage = stages[at] as Extract<Stage, { kind: 'map' }>;
  const kept = new Places();
  const answers = [...calls.keys()];
  // Columns that go on stand first, then answers: how many go on is known when all of what follows was read.
  const read = (expr: Expr, width: number): Expr => {
    const answer = answers.indexOf(shapeOf(expr));
    if (answer >= 0 && modelIn(expr)) return column(expr.type, width + answer);
    if (expr.kind === 'column') return column(expr.type, kept.of(expr));
    return 'args' in expr ? ({ ...expr, args: expr.args.map((arg) => read(arg, width)) } as Expr) : expr;
  };
  for (const expr of [...rest, ...stage.outputs]) read(expr, 0);
  const width = kept.all.length;
  const own = new Places(kept.all);
  const asked = [...calls.values()].map(({ definition, args, type }) => ({ definition, type, places: args.map((arg) => own.of(arg)) }));
  const columns = own.all.map(({ type }) => ({ name: '', type }));
  return {
    before: [...stages.slice(0, at), { ...stage, where: conjunction(first), outputs: own.all, columns }],
    after: [
      { ...stage, where: conjunction(rest.map((each) => read(each, width))), outputs: stage.outputs.map((each) => read(each, width)) },
      ...stages.slice(at + 1),
    ],
    score(batch) {
      const told = asked.map(({ definition, type, places }) => {
        if (batch.size === 0) return absent(type, 0);
        return askModel(definition, { columns: places.map((place) => batch.columns[place] as Vector), size: batch.size });
      });
      return { ...batch, columns: [...batch.columns.slice(0, width), ...told] };
    },
  };
}

/** Expressions by number, each once. */
class Places {
  readonly all: Expr[];
  readonly #places: Map<string, number>;

  constructor(all: readonly Expr[] = []) {
    this.all = [...all];
    this.#places = new Map(all.map((each, at) => [shapeOf(each), at]));
  }

  of(expr: Expr): number {
    const shape = shapeOf(expr);
    const place = this.#places.get(shape) ?? this.all.push(expr) - 1;
    this.#places.set(shape, place);
    return place;
  }
}
