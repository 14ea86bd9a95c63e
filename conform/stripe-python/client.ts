import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Client } from '../client.ts';
import { pythonChecks, pythonPackage } from '../python.ts';
import { stripeInput } from '../stripe.ts';

/** Stripe's client for Python. */
export const client: Client = {
  name: 'stripe-python',
  setup: () => pythonPackage('stripe'),
  async run(place) {
    const script = join(installation, 'conform', 'stripe-python', 'checks.py');
    return { checks: await pythonChecks(script, [], await stripeInput(place)) };
  },
};
