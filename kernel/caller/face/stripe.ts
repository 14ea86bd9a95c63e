import type { Face } from '../../contract/contract.ts';
import type { Material } from '../../contract/session.ts';
import { readStripeKey, type StripeKey } from '../../keys/face-secret.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import type { Generation } from '../../snapshot/record.ts';
import { generations, type Identified, identityOf, refuse, secretMatches, standing } from '../identified.ts';

/** A secret or restricted key of the Stripe API: `{token}`. */
export const stripe = (material: Material, snapshot: Snapshot, now: number): Identified =>
  keyOf('stripe', ['sk', 'rk'], material, snapshot, now);

/** A publishable key, which stands in pages: it reaches only operations that are marked so. */
export const publishable = (material: Material, snapshot: Snapshot, now: number): Identified =>
  keyOf('publishable', ['pk'], material, snapshot, now);

type KeyFace = Extract<Face, 'stripe' | 'publishable'> & keyof Generation;

function keyOf(face: KeyFace, kinds: readonly StripeKey['kind'][], material: Material, snapshot: Snapshot, now: number): Identified {
  const read = typeof material.token === 'string' ? readStripeKey(material.token) : undefined;
  if (!read || !kinds.includes(read.kind)) throw refuse('unknown', 'The key is not one of this platform.');
  const credential = standing(snapshot, read.id, now);
  const matches = (verifier: string | undefined) => verifier !== undefined && secretMatches(read.secret, verifier);
  if (!generations(credential, now).some((generation) => matches(generation[face]))) throw refuse('signature');
  const isLive = snapshot.get('scope', credential.scope)?.kind === 'live';
  if (isLive !== (read.mode === 'live')) throw refuse('unknown', 'The key is of another kind of environment than it says.');
  return identityOf(credential, face);
}
