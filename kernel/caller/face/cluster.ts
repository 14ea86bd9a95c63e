import { sha256Hex } from '../../keys/face-secret.ts';
import type { Material } from '../../contract/session.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { generations, type Identified, identityOf, refuse, standing } from '../identified.ts';

/** The 128-bit cluster id that a protocol without passwords carries in every message: `{cluster}`, in decimal. */
export function cluster(material: Material, snapshot: Snapshot, now: number): Identified {
  if (typeof material.cluster !== 'string') throw refuse('malformed');
  // Looked up by its digest: finding it proves it, and the snapshot cannot make it.
  const verifier = sha256Hex(material.cluster);
  const id = snapshot.get('cluster', verifier);
  if (id === undefined) throw refuse('unknown', 'The cluster id belongs to no credential.');
  const credential = standing(snapshot, id, now);
  if (!generations(credential, now).some((generation) => generation.cluster === verifier)) throw refuse('unknown');
  return identityOf(credential, 'cluster');
}
