import type { Session } from '#kernel/contract/session.ts';
import type { Prepared } from '#engine/pgwire/application.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Statement } from '../../domain/statement.ts';
import { quoted } from '../../domain/table-text.ts';
import type { analytics } from '../../service.ts';
import { type Relation, words } from '../../store/relation.ts';
import type { Plans } from '../../store/view.ts';
import { dropping } from './decision.ts';
import { done, excused, undone } from './prepared.ts';
import type { TableDesk } from './table.ts';

type Dropping = {
  readonly session: Session<typeof analytics>;
  readonly plans: Plans;
  readonly tables: TableDesk;
  readonly prepare: (text: string) => Promise<Prepared | undefined>;
};

const missing = { connection: '42704', index: '42704', type: '42704', function: sqlstates.functionMissing } as const;

/** DROP, with CASCADE of all that stands on what is dropped. */
export function drop(by: Dropping, { of, names, orNone, cascades }: Extract<Statement, { kind: 'drop' }>): Prepared {
  const { session, plans, tables } = by;
  const tag = `DROP ${(of in words ? words[of as keyof typeof words] : of).toUpperCase()}`;
  const absent = Object.hasOwn(missing, of) ? missing[of as keyof typeof missing] : sqlstates.relationMissing;
  const one = async (name: string, signal: AbortSignal): Promise<unknown> => {
    if (of === 'connection') return session.invoke('DeleteConnection', name, {}, { signal });
    if (of === 'function') return session.invoke('DeleteFunction', name, {}, { signal });
    if (of !== 'index') return session.invoke(dropping[of], name, tables.within(of, name), { signal });
    const table = await plans.tableOfIndex(session.caller, name);
    return session.invoke('DeleteIndex', table, { name }, { signal });
  };
  const cascading = cascades && ['table', 'source', 'view', 'query'].includes(of);
  const all = async (signal: AbortSignal) => {
    if (of === 'table' && cascades) for (const name of names) await dropReferences(by, name, signal);
    const gone = cascading ? await dropStanding(by, of as Relation['kind'], names, signal) : new Set<string>();
    for (const name of await inOrder(by, of, names)) if (!gone.has(name)) await excused(orNone, absent, one(name, signal));
  };
  if (Object.hasOwn(words, of) && (cascading || names.length > 1)) return undone(tag, (signal) => tables.whole(() => all(signal), signal));
  return (Object.hasOwn(words, of) ? undone : done)(tag, all);
}

/** What is dropped together, each behind those that stand on it. */
async function inOrder({ plans, tables }: Dropping, of: string, names: readonly string[]): Promise<Iterable<string>> {
  if (names.length < 2) return names;
  const found = new Set<string>();
  for (const name of names) {
    const relation = await plans.relation(tables.seen, name);
    const standing = relation?.kind === of ? await plans.standing(tables.seen, relation) : [];
    for (const other of standing) if (names.includes(other.name)) found.add(other.name);
    found.add(name);
  }
  return found;
}

/** Drops what stands on relations, each as if it was named, and answers the names. */
async function dropStanding({ session, plans, tables }: Dropping, of: Relation['kind'], names: readonly string[], signal: AbortSignal) {
  const gone = new Set<string>();
  for (const name of names) {
    const relation = await plans.relation(tables.seen, name);
    if (relation && relation.kind !== of && (relation.kind === 'query' || of === 'query'))
      throw new StatementError(sqlstates.kindWrong, `"${name}" is not a ${words[of]}`);
    if (relation?.kind !== of) continue;
    for (const { kind, name: other } of await plans.standing(tables.seen, relation)) {
      await session.invoke(dropping[kind], other, tables.within(kind, other), { signal });
      gone.add(other);
    }
  }
  return gone;
}

/** Takes away the references that other tables have to one. */
async function dropReferences({ plans, tables, prepare }: Dropping, name: string, signal: AbortSignal): Promise<void> {
  for (const { relation, reference } of await plans.referring(tables.seen, name)) {
    if (relation.name === name) continue;
    const text = `alter table ${quoted(relation.name)} drop constraint ${quoted(reference.name)}`;
    await (await prepare(text))?.execute([], signal);
  }
}
