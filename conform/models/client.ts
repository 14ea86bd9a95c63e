import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { openPlace } from '../place.ts';
import { pythonChecks, pythonPackage, pythonSet } from '../python.ts';

const set = pythonSet('models');

/**
 * Models as Python trains and writes them: XGBoost, LightGBM, scikit-learn over ONNX, which analytics is to predict like,
 * and river, which learns row by row as analytics is to.
 */
export const client: Client = {
  name: 'models',
  setup: () => pythonPackage('xgboost-cpu', set),
  async run(place) {
    const { s3 } = await place.credential();
    const own = join(place.folder, 'own');
    mkdirSync(own, { mode: 0o711 });
    // Files lie in the storage of one platform, and another one's analytics reads them over a connection.
    const other = await openPlace(own, { up: ['--only', 'analytics', '--outbound', new URL(s3.endpoint).host] });
    try {
      const { sasl } = await other.credential('--role', 'owner');
      const { hostname, port } = new URL(other.doors['analytics.postgres']?.url ?? '');
      const input = { host: hostname, port: Number(port), sasl, s3 };
      const checksOf = (script: string) => pythonChecks(join(installation, 'conform', 'models', script), [], input, set);
      return { checks: [...(await checksOf('checks.py')), ...(await checksOf('online.py'))] };
    } finally {
      await other.down();
    }
  },
};
