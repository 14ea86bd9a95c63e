import type { Placed } from '#kernel/contract/provider.ts';
import { changedSettings, newSettings, payoutsIn, settingsKind } from '../../domain/balance-settings.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { anchored, minimumOf, nextPayout, scheduleOf } from '../../domain/payout-schedule.ts';
import { changed } from '../change.ts';
import { timeOf } from '../clock.ts';
import type { Happening } from '../due.ts';
import { invalid } from '../fault.ts';
import type { Kept } from '../object.ts';
import { payOut, settingsOf } from '../payout-send.ts';
import { dueAt } from '../subscription.ts';
import { type Desk, deskOfCause, found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';

/** The settings of a connected account, as its object says them. */
function settingsIn(account: Thing): Thing {
  const { schedule, debit_negative_balances: debit, statement_descriptor: text } = fieldsOf(fieldsOf(account.settings).payouts);
  const { interval, weekly_payout_days, monthly_payout_days, delay_days: days } = fieldsOf(schedule);
  const asked = {
    interval,
    ...(weekly_payout_days ? { weekly_payout_days } : {}),
    ...(monthly_payout_days ? { monthly_payout_days } : {}),
  };
  const given = {
    payouts: { schedule: asked as Fields, statement_descriptor: text ?? null },
    settlement_timing: { delay_days_override: days ?? null },
  };
  const { test_clock: _, ...all } = changedSettings(newSettings(Number(account.created)), { payments: given });
  const status = account.payouts_enabled === true ? 'enabled' : 'disabled';
  const payments = fieldsOf(all.payments);
  return {
    ...all,
    payments: { ...payments, debit_negative_balances: debit ?? false, payouts: { ...fieldsOf(payments.payouts), status } },
  } as Thing;
}

/** A connected account with a rhythm of its own, and when it is paid out next. */
export function withSchedule(account: Thing, given: Fields, hidden: Fields, now: number): { next: Thing; hidden: Fields } {
  const settings = fieldsOf(account.settings);
  const payouts = fieldsOf(settings.payouts);
  const schedule = scheduleOf(fieldsOf(payouts.schedule), fieldsOf(given.schedule));
  const days = Number(fieldsOf(given.schedule).delay_days ?? fieldsOf(payouts.schedule).delay_days);
  const { debit_negative_balances: debit = payouts.debit_negative_balances, statement_descriptor: text = payouts.statement_descriptor } =
    given;
  const next = { debit_negative_balances: debit ?? false, schedule: anchored(schedule, days), statement_descriptor: text ?? null };
  return { next: { ...account, settings: { ...settings, payouts: next } }, hidden: dueAt(hidden, nextPayout(schedule, now)) };
}

async function update({ world, desk, input }: Request): Promise<Thing> {
  const account = textOf(input.account);
  if (account !== undefined) {
    const { payouts, settlement_timing: timing } = fieldsOf(input.payments);
    const { schedule, statement_descriptor, minimum_balance_by_currency: minimum } = fieldsOf(payouts);
    if (minimum != null || input.test_clock != null)
      throw invalid(
        minimum == null ? 'test_clock' : 'payments[payouts][minimum_balance_by_currency]',
        'It is not taken for connected accounts.',
      );
    const days = fieldsOf(timing).delay_days_override;
    const given: Fields = {
      ...(schedule == null && days == null ? {} : { schedule: { ...fieldsOf(schedule), ...(days == null ? {} : { delay_days: days }) } }),
      ...(statement_descriptor === undefined ? {} : { statement_descriptor }),
    };
    const change = ({ thing, hidden }: Kept) => withSchedule(thing, given, hidden, desk.created);
    const next = await changed(world, desk, 'account', account, change, 'account.updated');
    return settingsIn(next);
  }
  const clock = textOf(input.test_clock);
  const now = clock === undefined ? desk.created : await timeOf(world, desk.at, clock, 'test_clock');
  const before = await settingsOf(world, desk.at);
  if (!before) await world.objects.commit(desk.at, [await world.objects.insertion(desk.at, newSettings(desk.created))]);
  const change = async ({ thing, hidden }: Kept) => {
    const next = changedSettings(thing, input);
    const living = textOf(next.test_clock);
    const from = living === undefined || living === clock ? now : await timeOf(world, desk.at, living, 'test_clock');
    const { clock: _, ...rest } = hidden;
    const due = nextPayout(fieldsOf(payoutsIn(next).schedule), from);
    return { next, hidden: dueAt(living === undefined ? rest : { ...rest, clock: living }, due) };
  };
  const made = await changed(world, desk, settingsKind, settingsKind, change, 'balance_settings.updated');
  world.rates.forget(desk.at);
  return made;
}

/** The settings of an environment no longer live by a clock that ends. */
export async function leaveClock(world: World, desk: Desk, clock: string): Promise<void> {
  const kept = await settingsOf(world, desk.at);
  if (kept?.hidden.clock !== clock) return;
  const change = ({ thing, hidden: { clock: _, ...hidden } }: Kept) => ({
    next: { ...thing, test_clock: null },
    hidden: dueAt(hidden, nextPayout(fieldsOf(payoutsIn(thing).schedule), desk.created)),
  });
  await changed(world, desk, settingsKind, settingsKind, change);
}

/** Pays out what may be, of each currency, and looks ahead to the next time. */
export const settingsDue: Happening = async (world, at, { id, due }, now) => {
  const kept = await found(world, at, settingsKind, id);
  if (kept.hidden.due !== due) return;
  const clock = textOf(kept.hidden.clock);
  const payouts = payoutsIn(kept.thing);
  const given: Fields = { statement_descriptor: payouts.statement_descriptor ?? null };
  for (const { currency } of await world.objects.pending(at, now))
    await scheduled(world, at, { due, now, currency, given, clock, keep: minimumOf(payouts, currency) });
  await lookAhead(world, at, kept, fieldsOf(payouts.schedule), now);
};

/** The same of a connected account. */
export const accountDue: Happening = async (world, at, { id, due }, now) => {
  const kept = await found(world, at, 'account', id);
  if (kept.hidden.due !== due) return;
  const { schedule, statement_descriptor } = fieldsOf(fieldsOf(kept.thing.settings).payouts);
  const given: Fields = { statement_descriptor: statement_descriptor ?? null };
  if (kept.thing.payouts_enabled === true)
    for (const currency of await world.objects.currenciesTo(at, id))
      await scheduled(world, at, { due, now, currency, given, clock: undefined, account: id, keep: 0 });
  await lookAhead(world, at, kept, fieldsOf(schedule), now);
};

type Scheduled = {
  readonly due: number;
  readonly now: number;
  readonly currency: string;
  readonly given: Fields;
  readonly clock: string | undefined;
  readonly account?: string;
  readonly keep: number;
};

async function scheduled(world: World, at: Placed, { due, now, currency, given, clock, account, keep }: Scheduled): Promise<void> {
  const desk = deskOfCause(at, `payout ${account ?? ''} ${currency} ${due} ${clock ?? ''}`, now, world.isLive(at));
  const asked = { id: desk.ids('po'), step: desk.ids('step'), currency, owner: account, given, destination: null };
  await payOut(world, desk, { ...asked, automatic: true, clock, amountOf: (available) => available - keep });
}

async function lookAhead(world: World, at: Placed, kept: Kept, schedule: Fields, now: number): Promise<void> {
  const due = nextPayout(schedule, now);
  await world.objects.commit(at, [await world.objects.change(at, kept, kept.thing, dueAt(kept.hidden, due))]);
}

export const balanceSettingsHandlers = (world: World) =>
  handlersOf(world, {
    GetBalanceSettings: async ({ world, desk, input }) => {
      const account = textOf(input.account);
      if (account !== undefined) return settingsIn((await found(world, desk.at, 'account', account)).thing);
      return (await settingsOf(world, desk.at))?.thing ?? newSettings(desk.created);
    },
    UpdateBalanceSettings: update,
  }) satisfies Partial<All>;
