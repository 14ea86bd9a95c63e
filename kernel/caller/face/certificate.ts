import type { Material } from '../../contract/session.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { type Identified, identityOf, refuse, standing } from '../identified.ts';

/** A client certificate that our authority issued and the listener verified: `{fingerprint}`. */
export function certificate(material: Material, snapshot: Snapshot, now: number): Identified {
  if (typeof material.fingerprint !== 'string') throw refuse('malformed');
  const id = snapshot.get('certificate', material.fingerprint.replaceAll(':', '').toLowerCase());
  if (id === undefined) throw refuse('unknown', 'The certificate belongs to no credential.');
  return identityOf(standing(snapshot, id, now), 'certificate');
}
