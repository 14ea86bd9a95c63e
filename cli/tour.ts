import { platform } from '#kernel/control/service.ts';
import { runningPlatform } from '#kernel/supervise/client.ts';
import { startDetached } from '#kernel/supervise/detach.ts';
import { availableServices } from '#kernel/supervise/service.ts';
import { dataPath } from '#kernel/volume/path.ts';
import { createClient } from '../sdk/index.ts';
import type { Global } from './global.ts';
import { storage } from '#services/storage/service.ts';
import { eventScene, happenedScene } from './tour/analytics.ts';
import { driveScene } from './tour/drive.ts';
import { ledgerScene } from './tour/ledger.ts';
import { logScene } from './tour/log.ts';
import { paymentsScene } from './tour/payments.ts';
import { platformScene } from './tour/platform.ts';
import { recordScene } from './tour/record.ts';
import { openStage, type Stage } from './tour/stage.ts';
import { storageScene } from './tour/storage.ts';

/** `gamut tour`: the main job end to end on real input, by unmodified clients, with what happened and how long it took. */
export async function run(_argv: readonly string[], global: Global): Promise<number> {
  const stage = await start(global);
  await platformScene(stage);
  const hasEvents = stage.doors['log.kafka'] !== undefined && stage.doors['analytics.postgres'] !== undefined;
  if (hasEvents) await eventScene(stage);
  if (stage.doors['log.kafka']) await logScene(stage);
  if (stage.doors['ledger.tigerbeetle']) await ledgerScene(stage);
  if (stage.doors['payments.stripe']) await paymentsScene(stage);
  if (stage.doors['storage.s3']) {
    await storageScene(stage);
    const url = stage.doors['storage.rest']?.url ?? '';
    await driveScene(stage, dataPath(global.data), createClient(storage, { url, bearer: stage.cast.owner?.bearer ?? '' }));
  }
  if (hasEvents) await happenedScene(stage);
  await recordScene(stage);
  stage.say(`\nThe console is at ${stage.facts.console}; sign in there with the credential that \`gamut up --detach -o json\` prints.`);
  stage.say('`gamut down` ends the platform.');
  stage.finish();
  return 0;
}

/** Starts what is missing. */
async function start(global: Global): Promise<Stage> {
  const data = dataPath(global.data);
  const began = performance.now();
  const running = await runningPlatform(data);
  const status =
    running ??
    (await startDetached({ data, settings: { ports: 'usual', services: availableServices() } }, (lines) =>
      console.error(lines.join('\n')),
    ));
  const admin = createClient(platform, { url: status.facts['admin.url'] ?? '', bearer: status.facts['admin.bearer'] ?? '' });
  const stage = openStage({ data, doors: status.doors, facts: status.facts, admin, output: global.output });
  stage.done(running ? `the platform runs already on ${data}` : `the platform is up on ${data}`, began);
  return stage;
}
