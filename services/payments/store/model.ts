import { OperationError } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { type Fields, numberOf, textOf, type Thing } from '../domain/json.ts';
import { comparedOf, isShownBetter, type ShadowResults } from '../domain/shadow.ts';
import type { Happening } from './due.ts';
import { refuse } from './fault.ts';
import { changeTriesMax, modelVersionsMax, shadowedMax, shadowLookSeconds, trainingLookSeconds, trainingTriesMax } from './limits.ts';
import type { Kept } from './object.ts';
import { modelKind, shadowId } from './risk.ts';
import { defaultModel } from './scoring.ts';
import { dueAt } from './subscription.ts';
import type { Trained } from './training.ts';
import { found, type World } from './world.ts';

/** A model that was trained. It is `training`, then `failed` or in `shadow`, and later `active` or `retired`. */
export const versionKind = 'radar.model_version';
type Seat = typeof modelKind | typeof shadowId;
export type Use = 'active' | 'shadow' | 'retired';

/** Makes changes anew as long as somebody else changes one of the objects meanwhile. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OperationError && error.code === 'Conflict') || tries >= changeTriesMax) throw error;
    }
}

/** A seat without a model. */
const none: Fields = { format: null, model: null, calibration: null, version: null };

/** What an environment says of one of its two scores; version 0 where it never said anything. */
async function seatOf(world: World, at: Placed, id: Seat): Promise<Kept> {
  const thing: Thing = { id, object: modelKind, created: 0, ...none };
  return (await world.objects.get(at, modelKind, id)) ?? { thing, hidden: {}, version: 0 };
}

/** Puts a model, or none, on a seat; who was there before is retired, unless it is the one that is changed anyway. */
async function seated(world: World, at: Placed, id: Seat, model: Fields, changed?: string): Promise<Statement[]> {
  const seat = await seatOf(world, at, id);
  const before = textOf(seat.thing.version);
  const statements = [await world.objects.change(at, seat, { ...seat.thing, ...none, ...model })];
  const left = before === undefined || before === changed ? undefined : await world.objects.get(at, versionKind, before);
  if (left) statements.push(await world.objects.change(at, left, { ...left.thing, status: 'retired' }, dueAt(left.hidden, undefined)));
  return statements;
}

/** Scores by what somebody hands in, or by nothing. */
export async function putModel(world: World, at: Placed, model: Fields): Promise<Thing> {
  await persistently(async () => world.objects.commit(at, await seated(world, at, modelKind, model)));
  world.risks.forget(at);
  return (await found(world, at, modelKind, modelKind)).thing;
}

/** When a model in shadow is first compared. */
const firstLook = ({ activation }: Thing, now: number): number | undefined => (activation === 'when_better' ? now + 1 : undefined);

/** What a version is put on a seat as. */
const modelIn = ({ id, format = null, calibration = null }: Thing, text: string): Fields => ({
  ...{ format, model: text, calibration, version: id },
});

/** Puts a version to a use. */
export async function usedAs(world: World, at: Placed, id: string, use: Use, now: number): Promise<Thing> {
  const text = (await world.contents.get(at, id))?.toString();
  if (text === undefined) throw refuse('StateInvalid', 'This model has no trees.');
  const [next, due] = await persistently(async () => {
    const kept = await found(world, at, versionKind, id);
    const { status } = kept.thing;
    const look = use === 'shadow' ? firstLook(kept.thing, now) : undefined;
    const used: Thing = { ...kept.thing, status: use };
    const statements = [await world.objects.change(at, kept, used, dueAt(kept.hidden, look))];
    if (status === 'shadow' && use !== 'shadow') statements.push(...(await seated(world, at, shadowId, {}, id)));
    if (use === 'active') statements.push(...(await seated(world, at, modelKind, modelIn(used, text), id)));
    if (use === 'shadow' && status !== 'shadow') statements.push(...(await seated(world, at, shadowId, modelIn(used, text), id)));
    await world.objects.commit(at, statements);
    return [used, look] as const;
  });
  if (due !== undefined) world.steps.onDue(at, due);
  world.risks.forget(at);
  return next;
}

/** Scores by the model again that environments begin with. */
export const useDefault = (world: World, at: Placed): Promise<Thing> => putModel(world, at, { version: defaultModel });

