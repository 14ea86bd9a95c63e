import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { tryCommand } from '../command.ts';
import { goBuild, goPath } from '../go.ts';
import { lineChecks } from '../line.ts';
import { stripeInput } from '../stripe.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

/** Stripe's client for Go. */
export const client: Client = {
  name: 'stripe-go',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
    await goBuild(program, 'stripe');
    const [, version = ''] = /stripe-go\/v[0-9]+ (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  async run(place) {
    const { address, key, run } = await stripeInput(place);
    return { checks: await lineChecks([goPath('stripe'), address, key, run]) };
  },
};
