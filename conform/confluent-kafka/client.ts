import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { pythonChecks, pythonPackage } from '../python.ts';

/** Confluent's client for Python: librdkafka with its defaults, and the serialisers that use a schema registry. */
export const client: Client = {
  name: 'confluent-kafka',
  setup: () => pythonPackage('confluent-kafka'),
  async run(place) {
    const { sasl, basic } = await place.credential('--role', 'owner');
    const kafka = place.doors['log.kafka']?.url.replace('kafka://', '');
    const input = { kafka, registry: place.doors['log.registry']?.url, sasl, basic, ca: place.ca };
    return { checks: await pythonChecks(join(installation, 'conform', 'confluent-kafka', 'checks.py'), [], input) };
  },
};
