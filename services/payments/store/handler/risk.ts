import { type Fields, fieldsOf, type Json, type Thing, textOf } from '../../domain/json.ts';
import { type Asked, factType, paidBy } from '../../domain/risk.ts';
import { readRule } from '../../domain/rule.ts';
import { RuleError } from '../../domain/rule-token.ts';
import { unitsOf } from '../../domain/currency.ts';
import { changed } from '../change.ts';
import { invalid } from '../fault.ts';
import { rulesMax } from '../limits.ts';
import { replayed } from '../replay.ts';
import { listKind } from '../value-list.ts';
import { ruleKind } from '../risk.ts';
import { found, keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';
import { radarHandlers } from './radar.ts';
import { reviewHandlers } from './review.ts';
import { riskModelHandlers } from './risk-model.ts';

/** A rule in its parts; its words are those of the request where they can be read. */
function partsOf(text: string): { action: string; predicate: string } {
  try {
    const { action } = readRule(text, factType);
    return { action, predicate: text.slice(text.toLowerCase().indexOf(' if ') + 4).trim() };
  } catch (error) {
    if (error instanceof RuleError) throw invalid('rule', error.message, 'rule_invalid');
    throw error;
  }
}

/** A rule asks for lists that are there. */
async function checkLists({ world, desk }: Request, text: string): Promise<void> {
  for (const alias of readRule(text, factType).lists) {
    const { items } = await world.objects.list(desk.at, listKind, { limit: 1, where: [[`body->>'alias' = ?`, alias]] });
    if (items.length === 0) throw invalid('rule', `There is no list of values called @${alias}.`, 'rule_invalid');
  }
}

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const { items } = await world.objects.list(desk.at, ruleKind, { limit: rulesMax, where: [] });
  if (items.length >= rulesMax && !desk.again) throw invalid('rule', `An environment has at most ${rulesMax} rules.`);
  const { action, predicate } = partsOf(String(input.rule));
  await checkLists(request, String(input.rule));
  const status = input.status ?? 'enabled';
  const made = { id: desk.ids('rule'), object: ruleKind, created: desk.created, livemode: desk.livemode };
  const rule = await keepNew(world, desk, { ...made, action, predicate, status });
  world.risks.forget(desk.at);
  return rule;
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const parts = input.rule == null ? {} : partsOf(String(input.rule));
  if (input.rule != null) await checkLists(request, String(input.rule));
  const next = await changed(world, desk, ruleKind, id, ({ thing }) => ({
    next: { ...thing, ...parts, ...(input.status == null ? {} : { status: input.status }) },
  }));
  world.risks.forget(desk.at);
  return next;
}

async function remove({ world, desk, id }: Request): Promise<Thing> {
  const kept = await found(world, desk.at, ruleKind, id);
  await world.objects.commit(desk.at, [world.objects.deletion(kept)]);
  world.risks.forget(desk.at);
  return { id, object: ruleKind, deleted: true };
}

/** The rule, with what it met: how many payments, how much of them, how many were contested afterwards. */
async function get({ world, desk, id }: Request): Promise<Thing> {
  const { thing } = await found(world, desk.at, ruleKind, id);
  return { ...thing, results: (await world.objects.metBy(desk.at, id)) as unknown as Json };
}

/** What is wrong with a rule, or what it would have met of the payments that were. */
async function tried({ world, desk, input }: Request): Promise<object> {
  const none = { object: 'risk_rule_trial', problem: null, payments: 0, met: 0, disputed: 0, missed: 0, amounts: {}, last: [] };
  try {
    return { ...none, ...(await replayed(world.objects, desk.at, readRule(String(input.rule), factType))) };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { ...none, problem: { message: error.message, at: error.at } };
  }
}

/** What would be decided of a payment; nothing is kept of it. */
async function assess({ world, desk, input }: Request): Promise<object> {
  const currency = String(input.currency).toLowerCase();
  const asked: Asked = {
    ...{ amount: unitsOf(Number(input.amount), currency), currency, seconds: desk.created },
    ...{
      customer: textOf(input.customer),
      type: 'card',
      card: fieldsOf(input.card),
      account: {},
      billing: fieldsOf(input.billing_details),
    },
    ...{ shipping: fieldsOf(fieldsOf(input.shipping).address), email: textOf(input.receipt_email), metadata: fieldsOf(input.metadata) },
    description: textOf(input.description),
  };
  const method = input.payment_method == null ? undefined : await found(world, desk.at, 'payment_method', String(input.payment_method));
  const by = method ? paidBy(method.thing) : asked;
  const card: Fields = { ...by.card, ...asked.card };
  const billing: Fields = { ...fieldsOf(method?.thing.billing_details), ...asked.billing };
  const beside = { ...(method ? { method } : {}), isOffSession: input.off_session === true, isAuthenticated: false };
  const { level, score, ...more } = await world.risks.assess(desk.at, { ...asked, ...by, card, billing }, beside);
  return { object: 'risk_assessment', risk_level: level, risk_score: score, ...more };
}

/** What is decided of payments, and what somebody is to look at because of that. */
export const riskHandlers = (world: World) =>
  ({ ...reviewHandlers(world), ...riskModelHandlers(world), ...radarHandlers(world), ...ownHandlers(world) }) satisfies Partial<All>;

const ownHandlers = (world: World) =>
  handlersOf(world, {
    CreateRiskRule: create,
    GetRiskRule: get,
    ListRiskRules: ({ world, desk, input }) => listed(world.objects, desk.at, ruleKind, pageOf(input, {}), '/v1/radar/rules'),
    UpdateRiskRule: update,
    DeleteRiskRule: remove,
    TryRiskRule: tried,
    AssessRisk: assess,
  }) satisfies Partial<All>;
