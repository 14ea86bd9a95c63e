import { fieldsOf, numberOf, textOf, type Thing } from '../../domain/json.ts';
import { newMeter, readUsage, switchedMeter } from '../../domain/meter.ts';
import { changed } from '../change.ts';
import { deskFor } from '../clock.ts';
import { invalid, refuse } from '../fault.ts';
import { meterCancelSeconds, meterFutureSeconds, meterPastSeconds, meterWindowsMax } from '../limits.ts';
import type { Kept } from '../object.ts';
import { found, keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'billing.meter';

/** Meters are found by what they count: an active one has the name for itself. */
async function meterNamed({ world, desk }: Request, name: string): Promise<Thing | undefined> {
  const where = [[`body->>'event_name' = ?`, name], [`body->>'status' = 'active'`]] as const;
  return (await world.objects.list(desk.at, kind, { limit: 1, where })).items[0]?.thing;
}

const taken = (name: string, id: string) =>
  refuse('StateInvalid', `An active meter already exists for the event name '${name}': ${id}.`, {
    ...{ code: 'resource_already_exists', param: 'event_name' },
  });

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const id = desk.ids('mtr');
  const name = String(input.event_name);
  return world.steps.on(desk.at, `meter ${name}`, async () => {
    const other = await meterNamed(request, name);
    if (other && other.id !== id) throw taken(name, other.id);
    return keepNew(world, desk, newMeter(input, { id, created: desk.created, livemode: desk.livemode }), 'billing.meter.created');
  });
}

async function switched(request: Request, isActive: boolean): Promise<Thing> {
  const { world, desk, id } = request;
  const name = String((await found(world, desk.at, kind, id)).thing.event_name);
  return world.steps.on(desk.at, `meter ${name}`, async () => {
    const other = isActive ? await meterNamed(request, name) : undefined;
    if (other && other.id !== id) throw taken(name, other.id);
    const change = ({ thing }: Kept) => {
      if (!desk.again && (thing.status === 'active') === isActive)
        throw refuse('StateInvalid', `This meter is already ${isActive ? 'active' : 'inactive'}.`);
      return { next: switchedMeter(thing, isActive, desk.created) };
    };
    return changed(world, desk, kind, id, change, isActive ? 'billing.meter.reactivated' : 'billing.meter.deactivated');
  });
}

async function activeMeter(request: Request): Promise<Thing> {
  const name = String(request.input.event_name);
  const meter = await meterNamed(request, name);
  if (!meter) throw invalid('event_name', `No active meter found for event name '${name}'.`, 'resource_missing');
  return meter;
}

async function tell(request: Request): Promise<{ object: string }> {
  const { world, desk, input } = request;
  const made = desk.ids('me');
  const meter = await activeMeter(request);
  const payload = fieldsOf(input.payload);
  const usage = readUsage(meter, payload);
  if (typeof usage === 'string') throw invalid('payload', usage);
  const customer = (await found(world, desk.at, 'customer', usage.customer, 'payload')).thing;
  const { created: now } = await deskFor(world, desk, customer);
  const at = numberOf(input.timestamp) ?? now;
  if (at < now - meterPastSeconds || at > now + meterFutureSeconds)
    throw invalid('timestamp', 'The timestamp must be within the past 35 calendar days or up to 5 minutes in the future.');
  const identifier = textOf(input.identifier) ?? made;
  const isNew = await world.usages.take(desk.at, { meter: meter.id, identifier, ...usage, at, toldAt: desk.created });
  if (!isNew && !desk.again)
    throw refuse('StateInvalid', `An event already exists with identifier ${identifier}.`, { param: 'identifier' });
  return {
    ...{ object: 'billing.meter_event', created: desk.created, event_name: input.event_name, identifier, livemode: desk.livemode },
    ...{ payload, timestamp: at },
  } as { object: string };
}

async function takeBack(request: Request): Promise<{ object: string }> {
  const { world, desk, input } = request;
  const meter = await activeMeter(request);
  const identifier = String(fieldsOf(input.cancel).identifier);
  if (!(await world.usages.cancel(desk.at, meter.id, identifier, desk.created - meterCancelSeconds)))
    throw invalid('cancel[identifier]', `No event of the last day has the identifier ${identifier}.`, 'resource_missing');
  return {
    ...{ object: 'billing.meter_event_adjustment', cancel: { identifier }, event_name: input.event_name },
    ...{ livemode: desk.livemode, status: 'complete', type: 'cancel' },
  } as { object: string };
}

const minute = 60;
const windows: Readonly<Record<string, number>> = { hour: 3_600, day: 86_400 };

async function summaries({ world, desk, id, input }: Request) {
  const meter = (await found(world, desk.at, kind, id)).thing;
  const [start, end] = [Number(input.start_time), Number(input.end_time)];
  const window = windows[String(input.value_grouping_window)];
  if (end <= start) throw invalid('end_time', 'The end must be later than the start.');
  const unit = window ?? minute;
  if (start % unit !== 0 || end % unit !== 0)
    throw invalid('start_time', `start_time and end_time must be aligned with ${window === undefined ? 'minute' : 'window'} boundaries.`);
  if (window !== undefined && (end - start) / window > meterWindowsMax)
    throw invalid('end_time', `A summary parts a time into at most ${meterWindowsMax} windows.`);
  const all = await world.usages.parted(desk.at, meter, String(input.customer), { start, end }, window ?? end - start);
  const shown = all.map(
    (each): Thing => ({
      ...{ id: `mtrusg_${meter.id.slice('mtr_'.length)}${each.start}`, object: 'billing.meter_event_summary' },
      ...{ aggregated_value: Number(each.value), end_time: each.end, livemode: meter.livemode ?? false, meter: meter.id },
      start_time: each.start,
    }),
  );
  const after = shown.findIndex(({ id: each }) => each === input.starting_after) + 1;
  const data = shown.slice(after, after + (numberOf(input.limit) ?? 10));
  const url = `/v1/billing/meters/${id}/event_summaries`;
  return { object: 'list' as const, data, has_more: after + data.length < shown.length, url };
}

export const meterHandlers = (world: World) =>
  handlersOf(world, {
    CreateMeter: create,
    GetMeter: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListMeters: ({ world, desk, input }) =>
      listed(world.objects, desk.at, kind, pageOf(input, { status: `body->>'status' = ?` }), '/v1/billing/meters'),
    UpdateMeter: ({ world, desk, id, input }) => {
      const change = ({ thing }: Kept) => ({ next: { ...thing, display_name: input.display_name ?? thing.display_name ?? '' } as Thing });
      return changed(world, desk, kind, id, change, 'billing.meter.updated');
    },
    DeactivateMeter: (request) => switched(request, false),
    ReactivateMeter: (request) => switched(request, true),
    ListMeterEventSummaries: summaries,
    CreateMeterEvent: tell,
    CreateMeterEventAdjustment: takeBack,
  }) satisfies Partial<All>;
