import { type Client, checksOf } from '../client.ts';
import { debianPackage } from '../debian.ts';
import { objectSteps } from './object.ts';
import { refusalSteps } from './refusal.ts';
import { openStage } from './stage.ts';
import { treeSteps } from './tree.ts';

/** s3cmd, which has its own implementation of the protocol. */
export const client: Client = {
  name: 's3cmd',
  setup: () => debianPackage('s3cmd'),
  async run(place) {
    const stage = await openStage(place);
    return { checks: await checksOf([...treeSteps(stage), ...objectSteps(stage), ...refusalSteps(stage)]) };
  },
};
