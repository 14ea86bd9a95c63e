import type { CopyStmt, CreateStmt, Node, RawStmt, SelectStmt } from 'libpg-query';
import type { Control } from '#engine/pgwire/application.ts';
import { type CopyFormat, copyFormat } from '#engine/pgwire/copy.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type AdvisoryCall, advisoryCall } from './advisory-statement.ts';
import { type Alter, altered } from './alter-statement.ts';
import { changing, type Truncation, truncationOf } from './changing-statement.ts';
import { columnsOf } from './column.ts';
import { connectionOf, type ConnectionSpec } from './connection.ts';
import { type Declaring, declared } from './cursor-statement.ts';
import { type Format, optionsOf } from './format.ts';
import { type Explain, explained } from './explain-statement.ts';
import { type NotifyEach, notifyEach } from './notify-statement.ts';
import { checkedName, droppedName, optionText, plainName, textIn } from './name.ts';
import type { Reshaping } from './reshape.ts';
import { type IndexMaking, indexMaking } from './index-statement.ts';
import type { Origin } from './origin.ts';
import { type Parser, parser, type Token, tokensOf } from './parser.ts';
import { type ConnectionText, connectionText, type SinkText, sinkText } from './sink-statement.ts';
import { type Target, targetOf, targetOptions } from './sink.ts';
import { valuesOf } from './source-statement.ts';
import { type TableAs, tableAs } from './table-as.ts';
import { functionOf, type SqlFunction } from './sql-function.ts';
import { controlOf } from './session-statement.ts';
import { type QueryMaking, queryMaking } from './query-statement.ts';
import { takeAsOf } from './as-of.ts';
import { attachMatches, type Taken, takeMatches } from './match-text.ts';
import { placesIn } from './context.ts';
import type { Pace } from './closing.ts';
import { takeProctime } from './proctime.ts';
import { msOf, takeEmit, takeWatermark, type WatermarkText } from './watermark.ts';
import { statementBytesMax, statementsMax } from './limits.ts';
import type { Column } from './value.ts';
import { type Telling, tellingOf } from './telling.ts';
import { nameTypes, noTypes, type RowTypeText, takeRowTypes, type TypeMaking, typeMaking, type TypesOf } from './type-name.ts';
import { takeWindows } from './window-text.ts';
import type { Changing } from './write.ts';

/** What SHOW shows, by its word; MATERIALIZED VIEWS stands as `matviews`. */
const shown = {
  sources: 'sources',
  views: 'queries',
  matviews: 'views',
  sinks: 'sinks',
  tables: 'tables',
  connections: 'connections',
  functions: 'functions',
  lag: 'lag',
} as const;

