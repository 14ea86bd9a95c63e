import type { NavigateFunction } from 'react-router';
import type { Kind, Named } from '../api/contract.ts';
import { type Place, rootOf } from '../api/place.ts';
import { readSession } from '../api/session.ts';

type Done = { kind: Kind; named: Named; name: string; place: Place | undefined; go: NavigateFunction };

/** Where a finished change leads: to the thing that was made, away from the one that is gone; new places join the session. */
export async function afterwards({ kind, named, name, place, go }: Done): Promise<void> {
  const service = kind.contract.name;
  if (service === 'platform') {
    if (['Organization', 'Project', 'Environment'].includes(kind.name)) await readSession();
    return;
  }
  if (!place) return;
  const list = `${rootOf(place)}/${service}/${kind.plural}`;
  if (named === kind.create && kind.get) await go(`${list}/${encodeURIComponent(name)}`);
  if (named === kind.remove) await go(list);
}
