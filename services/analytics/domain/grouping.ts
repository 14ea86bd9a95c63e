import type { Node, SelectStmt } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Aggregate, aggregateOf, hasAggregate, isAggregate, isLearner } from './aggregate.ts';
import { bind, functionName, type Names } from './bind.ts';
import { settled } from './bound.ts';
import { isComparable } from './cast.ts';
import { locationIn } from './context.ts';
import { type Correlated, wholeGroups } from './correlated.ts';
import { column, type Expr, mapColumns, shapeOf } from './expression.ts';
import { groupedBySets, groupingSets, toldOf } from './grouping-set.ts';
import { isJsonAggregate, jsonAggregate } from './json-call.ts';
import { textIn } from './name.ts';
import { allOf, appends, type Plan } from './plan.ts';
import { hasLink } from './subquery.ts';
import type { Target } from './target.ts';
import type { Column, Type } from './value.ts';

/** Refuses keys of a type whose values are not told to be equal. */
export function checkEquals(keys: readonly Expr[]): void {
  if (keys.some(({ type }) => !isComparable(type)))
    throw new StatementError(sqlstates.functionMissing, 'could not identify an equality operator for type json');
}

/** The keys and aggregates of a grouped SELECT, and what names mean behind the grouping: the keys, then the aggregates. */
export function grouping(
  select: SelectStmt,
  targets: readonly Target[],
  names: Names,
  of: { readonly input: () => Plan; readonly correlated: Correlated | undefined },
): { names: Names; finish: () => Plan } {
  const sets = groupingSets(select);
  const own = new Map(sets.flat().map((node) => [node, keyNode(node, targets, names)]));
  const nodes = [...own.values()];
  if (nodes.some(hasAggregate)) throw new StatementError(sqlstates.groupingWrong, 'aggregate functions are not allowed in GROUP BY');
  const lead = allOf(of.correlated?.columns ?? []);
  const keys: Expr[] = [...lead];
  const placeOf = new Map<Node, number>();
  for (const [node, meant] of own) {
    const key = settled(bind(meant, names), 'text');
    const known = sets.length === 1 ? -1 : keys.findIndex((each) => shapeOf(each) === shapeOf(key));
    placeOf.set(node, known >= 0 ? known : keys.push(key) - 1);
  }
  checkEquals(keys);
  const shapes = keys.map(shapeOf);
  // Of several sets each row says, behind the keys, which of them it was not grouped by.
  const told = sets.length > 1 ? keys.length : 0;
  const isLinked = nodes.some(hasLink);
  const aggregates: Aggregate[] = [];
  const instead = (node: Node): Expr | undefined => {
    if ('GroupingFunc' in node)
      return toldOf(node.GroupingFunc, names, (each) => shapes.indexOf(shapeTried(keyNode(each, targets, names), names)), told);
    if ('FuncCall' in node && isAggregate(node) && isJsonAggregate(functionName(node.FuncCall))) {
      const typeOf = (each: Node) => settled(bind(each, names), 'text').type;
      const { listed, finish } = jsonAggregate(node.FuncCall, functionName(node.FuncCall), typeOf, names.at(node.FuncCall.location));
      return finish(instead({ FuncCall: listed }) as Expr);
    }
    if ('FuncCall' in node && isAggregate(node)) {
      const made = aggregateOf(node.FuncCall, names, true);
      const shape = shapeOfAggregate(made);
      const seen = aggregates.findIndex((each) => shapeOfAggregate(each) === shape);
      const place = seen >= 0 ? seen : aggregates.push(made) - 1;
      return column(made.type, keys.length + told + place);
    }
    if ('FuncCall' in node && node.FuncCall.over) return undefined;
    const isOther = 'A_Const' in node || 'ParamRef' in node || (!isLinked && hasLink(node));
    const key = isOther || keys.length === 0 || hasAggregate(node) ? -1 : shapes.indexOf(shapeTried(node, names));
    if (key >= 0) return column(keys[key]?.type as Type, key);
    if ('ColumnRef' in node) {
      const name = (node.ColumnRef.fields ?? []).map(textIn).join('.');
      names.columnOf((node.ColumnRef.fields ?? []).map(textIn), names.at(node.ColumnRef.location));
      throw new StatementError(
        sqlstates.groupingWrong,
        `column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`,
        names.at(node.ColumnRef.location),
      );
    }
    return undefined;
  };
  const finish = (): Plan => {
    const input = of.input();
    const keyName = (key: Expr) => (key.kind === 'column' ? (input.columns[key.place]?.name ?? '') : '');
    const columns: Column[] = [
      ...keys.map((key) => ({ name: keyName(key), type: key.type })),
      ...aggregates.map(({ name, type }) => ({ name, type })),
    ];
    const position = names.at(locationIn(select.groupClause ?? select.targetList));
    if (aggregates.some(isLearner) && !appends(input)) throw notBuilt('A model that learns of rows which may be taken back', position);
    const group = (over: readonly Expr[], shown: readonly Column[]): Plan => {
      const made = { kind: 'group', input, keys: over, aggregates, columns: shown, position } as const;
      return of.correlated && over.length === lead.length ? wholeGroups(of.correlated, made) : made;
    };
    if (sets.length === 1) return group(keys, columns);
    const places = sets.map((set) => [...lead.keys(), ...new Set(set.map((node) => placeOf.get(node) as number))]);
    return groupedBySets({ keys, columns, places, group });
  };
  return { names: { ...names, instead }, finish };
}

const shapeOfAggregate = ({ name, distinct, isNear, arg, filter, fraction, isDown, ofBoolean, joined }: Aggregate): string =>
  JSON.stringify([name, distinct, isNear, arg && shapeOf(arg), filter && shapeOf(filter), fraction, isDown, ofBoolean, joined]);

/** The shape of an expression on its own; what cannot be bound there has none. */
function shapeTried(node: Node, names: Names): string {
  try {
    return shapeOf(mapColumns(settled(bind(node, names), 'text'), (place, type) => column(type, place)));
  } catch (error) {
    if (error instanceof StatementError) return '';
    throw error;
  }
}

function columnTried(path: readonly string[], names: Names): boolean {
  try {
    const { kind } = names.columnOf(path, undefined);
    return kind === 'column';
  } catch (error) {
    if (error instanceof StatementError) return false;
    throw error;
  }
}

function keyNode(node: Node, targets: readonly Target[], names: Names): Node {
  if ('A_Const' in node && node.A_Const.ival) {
    const target = targets[(node.A_Const.ival.ival ?? 0) - 1];
    if (!target) throw new StatementError('42P10', `GROUP BY position ${node.A_Const.ival.ival ?? 0} is not in select list`);
    return target.node;
  }
  const path = 'ColumnRef' in node ? (node.ColumnRef.fields ?? []).map(textIn) : [];
  if (path.length !== 1) return node;
  // A name is a column before it is one of the select list, and that before it is a relation.
  const isColumn = columnTried(path, names);
  return (isColumn ? undefined : targets.find(({ name }) => name === path[0])?.node) ?? node;
}