/** A statement that is known; what a name stands for is found when it is planned. */
export type Statement =
  | {
      readonly kind: 'createSource';
      readonly name: string;
      readonly columns: readonly Column[];
      readonly topic: string | undefined;
      readonly format: Format;
      readonly origin?: Origin;
      readonly start?: string;
      readonly orIs: boolean;
    }
  | {
      readonly kind: 'createView';
      readonly name: string;
      readonly text: string;
      readonly select: SelectStmt;
      readonly orIs: boolean;
      readonly pace: Pace;
      /** For how many milliseconds it is remembered what its rows were. */
      readonly historyMs: number | undefined;
      /** How many characters were before the text. */
      readonly before: number;
    }
  | { readonly kind: 'createTable'; readonly name: string; readonly text: string; readonly made: CreateStmt; readonly orIs: boolean }
  | TableAs
  | QueryMaking
  | IndexMaking
  /** A change of the rows of a table. */
  | { readonly kind: 'write'; readonly name: string; readonly of: Changing; readonly text: string }
  /** COPY FROM STDIN; without names the columns are all. */
  | { readonly kind: 'load'; readonly name: string; readonly columns: readonly string[] | undefined; readonly format: CopyFormat }
  /** `select` is the text of what the sink gives out. */
  | { readonly kind: 'createSink'; readonly name: string; readonly select: string; readonly target: Target; readonly orIs: boolean }
  | { readonly kind: 'createFunction'; readonly made: SqlFunction; readonly text: string }
  | { readonly kind: 'createConnection'; readonly name: string; readonly spec: ConnectionSpec; readonly orIs: boolean }
  | TypeMaking
  | Alter
  | Reshaping
  | { readonly kind: 'alterConnection'; readonly name: string; readonly spec: ConnectionSpec }
  | {
      readonly kind: 'drop';
      readonly of: 'source' | 'view' | 'query' | 'sink' | 'table' | 'connection' | 'function' | 'index' | 'type';
      readonly names: readonly string[];
      readonly orNone: boolean;
      /** Constraints of other tables that need it go with it. */
      readonly cascades: boolean;
    }
  /** CREATE SCHEMA of the one that there is. */
  | { readonly kind: 'createSchema'; readonly orIs: boolean }
  | AdvisoryCall
  | { readonly kind: 'select'; readonly select: SelectStmt; readonly text: string }
  | Explain
  /** `committed`: nothing is told before it is committed. */
  | { readonly kind: 'subscribe'; readonly name: string; readonly committed: boolean }
  | { readonly kind: 'show'; readonly what: (typeof shown)[keyof typeof shown] }
  | Declaring
  | Truncation
  | Telling
  | {
      readonly kind: 'copy';
      readonly of: { readonly select: SelectStmt } | { readonly subscribe: string; readonly committed: boolean };
      readonly text: string;
      readonly format: CopyFormat;
    }
  | NotifyEach
  | { readonly kind: 'control'; readonly control: Exclude<Control, { kind: 'declare' | 'notifyEach' }> };

/** The statements of a text, each behind as many spaces as there were characters, so that places in it stay true. */
export async function splitStatements(text: string): Promise<string[]> {
  const bytes = Buffer.from(text);
  if (bytes.length > statementBytesMax)
    throw new StatementError(sqlstates.tooLarge, `a text of statements is at most ${statementBytesMax} bytes long`);
  if (text.trim() === '') return [];
  const tokens = tokensOf(await parser(), text);
  if (!tokens) return [text];
  const found: string[] = [];
  let own: Token[] = [];
  const finish = () => {
    const [first, last] = [own[0], own.at(-1)];
    own = [];
    if (!first || !last) return;
    const before = bytes.toString('utf8', 0, first.start).length;
    found.push(' '.repeat(before) + bytes.toString('utf8', first.start, last.end));
  };
  for (const token of tokens) {
    if (token.text === ';') finish();
    else own.push(token);
  }
  finish();
  if (found.length > statementsMax) throw new StatementError(sqlstates.tooLarge, `a text has at most ${statementsMax} statements`);
  return found;
}

type Lifted = {
  readonly text: string;
  readonly subscribes: boolean;
  /** Whether a subscription is WITH (COMMITTED). */
  readonly committed: boolean;
  readonly isSource: boolean;
  /** An ALTER whose sink stands as a view. */
  readonly isSink: boolean;
  /** What stands in a DROP as a view. */
  readonly drops: 'sink' | 'connection' | undefined;
  readonly watermark: WatermarkText | undefined;
  readonly proctime: string | undefined;
  /** Whether rows of a view wait until their windows close. */
  readonly onClose: boolean;
  readonly matches: readonly Taken[];
  readonly rowTypes: readonly RowTypeText[];
};

const ofCommitted = ['with', '(', 'committed', ')'];

/**
 * Puts what PostgreSQL's grammar knows in the place of what it does not, at the same length: a source is written like a
 * table, SUBSCRIBE like TABLE.
 */
