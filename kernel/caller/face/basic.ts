import type { Material } from '../../contract/session.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { generations, type Identified, identityOf, refuse, secretMatches, standing } from '../identified.ts';

/** User name (the credential's id) and password: `{username, password}`. */
export function basic(material: Material, snapshot: Snapshot, now: number): Identified {
  const { username, password } = material;
  if (typeof username !== 'string' || typeof password !== 'string') throw refuse('malformed');
  const credential = standing(snapshot, username.toLowerCase(), now);
  if (!generations(credential, now).some((generation) => secretMatches(password, generation.basic))) throw refuse('signature');
  return identityOf(credential, 'basic');
}