/** Keeps what a training ended in: a model that is in shadow from now on, or the reason why there is none. */
export async function trainingEnded(world: World, at: Placed, id: string, trained: Trained, now: number): Promise<void> {
  const due = await persistently(async () => {
    const kept = await world.objects.get(at, versionKind, id);
    if (kept?.thing.status !== 'training') return undefined;
    if ('tooLittle' in trained) {
      const failed: Thing = { ...kept.thing, status: 'failed', failure: trained.tooLittle };
      await world.objects.commit(at, [await world.objects.change(at, kept, failed, dueAt(kept.hidden, undefined))]);
      return undefined;
    }
    const { features, model, calibration, report } = trained.learned;
    const told = { features, calibration, report } as unknown as Fields;
    const made: Thing = { ...kept.thing, ...told, status: 'shadow' };
    const look = firstLook(made, now);
    await world.objects.commit(at, [
      await world.objects.change(at, kept, made, dueAt(kept.hidden, look)),
      await world.contents.insertion(at, id, Buffer.from(model)),
      ...(await seated(world, at, shadowId, modelIn(made, model), id)),
    ]);
    return look;
  });
  if (due !== undefined) world.steps.onDue(at, due);
  world.risks.forget(at);
}

/** The statements that let the oldest models go that are of no use, so that there is room for another. */
export async function roomForModel(world: World, at: Placed): Promise<Statement[]> {
  const { items } = await world.objects.list(at, versionKind, { limit: 2 * modelVersionsMax, where: [] });
  const idle = items.filter(({ thing: { status } }) => status === 'failed' || status === 'retired').reverse();
  const gone = idle.slice(0, Math.max(0, items.length + 1 - modelVersionsMax));
  return gone.flatMap((kept) => [world.objects.deletion(kept), world.contents.deletion(kept.thing.id)]);
}

/** How a model in shadow does beside the one that decides. */
export const shadowResults = async (world: World, at: Placed, id: string): Promise<ShadowResults> =>
  comparedOf(await world.objects.shadowed(at, id, shadowedMax));

/** A training that nobody works on is begun anew from the events, which are all that it stands on, or has failed in the end. */
async function trainingDue(world: World, at: Placed, { thing: { id }, version }: Kept, now: number): Promise<void> {
  const isAtWork = world.trainer.isAtWork(id);
  await persistently(async () => {
    const kept = await world.objects.get(at, versionKind, id);
    // Who changed it meanwhile has said when it is due.
    if (kept?.version !== version) return;
    const interrupted = (numberOf(kept.hidden.interrupted) ?? 0) + Number(!isAtWork);
    if (interrupted > trainingTriesMax) {
      const failure = `Its training was interrupted ${interrupted} times, and is not begun again.`;
      const failed: Thing = { ...kept.thing, status: 'failed', failure };
      await world.objects.commit(at, [await world.objects.change(at, kept, failed, dueAt(kept.hidden, undefined))]);
      return;
    }
    const hidden = dueAt({ ...kept.hidden, interrupted }, now + trainingLookSeconds);
    await world.objects.commit(at, [await world.objects.change(at, kept, kept.thing, hidden)]);
    if (!isAtWork) world.trainer.begin(at, kept);
  });
}

/** A training that nobody works on is begun again, and a model in shadow that has been shown to be better is put to work. */
export const versionDue: Happening = async (world, at, { id }, now) => {
  const kept = await world.objects.get(at, versionKind, id);
  if (!kept) return;
  const { status, activation } = kept.thing;
  if (status === 'training') {
    await trainingDue(world, at, kept, now);
    return;
  }
  const isWaiting = status === 'shadow' && activation === 'when_better';
  if (isWaiting && isShownBetter(await shadowResults(world, at, id))) {
    await usedAs(world, at, id, 'active', now);
    return;
  }
  const next = isWaiting ? now + shadowLookSeconds : undefined;
  // Who changed it meanwhile has said when it is due.
  await persistently(async () => {
    const again = await world.objects.get(at, versionKind, id);
    if (again?.version !== kept.version) return;
    await world.objects.commit(at, [await world.objects.change(at, kept, kept.thing, dueAt(kept.hidden, next))]);
  });
};
