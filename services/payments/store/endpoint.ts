import type { Placed } from '#kernel/contract/provider.ts';
import type { World } from './world.ts';

const secretLength = 32;

/** The secret that signs what an endpoint is told: it follows from the endpoint, and is kept nowhere. */
export const endpointSecret = async (world: World, at: Placed, id: string): Promise<string> =>
  `whsec_${await world.secrets.hash(at, 'webhook', id, secretLength)}`;
