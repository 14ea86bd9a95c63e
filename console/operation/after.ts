import type { NavigateFunction } from 'react-router';
import type { Kind, Named } from '../api/contract.ts';
import { findPlace, type Place, rootOf } from '../api/place.ts';
import { readSession } from '../api/session.ts';

type Done = { kind: Kind; named: Named; name: string; place: Place | undefined; go: NavigateFunction };

/** Leads to the thing that was made, or away from the one that is gone; answers whether it led anywhere. New places join the session. */
export async function afterwards({ kind, named, name, place, go }: Done): Promise<boolean> {
  const service = kind.contract.name;
  const list = place && `${rootOf(place)}/${service}/${kind.plural}`;
  let to: string | undefined;
  if (service === 'platform') {
    const made = named === kind.create ? await madePlace(kind.name, name, place) : undefined;
    to = made && rootOf(made);
  } else if (list !== undefined) {
    if (named === kind.create && kind.get) to = `${list}/${encodeURIComponent(name)}`;
    if (named === kind.remove) to = list;
  }
  if (to !== undefined) await go(to);
  return to !== undefined;
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
