import type { Placed } from '#kernel/contract/provider.ts';
import { json, type Statement } from '#seams/sql/sql.ts';
import { acquirerNamed, firstAcquirer } from '../domain/acquirer.ts';
import { type Fields, fieldsOf } from '../domain/json.ts';
import { declineOf, malfunction } from '../domain/response-code.ts';
import type { Answered, Sent } from '../engine/card/switch.ts';
import type { Circumstances } from '../engine/card/network.ts';
import type { Verdict } from '../domain/issuer.ts';
import type { Kept } from './object.ts';
import { asJson, type Payment } from './payment.ts';
import type { CardRef, Vault } from './vault.ts';
import type { Joint } from './commit.ts';
import type { Networks } from './network.ts';
import { intention } from './step.ts';

/** A payment that a rail is asked about; `name` is the same whenever it is asked again, and then nothing happens twice. */
export type Order = {
  readonly name: string;
  readonly method: Kept;
  /** Which acquirer takes it to its network. */
  readonly acquirer: string;
  readonly amount: number;
  readonly currency: string;
  /** Whether the money is taken at once. */
  readonly takes: boolean;
  readonly circumstances: Circumstances;
};

/** What a rail says. `trace` names the payment to it later; `isOpen`: no answer came, and what was asked is to be taken back. */
export type RailAnswer = {
  readonly verdict: Exclude<Verdict, { kind: 'challenge' }>;
  readonly trace: Fields;
  readonly isOpen: boolean;
};

/** What a rail is told until it has acknowledged it: more was decided than it knows, and it cannot refuse. */
export type Notice = {
  readonly kind: 'complete' | 'reverse' | 'refund';
  readonly name: string;
  readonly method: Kept;
  readonly amount: number;
  readonly currency: string;
  readonly trace: Fields;
};

/** A way that money moves outside of the ledger. */
export interface Rail {
  authorize(at: Placed, order: Order): Promise<RailAnswer>;
  /** False while it was not acknowledged. */
  tell(at: Placed, notice: Notice): Promise<boolean>;
}

/** The card a payment method stands for; undefined for one whose number the vault does not have. */
const refOf = ({ hidden }: Kept): CardRef | undefined => {
  const { token, test } = fieldsOf(hidden.card);
  if (typeof token === 'string') return { token };
  return typeof test === 'string' ? { test } : undefined;
};

const lost: RailAnswer['verdict'] = {
  ...{ kind: 'declined', code: 'card_declined', decline: 'try_again_later' },
  message: 'Your card was declined: its number is not kept any more.',
};

/** Cards, by the vault's switch: ISO 8583 from there on. */
export function cardRail(vault: Vault, networks: Networks): Rail {
  return {
    async authorize(at, { method, acquirer, ...order }) {
      const ref = refOf(method);
      const conditions = await networks.conditions(at);
      const { present } = method.hidden;
      const asked = { ...order, acquirer: codeOfAcquirer(acquirer), ...(present === undefined ? {} : { present }) };
      const answer =
        ref && ((await vault.authorize(at, ref, { ...asked, expiry: expiryOf(method) }, conditions)) as Answered | { gone: true });
      if (!answer || 'gone' in answer) return { verdict: lost, trace: {}, isOpen: false };
      const { mti, trace, time, reference, code, approval, network } = answer;
      const written: Fields = { mti, trace, time, reference, code: code ?? null, approval: approval ?? null, network, acquirer };
      const behaviour = fieldsOf(method.hidden.behaviour);
      const declined = declineOf(code ?? malfunction);
      return { verdict: declined ?? { kind: 'approved', atOnce: behaviour.atOnce === true }, trace: written, isOpen: code === undefined };
    },
    async tell(at, { method, trace, ...asked }) {
      const ref = refOf(method);
      if (!ref) return true;
      const { mti, trace: number, time, reference } = trace;
      const sent: Sent | undefined =
        typeof reference === 'string' ? { mti: String(mti), trace: String(number), time: String(time), reference } : undefined;
      const acquirer = codeOfAcquirer(trace.acquirer);
      return vault.advise(at, ref, { ...asked, acquirer, sent, expiry: expiryOf(method) }, await networks.conditions(at));
    },
  };
}

/** What an acquirer is called in messages. */
const codeOfAcquirer = (id: unknown): string => (acquirerNamed(id) ?? firstAcquirer).code;

/** `YYMM`. */
function expiryOf({ thing }: Kept): string {
  const { exp_month: month, exp_year: year } = fieldsOf(thing.card ?? thing.card_present);
  return `${String(year).slice(-2)}${String(month).padStart(2, '0')}`;
}

/** What a rail is still to be told of a payment stands with its steps, so that whoever finds it goes on with it. */
export const railSubject = (payment: string): string => `rail ${payment}`;

/** The statement that leaves a notice; `step` is the id of the step that it follows from. */
export function notice(step: string, payment: string, { method, ...said }: Omit<Notice, 'method'> & { method: string }): Statement {
  const input = json({ ...said, method, trace: asJson(said.trace) } as Fields);
  const row = [`${step} ${said.kind}`, 'tell', railSubject(payment), input, null];
  const joint: Joint = { text: intention, params: row.map((value) => [value]), joint: 'rows' };
  return joint;
}

/** What a payment's rail knows of each of its holds, as it is kept with it. */
export const keptRail = (method: string, traces: readonly Fields[]): Fields => ({ method, traces: asJson(traces) });

/** The card and the traces of a payment; undefined where no rail was asked. */
export function railIn({ rail }: Fields): { method: string; traces: readonly Fields[] } | undefined {
  const { method, traces } = fieldsOf(rail);
  return typeof method === 'string' ? { method, traces: traces as unknown as Fields[] } : undefined;
}

/** The notices that an amount was taken out of what is held, hold by hold, and the rest is free again; nothing was, when it is 0. */
export function completions(step: string, { kept, holds, money }: Payment, amount: number): Statement[] {
  const rail = railIn(kept.hidden);
  if (!rail) return [];
  let left = amount;
  return holds.map(({ amount: held }, index) => {
    const taken = Math.min(left, held);
    left -= taken;
    const [kind, part] = taken > 0 ? (['complete', taken] as const) : (['reverse', held] as const);
    const name = `${money.intent} ${kind} ${index}`;
    const said = { kind, name, method: rail.method, amount: part, currency: money.currency, trace: rail.traces[index] ?? {} };
    return notice(`${step} ${index}`, money.intent, said);
  });
}
