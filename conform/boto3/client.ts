import type { Client } from '../client.ts';
import { pythonPackage } from '../python.ts';
import { boto3Checks } from './checks.ts';

/** The AWS SDK for Python, with its defaults. */
export const client: Client = {
  name: 'boto3',
  setup: () => pythonPackage('boto3'),
  run: async (place) => ({ checks: await boto3Checks(place) }),
};
