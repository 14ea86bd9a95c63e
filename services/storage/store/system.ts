import * as fs from 'node:fs';
import { promisify } from 'node:util';

export const openDescriptor = promisify(fs.open);
export const closeDescriptor = promisify(fs.close);
const sync = promisify(fs.fsync);

/** The code of an error of the system, such as ENOENT; undefined of others. */
export function systemCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const descriptor = await openDescriptor(path, 'r');
  try {
    await sync(descriptor);
  } finally {
    await closeDescriptor(descriptor);
  }
}