function lift(text: string, tokens: readonly Token[]): Lifted {
  const bytes = Buffer.from(text);
  const words = tokens.slice(0, 3).map((token) => token.text.toLowerCase());
  const write = (at: number, word: string) => {
    const { start = 0, end = 0 } = tokens[at] ?? {};
    bytes.write(word.padEnd(end - start), start);
  };
  const drops = words[0] === 'drop' && (words[1] === 'sink' || words[1] === 'connection') ? words[1] : undefined;
  if (drops) write(1, 'VIEW');
  const isSource = ['create', 'drop', 'alter'].includes(words[0] ?? '') && words[1] === 'source';
  if (isSource) write(1, 'TABLE');
  const isSink = words[0] === 'alter' && words[1] === 'sink';
  if (isSink) write(1, 'VIEW');
  const subscribes = words[0] === 'subscribe';
  if (subscribes) {
    write(0, 'TABLE');
    if (words[1] === 'to') write(1, '');
  }
  const copies = words[0] === 'copy' && words[1] === '(' && words[2] === 'subscribe';
  if (copies) {
    write(2, 'TABLE');
    if (tokens[3]?.text.toLowerCase() === 'to') write(3, '');
  }
  const how =
    subscribes || copies ? tokens.findIndex((_, at) => ofCommitted.every((word, by) => word === tokens[at + by]?.text.toLowerCase())) : -1;
  if (how >= 0) for (const by of ofCommitted.keys()) write(how + by, '');
  if (words[0] === 'show' && words[1] === 'materialized' && words[2] === 'views') {
    write(1, 'matviews');
    write(2, '');
  }
  const rowTypes = takeRowTypes(bytes, tokens);
  const matches = takeMatches(bytes, tokens, text, placesIn(text));
  takeAsOf(bytes, tokens, placesIn(text));
  takeWindows(bytes, tokens);
  const watermark = isSource ? takeWatermark(bytes, tokens) : undefined;
  const proctime = isSource ? takeProctime(bytes, tokens) : undefined;
  const made = tokens.findIndex(({ text: word }) => word.toLowerCase() === 'materialized');
  const isView = (words[0] === 'create' || words[0] === 'explain') && tokens[made - 1]?.text.toLowerCase() === 'create';
  const onClose = isView ? takeEmit(bytes, tokens) === true : false;
  return {
    text: bytes.toString(),
    subscribes: subscribes || copies,
    committed: how >= 0,
    isSource,
    isSink,
    drops,
    watermark,
    proctime,
    onClose,
    matches,
    rowTypes,
  };
}

/** Understands one statement; undefined for none. `types` tells what names of types of rows stand for. */
export async function parseStatement(text: string, types: TypesOf = noTypes): Promise<Statement | undefined> {
  const parse = await parser();
  const words = tokensOf(parse, text) ?? [];
  const telling = tellingOf(words);
  if (telling) return { ...telling, name: relationNamed(parse, telling.name) };
  const sink = sinkText(text, words);
  if (sink) return createdSink(parse, sink);
  const connection = connectionText(text, words);
  if (connection) return createdConnection(parse, connection, connection.isThere);
  const lifted = lift(text, words);
  if (lifted.text.trim() === '') return undefined;
  const node = nodeOf(parse, lifted.text);
  attachMatches(node, lifted.matches, (each) => nodeOf(parse, each));
  const tokens = (of: string) => tokensOf(parse, of) ?? [];
  await nameTypes(node, lifted.rowTypes, { tokens, node: (each) => nodeOf(parse, each) }, types);
  const by = lifted.watermark && nodeOf(parse, lifted.watermark.select);
  return node && statementOf(node, { lifted, text, words, by, parse: (each) => nodeOf(parse, each) });
}

function nodeOf(parse: Parser, text: string): Node | undefined {
  let statements: RawStmt[];
  try {
    statements = parse.parseSync(text).stmts ?? [];
  } catch (error) {
    throw refusal(parse, error);
  }
  const [first, ...more] = statements;
  if (more.length > 0) throw new StatementError(sqlstates.syntax, 'cannot insert multiple commands into a prepared statement');
  return first?.stmt;
}

/** The name of a relation, as it is written. */
function relationNamed(parse: Parser, written: string): string {
  const node = nodeOf(parse, `table ${written}`);
  if (!node || !('SelectStmt' in node)) throw new StatementError(sqlstates.syntax, `"${written}" is no name`);
  return subscribed(node.SelectStmt);
}

