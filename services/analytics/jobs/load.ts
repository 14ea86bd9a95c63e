import type { Placed } from '#kernel/contract/provider.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { unwritten } from '../store/share.ts';
import type { Positions } from '../store/state.ts';
import type { Member } from './member.ts';
import { stepped, type Ways } from './portion.ts';
import type { Pumped } from './pumped.ts';

type Loaded = { readonly of: Positions; readonly isFresh: boolean };

/** A view as its last commit left it; a new one, or one whose operators have changed, begins with nothing. */
export async function loadOwn({ states, spills }: Pumped, at: Placed, own: Member, ways: Ways): Promise<Loaded> {
  const { id, kind, name, epoch, shape } = own.relation;
  const { loaded } = own;
  const { view } = loaded;
  if (shape === view.shape) {
    await states.load(at, id, (entries) => view.load(entries), spills.of(at.scope));
    return { of: await states.positions(at, id), isFresh: false };
  }
  // What was given out cannot be taken back, and would come once more.
  if (kind === 'sink' && epoch > 0n)
    throw new StatementError(sqlstates.notBuilt, `the sink ${name} is computed otherwise by now; it has to be made anew`);
  // What there is without any record: a sum over nothing, for one.
  own.interrupt();
  const { changes, entries } = await stepped(ways, view, new Map());
  const first = await own.first(changes, entries);
  // What others have of it begins anew with it.
  await states.commit(at, { ...first, more: [...first.more, unwritten(id)] });
  loaded.epoch += 1n;
  return { of: new Map(), isFresh: true };
}
