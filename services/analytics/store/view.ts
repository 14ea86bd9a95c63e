import type { Placed } from '#kernel/contract/provider.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Grouping, type Plan, planSelect } from '../domain/plan.ts';
import { parseStatement, relationOf } from '../domain/statement.ts';
import type { Column } from '../domain/value.ts';
import { plansKeptMax } from './limits.ts';
import type { Relation, Relations } from './relation.ts';

/** The plan of a view: always one that groups. */
export type ViewPlan = Plan & { readonly grouping: Grouping; readonly columns: readonly Column[] };

type Planned = { readonly plan: ViewPlan; readonly source: Relation; readonly name: string };

/** Understands a view, over the source it names. */
export async function planView(relations: Relations, at: Placed, text: string): Promise<Planned> {
  const statement = await parseStatement(text);
  if (statement?.kind !== 'createView') throw new StatementError(sqlstates.syntax, 'the text is no CREATE MATERIALIZED VIEW');
  const { name, select } = statement;
  const from = relationOf(select, 'A view');
  if (from === undefined) throw notBuilt('A view of no source');
  const source = await relations.find(at, from);
  if (!source) throw new StatementError(sqlstates.relationMissing, `relation "${from}" does not exist`);
  if (source.kind !== 'source') throw notBuilt('A view of a view');
  if (select.sortClause || select.limitCount || select.limitOffset) throw notBuilt('A view with ORDER BY or LIMIT');
  const params: undefined[] = [];
  const plan = planSelect(select, text, source, params);
  if (params.length > 0) throw new StatementError(sqlstates.parameterMissing, 'there is no parameter $1');
  const { grouping } = plan;
  if (!grouping) throw notBuilt('A view without GROUP BY or aggregates');
  const columns = plan.outputs.map(({ name: column, type }) => ({ name: column, type }));
  const twice = columns.find(({ name: column }, place) => columns.findIndex((other) => other.name === column) !== place);
  if (twice) throw new StatementError('42701', `column "${twice.name}" specified more than once`);
  return { plan: { ...plan, grouping, columns }, source, name };
}

/** Remembers the plans of views. */
export class Plans {
  readonly #relations: Relations;
  readonly #known = new Map<bigint, ViewPlan>();

  constructor(relations: Relations) {
    this.#relations = relations;
  }

  async of(at: Placed, view: Relation): Promise<ViewPlan> {
    const known = this.#known.get(view.id);
    if (known) return known;
    const { plan } = await planView(this.#relations, at, view.text ?? '');
    if (this.#known.size >= plansKeptMax) this.#known.clear();
    this.#known.set(view.id, plan);
    return plan;
  }
}
