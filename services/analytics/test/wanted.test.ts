import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesIn } from '../domain/context.ts';
import type { Plan } from '../domain/plan.ts';
import { planRows } from '../domain/planner.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Column } from '../domain/value.ts';
import { readsOf } from '../domain/wanted.ts';

const columns: readonly Column[] = [
  { name: 'k', type: 'int8' },
  { name: 'at', type: 'timestamp' },
  { name: 'more', type: 'text' },
  { name: 'extra', type: 'text' },
];
const [left, right] = [1n, 2n];

/** The columns that a statement reads of `l` and `r`. */
async function readBy(text: string, appends: boolean): Promise<readonly string[]> {
  const statement = await parseStatement(text);
  assert.equal(statement?.kind, 'select');
  const watermark = { place: 1, lateness: 0 };
  const relation = (name: string): Plan => ({ kind: 'scan', relation: name === 'l' ? left : right, name, appends, columns, watermark });
  const reads = readsOf(planRows(statement.select, { relation, named: new Map(), params: [], at: placesIn(text) }));
  return [left, right].map((each) =>
    [...(reads.get(each) ?? [])]
      .sort()
      .map((place) => columns[place]?.name)
      .join(' '),
  );
}

test('of rows that only come, a session and a join with a version read what they are told by and what is shown', async () => {
  const session = `select k, more, window_end from session(l, k, at, interval '1 second')`;
  assert.deepEqual(await readBy(session, true), ['k at more', '']);
  assert.deepEqual(await readBy(session, false), ['k at more extra', ''], 'a row that goes is found by all of its columns');
  const temporal = 'select l.more, r.more as other from l join r for system_time as of l.at as r on l.k = r.k';
  assert.deepEqual(await readBy(temporal, true), ['k at more', 'k at more extra']);
  assert.deepEqual(await readBy(temporal, false), ['k at more extra', 'k at more extra']);
});
