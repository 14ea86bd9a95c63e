import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from './fault.ts';
import { migrationCountMax, migrationTextBytesMax } from './limits.ts';

/** One step forward of a service's schema. */
export type Migration = { readonly number: number; readonly name: string; readonly text: string; readonly checksum: string };

const form = /^(\d{4})-([a-z0-9]+(?:-[a-z0-9]+)*)\.sql$/;

/** Reads a folder of `NNNN-name.sql`, numbered from 0001 without a gap. Any other file is refused: it may be a misspelt migration. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).sort();
  if (files.length > migrationCountMax) throw fault('MigrationInvalid', `${folder} holds more than ${migrationCountMax} files.`);
  const found: Migration[] = [];
  for (const file of files) {
    const match = form.exec(file);
    if (!match) throw fault('MigrationInvalid', `${join(folder, file)} is not named NNNN-name.sql.`);
    const number = Number(match[1]);
    if (number !== found.length + 1) throw fault('MigrationInvalid', `${join(folder, file)} is not number ${found.length + 1}.`);
    const bytes = await readFile(join(folder, file));
    if (bytes.length > migrationTextBytesMax)
      throw fault('MigrationInvalid', `${join(folder, file)} is larger than ${migrationTextBytesMax} bytes.`);
    found.push({
      number,
      name: match[2] ?? '',
      text: bytes.toString('utf8'),
      checksum: createHash('sha256').update(bytes).digest('hex'),
    });
  }
  return found;
}
