import { merged, type Thing } from '../../domain/json.ts';
import { isVersion } from '../../domain/version.ts';
import { changed } from '../change.ts';
import { invalid } from '../fault.ts';
import { endpointSecret } from '../endpoint.ts';
import { found, keepNew } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'webhook_endpoint';

async function create({ world, desk, input }: Request): Promise<Thing> {
  const { url, enabled_events = [], description = null, metadata, api_version = null } = input;
  if (typeof api_version === 'string' && !isVersion(api_version))
    throw invalid('api_version', `Invalid Stripe API version: ${api_version.slice(0, 40)}`);
  const id = desk.ids('we');
  const endpoint: Thing = {
    ...{ id, object: kind, api_version, application: null, created: desk.created, description, enabled_events },
    ...{ livemode: desk.livemode, metadata: merged({}, metadata), status: 'enabled', url: url ?? null },
  };
  return { ...(await keepNew(world, desk, endpoint)), secret: await endpointSecret(world, desk.at, id) };
}

function update({ world, desk, id, input }: Request): Promise<Thing> {
  const change = ({ thing }: { thing: Thing }) => {
    const next: Thing = { ...thing, metadata: merged(thing.metadata, input.metadata) };
    for (const name of ['url', 'enabled_events'] as const) if (input[name] != null) next[name] = input[name];
    if (input.description !== undefined) next.description = input.description;
    if (typeof input.disabled === 'boolean') next.status = input.disabled ? 'disabled' : 'enabled';
    return { next };
  };
  return changed(world, desk, kind, id, change);
}

async function remove({ world, desk, id }: Request): Promise<Thing> {
  const kept = await found(world, desk.at, kind, id);
  await world.objects.commit(desk.at, [world.objects.deletion(kept)]);
  return { id, object: kind, deleted: true };
}

export const webhookEndpointHandlers = (world: Request['world']) =>
  handlersOf(world, {
    CreateWebhookEndpoint: create,
    GetWebhookEndpoint: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListWebhookEndpoints: ({ world, desk, input }) => listed(world.objects, desk.at, kind, pageOf(input), '/v1/webhook_endpoints'),
    UpdateWebhookEndpoint: update,
    DeleteWebhookEndpoint: remove,
  }) satisfies Partial<All>;
