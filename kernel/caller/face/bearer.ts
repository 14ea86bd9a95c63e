import type { Material } from '../../contract/session.ts';
import { readBearer } from '../../keys/face-secret.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { generations, type Identified, identityOf, refuse, secretMatches, standing } from '../identified.ts';

/** `gmt_` token: `{token}`. */
export function bearer(material: Material, snapshot: Snapshot, now: number): Identified {
  const read = typeof material.token === 'string' ? readBearer(material.token) : undefined;
  if (!read) throw refuse('unknown', 'The token is not one of this platform.');
  const credential = standing(snapshot, read.id, now);
  if (!generations(credential, now).some((generation) => secretMatches(read.secret, generation.bearer))) throw refuse('signature');
  return identityOf(credential, 'bearer');
}
