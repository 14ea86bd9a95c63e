import type { Node } from 'libpg-query';
import { isAggregate } from './aggregate.ts';
import { bind, type Names } from './bind.ts';
import { settled } from './bound.ts';
import type { Context } from './context.ts';
import type { Plan } from './plan.ts';
import { hasLink, type Planner, Subqueries } from './subquery.ts';

type Grouped = { readonly names: Names; readonly finish: () => Plan };

/** The aggregates of a node, those that a subquery is compared with too; what it asks within is its own. */
function* aggregatesIn(node: unknown): Generator<Node> {
  if (typeof node !== 'object' || node === null) return;
  if ('SubLink' in node) return yield* aggregatesIn((node.SubLink as { testexpr?: unknown }).testexpr);
  if (isAggregate(node as Node)) yield node as Node;
  else for (const each of Object.values(node)) yield* aggregatesIn(each);
}

/** Subqueries beside aggregates are asked for each group, whose keys alone they see; `asked` is all that is shown of groups. */
export function withSubqueries(grouped: Grouped, asked: readonly (Node | undefined)[], context: Context, planner: Planner): Grouped {
  if (!asked.some(hasLink)) return grouped;
  // How many columns a group has is known once all aggregates are; answers to subqueries stand behind them.
  for (const node of asked) for (const aggregate of aggregatesIn(node)) bind(aggregate, grouped.names);
  const columnOf: Names['columnOf'] = (path, at) =>
    settled(
      bind(
        { ColumnRef: { fields: path.map((sval) => ({ String: { sval } })), ...(at === undefined ? {} : { location: at }) } },
        grouped.names,
      ),
      'text',
    );
  const subqueries = new Subqueries(grouped.finish(), { ...grouped.names, columnOf }, context, planner);
  const instead = (node: Node) => grouped.names.instead?.(node) ?? ('SubLink' in node ? subqueries.exprOf(node.SubLink) : undefined);
  const names = { ...grouped.names, instead };
  for (const node of asked) if (node && 'SortBy' in node && hasLink(node)) bind(node.SortBy.node, names);
  return { names, finish: () => subqueries.plan };
}
