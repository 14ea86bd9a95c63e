import type { Session } from '#kernel/contract/session.ts';
import type { Field, Prepared } from '#engine/pgwire/application.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { sinkMaking, sourceText, tableMaking, viewMaking } from '../../domain/making-text.ts';
import type { Telling } from '../../domain/telling.ts';
import { nameOfType, oidOf } from '../../domain/value.ts';
import type { analytics } from '../../service.ts';
import type { Seen } from '../../store/making.ts';
import { isNamed, type Relation } from '../../store/relation.ts';
import type { Plans } from '../../store/view.ts';
import { decideReads } from './decision.ts';
import { rows } from './prepared.ts';

type Asking = { readonly session: Session<typeof analytics>; readonly plans: Plans; readonly seen: Seen };
type Kind = Extract<Telling, { kind: 'showCreate' }>['of'];

const words = { source: 'source', table: 'table', view: 'materialized view', sink: 'sink', function: 'function' } as const;
const missing = (of: Kind, name: string) => {
  const sqlstate = of === 'function' ? sqlstates.functionMissing : sqlstates.relationMissing;
  return new StatementError(sqlstate, `${words[of]} "${name}" does not exist`);
};

/** A relation that the caller may read, or sees that it is not there. */
async function readable({ session, plans, seen }: Asking, name: string): Promise<Relation | undefined> {
  const relation = await plans.relation(seen, name);
  if (relation) await decideReads(session, (await plans.behind(seen, [relation])).relations);
  return relation;
}

const texts = (...names: string[]): Field[] => names.map((name) => ({ name, oid: oidOf('text') }));

/** SHOW CREATE. */
export const showCreate = (asking: Asking, { of, name }: Extract<Telling, { kind: 'showCreate' }>): Prepared =>
  rows('SHOW', texts('name', 'create_statement'), async (_, signal) => [[name, await makingOf(asking, of, name, signal)]]);

/** SHOW COLUMNS and DESCRIBE. */
export const showColumns = (asking: Asking, name: string): Prepared =>
  rows('SHOW', texts('column', 'type', 'nullable'), () => columnsOf(asking, name));

/** The statement that makes what there is of a name, which can be run again; secrets are those of connections, and not told. */
async function makingOf(asking: Asking, of: Kind, name: string, signal: AbortSignal): Promise<string> {
  const { session } = asking;
  if (of === 'function') {
    const { output } = await session.invoke('ListFunctions', '', {}, { signal });
    const found = output.items.find((each) => each.name === name);
    if (!found) throw missing(of, name);
    return found.text;
  }
  if (of === 'sink') {
    const { output } = await session.invoke('ListSinks', '', {}, { signal });
    const found = output.items.find((each) => each.name === name);
    if (!found) throw missing(of, name);
    return sinkMaking(found);
  }
  const relation = await readable(asking, name);
  if (relation?.kind === 'query' && of === 'view') return viewMaking(relation);
  if (relation?.kind !== of) throw missing(of, name);
  return of === 'source' ? sourceText(relation) : of === 'table' ? tableMaking(relation) : viewMaking(relation);
}

/** Names of columns, their types, and whether they take NULL. */
async function columnsOf(asking: Asking, name: string): Promise<[string, string, string][]> {
  const relation = await readable(asking, name);
  if (!relation || !isNamed(relation)) throw new StatementError(sqlstates.relationMissing, `relation "${name}" does not exist`);
  const required = relation.kind === 'table' ? (await asking.plans.table(relation)).required : [];
  return relation.columns.map((column, place) => [column.name, nameOfType(column.type), required[place] ? 'NO' : 'YES']);
}
