import type { CreateFunctionStmt, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { textIn } from './name.ts';
import { elementOf, numbers, type Type } from './value.ts';

const models = ['xgboost', 'lightgbm', 'onnx'] as const;
const languages = ['javascript', 'wasm', ...models] as const;

/** A function whose body runs in a process of its own: an external routine, in the words of SQL. */
export type Routine = {
  readonly name: string;
  readonly language: (typeof languages)[number];
  readonly params: readonly { readonly name: string; readonly type: Type }[];
  readonly returns: Type;
  /** JavaScript, a module of WebAssembly in base64, or the hash of the file that it, or a model, was read from. */
  readonly body: string;
  /** Where that file comes from: a connection of the type s3, and the file's name there. */
  readonly file?: { readonly connection: string; readonly path: string };
  /** Whether it is NULL where an argument is, without being called. */
  readonly strict: boolean;
};

export const isModel = (language: Routine['language']): language is (typeof models)[number] =>
  (models as readonly string[]).includes(language);

/** A call of a routine in a tree: one that no grammar knows. `definition` is the routine as JSON. */
export type RoutineCall = { readonly definition: string; readonly args: readonly Node[] };

export const routineNode = (routine: Routine, args: readonly Node[]): Node =>
  ({ RoutineCall: { definition: JSON.stringify(routine), args } }) as unknown as Node;

export const routineIn = (node: Node): RoutineCall | undefined => (node as unknown as { RoutineCall?: RoutineCall }).RoutineCall;

export const routineOf = (definition: string): Routine => JSON.parse(definition) as Routine;

/** A call took too much time or memory. It is not the row's fault: a view waits until the function is another. */
export class Overrun extends StatementError {}

/** SQLSTATEs of functions: class 38 and 39 of PostgreSQL's appendix A, and those of time and memory. */
export const routineStates = { threw: '38000', wrong: '39000', late: sqlstates.cancelled, memory: '53200' } as const;

const wrongBody = (message: string) => new StatementError('42P13', message);

/** What an engine calls its parameters, which a body may name. */
const isName = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name);

/** Types that a module of WebAssembly takes and answers. */
const inModule: readonly Type[] = ['bool', 'int4', 'int8', 'float8', 'text'];

/** What models answer: a number, or a class; networks also texts, all numbers of a row, and all outputs as JSON. */
const ofTrees: readonly Type[] = ['float8', 'int4'];
const ofNetwork: readonly Type[] = [...ofTrees, 'int8', 'text', 'float8[]', 'json', 'jsonb'];
const isFeature = (type: Type, language: Routine['language']): boolean =>
  type === 'bool' || numbers.includes(type) || (language === 'onnx' && type === 'text');

/** The body of a function in another language, as it is kept; `more` is what stands behind it, of which models alone have one. */
export function routineBody(
  { name, language, params, returns }: Omit<Routine, 'body' | 'strict'>,
  text: string,
  more: string | undefined,
): Pick<Routine, 'body' | 'file'> {
  if (isModel(language)) {
    if (more === undefined) throw wrongBody(`a model is made so: LANGUAGE ${language} AS 'connection', 'path'`);
    const answers: readonly Type[] = language === 'onnx' ? ofNetwork : ofTrees;
    if (!answers.includes(returns))
      throw wrongBody(`a model of ${language} RETURNS ${answers.slice(0, -1).join(', ')} or ${answers.at(-1)}, and not ${returns}`);
    const other = params.find(({ type }) => !isFeature(language === 'onnx' ? (elementOf(type) ?? type) : type, language));
    if (other) throw wrongBody(`a feature is a number, and ${other.name} is of the type ${other.type}`);
    return { body: '', file: { connection: text, path: more } };
  }
  if (language === 'javascript') {
    if (more !== undefined) throw wrongBody(`a function in ${language} has one body`);
    const unnamed = params.findIndex((param) => !isName(param.name));
    if (unnamed >= 0) throw wrongBody(`parameter ${unnamed + 1} of a function in JavaScript needs a name that JavaScript takes`);
    // import() would bring what is outside; as a word of the language it can be written in no other way.
    if (/\bimport\b/.test(text)) throw wrongBody('a function in JavaScript imports nothing, and its text may not have the word import');
    return { body: text };
  }
  const other = [...params.map(({ type }) => type), returns].find((type) => !inModule.includes(type));
  if (other) throw notBuilt(`The type ${other} in a function of WebAssembly`);
  if (more !== undefined) return { body: '', file: { connection: text, path: more } };
  const packed = text.replaceAll(/\s+/g, '');
  const bytes = /^(\\x)?([0-9a-f]{2})+$/i.test(packed) ? Buffer.from(packed.replace(/^\\x/, ''), 'hex') : Buffer.from(packed, 'base64');
  if (!isModule(bytes)) throw wrongBody(`the body of ${name} is no module of WebAssembly in base64 or hexadecimal`);
  return { body: bytes.toString('base64') };
}

/** Whether a file begins as a module of WebAssembly does. */
export const isModule = (bytes: Buffer): boolean => bytes.length >= 8 && bytes.readUInt32BE() === 0x0061736d;

/** The language that a function is written in; SQL, if it does not say. */
export function languageOf(options: readonly Node[]): Routine['language'] | 'sql' {
  const said = options.flatMap((option) =>
    'DefElem' in option && option.DefElem.defname === 'language' && option.DefElem.arg ? [textIn(option.DefElem.arg).toLowerCase()] : [],
  )[0];
  if (said === undefined || said === 'sql') return 'sql';
  const found = languages.find((each) => each === said || (said === 'js' && each === 'javascript'));
  if (!found) throw notBuilt(`A function in ${said}`);
  return found;
}

/** Options of CREATE FUNCTION besides its language. */
export function routineOptions({ options = [] }: CreateFunctionStmt): {
  readonly text: string;
  readonly more: string | undefined;
  readonly strict: boolean;
} {
  let strict = false;
  let [text, more]: (string | undefined)[] = [];
  for (const option of options) {
    const { defname = '', arg } = 'DefElem' in option ? option.DefElem : {};
    if (defname === 'as' && arg && 'List' in arg) [text, more] = (arg.List.items ?? []).map(textIn);
    else if (defname === 'strict') strict = arg !== undefined && 'Boolean' in arg && arg.Boolean.boolval === true;
    // The same call always has the same answer; VOLATILE would be untrue.
    else if (defname !== 'language' && !(defname === 'volatility' && arg && textIn(arg) !== 'volatile'))
      throw notBuilt(`A function with ${defname.toUpperCase()}`);
  }
  if (text === undefined) throw wrongBody('no function body specified');
  return { text, more, strict };
}
