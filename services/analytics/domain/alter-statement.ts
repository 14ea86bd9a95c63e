import type { AlterTableStmt, Node, RenameStmt } from 'libpg-query';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { columnsOf } from './column.ts';
import { serialType } from './constraint.ts';
import { optionsOf } from './format.ts';
import { checkedName, placeOfName, plainName } from './name.ts';
import { parser, tokensOf } from './parser.ts';
import type { Reshaping } from './reshape.ts';
import { type Column, typeText } from './value.ts';
import { msOf } from './watermark.ts';

type Kind = 'source' | 'table' | 'view' | 'query' | 'sink';

/** What becomes otherwise of a relation. */
export type Alteration =
  | { readonly what: 'rename'; readonly to: string }
  | { readonly what: 'add'; readonly column: Column; readonly orIs: boolean }
  /** Of a view or table; 0 remembers nothing. */
  | { readonly what: 'history'; readonly historyMs: number }
  | { readonly what: 'source'; readonly idleMs?: number; readonly late?: string; readonly deadLetters?: string };
export type Alter = { readonly kind: 'alter'; readonly of: Kind; readonly name: string; readonly alteration: Alteration };

const kinds: Readonly<Record<string, Kind>> = { OBJECT_TABLE: 'table', OBJECT_MATVIEW: 'view', OBJECT_VIEW: 'query' };

/**
 * Understands ALTER of a relation; `stood` is what stands in the statement in the place of TABLE or VIEW. What only gives a table
 * another name or another empty column may be done where it is, for those who read it.
 */
export function altered(node: Node, stood: Kind | undefined, text: string): Alter | Reshaping | undefined {
  if ('RenameStmt' in node) {
    const { renameType = '', relation, relationType, missing_ok: orNone = false } = node.RenameStmt;
    const ofTable = ['OBJECT_TABLE', 'OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT'].includes(renameType);
    if (stood || !ofTable || (renameType === 'OBJECT_COLUMN' && relationType !== 'OBJECT_TABLE')) return renamed(node.RenameStmt, stood);
    const place = renameType === 'OBJECT_TABLE' && !orNone ? renamed(node.RenameStmt, stood) : undefined;
    return { kind: 'reshape', name: plainName(relation), node, text, orNone, place };
  }
  if (!('AlterTableStmt' in node)) return undefined;
  const { objtype, relation, cmds = [], missing_ok: orNone = false } = node.AlterTableStmt;
  if (stood || objtype !== 'OBJECT_TABLE') return changed(node.AlterTableStmt, stood);
  return { kind: 'reshape', name: plainName(relation), node, text, orNone, place: orNone ? undefined : inPlace(node.AlterTableStmt, cmds) };
}

/** ADD of a column without anything but its type, and for how long it is remembered what was. */
function inPlace(node: AlterTableStmt, cmds: readonly Node[]): Alter | undefined {
  const [only, ...more] = cmds;
  const command = only && 'AlterTableCmd' in only ? only.AlterTableCmd : undefined;
  const { subtype, def } = command ?? {};
  if ((subtype === 'AT_SetRelOptions' || subtype === 'AT_ResetRelOptions') && more.length === 0) return changed(node, undefined);
  const own = def && 'ColumnDef' in def ? def.ColumnDef : undefined;
  const isPlain = subtype === 'AT_AddColumn' && more.length === 0 && own && !own.constraints && !own.collClause && !own.typeName?.typmods;
  return isPlain && !serialType(own) ? changed(node, undefined) : undefined;
}

function renamed({ renameType = 'OBJECT_TABLE', relation, newname = '', missing_ok }: RenameStmt, stood: Kind | undefined): Alter {
  const of = stood ?? kinds[renameType];
  if (!of || renameType === 'OBJECT_COLUMN') throw notBuilt(`RENAME of a ${renameType.replace('OBJECT_', '').toLowerCase()}`);
  if (missing_ok) throw notBuilt('ALTER ... IF EXISTS');
  return { kind: 'alter', of, name: plainName(relation), alteration: { what: 'rename', to: checkedName(newname) } };
}

const words: Readonly<Record<string, string>> = {
  AT_ChangeOwner: 'ALTER ... OWNER',
  AT_DropColumn: 'DROP COLUMN',
};

