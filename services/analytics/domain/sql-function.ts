import type { CreateFunctionStmt, FuncCall, Node, TypeName } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { hasAggregate, isAggregateName } from './aggregate.ts';
import { functionName } from './bind.ts';
import { typeNamed } from './column.ts';
import { functionsNamed } from './function.ts';
import { functionSizeMax } from './limits.ts';
import { plainName, textIn } from './name.ts';
import { relationsIn } from './reference.ts';
import { languageOf, routineBody, routineIn, routineNode, routineOf, routineOptions } from './routine.ts';

/**
 * A function: an expression over its parameters, which is put in the place of its calls. That of a function in another language
 * is a call of its routine.
 */
export type SqlFunction = {
  readonly name: string;
  /** A parameter without a name is told by its number alone. */
  readonly params: readonly { readonly name: string; readonly type: TypeName }[];
  readonly returns: TypeName;
  readonly body: Node;
  readonly isAnew: boolean;
};

/** Functions of forms of their own, which no name of a function may hide. */
const own = new Set(
  [
    'concat now predict predict_online tumble hop cumulate session row_number rank dense_rank',
    'first last prev next classifier match_number match_timed_out',
  ].flatMap((names) => names.split(' ')),
);
const isKnown = (name: string) => functionsNamed(name).length > 0 || isAggregateName(name) || own.has(name);
const isObject = (tree: unknown): tree is object => typeof tree === 'object' && tree !== null;

/** The model that PREDICT names in front of the features. */
function modelIn(call: FuncCall): string | undefined {
  const [first] = call.args ?? [];
  if (functionName(call) !== 'predict' || !first || !('ColumnRef' in first)) return undefined;
  const [field, ...more] = first.ColumnRef.fields ?? [];
  return field && more.length === 0 && !('A_Star' in field) ? textIn(field) : undefined;
}

/** PREDICT(model, features) calls the model as a function. */
const calledName = (call: FuncCall): string => modelIn(call) ?? functionName(call);
const unpredicted = (call: FuncCall): FuncCall => (modelIn(call) === undefined ? call : { ...call, args: (call.args ?? []).slice(1) });

/** The names of functions that a tree calls, and that are not PostgreSQL's. */
export function callsIn(tree: unknown, found = new Set<string>()): Set<string> {
  if (!isObject(tree)) return found;
  const { FuncCall: call } = tree as { FuncCall?: FuncCall };
  const name = call && calledName(call);
  if (name !== undefined && !isKnown(name) && !name.includes('.')) found.add(name);
  for (const each of Object.values(tree)) callsIn(each, found);
  return found;
}

/** A function that is a model, with the hash of its file. */
export function ofModel(made: SqlFunction, hash: string | null): SqlFunction {
  const call = hash === null ? undefined : routineIn(made.body);
  return call ? { ...made, body: routineNode({ ...routineOf(call.definition), body: hash ?? '' }, call.args) } : made;
}

/** Understands CREATE FUNCTION; `parse` reads a body that is a text. */
export function functionOf(node: CreateFunctionStmt, parse: (text: string) => Node | undefined): SqlFunction {
  const { funcname = [], parameters = [], returnType, options = [] } = node;
  if (node.is_procedure) throw notBuilt('CREATE PROCEDURE');
  const [schemaname, relname] = funcname.length > 1 ? funcname.map(textIn) : ['public', textIn(funcname[0] ?? { String: {} })];
  const isAnew = node.replace === true;
  const name = plainName({ ...(schemaname === undefined ? {} : { schemaname }), ...(relname === undefined ? {} : { relname }) });
  if (isKnown(name)) throw new StatementError('42723', `function "${name}" already exists`);
  if (!returnType || returnType.setof) throw notBuilt('A function that returns rows');
  const answers = typeNamed(returnType);
  const params = parameters.map((parameter) => {
    const { name: own = '', argType, mode, defexpr } = 'FunctionParameter' in parameter ? parameter.FunctionParameter : {};
    if (!argType || defexpr || (mode !== 'FUNC_PARAM_DEFAULT' && mode !== 'FUNC_PARAM_IN')) throw notBuilt('This form of a parameter');
    typeNamed(argType);
    return { name: own, type: argType };
  });
  const language = languageOf(options);
  if (language !== 'sql') {
    const { text, more, strict } = routineOptions(node);
    const routine = { name, language, params: params.map((param) => ({ ...param, type: typeNamed(param.type) })), returns: answers };
    const args = params.map((_, place): Node => ({ ParamRef: { number: place + 1 } }));
    return {
      name,
      params,
      returns: returnType,
      body: routineNode({ ...routine, strict, ...routineBody(routine, text, more) }, args),
      isAnew,
    };
  }
  const body = bodyOf(node, parse, options);
  if (hasAggregate(body) || relationsIn(body).size > 0 || hasSubquery(body)) throw notBuilt('A function of more than its parameters');
  return { name, params, returns: returnType, body, isAnew };
}

const hasSubquery = (tree: unknown): boolean => isObject(tree) && ('SubLink' in tree || Object.values(tree).some(hasSubquery));

