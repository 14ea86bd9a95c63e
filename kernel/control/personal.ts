import { OperationError } from '../contract/fault.ts';
import { formatId } from '../tenancy/id.ts';
import type { Context } from './context.ts';

/** Whom a personal field of the directory is about, as keeper knows them: its key ends with their erasure. */
export const ofPerson = (person: bigint): string => `person ${person}`;

/** A session that was begun with a credential is about whoever holds that, and names of principals come again; ids do not. */
export const ofCredential = (credential: bigint): string => `credential ${formatId(credential)}`;

type Keeping = Pick<Context, 'keeper'>;

/** Seals a field at its place under the key of whom it is about. Throws KeyRefused once they were erased. */
export function sealPersonal({ keeper }: Keeping, who: string, plain: string | Uint8Array, place: string): Promise<Buffer> {
  return keeper.sealPersonal(who, Buffer.from(plain), place);
}

/** Opens a field; undefined where whom it was about was erased, as in rows that an older backup brought back. */
export async function openPersonal({ keeper }: Keeping, who: string, sealed: unknown, place: string): Promise<Buffer | undefined> {
  try {
    return await keeper.openPersonal(who, sealed as Buffer, place);
  } catch (error) {
    if (isErased(error)) return undefined;
    throw error;
  }
}

/** Whether it is the answer about somebody who was erased. */
export const isErased = (error: unknown): boolean => error instanceof OperationError && error.code === 'KeyRefused';
