import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { castOf } from '../cast.ts';
import type { Client } from '../client.ts';
import { pythonChecks, pythonPackage, pythonSet } from '../python.ts';

const set = pythonSet('s3fs');

/** Arrow's datasets, over its own S3 file system (the AWS SDK for C++) and over s3fs. */
export const client: Client = {
  name: 'pyarrow',
  setup: () => pythonPackage('pyarrow', set),
  async run(place) {
    const script = join(installation, 'conform', 'pyarrow', 'checks.py');
    return { checks: await pythonChecks(script, [], await castOf(place), set) };
  },
};
