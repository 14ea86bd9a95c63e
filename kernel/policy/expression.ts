import { fault } from '../contract/fault.ts';
import { extensionFunctions } from './extension.ts';
import { constantTerm, type Frame, type Term } from './frame.ts';
import { below, callExtension, isObject, isTypeName, readResult } from './json.ts';
import { expressionDepthMax, expressionNodeMax } from './limits.ts';
import {
  attribute,
  type Binary,
  binaryOperators,
  hasAttribute,
  isOfType,
  type Lookup,
  lookupOperators,
  type Unary,
  unaryOperators,
} from './operator.ts';
import { matches, type Pattern } from './pattern.ts';
import { setOf } from './set.ts';
import { failure, isFailure, type Result, typeFailure, type Value } from './value.ts';

/** Where the compiler is: the JSON pointer for messages, the depth, and how many nodes the policy has so far. */
export type Site = { readonly path: string; readonly depth: number; readonly count: { nodes: number } };
type Fields = Readonly<Record<string, unknown>>;
type Form = (body: unknown, site: Site) => Term;

export function invalid(path: string, detail: string): Error {
  return fault('PolicyInvalid', { path, detail: `${path || '/'}: ${detail}` });
}

/** Compiles one expression of a policy's JSON form. Throws PolicyInvalid with the place and the reason. */
export function compileExpression(json: unknown, site: Site): Term {
  if (!isObject(json)) throw invalid(site.path, 'not an expression');
  if (site.depth > expressionDepthMax) throw invalid(site.path, `nested deeper than expressionDepthMax (${expressionDepthMax}) allows`);
  if (++site.count.nodes > expressionNodeMax) throw invalid(site.path, `more nodes than expressionNodeMax (${expressionNodeMax}) allows`);
  const names = Object.keys(json);
  const name = names[0];
  if (name === undefined || names.length > 1) throw invalid(site.path, `an expression has one operator, not ${names.length}`);
  const form = forms.get(name);
  if (!form) throw invalid(site.path, `there is no operator ${JSON.stringify(name)}`);
  return form(json[name], { ...site, path: below(site.path, name) });
}

function inner(fields: Fields, name: string, site: Site): Term {
  return compileExpression(fields[name], { ...site, path: below(site.path, name), depth: site.depth + 1 });
}

/** The fields of an operator: all that are needed, none that is unknown. */
export function fieldsOf(json: unknown, path: string, needed: readonly string[], optional: readonly string[] = []): Fields {
  if (!isObject(json)) throw invalid(path, 'not an object');
  for (const name of needed) if (!Object.hasOwn(json, name)) throw invalid(path, `${name} is missing`);
  for (const name of Object.keys(json))
    if (!needed.includes(name) && !optional.includes(name)) throw invalid(path, `there is no field ${JSON.stringify(name)}`);
  return json;
}

function unary(apply: Unary): Form {
  return (body, site) => {
    const arg = inner(fieldsOf(body, site.path, ['arg']), 'arg', site);
    if (arg.constant !== undefined) return constantTerm(apply(arg.constant));
    const { run } = arg;
    return { run: (frame) => apply(run(frame)) };
  };
}

function binary(apply: Binary): Form {
  return (body, site) => {
    const fields = fieldsOf(body, site.path, ['left', 'right']);
    const left = inner(fields, 'left', site);
    const right = inner(fields, 'right', site);
    const [l, r, constant] = [left.run, right.run, right.constant];
    if (constant === undefined) return { run: (frame) => apply(l(frame), r(frame)) };
    if (left.constant !== undefined) return constantTerm(apply(left.constant, constant));
    return { run: (frame) => apply(l(frame), constant) };
  };
}

function lookup(apply: Lookup): Form {
  return (body, site) => {
    const fields = fieldsOf(body, site.path, ['left', 'right']);
    const [l, r] = [inner(fields, 'left', site).run, inner(fields, 'right', site).run];
    return { run: (frame) => apply(frame, l(frame), r(frame)) };
  };
}

type Operand = { readonly json: unknown; readonly path: string };

