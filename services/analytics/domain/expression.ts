import type { A_Const, A_Expr, BoolExpr, ColumnRef, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { expressionDepthMax } from './limits.ts';
import { arithmetic, comparison, negated } from './operator.ts';
import { textIn, typeNamed } from './statement.ts';
import { castValue, type Column, isCastable, numbers, readValue, type Row, type Type, typeNames, type Value } from './value.ts';

/** An expression that can be asked of a row. `take` gives one whose type is open (a literal, a parameter) its type. */
export type Bound = {
  readonly type: Type | undefined;
  readonly of: (row: Row, params: Row) => Value;
  readonly take?: (type: Type) => Bound;
};

/** What names stand for. */
export type Names = {
  readonly columns: readonly Column[];
  /** By what name the columns' relation may be called. */
  readonly relation: string;
  /** The types of the parameters; what is open is set where the expression says it. */
  readonly params: (Type | undefined)[];
  /** The character, from 1, of a place in the text. */
  readonly at: (location: number | undefined) => number | undefined;
  /** Stands in the way of names and functions: behind GROUP BY they mean something else. */
  readonly instead?: (node: Node) => Bound | undefined;
};

export function bind(node: Node, names: Names, depth = 0): Bound {
  if (depth > expressionDepthMax) throw new StatementError(sqlstates.tooComplex, 'the expression is nested too deeply');
  const other = names.instead?.(node);
  if (other) return other;
  const inner = (each: Node | undefined) => bind(each as Node, names, depth + 1);
  if ('A_Const' in node) return constant(node.A_Const);
  if ('ColumnRef' in node) return column(node.ColumnRef, names);
  if ('ParamRef' in node) return parameter(node.ParamRef.number ?? 0, names, node.ParamRef.location);
  if ('TypeCast' in node) return cast(inner(node.TypeCast.arg), typeNamed(node.TypeCast.typeName), names.at(node.TypeCast.location));
  if ('A_Expr' in node) return operation(node.A_Expr, names, inner);
  if ('BoolExpr' in node) return logic(node.BoolExpr, names, inner);
  if ('NullTest' in node) {
    const arg = settled(inner(node.NullTest.arg), 'text');
    const wanted = node.NullTest.nulltesttype === 'IS_NULL';
    return { type: 'bool', of: (row, params) => (arg.of(row, params) === null) === wanted };
  }
  if ('FuncCall' in node) {
    const name = (node.FuncCall.funcname ?? []).map(textIn).join('.');
    throw notBuilt(`The function ${name} here`, names.at(node.FuncCall.location));
  }
  const [kind = ''] = Object.keys(node);
  throw notBuilt(`An expression of the kind ${kind}`);
}

/** The expression with a type, which is `usual` where it says none. */
export const settled = (bound: Bound, usual: Type): Bound & { readonly type: Type } =>
  (bound.type ? bound : (bound.take?.(usual) ?? bound)) as Bound & { readonly type: Type };

const always = (type: Type, value: Value): Bound => ({ type, of: () => value });

function constant({ ival, fval, sval, boolval, isnull }: A_Const): Bound {
  if (ival) return always('int4', BigInt(ival.ival ?? 0));
  if (boolval) return always('bool', boolval.boolval ?? false);
  if (fval) {
    const text = fval.fval ?? '0';
    const isWhole = /^-?\d+$/.test(text) && text.length < 21 && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
    return isWhole ? always('int8', BigInt(text)) : always('numeric', readValue('numeric', text));
  }
  if (isnull) return { type: undefined, of: () => null, take: (type) => always(type, null) };
  if (sval) {
    const text = sval.sval ?? '';
    return { type: undefined, of: () => text, take: (type) => always(type, readValue(type, text)) };
  }
  throw notBuilt('This constant');
}

function column({ fields = [], location }: ColumnRef, { columns, relation, at }: Names): Bound {
  const path = fields.map((field) => ('A_Star' in field ? '*' : textIn(field)));
  const name = path.at(-1) ?? '';
  if (path.includes('*') || path.length > 2) throw notBuilt('* here', at(location));
  if (path.length === 2 && path[0] !== relation)
    throw new StatementError(sqlstates.relationMissing, `missing FROM-clause entry for table "${path[0]}"`, at(location));
  const place = columns.findIndex((each) => each.name === name);
  const found = columns[place];
  if (!found) throw new StatementError(sqlstates.columnMissing, `column "${path.join('.')}" does not exist`, at(location));
  return { type: found.type, of: (row) => row[place] ?? null };
}

function parameter(number: number, { params, at }: Names, location: number | undefined): Bound {
  const place = number - 1;
  if (place < 0 || place > 999) throw new StatementError(sqlstates.parameterMissing, `there is no parameter $${number}`, at(location));
  while (params.length < number) params.push(undefined);
  const of = (_row: Row, given: Row) => given[place] ?? null;
  const take = (type: Type): Bound => {
    const known = params[place];
    if (known === undefined) params[place] = type;
    return known === undefined || known === type ? { type, of } : converted({ type: known, of }, type);
  };
  const known = params[place];
  return known ? { type: known, of } : { type: undefined, of, take };
}

function converted(bound: Bound, to: Type): Bound {
  const from = bound.type;
  if (from === undefined || from === to) return bound.type ? bound : settled(bound, to);
  return { type: to, of: (row, params) => castValue(bound.of(row, params), from, to) };
}

function cast(arg: Bound, to: Type, at: number | undefined): Bound {
  if (!arg.type) return settled(arg, to);
  if (!isCastable(arg.type, to)) throw notBuilt(`The cast from ${typeNames[arg.type]} to ${typeNames[to]}`, at);
  return converted(arg, to);
}

/** Both sides in one type: the wider of two types of number, else the same. */
function alike(left: Bound, right: Bound, sign: string, at: number | undefined): [Bound, Bound, Type] {
  if (!left.type && !right.type) return alike(settled(left, 'text'), settled(right, 'text'), sign, at);
  if (!left.type) return alike(settled(left, right.type as Type), right, sign, at);
  if (!right.type) return alike(left, settled(right, left.type), sign, at);
  if (left.type === right.type) return [left, right, left.type];
  const wider = Math.max(numbers.indexOf(left.type), numbers.indexOf(right.type));
  const type = numbers[wider];
  if (type === undefined || !numbers.includes(left.type) || !numbers.includes(right.type))
    throw new StatementError(
      sqlstates.functionMissing,
      `operator does not exist: ${typeNames[left.type]} ${sign} ${typeNames[right.type]}`,
      at,
    );
  return [converted(left, type), converted(right, type), type];
}

type Inner = (node: Node | undefined) => Bound;

function operation(node: A_Expr, names: Names, inner: Inner): Bound {
  const sign = (node.name ?? []).map(textIn).join('.');
  const at = names.at(node.location);
  const items = node.rexpr && 'List' in node.rexpr ? (node.rexpr.List.items ?? []) : [];
  switch (node.kind) {
    case 'AEXPR_OP':
      return node.lexpr ? binary(sign, inner(node.lexpr), inner(node.rexpr), at) : unary(sign, inner(node.rexpr), at);
    case 'AEXPR_IN': {
      const any = joined(
        'OR_EXPR',
        items.map((item) => binary('=', inner(node.lexpr), inner(item), at)),
      );
      return sign === '<>' ? inverted(any) : any;
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN': {
      const [low, high] = items;
      const both = joined('AND_EXPR', [binary('>=', inner(node.lexpr), inner(low), at), binary('<=', inner(node.lexpr), inner(high), at)]);
      return node.kind === 'AEXPR_BETWEEN' ? both : inverted(both);
    }
    default:
      throw notBuilt(`The operator ${sign} in this form`, at);
  }
}

function binary(sign: string, first: Bound, second: Bound, at: number | undefined): Bound {
  const [left, right, type] = alike(first, second, sign, at);
  const compare = comparison(sign);
  const work = compare ?? arithmetic(sign, type);
  if (!work) {
    if (sign in { '+': 1, '-': 1, '*': 1, '/': 1, '%': 1 })
      throw new StatementError(sqlstates.functionMissing, `operator does not exist: ${typeNames[type]} ${sign} ${typeNames[type]}`, at);
    throw notBuilt(`The operator ${sign}`, at);
  }
  return {
    type: compare ? 'bool' : type,
    of(row, params) {
      const [a, b] = [left.of(row, params), right.of(row, params)];
      return a === null || b === null ? null : work(a, b);
    },
  };
}

function unary(sign: string, operand: Bound, at: number | undefined): Bound {
  const { type, of } = settled(operand, 'float8');
  if (sign !== '-' && sign !== '+') throw notBuilt(`The operator ${sign}`, at);
  if (!numbers.includes(type))
    throw new StatementError(sqlstates.functionMissing, `operator does not exist: ${sign} ${typeNames[type]}`, at);
  if (sign === '+') return { type, of };
  return {
    type,
    of(row, params) {
      const value = of(row, params);
      return value === null ? null : negated(value, type);
    },
  };
}

function logic({ boolop, args = [], location }: BoolExpr, names: Names, inner: Inner): Bound {
  const parts = args.map((arg) =>
    asCondition(inner(arg), boolop === 'NOT_EXPR' ? 'NOT' : boolop === 'AND_EXPR' ? 'AND' : 'OR', names.at(location)),
  );
  const [first] = parts;
  return boolop === 'NOT_EXPR' && first ? inverted(first) : joined(boolop as 'AND_EXPR', parts);
}

/** A bool, or PostgreSQL's error. */
export function asCondition(bound: Bound, where: string, at?: number): Bound {
  const { type, of } = settled(bound, 'bool');
  if (type !== 'bool')
    throw new StatementError(sqlstates.typeWrong, `argument of ${where} must be type boolean, not type ${typeNames[type]}`, at);
  return { type, of };
}

/** The three-valued AND, OR. */
function joined(kind: 'AND_EXPR' | 'OR_EXPR', parts: readonly Bound[]): Bound {
  const decides = kind === 'OR_EXPR';
  return {
    type: 'bool',
    of(row, params) {
      let open = false;
      for (const part of parts) {
        const value = part.of(row, params);
        if (value === decides) return decides;
        if (value === null) open = true;
      }
      return open ? null : !decides;
    },
  };
}

const inverted = (bound: Bound): Bound => ({
  type: 'bool',
  of(row, params) {
    const value = bound.of(row, params);
    return value === null ? null : !value;
  },
});
