import type { Call } from '#kernel/contract/call.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { alteringOf } from '../../domain/alter-statement.ts';
import { parseStatement, type Statement } from '../../domain/statement.ts';
import type { analytics } from '../../service.ts';
import { explained } from '../explained.ts';
import { planAsked } from '../question.ts';
import { isRead } from '../relation.ts';
import { reading } from './read.ts';
import type { World } from './world.ts';

type Understood = {
  readonly operation?: string;
  readonly name: string;
  readonly input: Record<string, unknown>;
  readonly follows: string[];
  readonly lines?: string[];
};
type OnOne = Extract<Statement, { kind: 'createSource' | 'createTable' | 'createSink' | 'createFunction' | 'createType' | 'drop' }>;

const dropping = {
  ...{ view: 'DeleteView', query: 'DeleteQuery', source: 'DeleteSource', sink: 'DeleteSink', table: 'DeleteTable' },
  ...{ connection: 'DeleteConnection', function: 'DeleteFunction', type: 'DeleteType' },
} as const;

/** Which operation carries a statement out: whoever has the answer asks for it in their own name. */
export async function understood(world: World, call: Call, text: string): Promise<Understood> {
  const statement = await parseStatement(text, world.plans.types(call.caller));
  switch (statement?.kind) {
    case undefined:
      throw new StatementError(sqlstates.syntax, 'there is no statement');
    case 'select':
      return await selected(world, call, statement);
    case 'subscribe':
      return { operation: 'WatchView', name: statement.name, input: {}, follows: [] };
    case 'explain':
      return await toExplain(world, call, statement);
    case 'createView':
      return { operation: 'CreateView', name: '', input: { name: statement.name, text: statement.text }, follows: [] };
    case 'createQuery':
      return { operation: 'CreateQuery', name: '', input: { name: statement.name, text: statement.text }, follows: [] };
    case 'write':
      return { operation: 'WriteTable', name: statement.name, input: { text }, follows: [] };
    case 'alter': {
      const { operation, input } = alteringOf(statement);
      return { operation, name: statement.name, input, follows: [] };
    }
    case 'createIndex': {
      const { name, columns, isUnique } = statement.index;
      return { operation: 'CreateIndex', name: statement.table, input: { name, columns, unique: isUnique }, follows: [] };
    }
    case 'createSource':
    case 'createTable':
    case 'createSink':
    case 'createFunction':
    case 'createType':
    case 'drop':
      return { ...onOne(statement), follows: [] };
    default:
      throw notBuilt('This statement anywhere but over the PostgreSQL protocol');
  }
}

function onOne(statement: OnOne): Omit<Understood, 'follows'> {
  switch (statement.kind) {
    case 'createSource': {
      const { name, topic, columns, format, origin, start } = statement;
      const more = { ...(topic === undefined ? {} : { topic }), ...(start === undefined ? {} : { start }) };
      const input = { name, columns, format, ...more, ...(origin ? { origin } : {}) };
      return { operation: 'CreateSource', name: '', input };
    }
    case 'createTable':
      return { operation: 'CreateTable', name: '', input: { name: statement.name, text: statement.text } };
    case 'createSink': {
      const { name, select, target } = statement;
      return { operation: 'CreateSink', name: '', input: { name, text: select, target } };
    }
    case 'createFunction':
      return { operation: 'CreateFunction', name: '', input: { name: statement.made.name, text: statement.text } };
    case 'createType':
      return { operation: 'CreateType', name: '', input: { name: statement.name, fields: statement.fields } };
    case 'drop': {
      const [name = '', ...more] = statement.names;
      if (statement.of === 'index') throw notBuilt('DROP INDEX anywhere but over the PostgreSQL protocol');
      if (more.length > 0) throw notBuilt('DROP of several at once anywhere but over the PostgreSQL protocol');
      return { operation: dropping[statement.of], name, input: {} };
    }
  }
}

/** The relations that a query names; what is said of them is for those alone who may read them. */
async function named({ plans }: World, call: Call, select: Extract<Statement, { kind: 'select' }>['select']) {
  const { tree } = await plans.functions.inlined(call.caller, select);
  const found = await plans.meant(call.caller, tree);
  for (const { name, kind } of found.relations.filter(isRead)) await (call as Call<typeof analytics>).also(reading[kind], name);
  return { tree, found };
}

async function selected(world: World, call: Call, { select, text }: Extract<Statement, { kind: 'select' }>): Promise<Understood> {
  const { tree, found } = await named(world, call, select);
  planAsked(tree, text, found, []);
  const { relations } = found;
  const [first] = relations;
  if (!first || !isRead(first)) throw notBuilt('A query of no relation anywhere but over the PostgreSQL protocol');
  const follows = relations.filter(({ kind }) => kind === 'view').map(({ name }) => name);
  return { operation: reading[first.kind], name: first.name, input: { text }, follows };
}

async function toExplain(world: World, call: Call, asked: Extract<Statement, { kind: 'explain' }>): Promise<Understood> {
  const { tree, found } = await named(world, call, asked.select);
  const lines = await explained(world.plans, call.caller, { ...asked, select: tree, named: found });
  return { name: '', input: {}, follows: [], lines };
}
