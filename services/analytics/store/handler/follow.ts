import { printRow, type Row } from '../../domain/value.ts';
import { rowsIn } from '../../engine/view.ts';
import type { LiveView } from '../../jobs/live.ts';
import type { Change } from '../change.ts';
import { blockRows } from '../limits.ts';
import type { Relation } from '../relation.ts';
import type { World } from './world.ts';

/** What is followed: a view or table, and its committed rows. */
export type Followed = {
  readonly relation: Relation;
  readonly loaded: Pick<LiveView<unknown>, 'inTurn' | 'epoch'>;
  readonly rows: () => readonly Row[] | Promise<readonly Row[]>;
};

type How = { readonly committed: boolean; readonly signal: AbortSignal };

/** All rows of a view as of its last commit. */
export function followedView({ changes }: World, relation: Relation, loaded: LiveView): Followed {
  return { relation, loaded, rows: async () => [...rowsIn(await loaded.view.batch(changes.ahead(relation.id)))] };
}

const block = (lines: unknown) => Buffer.from(JSON.stringify(lines));

/** Begins to follow between two steps, so that none is missed and none told twice. */
const begin = ({ changes }: World, { relation, loaded, rows }: Followed, { committed, signal }: How, from?: string) =>
  loaded.inTurn(async () => {
    const { epoch } = loaded;
    const [follower, provisional] = [changes.follow(relation.id, signal, committed), changes.provisional(relation.id)];
    try {
      return { follower, provisional, epoch, rows: from === String(epoch) ? undefined : await rows() };
    } catch (error) {
      follower.stop();
      throw error;
    }
  });

/**
 * A view as it is, then what changes: blocks of `[epoch, diff, ...values]` in JSON. What is not committed yet is told at once,
 * and taken back where it is undone; a line with the diff 0 and no values says that all up to its epoch is committed. With
 * `committed` there are no such lines, and none before they stay.
 */
export async function* follow(world: World, followed: Followed, how: How): AsyncGenerator<Uint8Array> {
  const { columns } = followed.relation;
  const nothing = columns.map(() => null);
  const line = ({ epoch, diff, row }: Change) => [String(epoch), String(diff), ...(row ? printRow(columns, row) : nothing)];
  const { follower, rows = [], epoch, provisional } = await begin(world, followed, how);
  try {
    for (let at = 0; at < rows.length; at += blockRows)
      yield block(rows.slice(at, at + blockRows).map((row) => line({ epoch, diff: 1, row })));
    if (!how.committed) yield block([{ epoch, diff: 0, row: undefined } as const, ...provisional].map(line));
    for await (const told of follower.changes()) yield block(told.map(line));
  } finally {
    follower.stop();
  }
}

/**
 * Commits of a view as events in JSON: first `begin` with its columns and rows, unless `from` is the commit that it stands at,
 * then `changes`; lines are `[diff, ...values]`. The version of an event that is not the last of its commit is 0, behind which
 * nobody can go on.
 */
export async function* watch(world: World, followed: Followed, signal: AbortSignal, from: string | undefined): AsyncGenerator<Uint8Array> {
  const { columns } = followed.relation;
  const told = { columns: columns.map(({ name, type }) => ({ name, type })) };
  const { follower, rows, epoch } = await begin(world, followed, { committed: true, signal }, from);
  const line = ({ diff, row = [] }: Pick<Change, 'diff' | 'row'>) => [String(diff), ...printRow(columns, row)];
  function* blocks(version: bigint, lines: readonly unknown[], first?: object) {
    for (let at = 0; at === 0 || at < lines.length; at += blockRows) {
      const isLast = at + blockRows >= lines.length;
      const own = at === 0 && first ? { type: 'begin', ...first } : { type: 'changes' };
      yield block({ ...own, version: isLast ? String(version) : '0', changes: lines.slice(at, at + blockRows) });
    }
  }
  try {
    if (rows) {
      const lines = rows.map((row) => line({ diff: 1, row }));
      yield* blocks(epoch, lines, told);
    }
    for await (const changes of follower.changes()) yield* blocks(changes.at(-1)?.epoch ?? epoch, changes.map(line));
  } finally {
    follower.stop();
  }
}
