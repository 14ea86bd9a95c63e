import type { NavigateFunction } from 'react-router';
import type { Kind, Named } from '../api/contract.ts';
import { findPlace, type Place, rootOf } from '../api/place.ts';
import { readSession } from '../api/session.ts';

type Done = { kind: Kind; named: Named; name: string; place: Place | undefined; go: NavigateFunction };

/** Where a finished change leads: to the thing that was made, away from the one that is gone; new places join the session. */
export async function afterwards({ kind, named, name, place, go }: Done): Promise<void> {
  const service = kind.contract.name;
  if (service === 'platform') {
    const made = named === kind.create && (await madePlace(kind.name, name, place));
    if (made) await go(rootOf(made));
    return;
  }
  if (!place) return;
  const list = `${rootOf(place)}/${service}/${kind.plural}`;
  if (named === kind.create && kind.get) await go(`${list}/${encodeURIComponent(name)}`);
  if (named === kind.remove) await go(list);
}

/** The new organization, project or environment, once the session knows it. */
async function madePlace(kind: string, name: string, here: Place | undefined): Promise<Place | undefined> {
  if (!['Organization', 'Project', 'Environment'].includes(kind)) return undefined;
  const session = await readSession();
  if (!session) return undefined;
  if (kind === 'Organization') return findPlace(session, { organization: name });
  const organization = here?.organization.id;
  if (kind === 'Project') return findPlace(session, { organization, project: name });
  return findPlace(session, { organization, project: here?.project.id, environment: name });
}