function createdSink(parse: Parser, { select, options, name, orIs }: SinkText): Statement {
  const bytes = Buffer.from(select);
  const tokens = tokensOf(parse, select) ?? [];
  takeEmit(bytes, tokens);
  takeRowTypes(bytes, tokens);
  const matches = takeMatches(bytes, tokens, select, placesIn(select));
  takeAsOf(bytes, tokens, placesIn(select));
  takeWindows(bytes, tokens);
  const [of, made] = [nodeOf(parse, bytes.toString()), nodeOf(parse, options)];
  if (!of || !('SelectStmt' in of) || !made || !('CreateStmt' in made)) throw notBuilt('A sink of anything but a SELECT');
  attachMatches(of, matches, (each) => nodeOf(parse, each));
  const given = optionsOf(made.CreateStmt.options ?? [], targetOptions, 'sink');
  return { kind: 'createSink', name: relationNamed(parse, name), select: select.trim(), target: targetOf(given), orIs };
}

function createdConnection(parse: Parser, { options, name: written, orIs }: ConnectionText, isThere: boolean): Statement {
  const made = nodeOf(parse, options);
  if (!made || !('CreateStmt' in made)) throw notBuilt('This form of a connection');
  const [name, spec] = [relationNamed(parse, written), connectionOf(made.CreateStmt.options ?? [])];
  return isThere ? { kind: 'alterConnection', name, spec } : { kind: 'createConnection', name, spec, orIs };
}

function refusal(parse: Parser, error: unknown): unknown {
  if (error instanceof RangeError) return new StatementError(sqlstates.tooComplex, 'the statement is too complex');
  if (!(error instanceof parse.SqlError)) return error;
  const at = error.sqlDetails?.cursorPosition ?? -1;
  return new StatementError(sqlstates.syntax, error.message, at < 0 ? undefined : at + 1);
}

/** What a statement is understood with; `by` is how the times of a source go on. */
type Understood = {
  readonly lifted: Lifted;
  readonly text: string;
  readonly words: readonly Token[];
  readonly by: Node | undefined;
  readonly parse: (text: string) => Node | undefined;
};

