import type { Credential, Place } from './place.ts';

/** Who takes part in a client's scenarios. */
export type Cast = { readonly owner: Credential; readonly reader: Credential; readonly stranger: Credential };

/** An owner and a reader of one organization, and somebody of another. */
export async function castOf(place: Place): Promise<Cast> {
  const name = `others-${process.hrtime.bigint()}`;
  await place.gamut('tenant', 'create', name);
  return {
    owner: await place.credential(),
    reader: await place.credential('--role', 'reader'),
    stranger: await place.credential('--tenant', name),
  };
}

/** A name for a bucket that nobody has taken. */
export const bucketName = (): string => `conform-${process.hrtime.bigint()}`;
