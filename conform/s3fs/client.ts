import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { castOf } from '../cast.ts';
import type { Client } from '../client.ts';
import { pythonChecks, pythonPackage, pythonSet } from '../python.ts';

const set = pythonSet('s3fs');

/** s3fs, the file system of fsspec over aiobotocore. */
export const client: Client = {
  name: 's3fs',
  setup: () => pythonPackage('s3fs', set),
  async run(place) {
    const script = join(installation, 'conform', 's3fs', 'checks.py');
    return { checks: await pythonChecks(script, [], { folder: place.folder, ...(await castOf(place)) }, set) };
  },
};
