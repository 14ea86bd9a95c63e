import { ModelError } from '#engine/tree/tree.ts';
import { usual } from '#engine/tree/train.ts';
import { labelSecondsUsual, modelFeaturesMax } from '../../contract/limits.ts';
import { type Fields, fieldsOf, type Json, type Thing } from '../../domain/json.ts';
import { readDefault } from '../../engine/risk/default.ts';
import { modelOf } from '../../engine/risk/model.ts';
import { changed } from '../change.ts';
import { invalid, refuse } from '../fault.ts';
import { putModel, roomForModel, shadowResults, type Use, usedAs, useDefault, versionKind } from '../model.ts';
import { modelKind, shadowId } from '../risk.ts';
import { defaultModel } from '../scoring.ts';
import { dueAt } from '../subscription.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

async function put({ world, desk, input }: Request): Promise<Thing> {
  const { format, model = null, calibration = null } = input;
  try {
    if (model !== null) modelOf(String(format), String(model));
  } catch (error) {
    if (error instanceof ModelError || error instanceof TypeError || error instanceof SyntaxError) throw invalid('model', error.message);
    throw error;
  }
  const { scores, shares } = fieldsOf(calibration);
  const isSorted = (list: Json | undefined) =>
    Array.isArray(list) && list.every((each, at) => at === 0 || Number(each) >= Number(list[at - 1]));
  if (calibration !== null && !(isSorted(scores) && isSorted(shares) && (scores as Json[]).length === (shares as Json[]).length))
    throw invalid('calibration', 'Scores and shares are as many, and rise.');
  return shown(await putModel(world, desk.at, { format: format ?? null, model, calibration }));
}

/** The model without its trees; where none was ever put, the one that environments begin with. */
function shown({ model = null, version = null, ...thing }: Thing): Thing {
  const { calibration, report, model: begun } = readDefault();
  const own = { ...(thing as Thing), version };
  if (version !== defaultModel) return { ...own, features: typeof model === 'string' ? featuresIn(String(thing.format), model) : [] };
  return { ...own, format: 'gamut', calibration, report, features: featuresIn('gamut', begun) } as unknown as Thing;
}

const featuresIn = (format: string, text: string): Json => [...modelOf(format, text).features];

async function get({ world, desk }: Request): Promise<Thing> {
  const [kept, shadow] = await Promise.all([modelKind, shadowId].map((id) => world.objects.get(desk.at, modelKind, id)));
  const none: Thing = { id: modelKind, object: modelKind, created: 0, version: defaultModel };
  return { ...shown(kept?.thing ?? none), shadow: shadow?.thing.version ?? null };
}

async function train({ world, desk, input }: Request): Promise<Thing> {
  const wish: Fields = {
    ...{ label_after_s: input.label_after_s ?? labelSecondsUsual, features: input.features ?? modelFeaturesMax },
    rounds: input.rounds ?? usual.rounds,
  };
  const version: Thing = {
    ...{ id: desk.ids('rmv'), object: versionKind, created: desk.created, livemode: desk.livemode, status: 'training', failure: null },
    ...{ activation: input.activation ?? 'by_hand', format: 'gamut', features: [], calibration: null, report: null },
  };
  // A service that begins after this one was ended finds it at once.
  const hidden = dueAt({ wish }, desk.created);
  const room = await roomForModel(world, desk.at);
  await world.objects.commit(desk.at, [...room, await world.objects.insertion(desk.at, version, hidden)]);
  const kept = await found(world, desk.at, versionKind, version.id);
  if (kept.thing.status === 'training') world.trainer.begin(desk.at, kept);
  return kept.thing;
}

async function version({ world, desk, id }: Request): Promise<Thing> {
  const { thing } = await found(world, desk.at, versionKind, id);
  return { ...thing, shadow: (await shadowResults(world, desk.at, id)) as unknown as Json };
}

async function update({ world, desk, id, input }: Request): Promise<Thing> {
  const { status, activation } = input;
  if (id === defaultModel) {
    if (status !== 'active') throw invalid('status', 'The model that environments begin with can only be put to work.');
    return shown(await useDefault(world, desk.at));
  }
  const { thing } = await found(world, desk.at, versionKind, id);
  if (thing.status === 'training' || thing.status === 'failed')
    throw refuse('StateInvalid', `This model cannot be used: its training ${thing.status === 'failed' ? 'failed' : 'is under way'}.`);
  if (thing.status === 'active' && status != null && status !== 'active')
    throw refuse('StateInvalid', 'This model decides of payments: put another one to work, and it is retired.');
  if (activation != null) await changed(world, desk, versionKind, id, (kept) => ({ next: { ...kept.thing, activation } }));
  const use = (status ?? thing.status) as Use;
  return usedAs(world, desk.at, id, use, desk.created);
}

export const riskModelHandlers = (world: World) =>
  handlersOf(world, {
    GetRiskModel: get,
    PutRiskModel: put,
    TrainRiskModel: train,
    GetRiskModelVersion: version,
    ListRiskModelVersions: ({ world, desk, input }) =>
      listed(world.objects, desk.at, versionKind, pageOf(input), '/v1/radar/model_versions'),
    UpdateRiskModelVersion: update,
  }) satisfies Partial<All>;
