import type { Material } from '../../contract/session.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { type Identified, refuse } from '../identified.ts';

/**
 * With `up --open`: no credential, or an unknown one, is the dev tenant's principal, without platform roles. A known one
 * that was revoked stays refused: doors come here only after another face said 'missing' or 'unknown'.
 */
export function open(_material: Material, snapshot: Snapshot): Identified {
  const platform = snapshot.get('platform');
  const scope = platform?.devScope === undefined ? undefined : snapshot.get('scope', platform.devScope);
  if (!scope || platform?.devPrincipal === undefined) throw refuse('missing');
  return { tenant: scope.tenant, scope: scope.id, principal: platform.devPrincipal, credential: '', face: 'open' };
}