/** `&&` and `||`: chains of one operator are flattened, so that a long chain is no deep nesting. */
function chain(name: '&&' | '||'): Form {
  return (body, site) => {
    const runs: Term['run'][] = [];
    const open = bothSides(body, site.path);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (isObject(next.json) && Object.hasOwn(next.json, name) && Object.keys(next.json).length === 1) {
        open.push(...bothSides(next.json[name], below(next.path, name)));
      } else runs.push(compileExpression(next.json, { ...site, path: next.path, depth: site.depth + 1 }).run);
    }
    return { run: runChain(runs, name === '&&') };
  };
}

/** The operands as a stack: the left one on top. */
function bothSides(body: unknown, path: string): Operand[] {
  const fields = fieldsOf(body, path, ['left', 'right']);
  return [
    { json: fields.right, path: below(path, 'right') },
    { json: fields.left, path: below(path, 'left') },
  ];
}

function runChain(runs: readonly Term['run'][], goesOn: boolean): Term['run'] {
  const notBool = (value: Result) => (typeof value === 'boolean' ? value : typeFailure('bool', value));
  const [first, second] = runs as [Term['run'], Term['run']];
  if (runs.length === 2) {
    return (frame) => {
      const value = first(frame);
      return value === goesOn ? notBool(second(frame)) : notBool(value);
    };
  }
  return (frame) => {
    for (let i = 0; i < runs.length; i++) {
      const value = (runs[i] as Term['run'])(frame);
      if (value !== goesOn) return notBool(value);
    }
    return goesOn;
  };
}

const variables: ReadonlyMap<unknown, Term['run']> = new Map<unknown, Term['run']>([
  ['principal', (frame) => frame.principal],
  ['action', (frame) => frame.action],
  ['resource', (frame) => frame.resource],
  ['context', (frame) => frame.context],
]);

function variable(body: unknown, site: Site): Term {
  const run = variables.get(body);
  if (!run) throw invalid(site.path, `there is no variable ${JSON.stringify(body)}`);
  return { run };
}

function literal(body: unknown, site: Site): Term {
  return constantTerm(readResult(body, site.path));
}

function slot(_body: unknown, site: Site): Term {
  throw invalid(site.path, 'a slot cannot stand in a condition');
}

function conditional(body: unknown, site: Site): Term {
  const fields = fieldsOf(body, site.path, ['if', 'then', 'else']);
  const [test, yes, no] = [inner(fields, 'if', site).run, inner(fields, 'then', site).run, inner(fields, 'else', site).run];
  return {
    run: (frame) => {
      const value = test(frame);
      return value === true ? yes(frame) : value === false ? no(frame) : typeFailure('bool', value);
    },
  };
}

function getAttribute(body: unknown, site: Site): Term {
  const fields = fieldsOf(body, site.path, ['left', 'attr']);
  const name = textOf(fields.attr, below(site.path, 'attr'));
  const left = inner(fields, 'left', site).run;
  if (left !== variables.get('context')) return { run: (frame) => attribute(frame, left(frame), name) };
  const missing = failure(`record does not have the attribute \`${name}\``);
  return { run: (frame) => frame.context.attrs.get(name) ?? missing };
}

/** `has a.b.c` asks for each attribute in turn, and goes no further than the first that is missing. */
function has(body: unknown, site: Site): Term {
  const fields = fieldsOf(body, site.path, ['left', 'attr']);
  const path = below(site.path, 'attr');
  const names = Array.isArray(fields.attr)
    ? fields.attr.map((name, index) => textOf(name, below(path, index)))
    : [textOf(fields.attr, path)];
  const last = names.pop();
  if (last === undefined) throw invalid(path, 'names no attribute');
  const left = inner(fields, 'left', site).run;
  if (names.length === 0) return { run: (frame) => hasAttribute(frame, left(frame), last) };
  return {
    run: (frame) => {
      let value = left(frame);
      for (const name of names) {
        const found = hasAttribute(frame, value, name);
        if (found !== true) return found;
        value = attribute(frame, value, name);
      }
      return hasAttribute(frame, value, last);
    },
  };
}

function like(body: unknown, site: Site): Term {
  const fields = fieldsOf(body, site.path, ['left', 'pattern']);
  const pattern = patternOf(fields.pattern, below(site.path, 'pattern'));
  const left = inner(fields, 'left', site).run;
  return {
    run: (frame) => {
      const text = left(frame);
      return typeof text === 'string' ? matches(pattern, text) : typeFailure('string', text);
    },
  };
}

