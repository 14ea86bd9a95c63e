import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Routine } from '../../domain/routine.ts';
import type { Value } from '../../domain/value.ts';
import { vectorOf } from '../batch.ts';
import type { Given, Scored } from '../score.ts';
import { countOf, type Fit } from './fit.ts';
import { networkRowsMax, networkValuesMax } from './limits.ts';
import { slicedTensor } from './order.ts';
import type { Answered, Asked } from './pool.ts';
import { type Portion, floatsTold, portionsOf, toldOf, valueOf } from './rows.ts';

type Of = Pick<Routine, 'name' | 'returns'> & { readonly fit: Fit; readonly ask: (asked: Asked) => Promise<readonly Answered[]> };

/** What a network says of columns of arguments. */
export async function networkScored({ name, returns, fit, ask }: Of, given: Given): Promise<Scored> {
  const values = new Array<Value>(given.size).fill(null);
  const errors = new Map<number, StatementError>();
  const refused = (row: number, error: StatementError) => void errors.set(row, named(name, error));
  const outputs = fit.outputs.map((output) => output.name);
  for (const portion of portionsOf(fit, given, refused))
    for (const { rows, tensors } of partsOf(portion)) {
      let at = 0;
      for (const answered of await ask({ rows: rows.length, tensors, outputs })) {
        if (answered.kind === 'failed') refused(rows[at++] as number, answered.error);
        else {
          take(answered, returns, rows.slice(at, at + answered.rows), values, refused);
          at += answered.rows;
        }
      }
      // One took too much: what comes behind it is not asked.
      if (at < rows.length) return { vector: { values: [], nulls: undefined }, errors };
    }
  const column = values.map((value) => [value]);
  return { vector: vectorOf(returns, column, 0), errors };
}

type Refused = (row: number, error: StatementError) => void;
type Answers = Extract<Answered, { kind: 'answers' }>;

/** Takes what rows were answered as values in their places. */
function take({ tensors, rows: count }: Answers, returns: Routine['returns'], rows: readonly number[], values: Value[], refused: Refused) {
  const floats = returns === 'float8' ? floatsTold(tensors, count) : undefined;
  let told: ReturnType<typeof toldOf> | undefined;
  for (const [at, row] of rows.entries()) {
    const float = floats?.[at];
    if (float !== undefined && Number.isFinite(float)) values[row] = float;
    else if (float === undefined || !Number.isNaN(float)) {
      try {
        told ??= toldOf(tensors, count);
        values[row] = valueOf(told[at] ?? [], returns);
      } catch (error) {
        if (!(error instanceof StatementError)) throw error;
        refused(row, error);
      }
    }
  }
}

function named(name: string, error: StatementError): StatementError {
  error.message = `function ${name}: ${error.message}`;
  return error;
}

/** Rows as they go to a process at once. */
function* partsOf({ rows, tensors }: Portion): Generator<Portion> {
  const width = Math.max(1, ...tensors.map(({ sizes }) => countOf(sizes)));
  const most = Math.max(1, Math.min(networkRowsMax, Math.floor(networkValuesMax / width)));
  for (let from = 0; from < rows.length; from += most) {
    const to = Math.min(from + most, rows.length);
    yield { rows: rows.slice(from, to), tensors: tensors.map((tensor) => slicedTensor(tensor, rows.length, from, to)) };
  }
}