function bodyOf({ sql_body }: CreateFunctionStmt, parse: (text: string) => Node | undefined, options: readonly Node[]): Node {
  const given = new Map(
    options.map((option) => ('DefElem' in option ? [option.DefElem.defname ?? '', option.DefElem.arg] : ['', undefined])),
  );
  for (const [option, arg] of given) {
    // What a function is follows from what it says; VOLATILE would be untrue.
    const isTold = option === 'volatility' && arg !== undefined && textIn(arg) !== 'volatile';
    if (!isTold && option !== 'language' && option !== 'as') throw notBuilt(`A function with ${option.toUpperCase()}`);
  }
  const as = given.get('as');
  const [text, ...more] = as && 'List' in as ? (as.List.items ?? []).map(textIn) : [];
  const found = sql_body ?? (text === undefined || more.length > 0 ? undefined : parse(text));
  if (found && 'ReturnStmt' in found && found.ReturnStmt.returnval) return found.ReturnStmt.returnval;
  if (!found || !('SelectStmt' in found)) throw notBuilt('A function of anything but one SELECT');
  const { targetList = [], op: _, limitOption: __, ...rest } = found.SelectStmt;
  const [only, ...others] = targetList;
  if (Object.keys(rest).length > 0 || !only || others.length > 0 || !('ResTarget' in only) || !only.ResTarget.val)
    throw notBuilt('A function of more than one expression');
  return only.ResTarget.val;
}

/** How many nodes may still be put in. */
type Room = { nodes: number };

/** A tree in which calls of functions are what they say, over the values of their parameters. */
export function inlined<T>(tree: T, functions: ReadonlyMap<string, SqlFunction>): T {
  const room: Room = { nodes: functionSizeMax };
  const bodies = new Map<string, Node>();
  const within = <U>(of: U): U => {
    if (!isObject(of)) return of;
    if (Array.isArray(of)) return of.map((each: unknown) => within(each)) as U;
    const made = Object.fromEntries(Object.entries(of).map(([name, each]) => [name, within(each as unknown)]));
    const { FuncCall: call } = made as { FuncCall?: FuncCall };
    const called = call && functions.get(calledName(call));
    return (called ? said(unpredicted(call), called, bodyOfCalled(called), room) : made) as U;
  };
  const bodyOfCalled = (called: SqlFunction): Node => {
    const known = bodies.get(called.name);
    if (known) return known;
    const body = within(called.body);
    checkSize(body);
    bodies.set(called.name, body);
    return body;
  };
  const all = within(tree);
  checkSize(all);
  return all;
}

/** Values that stand in many places are one in memory and many for whoever reads the tree. */
function checkSize(tree: unknown): void {
  let left = functionSizeMax;
  const walk = (of: unknown): void => {
    if (!isObject(of)) return;
    left -= 1;
    if (left < 0) throw new StatementError(sqlstates.tooComplex, 'the functions of the statement say too much');
    for (const each of Object.values(of)) walk(each);
  };
  walk(tree);
}

/** What a call says. */
function said(call: FuncCall, { name, params, returns }: SqlFunction, body: Node, room: Room): Node {
  const { args = [], location = -1 } = call;
  if (call.agg_distinct || call.agg_order || call.agg_filter || call.agg_star || call.over || call.func_variadic)
    throw notBuilt(`This form of ${name}`);
  if (args.some((arg) => 'NamedArgExpr' in arg)) throw notBuilt('Parameters by name');
  if (args.length !== params.length)
    throw new StatementError(sqlstates.functionMissing, `function ${name} has ${params.length} parameters`);
  const values = args.map((arg, place): Node => ({ TypeCast: { arg, typeName: params[place]?.type as TypeName, location } }));
  return { TypeCast: { arg: filled(body, { name, params, values, location, room }), typeName: returns, location } };
}

type Filling = Pick<SqlFunction, 'name' | 'params'> & { readonly values: readonly Node[]; readonly location: number; readonly room: Room };

/** The body over values, at the place of the call. */
function filled<T>(tree: T, filling: Filling): T {
  if (!isObject(tree)) return tree;
  const { room, location } = filling;
  room.nodes -= 1;
  if (room.nodes < 0) throw new StatementError(sqlstates.tooComplex, 'the functions of the statement say too much');
  if (Array.isArray(tree)) return tree.map((each: unknown) => filled(each, filling)) as T;
  const value = valueOf(tree as unknown as Node, filling);
  if (value) return value as T;
  const fields = Object.entries(tree).map(([key, each]) => [key, key === 'location' ? location : filled(each as unknown, filling)]);
  return Object.fromEntries(fields) as T;
}

function valueOf(node: Node, { name, params, values }: Filling): Node | undefined {
  if ('ParamRef' in node) {
    const { number = 0 } = node.ParamRef;
    const value = values[number - 1];
    if (!value) throw new StatementError(sqlstates.parameterMissing, `there is no parameter $${number}`);
    return value;
  }
  if (!('ColumnRef' in node)) return undefined;
  const path = (node.ColumnRef.fields ?? []).map(textIn);
  if (path.length === 2 && path[0] === name) path.shift();
  const place = path.length === 1 ? params.findIndex((param) => param.name !== '' && param.name === path[0]) : -1;
  if (place < 0) throw new StatementError(sqlstates.columnMissing, `column "${path.join('.')}" does not exist`);
  return values[place];
}
