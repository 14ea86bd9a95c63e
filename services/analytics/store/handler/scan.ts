import type { Call } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { selectIn } from '../../domain/select-in.ts';
import { parseStatement } from '../../domain/statement.ts';
import { printRow, readValue, type Row } from '../../domain/value.ts';
import { boundsOf, isPerRow } from '../../engine/answer.ts';
import { Circuit } from '../../engine/circuit.ts';
import { withRoutines } from '../../engine/routine/calls.ts';
import type { Snapshot } from '../../engine/snapshot.ts';
import { rowsIn } from '../../engine/view.ts';
import { direct } from '../named.ts';
import { seenBy } from '../pending.ts';
import { planAsked } from '../question.ts';
import { type Asked, typesSaid } from './read.ts';
import type { World } from './world.ts';

/** The rows of a view that a question shows, each by itself, as of the last commit: blocks in JSON, as they are asked for. */
export async function scan(world: World, call: Call, { text, types = [], params = [] }: Asked): Promise<AsyncGenerator<Uint8Array>> {
  const seen = seenBy(call.caller, undefined);
  const statement = await parseStatement(text, world.plans.types(seen));
  const said = statement && selectIn(statement);
  const { tree: select = undefined } = said ? await world.plans.functions.inlined(call.caller, said) : {};
  const named = select ? [...(await world.plans.named(seen, select)).values()] : [];
  const [relation, ...more] = named;
  if (!select || relation?.kind !== 'view' || relation.name !== call.ref.name || more.length > 0)
    throw new StatementError(sqlstates.syntax, `the text is no SELECT from the view "${call.ref.name}" alone`);
  const known = typesSaid(types);
  const query = planAsked(select, text, direct(named), known);
  if (!isPerRow(query)) throw new StatementError(sqlstates.notBuilt, 'the question is not one about each row alone');
  if (params.length !== known.length) throw new StatementError(sqlstates.parameterMissing, `the query has ${known.length} parameters`);
  const given: Row = params.map((value, place) => (value === null ? null : readValue(known[place] ?? 'text', value)));
  const bounds = boundsOf(query, given);
  const loaded = await world.live.get(relation.id);
  const begin = () => loaded.inTurn(() => loaded.view.snapshot(world.changes.ahead(relation.id)));
  const circuit = new Circuit(query.plan);
  const shown = (batch: Parameters<typeof rowsIn>[0]) =>
    withRoutines(world.routines.of(call.caller), () => [...rowsIn(circuit.step(new Map([[relation.id, batch]]), given))]);
  const lines = (rows: readonly Row[]) => rows.map((row) => printRow(query.columns, row.slice(0, query.columns.length)));
  return blocks(begin, bounds, async (batch) => lines(await shown(batch)));
}

async function* blocks(
  begin: () => Promise<Snapshot>,
  { offset, limit }: ReturnType<typeof boundsOf>,
  shown: (batch: Parameters<typeof rowsIn>[0]) => Promise<readonly (string | null)[][]>,
): AsyncGenerator<Uint8Array> {
  let [skipped, left] = [offset, limit];
  // Not before somebody reads: what was not begun is not ended either.
  const snapshot = await begin();
  try {
    if (left === 0) return;
    for (const piece of snapshot.pieces()) {
      const all = await shown(piece);
      const rows = all.slice(skipped, skipped + left);
      skipped = Math.max(0, skipped - all.length);
      left -= rows.length;
      if (rows.length > 0) yield Buffer.from(JSON.stringify(rows));
      if (left === 0) return;
    }
  } finally {
    snapshot.close();
  }
}