function patternOf(json: unknown, path: string): Pattern {
  if (!Array.isArray(json)) throw invalid(path, 'not a pattern');
  const parts = [''];
  for (const [index, element] of json.entries()) {
    if (element === 'Wildcard') parts.push('');
    else parts.push(parts.pop() + textOf(fieldsOf(element, below(path, index), ['Literal']).Literal, below(path, index)));
  }
  return parts;
}

function is(body: unknown, site: Site): Term {
  const fields = fieldsOf(body, site.path, ['left', 'entity_type'], ['in']);
  const type = textOf(fields.entity_type, below(site.path, 'entity_type'));
  if (!isTypeName(type)) throw invalid(site.path, `${JSON.stringify(type)} is not the name of an entity type`);
  const left = inner(fields, 'left', site).run;
  if (fields.in === undefined || fields.in === null) return { run: (frame) => isOfType(left(frame), type) };
  const within = inner(fields, 'in', site).run;
  const isIn = lookupOperators.get('in') as Lookup;
  return {
    run: (frame) => {
      const value = left(frame);
      const fits = isOfType(value, type);
      return fits === true ? isIn(frame, value, within(frame)) : fits;
    },
  };
}

/** The results of several terms, or the first that failed. */
function collect(runs: readonly Term['run'][], frame: Frame): Value[] | Extract<Result, { kind: 'failure' }> {
  const values: Value[] = [];
  for (const run of runs) {
    const value = run(frame);
    if (isFailure(value)) return value;
    values.push(value);
  }
  return values;
}

/** Builds a term from several; where all are constant, so is it. */
function gather(terms: readonly Term[], build: (values: readonly Value[]) => Result): Term {
  const constants = terms.map((term) => term.constant);
  const failed = constants.find((constant) => constant !== undefined && isFailure(constant));
  if (failed) return constantTerm(failed);
  if (constants.every((constant) => constant !== undefined)) return constantTerm(build(constants as Value[]));
  const runs = terms.map((term) => term.run);
  return {
    run: (frame) => {
      const values = collect(runs, frame);
      return Array.isArray(values) ? build(values) : values;
    },
  };
}

function set(body: unknown, site: Site): Term {
  if (!Array.isArray(body)) throw invalid(site.path, 'not a list');
  return gather(list(body, site), setOf);
}

function list(body: readonly unknown[], site: Site): Term[] {
  return body.map((element, index) => compileExpression(element, { ...site, path: below(site.path, index), depth: site.depth + 1 }));
}

function record(body: unknown, site: Site): Term {
  if (!isObject(body)) throw invalid(site.path, 'not an object');
  const names = Object.keys(body);
  return gather(
    names.map((name) => inner(body, name, site)),
    (values) => ({
      kind: 'record',
      attrs: new Map(values.map((value, index) => [names[index] as string, value])),
    }),
  );
}

function extension(name: string): Form {
  return (body, site) => {
    if (!Array.isArray(body)) throw invalid(site.path, 'not a list of arguments');
    const terms = list(body, site);
    const called = extensionFunctions.get(name);
    const [first, second] = terms;
    if (!called || terms.length !== called.arity || terms.every((term) => term.constant !== undefined)) {
      return gather(terms, (values) => callExtension(name, values));
    }
    const { arity, call } = called;
    const [l, r] = [(first as Term).run, second?.run];
    return arity === 1 ? { run: (frame) => call(l(frame)) } : { run: (frame) => call(l(frame), (r as Term['run'])(frame)) };
  };
}

function textOf(json: unknown, path: string): string {
  if (typeof json !== 'string') throw invalid(path, 'not a string');
  return json;
}

const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['Value', literal],
  ['Var', variable],
  ['Slot', slot],
  ['&&', chain('&&')],
  ['||', chain('||')],
  ['if-then-else', conditional],
  ['.', getAttribute],
  ['has', has],
  ['like', like],
  ['is', is],
  ['Set', set],
  ['Record', record],
  ...[...unaryOperators].map(([name, apply]): [string, Form] => [name, unary(apply)]),
  ...[...binaryOperators].map(([name, apply]): [string, Form] => [name, binary(apply)]),
  ...[...lookupOperators].map(([name, apply]): [string, Form] => [name, lookup(apply)]),
  ...[...extensionFunctions.keys()].map((name): [string, Form] => [name, extension(name)]),
]);