function changed({ relation, cmds = [], objtype = 'OBJECT_TABLE', missing_ok }: AlterTableStmt, stood: Kind | undefined): Alter {
  const of = stood ?? kinds[objtype];
  const [node, ...more] = cmds;
  const command = node && 'AlterTableCmd' in node ? node.AlterTableCmd : undefined;
  if (!of || !command || more.length > 0 || missing_ok) throw notBuilt('This form of ALTER');
  const { subtype = '', def, missing_ok: orIs = false } = command;
  const own = { kind: 'alter', of, name: plainName(relation) } as const;
  if (subtype === 'AT_AddColumn' && def && (of === 'table' || of === 'source')) {
    // What rows had before there was the column is NULL, for them and for the records that told of them.
    const [column] = columnsOf([def]);
    return { ...own, alteration: { what: 'add', column: column as Column, orIs } };
  }
  if (subtype === 'AT_SetRelOptions' || subtype === 'AT_ResetRelOptions') return { ...own, alteration: optionsSet(of, subtype, def) };
  throw notBuilt(words[subtype] ?? `ALTER with ${subtype.replace('AT_', '')}`);
}

function optionsSet(of: Kind, subtype: string, def: Node | undefined): Alteration {
  const options = def && 'List' in def ? (def.List.items ?? []) : [];
  if (of === 'view' || of === 'table') {
    const names = options.map((option) => ('DefElem' in option ? (option.DefElem.defname ?? '') : ''));
    if (names.includes('retention')) throw notBuilt('Another retention of a view, which would have to be computed anew');
    const history = optionsOf(options, ['history'], of).get('history') ?? '';
    return { what: 'history', historyMs: subtype === 'AT_ResetRelOptions' ? 0 : msOf(history, 'history') };
  }
  if (of !== 'source' || subtype === 'AT_ResetRelOptions')
    throw notBuilt(`ALTER ${of === 'query' ? 'VIEW' : of.toUpperCase()} ... ${subtype.slice(3, -10).toUpperCase()}`);
  const given = optionsOf(options, ['idle', 'late', 'dead_letters'], 'source that is there');
  const [idle, late, deadLetters] = [given.get('idle'), given.get('late'), given.get('dead_letters')];
  for (const topic of [late, deadLetters])
    if (topic !== undefined && !/^[a-zA-Z0-9._-]{1,249}$/.test(topic))
      throw new StatementError('22023', `"${topic}" is no name of a topic`);
  return {
    what: 'source',
    ...(idle === undefined ? {} : { idleMs: msOf(idle, 'idle') }),
    ...(late === undefined ? {} : { late }),
    ...(deadLetters === undefined ? {} : { deadLetters }),
  };
}

const operations = {
  ...{ source: 'UpdateSource', table: 'UpdateTable', view: 'UpdateView', query: 'UpdateQuery', sink: 'UpdateSink' },
} as const;

/** What the operations take, each a part of it. */
type Input = { name?: string; add?: Column; idleMs?: number; late?: string; deadLetters?: string };

/** The operation that carries an ALTER out, its input, and whether a column that is there already is no error. */
export function alteringOf({ of, alteration }: Pick<Alter, 'of' | 'alteration'>): {
  readonly operation: 'UpdateSource';
  readonly input: Input;
  readonly isExcused: boolean;
} {
  const operation = operations[of] as 'UpdateSource';
  switch (alteration.what) {
    case 'rename':
      return { operation, input: { name: alteration.to }, isExcused: false };
    case 'add':
      return { operation, input: { add: alteration.column }, isExcused: alteration.orIs };
    default: {
      const { what: _, ...input } = alteration;
      return { operation, input: input as Input, isExcused: false };
    }
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** The statement that makes a relation, with another name. */
export async function withName(text: string, name: string): Promise<string> {
  const tokens = tokensOf(await parser(), text) ?? [];
  const at = placeOfName(tokens);
  const bytes = Buffer.from(text);
  return `${bytes.toString('utf8', 0, tokens[at]?.start)}${quoted(name)}${bytes.toString('utf8', tokens[at]?.end)}`;
}

/** Where the columns of a CREATE TABLE end: options may stand behind them. */
function endOfColumns(tokens: readonly { readonly text: string }[]): number {
  let depth = 0;
  return tokens.findIndex(({ text }) => {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    return text === ')' && depth === 0;
  });
}

/** The statement that makes a table, with another column behind the others. */
export async function withColumn(text: string, { name, type }: Column): Promise<string> {
  const tokens = tokensOf(await parser(), text) ?? [];
  const end = tokens[endOfColumns(tokens)]?.start ?? 0;
  const bytes = Buffer.from(text);
  return `${bytes.toString('utf8', 0, end)}, ${quoted(name)} ${typeText(type)}${bytes.toString('utf8', end)}`;
}
