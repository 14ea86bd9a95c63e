import type { SelectStmt } from 'libpg-query';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Expr } from '../domain/expression.ts';
import { keyAsked, matchedColumns } from '../domain/key.ts';
import { placesIn } from '../domain/context.ts';
import type { Query } from '../domain/planner.ts';
import type { Row, Type } from '../domain/value.ts';
import { valuesOf } from '../engine/pipeline.ts';
import { scoringOf } from '../engine/scoring.ts';
import { pointsKeptMax } from './limits.ts';
import type { Relation } from './relation.ts';

/** A question to one view by values of its columns, understood once for all who ask it. */
export type Point = {
  readonly relation: Relation;
  readonly query: Query;
  readonly types: readonly (Type | undefined)[];
  /** The columns, and the values that they are to have. */
  readonly places: readonly number[];
  readonly values: readonly Expr[];
  /** What is shown of a row; nothing where it is left out. */
  shown(row: Row, params: Row): Row | undefined;
};

type Asked = { readonly text: string; readonly types?: readonly Type[]; readonly params?: readonly unknown[] };
type Understood = Pick<Point, 'relation' | 'query' | 'types'> & { readonly select: SelectStmt; readonly generation: number };

/** Questions by values that were asked before. */
export class Points {
  readonly #known = new Map<string, Point>();
  #generation = 0;

  find(at: Placed, { text, types = [], params = [] }: Asked, generation: number): Point | undefined {
    if (generation !== this.#generation) {
      this.#known.clear();
      this.#generation = generation;
    }
    const found = this.#known.get(keyOf(at, text, types));
    return found?.types.length === params.length ? found : undefined;
  }

  /** Keeps a question if it is one by values; `generation` is that of what it was understood by. */
  keep(at: Placed, { text, types = [] }: Asked, { select, relation, query, types: known, generation }: Understood): void {
    if (generation !== this.#generation || relation.kind !== 'view' || !isPlain(query, select)) return;
    const shown = shownOf(query);
    if (!shown) return;
    const asking = { from: select.fromClause ?? [], where: select.whereClause, whole: select };
    const places = matchedColumns(asking, relation.columns);
    const context = { relation: () => undefined, named: new Map(), params: [...known], at: placesIn(text) };
    const values = places.length === 0 ? undefined : keyAsked(asking, { key: places, columns: relation.columns }, context)?.exprs;
    if (!values) return;
    if (this.#known.size >= pointsKeptMax) this.#known.clear();
    this.#known.set(keyOf(at, text, types), { relation, query, types: known, places, values, shown });
  }
}

const keyOf = ({ tenant, scope }: Placed, text: string, types: readonly Type[]) => `${tenant} ${scope} ${types.join()} ${text}`;

/** A question that is put to each row by itself. */
const isPlain = ({ plan }: Query, { withClause, op }: SelectStmt): boolean =>
  plan.kind === 'map' && plan.input.kind === 'scan' && !withClause && (!op || op === 'SETOP_NONE');

/** What a question shows of a row by itself, unless a model is asked, which takes many at once. */
function shownOf({ plan }: Query): Point['shown'] | undefined {
  if (plan.kind !== 'map' || scoringOf([plan])) return undefined;
  const { where, outputs } = plan;
  if (!where) return valuesOf(outputs).run;
  const [holds, made] = [valuesOf([where]), valuesOf(outputs)];
  return (row, params) => (holds.run(row, params)[0] === true ? made.run(row, params) : undefined);
}
