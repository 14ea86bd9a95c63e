import { type Client, checksOf } from '../client.ts';
import { debianPackage } from '../debian.ts';
import { objectSteps } from './object.ts';
import { refusalSteps } from './refusal.ts';
import { openStage } from './stage.ts';
import { treeSteps } from './tree.ts';

/** rclone's S3 backend, as one that it has no special knowledge of. */
export const client: Client = {
  name: 'rclone',
  setup: () => debianPackage('rclone'),
  async run(place) {
    const stage = await openStage(place);
    return { checks: await checksOf([...treeSteps(stage), ...objectSteps(stage), ...refusalSteps(stage)]) };
  },
};
