import { type Client, checksOf } from '../client.ts';
import { pythonPackage } from '../python.ts';
import { openStage } from './stage.ts';
import { bucketSteps } from './bucket.ts';
import { objectSteps } from './object.ts';
import { refusalSteps } from './refusal.ts';
import { treeSteps } from './tree.ts';

/** The AWS command line, both its `s3` and its `s3api`. */
export const client: Client = {
  name: 'awscli',
  setup: () => pythonPackage('awscli'),
  async run(place) {
    const stage = await openStage(place);
    return { checks: await checksOf([...bucketSteps(stage), ...treeSteps(stage), ...objectSteps(stage), ...refusalSteps(stage)]) };
  },
};
