import { randomBytes } from 'node:crypto';
import { statSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../contract/fault.ts';
import { ballastBytes, ballastReserveShare, ballastSliceBytes, reserveBytes, reserveLeastBytes } from './limits.ts';

/** How much space is kept: `reserve` is where changes stop, `ballast` what is given back for revoke, delete and down. */
export type Reserve = { readonly reserveBytes: number; readonly ballastBytes: number };

/** The usual reserve, or a smaller or larger one that the operator set; the ballast then shrinks with it. */
export function reserveOf(setBytes?: number): Reserve {
  if (setBytes === undefined) return { reserveBytes: Math.max(reserveBytes, ballastBytes), ballastBytes };
  if (!(Number.isSafeInteger(setBytes) && setBytes >= reserveLeastBytes))
    throw fault('BadInput', `A reserve is at least ${reserveLeastBytes} bytes.`);
  return { reserveBytes: setBytes, ballastBytes: Math.min(ballastBytes, Math.floor(setBytes / ballastReserveShare)) };
}

const file = (data: string) => join(data, 'ballast');

/** How many bytes the ballast holds now. */
export function ballastHeld(data: string): number {
  return statSync(file(data), { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Gives the space of the ballast back at once, so that an essential change can be written on a full disk. Any process of
 * the platform may call it; the supervisor makes the ballast again when there is room. Returns the bytes given back.
 */
export function releaseBallast(data: string): number {
  const held = ballastHeld(data);
  if (held > 0) truncateSync(file(data), 0);
  return held;
}

/**
 * Writes the ballast, in slices with real bytes, so that no file system can keep it as a hole. Stops early when somebody
 * released it meanwhile, when `mayGrow` says no or when the disk is full, and then returns false.
 */
export async function fillBallast(data: string, bytes: number, mayGrow: () => boolean): Promise<boolean> {
  const held = ballastHeld(data);
  if (held > bytes) truncateSync(file(data), bytes);
  if (held >= bytes) return true;
  const slice = randomBytes(ballastSliceBytes);
  const handle = await open(file(data), held > 0 ? 'r+' : 'w', 0o600);
  try {
    for (let at = held; at < bytes; ) {
      if (!mayGrow() || (await handle.stat()).size !== at) return false;
      at += (await handle.write(slice, 0, Math.min(slice.length, bytes - at), at)).bytesWritten;
      // Each slice reaches the disk before the next: one sync of all would hold up those of everybody else.
      await handle.datasync();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    truncateSync(file(data), 0);
    return false;
  } finally {
    await handle.close();
  }
}