function statementOf(node: Node, { lifted, text, words, by, parse }: Understood): Statement {
  const { subscribes, isSource, drops, onClose } = lifted;
  if ('SelectStmt' in node) {
    if (subscribes) return { kind: 'subscribe', name: subscribed(node.SelectStmt), committed: lifted.committed };
    const own = advisoryCall(node.SelectStmt) ?? notifyEach(node.SelectStmt, text, words);
    if (own) return own;
    const control = controlOf(node);
    return control ? { kind: 'control', control } : { kind: 'select', select: node.SelectStmt, text };
  }
  if ('CreateStmt' in node) {
    const { relation, tableElts = [], options = [], if_not_exists = false, ...rest } = node.CreateStmt;
    if (!isSource)
      return { kind: 'createTable', name: checkedName(plainName(relation)), text: text.trim(), made: node.CreateStmt, orIs: if_not_exists };
    if (rest.inhRelations || rest.constraints || rest.partspec) throw notBuilt('This form of CREATE SOURCE');
    const own = { name: plainName(relation), columns: columnsOf(tableElts), ...valuesOf(options, lifted, by, text) };
    return { kind: 'createSource', ...own, orIs: if_not_exists };
  }
  if ('CreateTableAsStmt' in node) {
    const { into, query, objtype, if_not_exists = false } = node.CreateTableAsStmt;
    if (objtype === 'OBJECT_TABLE') return tableAs(node.CreateTableAsStmt, text);
    if (into?.colNames || into?.skipData) throw notBuilt('This form of CREATE MATERIALIZED VIEW');
    if (!query || !('SelectStmt' in query)) throw notBuilt('A view of anything but a SELECT');
    const given = optionsOf(into?.options ?? [], ['retention', 'history'], 'view');
    const [retention, history] = [given.get('retention'), given.get('history')];
    const historyMs = history === undefined ? undefined : msOf(history, 'history');
    const pace = { onClose, retention: retention === undefined ? undefined : msOf(retention, 'retention') * 1000 };
    const before = [...text].length - [...text.trimStart()].length;
    const own = { name: plainName(into?.rel), text: text.trim(), select: query.SelectStmt, orIs: if_not_exists };
    return { kind: 'createView', ...own, pace, historyMs, before };
  }
  const alter = altered(node, isSource ? 'source' : lifted.isSink ? 'sink' : undefined, text);
  if (alter) return alter;
  const truncation = truncationOf(node);
  if (truncation) return truncation;
  const change = changing(node);
  if (change) return { kind: 'write', name: plainName(change.on), of: change.of, text };
  if ('ExplainStmt' in node) return explained(node.ExplainStmt, text);
  if ('DropStmt' in node) {
    const { objects = [], removeType, behavior, missing_ok = false } = node.DropStmt;
    const own = {
      OBJECT_MATVIEW: 'view',
      OBJECT_VIEW: 'query',
      OBJECT_TABLE: isSource ? 'source' : 'table',
      OBJECT_FUNCTION: 'function',
      OBJECT_INDEX: 'index',
      OBJECT_TYPE: 'type',
    } as const;
    const of = drops ?? own[removeType as keyof typeof own];
    if (!of) throw notBuilt('DROP of this kind');
    return { kind: 'drop', of, names: objects.map(droppedName), orNone: missing_ok, cascades: behavior === 'DROP_CASCADE' };
  }
  if ('CreateSchemaStmt' in node) {
    const { schemaname, schemaElts, authrole, if_not_exists: orIs = false } = node.CreateSchemaStmt;
    if (schemaname !== 'public' || schemaElts || authrole) throw notBuilt('A schema besides public');
    return { kind: 'createSchema', orIs };
  }
  if ('ViewStmt' in node) return queryMaking(node.ViewStmt, text);
  if ('CompositeTypeStmt' in node) return typeMaking(node.CompositeTypeStmt);
  if ('IndexStmt' in node) return indexMaking(node.IndexStmt);
  if ('CreateFunctionStmt' in node) return { kind: 'createFunction', made: functionOf(node.CreateFunctionStmt, parse), text: text.trim() };
  if ('CopyStmt' in node) return copied(node.CopyStmt, lifted, text);
  if ('DeclareCursorStmt' in node) return declared(node.DeclareCursorStmt, text);
  const control = controlOf(node);
  if (control?.kind === 'show' && Object.hasOwn(shown, control.name)) return { kind: 'show', what: shown[control.name as 'sources'] };
  if (control) return { kind: 'control', control };
  const [kind = 'Stmt'] = Object.keys(node);
  throw notBuilt(`The statement ${kind.replace(/Stmt$/, '')}`);
}

function copied(node: CopyStmt, { subscribes, committed }: Lifted, text: string): Statement {
  const { relation, query, attlist, options = [] } = node;
  if (node.is_program || node.filename !== undefined)
    throw new StatementError(sqlstates.denied, `COPY reaches no files and programs; use ${node.is_from ? 'STDIN' : 'STDOUT'}`);
  const given = options.map((option) => ('DefElem' in option ? option.DefElem : {}));
  const format = copyFormat(new Map(given.map(({ defname = '', arg }) => [defname, optionText(arg)])));
  if (node.is_from) {
    if (node.whereClause) throw notBuilt('COPY FROM with WHERE');
    return { kind: 'load', name: plainName(relation), columns: attlist?.map(textIn), format };
  }
  if (query && 'SelectStmt' in query) {
    const { SelectStmt: select } = query;
    return { kind: 'copy', of: subscribes ? { subscribe: subscribed(select), committed } : { select }, text, format };
  }
  if (!relation) throw notBuilt('COPY of anything but a SELECT');
  const fields = attlist?.map((name) => [name]) ?? [[{ A_Star: {} }]];
  const targetList = fields.map((path): Node => ({ ResTarget: { val: { ColumnRef: { fields: path } } } }));
  return { kind: 'copy', of: { select: { targetList, fromClause: [{ RangeVar: relation }], op: 'SETOP_NONE' } }, text, format };
}

/** SUBSCRIBE names one view and nothing more. */
function subscribed({ fromClause = [] }: SelectStmt): string {
  const [from, ...more] = fromClause;
  if (!from || more.length > 0 || !('RangeVar' in from)) throw notBuilt('SUBSCRIBE to anything but a view');
  return plainName(from.RangeVar);
}
